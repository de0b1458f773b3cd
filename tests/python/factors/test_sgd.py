"""Stochastic gradient descent against single steps in NumPy, and what it must achieve on real ratings."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.reference import sgd as reference

every_dtype = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-4), ("float64", 1e-10)])
every_optimizer = pytest.mark.parametrize("optimizer", ["adagrad", "momentum"])


def stepper(model):
    return reference.Stepper(model.learning_rate, None if model.optimizer == "adagrad" else model.momentum)


def start_of(model, shape, generator):
    generator.integers(2**63)  # the seed of the order
    arrays = [0.1 * generator.standard_normal((size, model.factors)) for size in shape]
    arrays = [array.astype(model.dtype).astype(np.float64) for array in arrays]
    return arrays + ([np.zeros(size) for size in shape] if model.biases else [])


def test_one_step_by_hand():
    """u = (1, 2), v = (3, 1), b = c = 0, mean 0: the estimate is 5, the rating 7, the error 2; rate 0.1, penalty 0.5.

    u += 0.1 (2 (3, 1) - 0.5 (1, 2)) = (1.55, 2.1);  v += 0.1 (2 (1, 2) - 0.5 (3, 1)) = (3.05, 1.35);
    b and c += 0.1 * 2 = 0.2.
    """
    arrays = [np.zeros((1, 8)) for _ in range(4)] + [np.zeros(1) for _ in range(4)]
    arrays[0][0, :2], arrays[1][0, :2] = (1, 2), (3, 1)
    data = _core.Csr(np.array([0, 1]), np.array([0], np.int32), np.array([7.0]), 1, "float64")
    options = _core.SgdOptions("momentum", 0.1, 0.0, 0.5, 0.5, True, 0.0, None, 0)
    assert _core.sgd_epoch(data, arrays, options, 0, False, 1) == 4
    assert_allclose(arrays[0][0, :3], [1.55, 2.1, 0])
    assert_allclose(arrays[1][0, :3], [3.05, 1.35, 0])
    assert_allclose([arrays[4], arrays[5]], [[0.2], [0.2]])


@every_dtype
@every_optimizer
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("sigmoid_range", [None, "data", (0, 7)])
@pytest.mark.parametrize("factors", [3, 17])
def test_ratings_that_share_nothing_take_the_steps_of_the_reference(
    optimizer, biases, sigmoid_range, factors, dtype, tolerance
):
    """One rating for each user and item: their order does not matter."""
    values = np.random.default_rng(1).integers(1, 6, 50).astype(float)
    data = sp.csr_array((values, (np.arange(50), np.arange(50)[::-1])))
    how = {"optimizer": optimizer, "biases": biases, "sigmoid_range": sigmoid_range, "dtype": dtype}
    model = coals.SGDFactorization(factors=factors, iterations=4, learning_rate=0.03, random_state=5, **how).fit(data)
    arrays = start_of(model, (50, 50), np.random.default_rng(5))
    state = [np.zeros_like(array) for array in arrays]
    for epoch in range(4):
        squares = [
            reference.rating_step(
                stepper(model), arrays, state, u, 49 - u, values[u], 0.05, model.global_mean_, model.sigmoid_range_
            )
            for u in range(50)
        ]
        assert_allclose(model.objective_[epoch], np.mean(squares), rtol=tolerance)
    assert_allclose(model.user_factors_, arrays[0], atol=tolerance)
    assert_allclose(model.item_factors_, arrays[1], atol=tolerance)
    if biases:
        assert_allclose(model.user_bias_, arrays[2], atol=tolerance)
        assert_allclose(model.item_bias_, arrays[3], atol=tolerance)


@every_dtype
@every_optimizer
@pytest.mark.parametrize("biases", [False, True])
def test_the_only_pair_there_is_takes_the_steps_of_the_reference(optimizer, biases, dtype, tolerance):
    """One user has the first of two items: it always goes against the second."""
    data = sp.csr_array(np.array([[1.0, 0.0]]))
    how = {"optimizer": optimizer, "biases": biases, "dtype": dtype, "random_state": 5}
    model = coals.BPR(factors=3, iterations=6, learning_rate=0.1, regularization=0.02, **how).fit(data)
    arrays = start_of(model, (1, 2), np.random.default_rng(5))
    arrays = [*arrays[:2], *arrays[3:]]
    state = [np.zeros_like(array) for array in arrays]
    margins = [reference.pair_step(stepper(model), arrays, state, 0, 0, 1, 0.02) for _ in range(6)]
    assert_allclose(model.objective_, np.log1p(np.exp(-np.array(margins))), rtol=tolerance)
    assert_allclose(model.user_factors_, arrays[0], atol=tolerance)
    assert_allclose(model.item_factors_[0], arrays[1][0], atol=tolerance)  # nobody has the second


@pytest.mark.parametrize("model", [coals.SGDFactorization, coals.BPR])
def test_every_entry_is_met_once_an_epoch(model, ratings):
    """With a rate that moves nothing, the objective is that of the start, whatever the order."""
    still = model(factors=4, iterations=3, learning_rate=1e-12, optimizer="momentum", dtype="float64", random_state=1)
    data = sp.vstack([ratings] * 3).tocsr()
    objective = still.fit(data).objective_
    if model is coals.BPR:
        assert_allclose(objective, np.log(2), rtol=0.02)
        return
    predicted = still.predict(np.repeat(np.arange(180), np.diff(data.indptr)), data.indices)
    assert_allclose(objective, np.mean((data.data - predicted) ** 2), rtol=1e-8)


def test_seeds_mean_something(ratings):
    fits = [coals.SGDFactorization(factors=4, random_state=seed).fit(ratings).user_factors_ for seed in (1, 1, 2)]
    assert_array_equal(fits[0], fits[1])
    assert np.abs(fits[0] - fits[2]).max() > 1e-2


@pytest.fixture(scope="module")
def books():
    return coals.split.random(coals.datasets.goodbooks(), test_fraction=0.1, random_state=0)


def rmse(model, test):
    return coals.evaluate({"m": model}, test, ["rmse"]).mean["m"]["rmse"]


@pytest.mark.parametrize("how", [{}, {"sigmoid_range": "data"}, {"optimizer": "momentum", "learning_rate": 0.002}])
def test_real_ratings_are_predicted_nearly_as_well_as_by_als(books, how):
    train, test = books
    model = coals.SGDFactorization(factors=16, iterations=40, regularization=0.1, random_state=0, **how)
    model.fit(train, callback=coals.EarlyStopping(test, "rmse", patience=3))
    als = coals.ExplicitALS(factors=16, regularization=0.1, regularization_exponent=1, random_state=0).fit(train)
    assert rmse(model, test) < rmse(als, test) + 0.01


def test_bpr_ranks_better_than_popularity(books):
    train, test = books
    models = {
        "bpr": coals.BPR(factors=16, iterations=20, random_state=0).fit(train),
        "popular": coals.Popularity().fit(train),
    }
    found = coals.evaluate(models, test, ["ndcg@10"]).mean
    assert found["bpr"]["ndcg@10"] > 10 * found["popular"]["ndcg@10"]


def test_a_widened_range_lets_its_ends_be_reached():
    data = sp.csr_array(np.where(np.eye(6) > 0, 5.0, 1.0))
    model = coals.SGDFactorization(factors=8, iterations=400, regularization=0, sigmoid_range="data", random_state=0)
    model.fit(data)
    assert_allclose(model.sigmoid_range_, (0.6, 5.4))
    assert_allclose(model.predict(2, 2), 5, atol=0.1)
    everything = model.predict(np.repeat(np.arange(6), 6), np.tile(np.arange(6), 6))
    assert ((everything > 0.6) & (everything < 5.4)).all()


@pytest.mark.parametrize("rating", [3, 1e18])
def test_a_range_of_one_rating_has_room(rating):
    data = sp.csr_array(np.full((4, 4), float(rating)))
    model = coals.SGDFactorization(factors=2, iterations=3, sigmoid_range="data", random_state=0).fit(data)
    low, high = model.sigmoid_range_
    assert low < rating < high
    assert_allclose(model.predict(0, 0), rating, rtol=0.1)


@pytest.mark.parametrize("how", [{}, {"sigmoid_range": (0, 6)}])
def test_someone_new_is_like_whom_they_copy(books, how):
    train, _ = books
    model = coals.SGDFactorization(factors=8, iterations=15, random_state=0, **how).fit(train)
    row = train.matrix[[10]]
    folded = model.recommend_for(row, n=200)
    own = model.recommend(model.user_index_.decode(np.array([10])), n=200)
    assert len(np.intersect1d(folded.ids[0], own.ids[0])) > 100


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: coals.BPR(learning_rate=0), ValueError, "learning_rate must be > 0"),
        (lambda: coals.BPR(momentum=1), ValueError, "momentum must be below 1"),
        (lambda: coals.BPR(optimizer="adam"), ValueError, "optimizer must be one of 'adagrad', 'momentum'"),
        (lambda: coals.BPR(regularization=(1, 2, 3)), ValueError, r"a number or a \(user, item\) pair"),
        (lambda: coals.SGDFactorization(sigmoid_range=(5, 1)), ValueError, "low < high"),
        (lambda: coals.SGDFactorization(sigmoid_range="wide"), TypeError, "sigmoid_range must be None, 'data' or"),
        (lambda: coals.SGDFactorization(biases=1), TypeError, "biases must be True or False"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_steps_that_run_away_are_an_error(ratings):
    with pytest.raises(ValueError, match=r"objective is (inf|nan) after sweep"):
        coals.SGDFactorization(learning_rate=50, optimizer="momentum", iterations=50).fit(ratings)


def test_steps_that_run_away_in_the_last_epoch_are_an_error():
    """The objective is of before them: factors are finite, but not their products."""
    model = coals.SGDFactorization(
        factors=3, learning_rate=1e12, optimizer="momentum", iterations=1, sigmoid_range="data", random_state=0
    )
    with pytest.raises(ValueError, match="factors after the last epoch are too large for float32: set a smaller learn"):
        model.fit(sp.csr_array([[1.0, 5.0], [5.0, 1.0]]))
    assert not hasattr(model, "item_factors_")


def test_without_biases_the_mean_is_predicted_where_one_side_has_no_ratings(ratings):
    """User 7 and item 11 have none."""
    model = coals.SGDFactorization(factors=3, biases=False, random_state=0).fit(ratings)
    assert_allclose(model.predict([7, 7, 5], [11, 3, 11]), ratings.data.mean(), rtol=1e-6)
    assert_allclose(model.predict(5, 3), model.user_factors_[5] @ model.item_factors_[3], rtol=1e-5)
