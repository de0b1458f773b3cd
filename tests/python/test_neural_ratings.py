"""Embeddings and AutoRec: losses by hand, the reference's predictions, new users."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.neural import AutoRec, EmbeddingDot, EmbeddingDotBias, EmbeddingNet
from coals.neural._autorec_task import AutoRecTask
from coals.neural._embedding_task import EmbeddingTask
from coals.neural._rating_task import Pairs
from coals.neural._unseen_raters import Spread, most_likely
from coals.reference import neural as reference
from conftest import random_ratings

torch = pytest.importorskip("torch", reason="torch is not installed")

QUIET = {"device": "cpu", "random_state": 0}
SIDES = ["users", "items"]


def tensors(arrays):
    return {name: torch.tensor(np.asarray(array), dtype=torch.float32) for name, array in arrays.items()}


def looked_at(model, data):
    data = coals.Interactions.from_matrix(data)
    model.rating_range_ = float(data.matrix.data.min()), float(data.matrix.data.max())
    model._look_at(data)
    return model, data


def low_rank_ratings(seed=0, users=120, items=80, share=0.4):
    """4 + b + c + u · v with a little noise."""
    rng = np.random.default_rng(seed)
    user, item = (rng.standard_normal((size, 2)) * 0.7 for size in (users, items))
    full = 4 + rng.standard_normal(users)[:, None] * 0.5 + rng.standard_normal(items) * 0.5 + user @ item.T
    full += 0.1 * rng.standard_normal(full.shape)
    return sp.csr_array(np.where(rng.random(full.shape) < share, full, 0))


@pytest.mark.parametrize("limits", [None, (1.0, 6.0)])
def test_loss_of_two_ratings_by_hand(limits):
    """u = (1, 2), v = (3, -1), b = 0.5, c = -1, mean 2: f = 2 + 0.5 - 1 + 1 = 2.5; the other item has v = 0, c = 0.

    Ratings 4 and 2: errors 1.5 and -0.5, in sum 2.25 + 0.25. To (1, 6) f becomes 1 + 5 / (1 + e^-2.5).
    """
    weights = tensors({"users": [[1, 2]], "items": [[3, -1], [0, 0]], "user bias": [[0.5]], "item bias": [[-1], [0]]})
    model, data = looked_at(EmbeddingDotBias(factors=2, validation_fraction=0.0, **QUIET), sp.csr_array([[4.0, 2.0]]))
    model.global_mean_, model.sigmoid_range_ = 2.0, limits
    pairs = Pairs(torch.tensor([0, 0]), torch.tensor([0, 1]), torch.tensor([4.0, 2.0]))
    loss, size = EmbeddingTask(model, torch, "cpu", data).loss(weights, pairs)
    expected = 2.25 + 0.25
    if limits:
        found = 1 + 5 / (1 + np.exp(-2.5))
        expected = (4 - found) ** 2 + (2 - found) ** 2
    assert size == 2
    assert_allclose(loss.item(), expected, rtol=1e-6)


@pytest.mark.parametrize("cls", [EmbeddingDot, EmbeddingDotBias])
@pytest.mark.parametrize("limits", [None, "data"])
def test_products_of_embeddings_are_what_is_predicted(ratings, cls, limits):
    model = cls(factors=3, sigmoid_range=limits, iterations=3, **QUIET).fit(ratings)
    f = model.global_mean_ + model.user_bias_[:, None] + model.item_bias_ + model.user_factors_ @ model.item_factors_.T
    if limits:
        assert_allclose(model.sigmoid_range_, (0.6, 5.4))
        f = 0.6 + 4.8 / (1 + np.exp(-f))
    assert_allclose(model.predict(5, np.arange(40)), f[5], rtol=1e-5)
    assert (model.user_factors_[7] == 0).all()
    assert (model.item_factors_[11] == 0).all()
    if cls is EmbeddingDot:
        assert not model.user_bias_.any()
        assert not model.item_bias_.any()
        assert model.global_mean_ == 0
    assert_allclose(model.predict(5, np.arange(40), clip=True), np.clip(f[5], 1, 5), rtol=1e-5)


def test_what_is_held_out_is_measured_and_not_trained_on(ratings):
    model, data = looked_at(EmbeddingDotBias(factors=3, validation_fraction=0.25, **QUIET), ratings)
    task = EmbeddingTask(model, torch, "cpu", data)
    users, items, values = task._validation
    assert len(values) == round(0.25 * ratings.nnz)
    assert_array_equal(ratings.toarray()[users, items], values)
    trained = {
        (int(u), int(i)) for parts in task.batches() for p in parts for u, i in zip(p.users, p.items, strict=True)
    }
    assert trained.isdisjoint(zip(users.tolist(), items.tolist(), strict=True))
    assert len(trained) == ratings.nnz - len(values)
    arrays = task.start()
    errors = values - [
        model.global_mean_ + (arrays["users"][u] * task.known_users[u]) @ (arrays["items"][i] * task.known_items[i])
        for u, i in zip(users, items, strict=True)
    ]
    assert_allclose(task.value(arrays), np.sqrt(np.mean(errors**2)), rtol=1e-5)


def test_biases_and_factors_find_ratings_of_low_rank():
    train, test = coals.split.random(low_rank_ratings(), test_fraction=0.2, random_state=0)
    settings = {"factors": 4, "learning_rate": 0.02, "iterations": 40, "weight_decay": 0.3, **QUIET}
    models = {
        "mean": EmbeddingDotBias(**{**settings, "iterations": 1, "learning_rate": 1e-9}),
        "bias": EmbeddingDotBias(**settings),
        "dot": EmbeddingDot(**settings),
    }
    found = coals.evaluate({name: model.fit(train) for name, model in models.items()}, test, ["rmse"]).mean
    assert found["bias"]["rmse"] < 0.5 * found["mean"]["rmse"]
    assert found["bias"]["rmse"] < found["dot"]["rmse"] < found["mean"]["rmse"]


def test_ratings_of_the_net_are_those_of_the_reference(ratings):
    model = EmbeddingNet(factors=3, layers=[6, 4], iterations=3, learning_rate=0.05, **QUIET).fit(ratings)
    layers = list(zip(model.network_[::2], model.network_[1::2], strict=True))
    for user, item in [(0, 3), (59, 39), (7, 11)]:
        embedded = model.user_factors_[user].astype(float), model.item_factors_[item].astype(float)
        expected = reference.network_rating(*embedded, layers, model.sigmoid_range_)
        assert_allclose(model.predict(user, item), [expected], rtol=1e-5)
    assert_allclose(model.user_factors_[7], np.delete(model.user_factors_, 7, axis=0).mean(axis=0), rtol=1e-4)


def test_net_trains_on_what_it_predicts(ratings):
    """The loss without dropout is the error of `predict`, before any step."""
    model, data = looked_at(EmbeddingNet(factors=3, layers=[6], dropout=0.0, validation_fraction=0.0, **QUIET), ratings)
    task = model._task(torch, "cpu", data)
    arrays = task.start()
    loss = sum(task.loss(tensors(arrays), part)[0].item() for (part,) in task.batches())
    vars(model).update(task.results(arrays))
    rows, columns = ratings.nonzero()
    errors = ratings.toarray()[rows, columns] - model.predict_indices(rows, columns)
    assert_allclose(loss, errors @ errors, rtol=1e-5)


# --- AutoRec ---


def test_masked_loss_of_autorec_by_hand():
    """One user, ratings 1 and 3 of items 0 and 2, and 2 of item 3, so that the mean is 2; nothing is known of item 1.

    x = (-1, 1, 0). w = (0, 9, 0, 9) and b = 0 give h = sigmoid(0) = ½; v = (2, 9, 4, -2), c = (0, 9, 1, 0) give 1 for
    item 0, whose target is -1, 3 for item 2 with target 1, and -1 for item 3 with target 0, which is known like the
    others: 4 + 4 + 1. An activity penalty of 0.5 adds 0.25.
    """
    weights = tensors(
        {
            "hidden": [[0], [9], [0], [9]],
            "hidden bias": [0],
            "output": [[2], [9], [4], [-2]],
            "output bias": [0, 9, 1, 0],
        }
    )
    matrix = sp.csr_array((np.array([1.0, 3.0, 2.0]), ([0, 0, 0], [0, 2, 3])), shape=(1, 4))
    for penalty, expected in ((0.0, 9.0), (0.5, 9.25)):
        settings = {"based_on": "users", "factors": 1, "activity_penalty": penalty, "validation_fraction": 0.0}
        model, data = looked_at(AutoRec(**settings, **QUIET), matrix)
        ((part,),) = AutoRecTask(model, torch, "cpu", data).batches()
        loss, size = AutoRecTask(model, torch, "cpu", data).loss(weights, part)
        assert (loss.item(), size) == (expected, 3)
    predicted = 2 + np.array([2, 9, 4, -2]) * 0.5 + [0, 9, 1, 0]
    assert reference.masked_squared_error({0: 1.0, 2: 3.0, 3: 2.0}, predicted) == 9


@pytest.mark.parametrize("based_on", SIDES)
def test_autorec_predicts_what_the_reference_does(ratings, based_on):
    model = AutoRec(based_on=based_on, factors=5, iterations=3, learning_rate=0.05, **QUIET).fit(ratings)
    dense = ratings.toarray() if based_on == "users" else ratings.toarray().T
    v, c = (model.item_factors_, model.item_bias_) if based_on == "users" else (model.user_factors_, model.user_bias_)
    for row in (0, 3, 39):
        known = {int(j): float(dense[row, j]) for j in dense[row].nonzero()[0]}
        encoder = model._encoder_, model._encoder_bias_
        expected = [
            reference.autorec_rating(known, j, encoder, (v, c), model.global_mean_) for j in range(dense.shape[1])
        ]
        everyone = np.arange(dense.shape[1])
        pair = (row, everyone) if based_on == "users" else (everyone, row)
        assert_allclose(model.predict(*pair), expected, rtol=1e-5)
        if based_on == "users":
            found = model.recommend_for(known, n=40)
            assert_allclose(found.scores[0, : found.counts[0]], np.array(expected)[found.ids[0, : found.counts[0]]])


@pytest.mark.parametrize("based_on", SIDES)
def test_a_rating_equal_to_the_mean_counts(based_on):
    """All ratings but two are the mean; a model that took these for unknown would see two entries."""
    dense = np.full((6, 5), 3.0)
    dense[0, 0], dense[1, 1] = 2, 4
    model, data = looked_at(AutoRec(based_on=based_on, validation_fraction=0.0, **QUIET), sp.csr_array(dense))
    assert model.global_mean_ == 3
    assert sum(len(target) for ((_, target),) in AutoRecTask(model, torch, "cpu", data).batches()) == 30


def test_denoising_hides_known_ratings_but_asks_for_all(ratings):
    model, data = looked_at(AutoRec(dropout=0.4, validation_fraction=0.0, **QUIET), ratings)
    task = AutoRecTask(model, torch, "cpu", data)
    parts = [part for _ in range(30) for (part,) in task.batches()]
    shown, target = (np.concatenate([np.asarray(values) for values in each]) for each in zip(
        *((rows.values, target) for rows, target in parts), strict=True))  # fmt: skip
    assert len(target) == 30 * ratings.nnz
    hidden = shown == 0
    assert abs(hidden.mean() - 0.4) < 0.02
    assert_allclose(shown[~hidden], target[~hidden] / 0.6, rtol=1e-5)


@pytest.mark.parametrize("based_on", SIDES)
def test_autorec_finds_ratings_of_low_rank(based_on):
    train, test = coals.split.random(low_rank_ratings(), test_fraction=0.2, random_state=0)
    settings = {"factors": 20, "batch_size": 16, "learning_rate": 0.02, "weight_decay": 0.5, "iterations": 25, **QUIET}
    model = AutoRec(based_on=based_on, **settings).fit(train)
    mean = AutoRec(based_on=based_on, **{**settings, "iterations": 1, "learning_rate": 1e-9}).fit(train)
    found = coals.evaluate({"model": model, "mean": mean}, test, ["rmse"]).mean
    assert found["model"]["rmse"] < 0.7 * found["mean"]["rmse"]


# --- new users ---


def test_the_likeliest_numbers_are_at_the_bottom():
    rng = np.random.default_rng(0)
    x, offset, ratings = rng.standard_normal((9, 4)), rng.random(9), rng.random(9) * 4
    spread = Spread(rng.random(4), np.array([0.5, 0.0, 1.0, 2.0]), 0.3)
    for limits in (None, (0.0, 5.0)):

        def loss(t, limits=limits):
            score = offset + x @ t
            score = score if limits is None else 5 / (1 + np.exp(-score))
            away = (t - spread.mean)[[0, 2, 3]] ** 2 / spread.variance[[0, 2, 3]]
            return ((ratings - score) ** 2).sum() / 0.3 + away.sum()

        t = most_likely(x, offset, ratings, spread, limits)
        assert t[1] == spread.mean[1]
        for k in (0, 2, 3):
            for step in (-1e-3, 1e-3):
                assert loss(t + step * np.eye(4)[k]) > loss(t)


@pytest.mark.parametrize("make", [EmbeddingDotBias, AutoRec])
def test_new_users_are_predicted_better_than_by_the_items_alone(make):
    data = low_rank_ratings(users=160)
    dense = data.toarray()
    settings = {"factors": 6, "learning_rate": 0.02, "weight_decay": 0.3, "iterations": 40, **QUIET}
    model = make(**settings).fit(data[:120])
    told, nothing = [], []
    empty = model.recommend_for({}, n=80) if make is EmbeddingDotBias else None
    for row in dense[120:]:
        items = row.nonzero()[0]
        history, held_out = items[::2], items[1::2]
        found = model.recommend_for(dict(zip(history.tolist(), row[history], strict=True)), n=80)
        scores = dict(zip(found.ids[0].tolist(), found.scores[0], strict=True))
        told += [row[item] - scores[item] for item in held_out]
        if empty is not None:
            scores = dict(zip(empty.ids[0].tolist(), empty.scores[0], strict=True))
        nothing += [
            row[item] - (scores[item] if empty is not None else dense[:120].sum() / data[:120].nnz) for item in held_out
        ]
    assert np.square(told).mean() < 0.7 * np.square(nothing).mean()


BAD = [
    (EmbeddingDotBias, {"factors": 0}, ValueError, "factors must be >= 1"),
    (EmbeddingDotBias, {"factors": None}, TypeError, "factors must be an integer, got None"),
    (EmbeddingDotBias, {"sigmoid_range": (5, 1)}, ValueError, "low < high"),
    (EmbeddingDotBias, {"batch_size": None}, TypeError, "batch_size must be an integer, got None"),
    (EmbeddingDot, {"validation_fraction": 1}, ValueError, "validation_fraction must be below 1"),
    (EmbeddingNet, {"layers": [3.5]}, TypeError, r"layers\[0\] must be an integer"),
    (EmbeddingNet, {"rank": 3}, TypeError, "it is called 'factors' here"),
    (AutoRec, {"based_on": "item"}, ValueError, "based_on must be one of 'items', 'users'"),
    (AutoRec, {"activity_penalty": -1}, ValueError, "activity_penalty must be >= 0"),
    (AutoRec, {"weight_decay": -1}, ValueError, "weight_decay must be >= 0"),
]


@pytest.mark.parametrize(("cls", "arguments", "error", "message"), BAD)
def test_bad_arguments(cls, arguments, error, message):
    with pytest.raises(error, match=message):
        cls(**arguments)


def test_values_too_large_are_named():
    data = sp.csr_array(([1.0, 1e30], ([0, 1], [0, 1])), shape=(2, 2))
    with pytest.raises(ValueError, match=r"user 1, item 1: 1e\+30 is too large"):
        AutoRec(**QUIET).fit(data)


def test_history_of_one_rating_at_a_time(ratings):
    model = EmbeddingDotBias(factors=3, iterations=2, **QUIET).fit(random_ratings(60, 40, 0.2, 0))
    many = model.recommend_for(ratings[:4], n=5)
    for row in range(4):
        history = dict(zip(ratings[[row]].indices.tolist(), ratings[[row]].data.tolist(), strict=True))
        assert_array_equal(model.recommend_for(history, n=5).ids[0], many.ids[row])
