"""coals.top_k against sorting everything, under every combination of filters."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import coals
from coals import _core
from coals.reference.topk import allowed_pairs, scores_of, top_k

METHODS = ["real", "bytes"]


@st.composite
def problems(draw):
    """Small integers: sums are exact in any order, and ties are plenty."""
    queries, items, factors = draw(st.integers(0, 70)), draw(st.integers(1, 300)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    q = rng.integers(-2, 3, (queries, factors)).astype(dtype)
    v = rng.integers(-2, 3, (items, factors)).astype(dtype)

    def some(share):
        return np.flatnonzero(rng.random(items) < share)

    shares = st.sampled_from([None, 0.0, 0.02, 0.3, 0.9, 1.0])
    share = {name: draw(shares) for name in ("exclude", "allow", "exclude_per_query", "allow_per_query")}
    filters = {name: None if share[name] is None else some(share[name]) for name in ("exclude", "allow")}
    for name in ("exclude_per_query", "allow_per_query"):
        filters[name] = None if share[name] is None else [some(share[name]) for _ in range(queries)]
    filters["min_score"] = draw(st.sampled_from([None, -3, 0, 2.5, 1e9]))
    return q, v, filters


def as_rows(lists, items, form):
    if lists is None or form == "lists":
        return lists
    indptr = np.append(0, np.cumsum([len(row) for row in lists], dtype=np.int64))
    indices = np.concatenate([np.zeros(0, np.int64), *lists])
    if form == "arrays":
        return indptr, indices
    matrix = sp.csr_array((np.zeros(len(indices)), indices, indptr), shape=(len(lists), items))
    return matrix if form == "csr" else matrix.tocoo()


def check(found, q, v, n, metric, filters):
    scores = scores_of(q, v, metric)
    expected = top_k(scores, n, allowed_pairs(scores, **filters))
    for ours, theirs in zip(found, expected, strict=True):
        assert_array_equal(ours, theirs)


@settings(max_examples=300, deadline=None)
@given(
    problem=problems(), n=st.integers(1, 350), metric=st.sampled_from(["inner", "euclidean"]),
    form=st.sampled_from(["lists", "arrays", "csr", "coo"]), threads=st.integers(1, 3),
)  # fmt: skip
def test_equals_sorting_everything(problem, n, metric, form, threads):
    q, v, filters = problem
    rows = {name: as_rows(filters[name], len(v), form) for name in ("exclude_per_query", "allow_per_query")}
    found = coals.top_k(q, v, n, metric=metric, num_threads=threads, **(filters | rows))
    check(found, q, v, n, metric, filters)


@settings(max_examples=300, deadline=None)
@given(problem=problems(), n=st.integers(1, 20), method=st.sampled_from(METHODS), threads=st.integers(1, 3))
def test_every_method_equals_sorting_everything(problem, n, method, threads):
    q, v, filters = problem
    excluded, allowed = (
        None if filters[name] is None else native(filters[name], len(v))
        for name in ("exclude_per_query", "allow_per_query")
    )
    candidate = np.isin(np.arange(len(v)), np.arange(len(v)) if filters["allow"] is None else filters["allow"])
    least = -np.inf if filters["min_score"] is None else filters["min_score"]
    wanted = _core.TopKFilter(excluded, allowed, candidate, least)
    left_out = np.isin(np.arange(len(v)), [] if filters["exclude"] is None else filters["exclude"])
    found = _core.ItemIndex(v, ~left_out, "inner_product", threads).top_k(q, wanted, n, method, threads)
    check(found, q, v, n, "inner", filters)


def native(lists, items):
    indptr = np.append(0, np.cumsum([len(row) for row in lists], dtype=np.int64))
    return _core.Csr(indptr, np.concatenate([np.zeros(0, np.int64), *lists]).astype(np.int64), None, items, "float32")


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(1, 12), dtype=st.sampled_from(["float32", "float64"]))
def test_cosine(seed, n, dtype):
    rng = np.random.default_rng(seed)
    q, v = (rng.standard_normal((size, 9)).astype(dtype) for size in (20, 200))
    q[3] = v[50] = 0
    ids, scores, counts = coals.top_k(q, v, n, metric="cosine")
    exact = scores_of(q, v, "cosine")
    _, best, expected_counts = top_k(exact, n, allowed_pairs(exact))
    assert_array_equal(counts, expected_counts)
    assert counts[3] == 0
    np.testing.assert_allclose(scores, best, rtol=1e-5, atol=1e-6)
    # Which of two cosines is larger may be a matter of rounding, so ids are held against their own.
    own = np.where(ids >= 0, np.take_along_axis(exact, ids, axis=1), np.nan)
    np.testing.assert_allclose(own, scores, rtol=1e-5, atol=1e-6)
    assert all(len(set(row.tolist())) == n for row in np.delete(ids, 3, axis=0))


def test_cosine_has_no_trouble_with_extreme_lengths():
    directions = np.random.default_rng(0).standard_normal((30, 5))
    lengths = 10.0 ** np.random.default_rng(1).integers(-150, 150, (30, 1))
    plain, extreme = (coals.top_k(rows, rows, 4, metric="cosine") for rows in (directions, directions * lengths))
    assert_array_equal(plain.ids, extreme.ids)
    assert_array_equal(plain.ids[:, 0], np.arange(30))


def test_threads_and_parts_give_the_same_bits():
    """Few queries over many items: the items are cut into parts, one for each thread or more."""
    rng = np.random.default_rng(0)
    v, q = (rng.standard_normal((size, 32), dtype=np.float32) for size in (40_000, 33))
    index = _core.ItemIndex(v, None, "inner_product", 1)
    one = index.top_k(q, _core.TopKFilter(), 13, "real", 1)
    for method in METHODS:
        for threads in (1, 2, 5):
            for ours, theirs in zip(index.top_k(q, _core.TopKFilter(), 13, method, threads), one, strict=True):
                assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"queries": np.ones(3)}, ValueError, "queries must be two-dimensional"),
        ({"items": np.ones((4, 2))}, ValueError, "queries have 3 columns and items have 2"),
        ({"items": np.ones((4, 3), int)}, TypeError, "items must be float32 or float64, got int64: convert"),
        ({"items": [[1, 2, np.nan]]}, ValueError, r"items\[0, 2\] is nan: every value must be finite"),
        ({"queries": [[1, np.inf, 0]]}, ValueError, r"queries\[0, 1\] is inf"),
        ({"k": 0}, ValueError, "k must be >= 1"),
        ({"metric": "dot"}, ValueError, "metric must be one of 'inner', 'cosine', 'euclidean'"),
        ({"exclude": [4]}, ValueError, r"exclude\[0\] = 4 is out of range"),
        ({"allow": [True] * 4}, TypeError, "allow must be an integer"),
        ({"exclude_per_query": [[1], [2]]}, ValueError, "exclude_per_query must have a list for each query"),
        ({"exclude_per_query": [[4]]}, ValueError, r"exclude_per_query\[0\]\[0\] = 4 is out of range"),
        ({"exclude_per_query": [3]}, TypeError, r"exclude_per_query\[0\] must be a list of items, got 3"),
        ({"exclude_per_query": "all"}, TypeError, "exclude_per_query must be a sparse matrix or a list"),
        ({"allow_per_query": sp.csr_array((1, 5))}, ValueError, r"allow_per_query must have shape \(1, 4\)"),
        ({"allow_per_query": (np.array([0, 2]), np.array([1]))}, ValueError, "allow_per_query"),
        ({"allow_per_query": (np.array([0, 0, 1]), np.array([1]))}, ValueError, "a row for each query: there are 1"),
        ({"min_score": np.nan}, ValueError, "min_score must be a finite number"),
        ({"num_threads": 0}, ValueError, "num_threads must be >= 1"),
        ({"queries": np.full((1, 3), 1e200)}, ValueError, r"score of queries\[0\] and items\[1\] may overflow float64"),
    ],
)  # fmt: skip
def test_bad_input(changes, error, message):
    items = np.full((4, 3), 1e200 if "overflow" in message else 1.0)
    items[1] *= 2
    arguments = {"queries": np.ones((1, 3)), "items": items, "k": 2} | changes
    with pytest.raises(error, match=message):
        coals.top_k(**arguments)


def test_scores_beyond_the_range_bring_no_warning():
    huge = np.full((1, 2), 3e38, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="may overflow float32: scale them down, or use"):
            coals.top_k(huge, huge, 1)


def test_repeated_items_in_a_list_count_once():
    v = np.arange(5.0)[:, None]
    assert_array_equal(coals.top_k([[1.0]], v, 2, exclude_per_query=[[4, 4, 3, 4]]).ids, [[2, 1]])


def test_empty_catalogue_and_no_query():
    ids, _, counts = coals.top_k(np.ones((2, 3)), np.ones((0, 3)), 4)
    assert_array_equal(ids, np.full((2, 4), -1))
    assert_array_equal(counts, [0, 0])
    assert coals.top_k(np.ones((0, 3)), np.ones((5, 3)), 4).ids.shape == (0, 4)


def test_shapes_that_do_not_fit_are_refused_by_the_core():
    one = np.ones((2, 3), np.float32)
    index = _core.ItemIndex(np.ones((4, 3), np.float32), None, "inner_product", 1)
    for queries, filter in [
        (np.ones((2, 2), np.float32), _core.TopKFilter()),
        (np.ones((2, 3)), _core.TopKFilter()),
        (one, _core.TopKFilter(native([[]], 4))),
        (one, _core.TopKFilter(native([[], []], 5))),
        (one, _core.TopKFilter(candidate=np.ones(5, bool))),
    ]:
        with pytest.raises(ValueError, match="must"):
            index.top_k(queries, filter, 1, "automatic", 1)
    with pytest.raises(TypeError):  # whether these rows are excluded or allowed is for a filter to say
        index.top_k(one, native([[], []], 4), 1, "automatic", 1)
