"""RP3beta and GraphFilter against dense formulas, and arithmetic that can be seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

import coals
from coals import _core
from coals.reference import walks as reference
from conftest import random_ratings

every_dtype = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 3e-6), ("float64", 1e-12)])


def dense(data, weighted):
    return data.toarray() if weighted else (data.toarray() != 0).astype(float)


def test_a_walk_by_hand():
    """Ann has x and y, Bob y and z. From x all walkers go to Ann, half of them on to y: 1 * 1/2.

    From y half go to each, and on to x and z with 1/2: 1/4 each. Ann starts at x or y with 1/2 each: she reaches z by
    y alone, 1/2 * 1/4 = 1/8. y has two users: with beta = 1 what leads there is halved.
    """
    data = sp.csr_array(np.array([[1, 1, 0], [0, 1, 1]]))
    plain = coals.RP3beta(beta=0, dtype="float64").fit(data)
    assert_allclose(plain.weights_.toarray(), [[0, 1 / 2, 0], [1 / 4, 0, 1 / 4], [0, 1 / 2, 0]])
    assert_allclose(plain.predict(0, 2), [1 / 8])
    held_back = coals.RP3beta(beta=1, dtype="float64").fit(data)
    assert_allclose(held_back.weights_.toarray(), [[0, 1 / 4, 0], [1 / 4, 0, 1 / 4], [0, 1 / 4, 0]])
    # One strong play: Bob's 3 for z of 4 in all. From y to Bob 1/2, on to z 3/4.
    strong = coals.RP3beta(beta=0, weighted=True, dtype="float64").fit(sp.csr_array(np.array([[1, 1, 0], [0, 1, 3.0]])))
    assert_allclose(strong.weights_.toarray()[1, 2], 3 / 8)


@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("alpha", "beta"), [(1, 0), (1, 0.5), (0.6, 0.3), (1.7, 1.2)])
@pytest.mark.parametrize("neighbors", [None, 6])
def test_rp3beta_equals_the_dense_formula(ratings, weighted, alpha, beta, neighbors, dtype, tolerance):
    how = {"alpha": alpha, "beta": beta, "weighted": weighted, "neighbors": neighbors, "dtype": dtype}
    model = coals.RP3beta(**how).fit(ratings)
    X = dense(ratings, weighted)
    expected = reference.rp3beta_weights(X, alpha, beta, neighbors)
    found = model.weights_.toarray()
    if neighbors is not None:  # which of equal weights is kept is a matter of rounding
        whole = reference.rp3beta_weights(X, alpha, beta, None)
        assert_allclose(found, np.where(found > 0, whole, 0), rtol=tolerance * 10, atol=1e-15)
        assert_allclose(np.sort(found, axis=1), np.sort(expected, axis=1), rtol=tolerance * 10, atol=1e-15)
    else:
        assert_allclose(found, expected, rtol=tolerance * 10, atol=1e-15)
    scores = reference.rp3beta_scores(X, found, alpha)
    everything = [model.predict(user, np.arange(40)) for user in range(60)]
    assert_allclose(np.array(everything), scores, rtol=tolerance * 100, atol=1e-15)
    unseen = model.recommend_for(ratings, n=5)
    assert_allclose(unseen.scores, model.recommend(np.arange(60), n=5).scores, rtol=1e-6)


def test_a_filter_by_hand():
    """Ann has x and y, Bob y. R = (1/sqrt(2 * 1)  1/sqrt(2 * 2); 0  1/sqrt(1 * 2)) = (r 1/2; 0 r) with r = sqrt(1/2).

    R'R = (1/2  r/2; r/2  3/4), with eigenvalues 1 and 1/4. The first belongs to (r, 1) / sqrt(3/2), so V V' =
    (1/3  2r/3; 2r/3  2/3); between D^(-1/2) = (1, r) and D^(1/2) = (1, 1/r) that is (1/3  2/3; 1/3  2/3).
    """
    r = np.sqrt(0.5)
    data = sp.csr_array(np.array([[1, 1], [0, 1]]))
    model = coals.GraphFilter(factors=1, alpha=0.3, tolerance=0, power_iterations=5, dtype="float64", random_state=0)
    linear, ideal = np.array([[1 / 2, r / 2], [r / 2, 3 / 4]]), np.array([[1 / 3, 2 / 3], [1 / 3, 2 / 3]])
    assert_allclose(model.fit(data).weights_, linear + 0.3 * ideal)
    assert_allclose(model.predict(1, 0), r / 2 + 0.1)


@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("factors", "alpha"), [(5, 0.3), (40, 2.0), (3, 0)])
def test_graph_filter_equals_the_dense_formula(ratings, weighted, factors, alpha, dtype, tolerance):
    how = {"factors": factors, "alpha": alpha, "weighted": weighted, "dtype": dtype, "tolerance": 0}
    model = coals.GraphFilter(power_iterations=12, random_state=0, **how).fit(ratings)
    expected = reference.graph_filter_weights(dense(ratings, weighted), factors, alpha)
    # With all 40 factors the formula takes in a null space of one item, which has no users and no scores.
    known = np.arange(40) != 11
    assert_allclose(model.weights_[known][:, known], expected[known][:, known], atol=30 * tolerance)
    X = dense(ratings, weighted)
    everything = np.array([model.predict(user, np.arange(40)) for user in range(60)])
    assert_allclose(everything[:, known], (X @ expected)[:, known], atol=2000 * tolerance)


@every_dtype
@pytest.mark.parametrize("size", [1, 100, 192, 193, 400])
def test_low_rank_update(size, dtype, tolerance):
    rng = np.random.default_rng(size)
    left, right = (rng.standard_normal((size, 7)).astype(dtype) for _ in range(2))
    matrix = rng.standard_normal((size, size)).astype(dtype)
    expected = matrix + left.astype(np.float64) @ right.T
    _core.add_low_rank(left, right, matrix, 2)
    assert_allclose(matrix, expected, atol=10 * tolerance)


@pytest.mark.parametrize("model", [coals.RP3beta, coals.GraphFilter])
def test_negative_values_are_named(model):
    data = random_ratings(10, 6, 0.5, seed=0)
    data.data[2] = -3
    model(weighted=False).fit(data)
    with pytest.raises(ValueError, match=rf"user 0, item {data.indices[2]}: the value -3.0 is negative"):
        model(weighted=True).fit(data)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: coals.RP3beta(alpha=-1), "alpha must be >= 0"),
        (lambda: coals.RP3beta(beta=11), "beta must be >= 0 and <= 10"),
        (lambda: coals.GraphFilter(factors=0), "factors must be >= 1"),
        (lambda: coals.GraphFilter(tolerance=-1), "tolerance must be >= 0"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
