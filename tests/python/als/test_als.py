"""Explicit and implicit ALS against the NumPy reference, and what must hold of their objectives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.models.sweeps import run_sweeps
from coals.reference import als as reference
from conftest import random_ratings

PENALTY = {"regularization": (0.3, 0.5), "exponent": 0.7}
# How far the objective may be from the reference's, relative.
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


def start(factors, shape=(60, 40), seed=1):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((shape[0], factors)),
        rng.standard_normal((shape[1], factors)),
        rng.standard_normal(shape[0]),
        rng.standard_normal(shape[1]),
    )


def penalty_of(model_penalty):
    return {
        "regularization": model_penalty["regularization"],
        "regularization_exponent": model_penalty["exponent"],
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("bias_update", ["separate", "joint", None])
@pytest.mark.parametrize("factors", [1, 7, 16, 40])
@pytest.mark.parametrize("sweeps", [1, 2, 5])
def test_explicit_equals_reference(ratings, dtype, bias_update, factors, sweeps):
    biases = bias_update is not None
    init = start(factors)
    state = init if biases else (*init[:2], np.zeros(60), np.zeros(40))
    for _ in range(sweeps):
        state = reference.explicit_sweep(ratings, state, **PENALTY, biases=biases, bias_update=bias_update)
    model = coals.ExplicitALS(
        factors=factors,
        **penalty_of(PENALTY),
        biases=biases,
        bias_update=bias_update or "joint",
        init=init if biases else init[:2],
        iterations=sweeps,
        dtype=dtype,
    ).fit(ratings)

    expected = reference.explicit_objective(ratings, state, **PENALTY, biases=biases)
    assert_allclose(model.objective_[-1], expected, rtol=TOLERANCE[dtype])
    tolerance = {"float64": 1e-9, "float32": 5e-3}[dtype]
    for ours, theirs in zip(
        (model.user_factors_, model.item_factors_, model.user_bias_, model.item_bias_), state, strict=True
    ):
        assert ours.dtype == dtype
        assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * abs(theirs).max())


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize("factors", [1, 7, 16, 40])
@pytest.mark.parametrize("sweeps", [1, 2, 5])
def test_implicit_equals_reference(ratings, dtype, objective, factors, sweeps):
    settings = {"alpha": 0.4, "unobserved_weight": 0.2, "objective": objective}
    init = start(factors)[:2]
    state = init
    for _ in range(sweeps):
        state = reference.implicit_sweep(ratings, state, **PENALTY, **settings)
    model = coals.ImplicitALS(
        factors=factors, **penalty_of(PENALTY), **settings, init=init, iterations=sweeps, dtype=dtype
    ).fit(ratings)

    expected = reference.implicit_objective(ratings, state, **PENALTY, **settings)
    assert_allclose(model.objective_[-1], expected, rtol=TOLERANCE[dtype])
    tolerance = {"float64": 1e-9, "float32": 5e-3}[dtype]
    for ours, theirs in zip((model.user_factors_, model.item_factors_), state, strict=True):
        assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * abs(theirs).max())


def test_long_rows_span_several_panels():
    """One user with 1,000 ratings: more than a gathered panel holds."""
    data = random_ratings(3, 1000, 1.0, seed=0)
    init = start(9, data.shape)
    state = reference.explicit_sweep(data, init, **PENALTY)
    model = coals.ExplicitALS(factors=9, **penalty_of(PENALTY), init=init, iterations=1, dtype="float64").fit(data)
    assert_allclose(model.user_factors_, state[0], rtol=1e-9)


def test_rank_one_example_is_fitted():
    data = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]))
    model = coals.ExplicitALS(factors=1, biases=False, regularization=1e-8, random_state=0).fit(data)
    estimate = model.user_factors_ @ model.item_factors_.T
    assert_allclose(estimate, data.toarray(), atol=1e-4)


@pytest.mark.parametrize("bias_update", ["separate", "joint"])
def test_objective_never_rises_on_goodbooks(bias_update):
    data = coals.datasets.goodbooks()
    model = coals.ExplicitALS(factors=16, bias_update=bias_update, iterations=20, random_state=0).fit(data)
    assert len(model.objective_) == 20
    assert (np.diff(model.objective_) <= 0).all()
    implicit = coals.ImplicitALS(factors=16, iterations=20, random_state=0).fit(data)
    assert (np.diff(implicit.objective_) <= 0).all()


def test_users_and_items_without_ratings(ratings):
    model = coals.ExplicitALS(factors=4, random_state=0).fit(ratings)
    assert not model.user_factors_[7].any()
    assert not model.item_factors_[11].any()
    assert model.user_bias_[7] == model.item_bias_[11] == 0
    assert_allclose(model.predict(7, 11), model.global_mean_, rtol=1e-6)
    assert_allclose(model.predict(7, 3), model.global_mean_ + model.item_bias_[3], rtol=1e-6)
    assert_allclose(model.predict(5, 11), model.global_mean_ + model.user_bias_[5], rtol=1e-6)


def test_stored_zero_is_a_rating_but_no_interaction():
    data = sp.csr_array(([0.0, 2.0, 4.0], ([0, 0, 1], [0, 1, 0])), shape=(2, 2))
    assert coals.ExplicitALS(factors=1, random_state=0).fit(data).global_mean_ == 2.0
    implicit = coals.ImplicitALS(factors=2, random_state=0).fit(data)
    dropped = sp.csr_array(([2.0, 4.0], ([0, 1], [1, 0])), shape=(2, 2))
    without = coals.ImplicitALS(factors=2, random_state=0).fit(dropped)
    assert_array_equal(implicit.user_factors_, without.user_factors_)
    assert implicit.recommend(0).counts[0] == 0  # both of its items were seen


def test_clip_keeps_predictions_in_range(ratings):
    model = coals.ExplicitALS(factors=20, regularization=0.01, random_state=0).fit(ratings)
    users, items = np.divmod(np.arange(2400), 40)
    free = model.predict(users, items)
    assert model.rating_range_ == (1.0, 5.0)
    assert free.max() > 5
    assert_array_equal(model.predict(users, items, clip=True), np.clip(free, 1, 5))
    assert_array_equal(model.predict(users, items, clip=(2, 3)), np.clip(free, 2, 3))


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_tolerance_stops_early_and_callback_is_told(ratings, model):
    told = []
    fitted = model(factors=3, iterations=500, tolerance=1e-4, random_state=0).fit(ratings, callback=told.append)
    assert 1 < len(fitted.objective_) < 500
    assert [sweep.sweep for sweep in told] == list(range(1, len(told) + 1))
    assert_array_equal([sweep.objective for sweep in told], fitted.objective_)
    falls = -np.diff(fitted.objective_) / fitted.objective_[:-1]
    assert falls[-1] < 1e-4 <= falls[:-1].min()


@pytest.mark.parametrize(("tolerance", "sweeps"), [(0.0, 5), (1e-6, 3)])
def test_without_a_tolerance_every_sweep_is_run(tolerance, sweeps):
    """At the optimum rounding alone may lift the objective a little, which is no reason to stop by itself."""
    objectives = iter([3.0, 2.0, 2.0000001, 1.9999999, 2.0])
    model = coals.ImplicitALS(iterations=5, tolerance=tolerance)
    assert len(run_sweeps(model, lambda: None, lambda: next(objectives), 5, False, [], lambda history: None)) == sweeps


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_exception_in_callback_is_passed_on_and_leaves_the_model_unfitted(ratings, model):
    def fail(sweep):
        raise RuntimeError("enough")

    fitted = model(factors=3, random_state=0).fit(ratings)
    with pytest.raises(RuntimeError, match="enough"):
        fitted.fit(ratings, callback=fail)
    with pytest.raises(coals.NotFittedError):
        fitted.recommend(0)
    fitted.fit(ratings).recommend(0)


def test_random_state_reproduces_and_differs(ratings):
    def factors(state):
        return coals.ImplicitALS(factors=3, random_state=state, iterations=1).fit(ratings).user_factors_

    assert_array_equal(factors(1), factors(1))
    assert not np.array_equal(factors(1), factors(2))


def test_without_biases_the_mean_is_predicted_where_one_side_has_no_ratings(ratings):
    """User 7 and item 11 have none, and factors of zero; what `explain` says adds up to the same."""
    model = coals.ExplicitALS(factors=3, biases=False, random_state=0).fit(ratings)
    mean = ratings.data.mean()
    assert_allclose(model.predict([7, 7, 5], [11, 3, 11]), mean, rtol=1e-6)
    assert_allclose(model.predict(5, 3), model.user_factors_[5] @ model.item_factors_[3], rtol=1e-5)
    for pair in ((7, 3), (5, 11)):
        explained = model.explain(*pair)
        assert_allclose(explained.score, mean)
        assert_allclose(explained.baseline + explained.contributions.sum(), mean)
    assert_array_equal(model.recommend(7).counts, 0)


def test_without_biases_features_are_predicted_from_before_the_mean(ratings):
    """User 7 has no ratings but the features of user 5."""
    features = np.eye(60)
    features[7] = features[5]
    model = coals.ExplicitALS(factors=3, biases=False, feature_regularization=0.1, random_state=0)
    model.fit(ratings, user_features=features)
    assert_allclose(model.predict(7, 3), model.user_factors_[7] @ model.item_factors_[3], rtol=1e-5)
    assert_allclose(model.predict(7, 11), ratings.data.mean(), rtol=1e-6)
