"""Every similarity against its oracle in float64."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_array_equal

import coals
from coals.similarities.measures import MEASURES
from similarity_cases import CASES, COUNT_CASES, MATRICES, VALUE_CASES, applies, assert_equals_oracle, zipf

every_case = pytest.mark.parametrize("case", CASES)


def test_every_measure_has_a_case():
    assert {measure for measure, _ in CASES.values()} == set(MEASURES)


@pytest.mark.parametrize(
    "name", [pytest.param("nobody and nothing", marks=pytest.mark.isa), *(MATRICES.keys() - {"nobody and nothing"})]
)
@every_case
def test_measures_equal_their_oracle(case, name):
    data = MATRICES[name]
    if not applies(case, data):
        return
    for dtype in ("float64", "float32"):
        for axis in ("items", "users"):
            assert_equals_oracle(data, case, dtype=dtype, axis=axis)


@pytest.mark.parametrize("neighbors", [1, 3, 1000])
@every_case
def test_the_largest_of_each_row(case, neighbors):
    for name in ("nobody and nothing", "repeated items", "everybody has everything"):
        for dtype in ("float64", "float32"):
            assert_equals_oracle(MATRICES[name], case, neighbors=neighbors, dtype=dtype)
    assert_equals_oracle(MATRICES["nobody and nothing"], case, neighbors=neighbors, axis="users")


@pytest.mark.parametrize("threshold", [-0.25, 0.0, 0.3, 2.5])
@every_case
def test_the_values_above_a_threshold(case, threshold):
    data = MATRICES["nobody and nothing"]
    assert_equals_oracle(data, case, threshold=threshold)
    assert_equals_oracle(data, case, threshold=threshold, neighbors=5, dtype="float32")


@pytest.mark.isa
@every_case
def test_popular_and_rare_items(case):
    """Some items are everybody's, most have a user or two: engines treat the two apart."""
    ones = zipf(150, 60, mean=20, seed=0)
    ratings = ones.copy()
    ratings.data[:] = np.random.default_rng(1).integers(1, 6, ones.nnz)
    assert_equals_oracle(ratings, case, neighbors=10, dtype="float32")


MISSING = float("nan")
small_grids = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.sampled_from(
        [[1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 1.0], [0.7], (np.arange(-8, 9) / 8).tolist(), [1e-3, 1e3, 0.5]]
    ).flatmap(lambda values: arrays.arrays(float, shape, elements=st.sampled_from([MISSING, *values])))
)


@settings(max_examples=80, deadline=None)
@given(
    grid=small_grids, case=st.sampled_from(list(CASES)), axis=st.sampled_from(["items", "users"]),
    neighbors=st.sampled_from([None, 1, 3, 20]), threshold=st.sampled_from([None, 0.1, -0.5]),
)  # fmt: skip
def test_any_small_matrix(grid, case, axis, neighbors, threshold):
    data = sp.csr_array((grid[~np.isnan(grid)], np.nonzero(~np.isnan(grid))), shape=grid.shape)
    if data.nnz and applies(case, data):
        assert_equals_oracle(data, case, axis=axis, neighbors=neighbors, threshold=threshold)


@settings(max_examples=150, deadline=None)
@given(
    grid=small_grids, case=st.sampled_from(list(CASES)), axis=st.sampled_from(["items", "users"]),
    shrinkage=st.sampled_from([0.0, 0.5, 100.0]), min_support=st.integers(0, 4), min_overlap=st.integers(0, 4),
    neighbors=st.sampled_from([None, 2]), threshold=st.sampled_from([None, 0.1]),
    dtype=st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_every_option_on_every_measure(
    grid, case, axis, shrinkage, min_support, min_overlap, neighbors, threshold, dtype
):
    data = sp.csr_array((grid[~np.isnan(grid)], np.nonzero(~np.isnan(grid))), shape=grid.shape)
    more = {"shrinkage": shrinkage, "min_support": min_support, "min_overlap": min_overlap}
    if data.nnz and applies(case, data):
        cut = {"neighbors": neighbors, "threshold": threshold}
        assert_equals_oracle(data, case, axis=axis, dtype=dtype, more=more, **cut)


@pytest.mark.isa
@pytest.mark.parametrize("axis", ["items", "users"])
@pytest.mark.parametrize("case", VALUE_CASES)
def test_shuffled_users_are_as_similar(case, axis):
    """Sums of whole numbers are the same bits in any order; others differ in their last digits."""
    measure, options = CASES[case]
    ratings = zipf(200, 80, mean=25, seed=0)
    ratings.data[:] = np.random.default_rng(1).integers(1, 6, ratings.nnz)
    order = np.random.default_rng(2).permutation(200 if axis == "items" else 80)
    shuffled = sp.csr_array(ratings[order] if axis == "items" else ratings[:, order])
    exact = measure in ("pearson", "msd")
    cut = {"neighbors": 9 if exact else None, "axis": axis, "dtype": "float64"}
    one, two = (coals.similarity(data, measure, **cut, **options).toarray() for data in (ratings, shuffled))
    if exact:
        assert_array_equal(one, two)
    np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


@pytest.mark.isa
@every_case
def test_threads_do_not_show(case):
    measure, options = CASES[case]
    ratings = zipf(500, 300, mean=40, seed=0)
    ratings.data[:] = np.random.default_rng(1).integers(1, 6, ratings.nnz)
    for cut in ({"neighbors": 7}, {"neighbors": None, "threshold": 0.1}):
        results = [coals.similarity(ratings, measure, **cut, **options, num_threads=n) for n in (1, 2, 3)]
        for result in results[1:]:
            assert_array_equal(result.indptr, results[0].indptr)
            assert result.indices.tobytes() == results[0].indices.tobytes()
            assert result.data.tobytes() == results[0].data.tobytes()


@pytest.mark.isa
@pytest.mark.parametrize("case", COUNT_CASES)
def test_shuffled_users_give_the_same_bits(case):
    measure, options = CASES[case]
    ones = zipf(300, 150, mean=25, seed=0)
    shuffled = ones[np.random.default_rng(1).permutation(300)]
    one, two = (coals.similarity(data, measure, neighbors=9, **options) for data in (ones, shuffled))
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.data.tobytes() == two.data.tobytes()


@pytest.mark.parametrize("case", COUNT_CASES)
def test_values_do_not_matter_to_counts(case):
    measure, options = CASES[case]
    ratings = MATRICES["floats of both signs"]
    ones = sp.csr_array((np.ones(ratings.nnz), ratings.indices, ratings.indptr), shape=ratings.shape)
    one, two = (coals.similarity(data, measure, **options) for data in (ratings, ones))
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.data.tobytes() == two.data.tobytes()


def test_all_users_count_even_those_without_items():
    """lift = c N / (n_i n_j): ten more users who have nothing raise N alone."""
    data = MATRICES["equal values"]
    more = sp.csr_array(sp.vstack([data, sp.csr_array((10, data.shape[1]))]))
    few, many = (coals.similarity(X, "lift", dtype="float64").toarray() for X in (data, more))
    np.testing.assert_allclose(many, few * 40 / 30, rtol=1e-15)


def test_no_better_than_chance_is_no_value():
    """c N = n_i n_j for items 0 and 1: pmi and log-likelihood are 0, and 0 is not stored; item 2 is shunned."""
    data = sp.csr_array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1]])
    for measure in ("pmi", "npmi", "log_likelihood"):
        found = coals.similarity(data, measure).toarray()
        assert (found[0, 1], found[1, 0]) == (0, 0)
        assert coals.similarity(data, measure).nnz == 0
    together = coals.similarity(sp.csr_array(np.ones((3, 2))), "npmi").toarray()
    assert_array_equal(together, [[0, 1], [1, 0]])


def test_the_only_user():
    one = sp.csr_array(np.ones((1, 4)))
    for measure in ("jaccard", "lift", "npmi"):
        assert_array_equal(coals.similarity(one, measure).toarray(), np.ones((4, 4)) - np.eye(4))
    for measure in ("pmi", "log_likelihood", "pearson", "centered_cosine", "adjusted_cosine"):
        assert coals.similarity(one, measure).nnz == 0


def test_what_is_not_said_is_as_documented():
    data = MATRICES["nobody and nothing"]
    said = coals.similarity(data, "cosine", axis="items", neighbors=100, weighted=False, shrinkage=0.0, dtype="float32")
    for same in (coals.similarity(data), coals.similarity(coals.Interactions.from_matrix(data)), said):
        assert same.dtype == np.float32
        assert_array_equal(same.toarray(), said.toarray())
    assert_array_equal(coals.similarity(data.tocsc()).toarray(), said.toarray())
