"""AutoRec by hand and beside the reference; rows of ratings through a network, with what is held out and without."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.neural import CFNADE, AutoRec
from coals.neural.training.autorec_task import AutoRecTask
from coals.neural.training.training import with_attributes
from coals.reference import neural as reference
from neural_tasks import QUIET, looked_at, low_rank_ratings, tensors

torch = pytest.importorskip("torch", reason="torch is not installed")

SIDES = ["users", "items"]


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
def test_users_without_ratings_get_the_items_that_are_rated_well(based_on):
    """Items of even number are rated 4 and 5, others 1 and 2; user 0 has rated nothing."""
    rng = np.random.default_rng(0)
    full = np.where(np.arange(20) % 2 == 0, 4.5, 1.5) + rng.choice([-0.5, 0.5], (80, 20))
    full *= rng.random((80, 20)) < 0.5
    full[0] = 0
    model = AutoRec(based_on=based_on, factors=4, learning_rate=0.02, batch_size=8, iterations=30, **QUIET)
    model.fit(sp.csr_array(full))
    for found in (model.recommend(0), model.recommend_for({}), model.recommend_for(sp.csr_array((1, 20)))):
        assert_array_equal(np.sort(found.ids[0]), np.arange(0, 20, 2))
        assert_allclose(found.scores, model.recommend(0).scores, rtol=1e-5)
    assert_allclose(model.predict(0, model.recommend(0).ids[0]), model.recommend(0).scores[0], rtol=1e-5)


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


# --- rows that go through a network ---


ROWS = [
    AutoRec(factors=3, validation_fraction=0.3, **QUIET),
    AutoRec(based_on="users", factors=3, validation_fraction=0.3, **QUIET),
    CFNADE(layers=[4], factors=3, validation_fraction=0.3, **QUIET),
    CFNADE(based_on="users", layers=[4], factors=3, validation_fraction=0.3, **QUIET),
]


@pytest.mark.parametrize("model", ROWS, ids=repr)
def test_ratings_held_out_are_asked_of_rows_without_them_and_served_with_all(ratings, model):
    """Asked of rows of all ratings, a network would be told what it is to say."""
    model, data = looked_at(model, ratings)
    task = model._task(torch, "cpu", data)
    users, items, values = task._validation
    arrays = {name: array + np.float32(0.3) for name, array in task.start().items()}
    side = "item_factors_" if model.based_on == "items" else "user_factors_"
    assert (task._rows.nnz, task._everything.nnz) == (ratings.nnz - len(values), ratings.nnz)
    told = with_attributes(model, task._fitted(arrays, task._rows))._predict_pairs(users, items)
    assert_allclose(task.value(arrays), np.sqrt(np.mean((told - values) ** 2)), rtol=1e-5)
    served = task.results(arrays)[side]
    assert_array_equal(served, task._fitted(arrays, task._everything)[side])
    assert not np.array_equal(served, task._fitted(arrays, task._rows)[side])
