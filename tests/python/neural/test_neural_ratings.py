"""Embeddings: losses by hand, the reference's predictions, new users."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.neural import AutoRec, EmbeddingDot, EmbeddingDotBias, EmbeddingNet
from coals.neural.training.embedding_task import EmbeddingTask
from coals.neural.training.rating_task import Pairs
from coals.neural.unseen_raters import Spread, most_likely
from coals.reference import neural as reference
from conftest import random_ratings
from neural_tasks import QUIET, looked_at, low_rank_ratings, tensors

torch = pytest.importorskip("torch", reason="torch is not installed")


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
    rated = np.delete(np.arange(40), 11)
    assert_allclose(model.predict(5, rated), f[5, rated], rtol=1e-5)
    assert (model.user_factors_[7] == 0).all()
    assert (model.item_factors_[11] == 0).all()
    if cls is EmbeddingDot:
        assert not model.user_bias_.any()
        assert not model.item_bias_.any()
        assert model.global_mean_ == 0
    assert_allclose(model.predict(5, rated, clip=True), np.clip(f[5, rated], 1, 5), rtol=1e-5)


@pytest.mark.parametrize("limits", [None, "data"])
def test_without_biases_the_mean_is_predicted_where_one_side_has_no_ratings(ratings, limits):
    """User 7 and item 11 have none; the model has only products of embeddings to go by."""
    model = EmbeddingDot(factors=3, sigmoid_range=limits, iterations=3, validation_fraction=0.0, **QUIET).fit(ratings)
    mean = ratings.data.mean()
    assert_allclose(model.predict([7, 7, 5], [11, 3, 11]), mean)
    assert abs(model.predict(5, 3) - mean)[0] > 1e-3
    assert_array_equal(model.recommend(7).counts, 0)
    assert not (model.recommend(np.arange(60), n=40).ids == 11).any()


def test_without_biases_an_item_whose_ratings_are_all_held_out_is_in_no_list(ratings):
    """Nothing has moved its embedding: `predict` says the mean, by which no list can rank it."""
    model = EmbeddingDot(factors=3, iterations=3, validation_fraction=0.9, **QUIET).fit(ratings)
    unmoved = np.flatnonzero(~model.item_factors_.any(axis=1))
    assert len(unmoved) > 1
    assert_allclose(model.predict(5, unmoved), ratings.data.mean())
    assert not np.isin(model.recommend(np.arange(60), n=40, exclude_seen=False).ids, unmoved).any()


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
    errors = ratings.toarray()[rows, columns] - model._predict_pairs(rows, columns)
    assert_allclose(loss, errors @ errors, rtol=1e-5)


def test_dropout_of_the_net_by_hand():
    """u = (1), v = (2), one hidden unit of weights (1, 1), then times 3. Half is left out, so what stays counts twice.

    Nothing left out: 3 · 2 · (2 · 1 + 2 · 2) = 36. Without v it is 3 · 2 · 2 = 12, without the hidden unit 0.
    """
    settings = {"factors": 1, "layers": [1], "dropout": 0.5, "sigmoid_range": None, "validation_fraction": 0.0}
    model, data = looked_at(EmbeddingNet(**settings, **QUIET), sp.csr_array([[4.0]]))
    task = model._task(torch, "cpu", data)
    names = ("users", "items", "layer 0", "layer 0 bias", "layer 1", "layer 1 bias")
    weights = tensors(dict(zip(names, ([[1]], [[2]], [[1, 1]], [0], [[3]], [0]), strict=True)))
    pair = torch.tensor([0])
    for embedded, hidden, expected in (([2, 2], [2], 36), ([2, 0], [2], 12), ([2, 2], [0], 0)):
        drawn = [torch.tensor([embedded]), torch.tensor([hidden])]
        found = task.predicted(weights, Pairs(pair, pair, torch.tensor([4.0]), drawn))
        assert found.tolist() == [expected]
    masks = np.concatenate([np.ravel(mask) for mask in task._draw(4000)])
    assert_array_equal(np.unique(masks), [0, 2])
    assert abs((masks == 0).mean() - 0.5) < 0.03
    assert [mask.shape for mask in task._draw(3)] == [(3, 2), (3, 1)]


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


def test_values_out_of_range_are_named_without_a_dtype_that_cannot_be_chosen(ratings):
    model = EmbeddingDotBias(factors=2, iterations=1, **QUIET)
    extreme = ratings.copy()
    extreme.data[extreme.indptr[3]] = 1e300
    with pytest.raises(ValueError, match=r"^user 3, item \d+: 1e\+300 is too .* bring the values nearer to 1$"):
        model.fit(extreme)
    named = coals.Interactions.from_matrix(ratings, item_ids=[f"b{k}" for k in range(40)])
    with pytest.raises(ValueError, match=r"^item 'b4' of history: 1e\+300 is too .* bring the values nearer to 1$"):
        model.fit(named).recommend_for({"b4": 1e300})
    wide = named.matrix[[0]].copy()
    wide.data[:] = 1e300
    users = coals.Interactions.from_matrix(wide, user_ids=["zoe"], item_ids=named.items.ids)
    with pytest.raises(ValueError, match=r"^user 'zoe', item 'b\d+': 1e\+300 is too .* bring the values nearer to 1$"):
        model.recommend_for(users)
