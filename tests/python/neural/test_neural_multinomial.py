"""Mult-VAE and Mult-DAE: a likelihood and a divergence by hand, the reference's logits, users held out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.neural import MultDAE, MultVAE
from coals.neural.training.multinomial_task import MultinomialTask, batch_size_for
from coals.reference import neural as reference

torch = pytest.importorskip("torch", reason="torch is not installed")

QUIET = {"device": "cpu", "random_state": 0}


def task_of(model, data, validation=None):
    return MultinomialTask(model, torch, "cpu", coals.Interactions.from_matrix(data), validation)


def tensors(**arrays):
    return {name.replace("_", " "): torch.tensor(array, dtype=torch.float32) for name, array in arrays.items()}


def test_loss_of_one_user_by_hand():
    """Items 0 and 1 of three, so x = (1, 1, 0) / sqrt 2.

    mu = (sqrt 2 · 1 + sqrt 2 · 2) / sqrt 2 = 3 and log sigma² = log 4. With noise 0, z = 3.
    Logits z + (log 1, log 2, log 5), so pi = (1, 2, 5) / 8 and - log 1/8 - log 2/8 = 5 log 2.
    Divergence ½ (4 + 9 - 1 - log 4) = 6 - log 2, which counts 0.2 times.
    """
    weights = tensors(
        encoder_0=math.sqrt(2) * np.array([[1.0, 0.0], [2.0, 0.0], [7.0, 7.0]]),
        encoder_0_bias=[0.0, math.log(4)],
        output=np.ones((3, 1)),
        output_bias=np.log([1.0, 2.0, 5.0]),
    )
    model = MultVAE(layers=[1], dropout=0.0, beta=0.2, annealing=0, validation_fraction=0.0, **QUIET)
    task = task_of(model, sp.csr_array([[3.0, 1.0, 0.0]]))
    ((part,),) = task.batches()
    part.noise[:] = 0
    loss, users = task.loss(weights, part)
    log2 = math.log(2)
    assert users == 1
    assert_allclose(loss.item(), 5 * log2 + 0.2 * (6 - log2), rtol=1e-6)
    # One sigma further z = 3 + 2. Where all outputs have the same weight that lifts all logits alike: nothing changes.
    part.noise[:] = 1
    assert_allclose(task.loss(weights, part)[0].item(), 5 * log2 + 0.2 * (6 - log2), rtol=1e-6)
    # Where the third item alone goes by z, noise of -3/2 takes that to 0, and pi to (1, 2, 5) / 8 again.
    weights["output"] = torch.tensor([[0.0], [0.0], [1.0]])
    part.noise[:] = -1.5
    assert_allclose(task.loss(weights, part)[0].item(), 5 * log2 + 0.2 * (6 - log2), rtol=1e-6)


@pytest.mark.parametrize("layers", [[4], [7, 4], [9, 6, 3]])
@pytest.mark.parametrize("cls", [MultVAE, MultDAE])
def test_scores_are_the_logits_of_the_reference(ratings, cls, layers):
    """So z is not squashed, and no activation is taken twice."""
    model = cls(layers=layers, iterations=2, learning_rate=0.05, **QUIET).fit(ratings)
    encoder = [(w if k else w.T, b) for k, (w, b) in enumerate(pairs(model.encoder_))]
    for user in (0, 3, 59):
        items = ratings[[user]].indices.tolist()
        logits = reference.autoencoder_logits(
            items, encoder, pairs(model.decoder_), (model.item_factors_, model.item_bias_), cls is MultVAE
        )
        assert_allclose(model.predict(user, np.arange(40)), logits, rtol=1e-4, atol=1e-5)
        for history in (items, ratings[[user]]):
            found = model.recommend_for(history, n=40)
            assert_allclose(found.scores[0, : found.counts[0]], logits[found.ids[0, : found.counts[0]]], rtol=1e-4)


def pairs(arrays):
    return list(zip(arrays[::2], arrays[1::2], strict=True))


@pytest.mark.parametrize("cls", [MultVAE, MultDAE])
def test_training_lowers_the_loss_of_the_reference(ratings, cls):
    """Without dropout and noise the loss of a batch is that of the reference, summed over users."""
    model = cls(layers=[5, 4], dropout=0.0, batch_size=60, validation_fraction=0.0, **QUIET)
    task = task_of(model, ratings)
    arrays = task.start()
    weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    ((part,),) = task.batches()
    if cls is MultVAE:
        part.noise[:] = 0
        part.beta = 0.3
    expected = 0.0
    fitted = cls(layers=[5, 4])
    vars(fitted).update(fitted._fitted_of(arrays, task._data))
    encoder = [(w if k else w.T, b) for k, (w, b) in enumerate(pairs(fitted.encoder_))]
    output = fitted.item_factors_, fitted.item_bias_
    for user in range(60):
        items = ratings[[user]].indices.tolist()
        if not items:
            continue
        logits = reference.autoencoder_logits(items, encoder, pairs(fitted.decoder_), output, cls is MultVAE)
        expected += reference.multinomial_loss(logits, items)
        if cls is MultVAE:
            x = np.zeros(40)
            x[items] = 1 / np.sqrt(len(items))
            both = encoder[1][0] @ np.tanh(encoder[0][0] @ x + encoder[0][1]) + encoder[1][1]
            expected += 0.3 * reference.normal_divergence(both[:4], both[4:])
    loss, users = task.loss(weights, part)
    assert users == 59
    assert_allclose(loss.item(), expected, rtol=1e-5)


def test_beta_grows_in_even_steps_to_its_cap(ratings):
    """59 users in batches of 30 are two steps an epoch, so that the cap comes after six."""
    task = task_of(MultVAE(beta=0.6, annealing=3, batch_size=30, validation_fraction=0.0, **QUIET), ratings)
    betas = [parts[0].beta for _ in range(4) for parts in task.batches()]
    assert_allclose(betas, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6, 0.6])


def test_batches_of_a_sixteenth_of_the_users(ratings):
    assert [batch_size_for(users) for users in (5, 320, 8000, 10**6)] == [16, 20, 500, 512]
    task = task_of(MultDAE(validation_fraction=0.0, **QUIET), ratings)
    assert [sum(part.users.size for part in parts) for parts in task.batches()] == [16, 16, 16, 11]
    assert [sum(part.users.size for part in parts) for parts in task_of(MultDAE(batch_size=59), ratings).batches()] == [
        53
    ]


def test_dropout_leaves_out_items_of_the_input_and_scales_the_others(ratings):
    shown = []
    task = task_of(MultDAE(dropout=0.25, validation_fraction=0.0, **QUIET), ratings)
    for _ in range(40):
        for (part,) in task.batches():
            users = part.users
            sizes = torch.bincount(users.rows).to(torch.float32)
            shown.append((users.values * torch.sqrt(sizes[users.rows])).numpy())
    shown = np.concatenate(shown)
    assert_allclose(np.unique(shown.round(5)), [0, 1.33333])
    assert abs((shown == 0).mean() - 0.25) < 0.01


def test_loss_on_held_out_items_is_that_of_the_reference(ratings):
    parts = coals.split.by_user(ratings, validation_users=9, test_users=1, random_state=1)
    model = MultVAE(layers=[6], iterations=1, learning_rate=0.02, **QUIET).fit(parts.train, validation=parts.validation)
    history, held_out = parts.validation
    encoder = [(model.encoder_[0].T, model.encoder_[1])]
    expected = 0.0
    for user in range(9):
        told, wanted = history.matrix[[user]].indices.tolist(), held_out.matrix[[user]].indices.tolist()
        assert not set(told) & set(wanted)
        logits = reference.autoencoder_logits(told, encoder, [], (model.item_factors_, model.item_bias_), True)
        expected += reference.multinomial_loss(logits, wanted) / 9
    assert_allclose(model.held_out_loss_, [expected], rtol=1e-5)
    found = coals.evaluate_fold_in({"m": model}, history, held_out, ["ndcg@100"])
    assert_allclose(model.validation_, [found.mean["m"]["ndcg@100"]])


def test_users_held_out_are_not_trained_on_but_served(ratings):
    model = MultDAE(layers=[4], validation_fraction=0.2, **QUIET)
    task = task_of(model, ratings)
    history, held_out = task.validation
    assert history.n_users == 12  # of the 59 with entries
    out = set(history.users.decode(np.arange(12)).tolist())
    assert out.isdisjoint(task._users)
    assert out | set(task._users.tolist()) == set(range(60)) - {7}
    whole, hidden = ratings.toarray()[sorted(out)], held_out.matrix.toarray()
    assert_array_equal(hidden[hidden != 0], whole[hidden != 0])
    assert_array_equal(history.matrix.toarray(), (whole != 0) & (hidden == 0))  # values do not count
    model.set_params(iterations=2).fit(ratings)
    assert model.recommend(sorted(out), n=5).counts.tolist() == [5] * 12


def test_finds_what_new_readers_like():
    """Real ratings; popularity, which is nearly flat there, has an NDCG@100 of 0.011, and chance less."""
    parts = coals.split.by_user(coals.datasets.goodbooks(), validation_users=200, test_users=400, random_state=0)
    model = MultDAE(layers=[64], learning_rate=0.01, iterations=8, **QUIET).fit(
        parts.train, validation=parts.validation
    )
    found = coals.evaluate_fold_in({"dae": model}, *parts.test, ["ndcg@100"])
    assert found.mean["dae"]["ndcg@100"] > 0.2
    assert_array_equal(np.argmax(model.validation_) + 1, model.best_epoch_)
    assert (np.diff(model.objective_) < 0).all()


@pytest.mark.parametrize(
    ("validation", "error", "message"),
    [
        (sp.csr_array(np.eye(3)), TypeError, r"validation must be a pair \(history, held_out\).*by_user"),
        ((sp.csr_array(np.eye(3)),) * 2, ValueError, "history of validation must have the items of X"),
    ],
)
def test_bad_validation(ratings, validation, error, message):
    with pytest.raises(error, match=message):
        MultVAE(**QUIET).fit(ratings, validation=validation)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layers": []}, ValueError, r"layers must hold at least 1 width, got \[\]"),
        ({"layers": {3: 4}}, TypeError, r"layers must be a list of integers, such as \[200\], got {3: 4} .dict."),
        ({"layers": 200}, TypeError, r"layers must be a list of integers, such as \[200\], got 200 .int."),
        ({"layers": [200, 0]}, ValueError, r"layers\[1\] must be >= 1 .*got 0"),
        ({"dropout": 1.0}, ValueError, "dropout must be below 1, got 1.0"),
        ({"beta": -1}, ValueError, "beta must be >= 0"),
        ({"annealing": 0.5}, TypeError, "annealing must be an integer"),
        ({"patience": 0}, ValueError, "patience must be >= 1"),
        ({"device": "gpu"}, ValueError, "device must be one of 'cpu', 'cuda', got 'gpu'"),
        ({"lr": 0.1}, TypeError, "it is called 'learning_rate' here"),
        ({"hidden_units": [3]}, TypeError, "it is called 'layers' here"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        MultVAE(**arguments)


def test_values_do_not_count_in_held_out_users_either(ratings):
    huge = ratings.astype(np.float64)
    huge.data[:] = 1e30
    fits = [MultVAE(layers=[4], iterations=2, device="cpu", random_state=0).fit(data) for data in (huge, huge / 1e30)]
    assert fits[0].user_factors_.tobytes() == fits[1].user_factors_.tobytes()
