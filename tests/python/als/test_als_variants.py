"""Weights, confident zeros, side features, non-negative factors and singular rows against the NumPy reference."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.reference import als as reference

PENALTY = {"regularization": (0.3, 0.5), "exponent": 0.7}
OURS = {"regularization": (0.3, 0.5), "regularization_exponent": 0.7}
IMPLICIT = {"alpha": 0.4, "unobserved_weight": 0.2}
SHAPE = (60, 40)

rng = np.random.default_rng(5)
USER_FEATURES = rng.standard_normal((60, 6)) * (rng.random((60, 6)) < 0.5)
ITEM_FEATURES = rng.standard_normal((40, 3))

dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
objectives = pytest.mark.parametrize("objective", ["hkv", "ials"])
updates = pytest.mark.parametrize("bias_update", ["joint", "separate", None])
TOLERANCE = {"float64": 1e-7, "float32": 1e-2}


def start(factors, nonnegative=False):
    generator = np.random.default_rng(1)
    arrays = [generator.standard_normal((60, factors)), generator.standard_normal((40, factors))]
    arrays += [generator.standard_normal(60), generator.standard_normal(40)]
    return tuple(abs(a) if nonnegative and a.ndim == 2 else a for a in arrays)


def weights_like(ratings):
    weights = ratings.copy()
    weights.data = np.random.default_rng(2).integers(0, 4, ratings.nnz).astype(float)
    return weights


def with_negatives(ratings):
    data = ratings.copy()
    data.data[np.random.default_rng(3).random(data.nnz) < 0.25] *= -1
    return data


def features_of(model):
    return {} if model is None else {"user_features": USER_FEATURES, "item_features": sp.csr_array(ITEM_FEATURES)}


def check(ours, theirs, dtype):
    assert ours.dtype == dtype
    assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * abs(theirs).max())


def check_explicit(ratings, dtype, bias_update, factors, weights=None, features=False, sweeps=3, **how):
    biases = bias_update is not None
    init = start(factors, how.get("nonnegative", False))
    state = init if biases else (*init[:2], np.zeros(60), np.zeros(40))
    shared = {"biases": biases, "weights": weights}
    if features:
        shared["features"] = USER_FEATURES, ITEM_FEATURES
        shared["feature_regularization"] = 0.7
        state = (*state, np.zeros((6, factors + biases)), np.zeros((3, factors + biases)))
    singular = {"singular": how["on_singular"]} if "on_singular" in how else {}
    reference_how = {"nonnegative": how.get("nonnegative", False), **singular}
    update = bias_update or "joint"
    for _ in range(sweeps):
        state = reference.explicit_sweep(ratings, state, **PENALTY, bias_update=update, **shared, **reference_how)
    model = coals.ExplicitALS(
        factors=factors,
        **OURS,
        biases=biases,
        bias_update=update,
        feature_regularization=0.7,
        init=init if biases else init[:2],
        iterations=sweeps,
        dtype=dtype,
        **how,
    )
    model.fit(ratings, weights=weights, **features_of(features or None))
    expected = reference.explicit_objective(ratings, state, **PENALTY, **shared)
    assert_allclose(model.objective_[-1], expected, rtol={"float64": 1e-8, "float32": 1e-3}[dtype])
    warm = np.diff(ratings.indptr) > 0, np.bincount(ratings.indices, minlength=40) > 0
    ours = model.user_factors_, model.item_factors_, model.user_bias_, model.item_bias_
    for side, (got, wanted) in enumerate(zip(ours, state, strict=False)):
        check(got[warm[side % 2]], wanted[warm[side % 2]], dtype)
    return model, state


def check_implicit(ratings, dtype, objective, factors, features=False, sweeps=3, **how):
    init = start(factors, how.get("nonnegative", False))[:2]
    state, shared = init, {"objective": objective, **IMPLICIT}
    if features:
        shared["features"] = USER_FEATURES, ITEM_FEATURES
        shared["feature_regularization"] = 0.7
        state = (*state, np.zeros((6, factors)), np.zeros((3, factors)))
    for _ in range(sweeps):
        state = reference.implicit_sweep(ratings, state, **PENALTY, **shared, **how)
    model = coals.ImplicitALS(
        factors=factors,
        **OURS,
        **IMPLICIT,
        objective=objective,
        feature_regularization=0.7,
        init=init,
        iterations=sweeps,
        dtype=dtype,
        **how,
    )
    model.fit(ratings, **features_of(features or None))
    expected = reference.implicit_objective(ratings, state, **PENALTY, **shared)
    assert_allclose(model.objective_[-1], expected, rtol={"float64": 1e-8, "float32": 1e-3}[dtype])
    warm = np.diff(ratings.indptr) > 0, np.bincount(ratings.indices, minlength=40) > 0
    for side, got in enumerate((model.user_factors_, model.item_factors_)):
        check(got[warm[side]], state[side][warm[side]], dtype)
    return model, state


@dtypes
@updates
@pytest.mark.parametrize("factors", [1, 7])
def test_weights_equal_reference(ratings, dtype, bias_update, factors):
    model, _ = check_explicit(ratings, dtype, bias_update, factors, weights_like(ratings))
    weights = weights_like(ratings).data
    if bias_update:
        assert_allclose(model.global_mean_, np.average(ratings.data, weights=weights))


def test_weights_come_as_array_or_as_matrix(ratings):
    weights = weights_like(ratings)
    fits = [
        coals.ExplicitALS(factors=3, random_state=0, iterations=2).fit(ratings, weights=w)
        for w in (weights, weights.tocsc(), weights.data, weights.data.tolist())
    ]
    for other in fits[1:]:
        assert_array_equal(fits[0].user_factors_, other.user_factors_)
        assert_array_equal(fits[0].item_factors_, other.item_factors_)


def test_a_weight_of_two_is_a_rating_given_twice():
    """Two equal ratings of one item by twins: penalties are equal when exponent is 0 and both count once."""
    data = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 1.0]]))
    shared = {"factors": 2, "random_state": 0, "dtype": "float64", "regularization": (0.5, 1e-3)}
    doubled = coals.ExplicitALS(**{**shared, "regularization": (1.0, 2e-3)}).fit(data, weights=np.full(6, 2.0))
    single = coals.ExplicitALS(**shared).fit(data)
    assert_allclose(doubled.user_factors_, single.user_factors_, rtol=1e-6)


@dtypes
@objectives
@pytest.mark.parametrize("factors", [1, 7, 40])
def test_confident_zeros_equal_reference(ratings, dtype, objective, factors):
    check_implicit(with_negatives(ratings), dtype, objective, factors)


def test_confident_zeros_are_no_evidence():
    data = sp.csr_array(np.array([[1.0, -1.0, 0.0], [0.0, -1.0, 2.0], [-1.0, 0.0, 0.0], [1.0, 0.0, 1.0]]))
    model = coals.ImplicitALS(factors=2, random_state=0).fit(data)
    assert not (model.recommend(np.arange(4), n=3).ids == 1).any()  # only refused
    assert model.recommend(2, n=3).counts[0] == 0  # only refuses
    assert 0 not in model.recommend(2, n=3, exclude_seen=False).ids


@dtypes
@updates
@pytest.mark.parametrize("factors", [1, 7])
def test_explicit_features_equal_reference(ratings, dtype, bias_update, factors):
    model, state = check_explicit(ratings, dtype, bias_update, factors, weights_like(ratings), features=True)
    check(model.user_feature_weights_.astype(dtype), state[4], dtype)
    check(model.item_feature_weights_.astype(dtype), state[5], dtype)
    check(model.user_factors_[7], USER_FEATURES[7] @ state[4][:, :factors], dtype)  # has no ratings
    if bias_update:
        check(model.item_bias_[11], ITEM_FEATURES[11] @ state[5][:, factors], dtype)


@dtypes
@objectives
@pytest.mark.parametrize("factors", [1, 7, 40])
def test_implicit_features_equal_reference(ratings, dtype, objective, factors):
    model, state = check_implicit(ratings, dtype, objective, factors, features=True)
    check(model.user_feature_weights_.astype(dtype), state[2], dtype)
    check(model.item_factors_[11], ITEM_FEATURES[11] @ state[3], dtype)


def test_features_make_cold_users_and_items_recommendable(ratings):
    for model in (coals.ExplicitALS(factors=4, random_state=0), coals.ImplicitALS(factors=4, random_state=0)):
        assert 11 not in model.fit(ratings, user_features=USER_FEATURES).recommend(np.arange(60), n=40).ids
        model.fit(ratings, user_features=USER_FEATURES, item_features=ITEM_FEATURES)
        recommended = model.recommend(7, n=40)
        assert recommended.counts[0] == 40
        assert 11 in recommended.ids
        assert_allclose(model.predict(7, recommended.ids[0]), recommended.scores[0], rtol=1e-4, atol=1e-5)


def test_a_cold_row_without_features_stays_unknown(ratings):
    features = USER_FEATURES.copy()
    features[7] = 0
    model = coals.ImplicitALS(factors=4, random_state=0).fit(ratings, user_features=features)
    assert model.recommend(7).counts[0] == 0


@dtypes
@pytest.mark.parametrize("factors", [1, 7])
@pytest.mark.parametrize("bias_update", ["joint", None])
def test_nonnegative_explicit_equals_reference(ratings, dtype, bias_update, factors):
    model, _ = check_explicit(ratings, dtype, bias_update, factors, nonnegative=True)
    assert min(model.user_factors_.min(), model.item_factors_.min()) >= 0
    assert (model.user_factors_ == 0).any(axis=1).sum() > 1 or factors == 1


@dtypes
@objectives
@pytest.mark.parametrize("factors", [1, 7])
def test_nonnegative_implicit_equals_reference(ratings, dtype, objective, factors):
    model, _ = check_implicit(with_negatives(ratings), dtype, objective, factors, nonnegative=True)
    assert min(model.user_factors_.min(), model.item_factors_.min()) >= 0


def test_nonnegative_start_is_the_usual_one_without_signs(ratings):
    starts = []
    for nonnegative in (False, True):
        model = coals.ImplicitALS(factors=3, random_state=0, nonnegative=nonnegative)
        data = coals.Interactions.from_matrix(ratings)
        starts.append(coals.models.als.start.start_of(model, (data.users, data.items)).factors)
    for signed, unsigned in zip(*starts, strict=True):
        assert_array_equal(abs(signed), unsigned)


def test_the_random_start_does_not_depend_on_its_blocks(ratings, monkeypatch):
    draw = 1 / np.sqrt(3) * np.random.default_rng(0).standard_normal((50, 3))
    monkeypatch.setattr("coals.data.native._BLOCK", 7)
    got = coals.models.als.start.random_factors(np.random.default_rng(0), (50, 3), "float32", False)
    assert_array_equal(got, draw.astype(np.float32))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_minimum_norm_takes_the_shortest_solution(dtype):
    """Fewer ratings than factors and no penalty."""
    generator = np.random.default_rng(0)
    data = sp.csr_array(generator.integers(1, 6, (6, 5)).astype(float))
    init = generator.standard_normal((6, 7)), generator.standard_normal((5, 7))
    state = (*init, np.zeros(6), np.zeros(5))
    shared = {"regularization": (0.0, 0.1), "biases": False}
    state = reference.explicit_sweep(data, state, **shared, singular="minimum_norm")
    model = coals.ExplicitALS(
        factors=7, init=init, iterations=1, dtype=dtype, on_singular="minimum_norm", **shared
    ).fit(data)
    check(model.user_factors_, state[0], dtype)
    residual = data.toarray() - model.user_factors_ @ init[1].T
    assert abs(residual).max() < {"float64": 1e-9, "float32": 1e-3}[dtype]
    with pytest.raises(ValueError, match="on_singular='minimum_norm'"):
        model.set_params(on_singular="error").fit(data)


def test_jitter_finds_some_solution():
    data = sp.csr_array(np.arange(1.0, 7.0).reshape(2, 3))
    model = coals.ExplicitALS(
        factors=5, regularization=0, biases=False, on_singular="jitter", random_state=0, iterations=3
    ).fit(data)
    assert_allclose(model.user_factors_ @ model.item_factors_.T, data.toarray(), atol=0.1)


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
@pytest.mark.parametrize(
    ("solver", "factors", "runs"), [("auto", 3, "cholesky"), ("cg", 3, "cg"), ("block", 3, "block")]
)
def test_solver_that_ran_is_told(ratings, model, solver, factors, runs):
    assert model(factors=factors, solver=solver, iterations=1, random_state=0).fit(ratings).solver_ == runs
