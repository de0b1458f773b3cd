"""Counts are exact, wherever blocks, counters and indices end."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals
from coals.reference import similarity as reference
from similarity_cases import MATRICES, assert_well_formed, zipf


def ones_where(has):
    has[0, 0] = True  # a matrix without entries is refused
    return sp.csr_array(has.astype(np.float64))


def assert_counts_exact(data, *, neighbors=None):
    has = (data.toarray() != 0).astype(np.float64)  # sums of ones are exact, and faster than integers
    expected = has.T @ has
    np.fill_diagonal(expected, 0)
    found = coals.cooccurrence(data)
    assert_well_formed(found, expected.shape, "int32")
    assert_array_equal(found.toarray(), expected)
    if neighbors is not None:
        found = coals.cooccurrence(data, neighbors=neighbors)
        assert_array_equal(found.toarray(), reference.cooccurrence(data, neighbors=neighbors))


@pytest.mark.parametrize("density", [0.005, pytest.param(0.05, marks=pytest.mark.isa), 0.3, 0.9, 1.0])
@pytest.mark.parametrize("items", [1, 63, 64, 65, 511, 512, 513, 1023, 1024, 1025, 1100])
def test_any_number_of_items(items, density):
    has = np.random.default_rng(items).random((70, items)) < density
    assert_counts_exact(ones_where(has), neighbors=5)


@pytest.mark.isa
@pytest.mark.parametrize("users", [*range(1, 41), 255, 256, 257, 1000])
def test_any_number_of_users(users):
    """Counts from 1 to all of them, full columns among the others: where carries run on and on."""
    rng = np.random.default_rng(users)
    has = rng.random((users, 70)) < rng.random(70)
    has[:, :5] = True
    has[:, 5:10] = np.arange(users)[:, None] < users - np.arange(5)
    assert_counts_exact(ones_where(has), neighbors=3)


@pytest.mark.isa
@pytest.mark.parametrize(("users", "items", "mean"), [(400, 900, 3), (400, 900, 60), (1500, 300, 20), (33, 1300, 400)])
def test_popular_and_rare_items(users, items, mean):
    assert_counts_exact(zipf(users, items, mean, seed=users), neighbors=10)


@pytest.mark.isa
def test_blocks_of_users_alike():
    """Every user has one of three long runs of items, which end beside the ends of words."""
    has = np.zeros((90, 700), bool)
    for user in range(90):
        start = (0, 63, 513)[user % 3]
        has[user, start : start + (64, 450, 187)[user % 3]] = True
    assert_counts_exact(ones_where(has), neighbors=4)


@pytest.mark.isa
def test_more_users_than_a_narrow_counter_holds():
    """Pairs that 65,535, 65,536 and 65,537 users share."""
    users = 70_000
    has = np.arange(users)[:, None] < [users, 65_535, 65_536, 65_537, 255, 256]
    expected = np.minimum.outer(has.sum(axis=0), has.sum(axis=0))
    np.fill_diagonal(expected, 0)
    data = sp.csr_array(has.astype(np.float32))
    assert_array_equal(coals.cooccurrence(data).toarray(), expected)
    assert_array_equal(coals.cooccurrence(data, weighted=True).toarray(), expected)
    assert_array_equal(coals.cooccurrence(data, neighbors=1).toarray(), reference.cooccurrence(data, neighbors=1))
    jaccard = expected / (np.add.outer(has.sum(axis=0), has.sum(axis=0)) - expected)
    found = coals.similarity(data, "jaccard", dtype="float64").toarray()
    np.testing.assert_allclose(found, jaccard, rtol=1e-14)


def test_more_items_than_a_narrow_index_holds():
    rows, columns = [0, 0, 0, 1, 1], [5, 65_541, 69_999, 5, 65_541]
    data = sp.csr_array((np.ones(5), (rows, columns)), shape=(2, 70_000))
    once = {(5, 65_541): 2, (5, 69_999): 1, (65_541, 69_999): 1}
    expected = once | {(j, i): c for (i, j), c in once.items()}
    for found in (coals.cooccurrence(data), coals.similarity(data, "count"), coals.cooccurrence(data, weighted=True)):
        found = found.tocoo()
        assert dict(zip(zip(found.row.tolist(), found.col.tolist(), strict=True), found.data, strict=True)) == expected


def test_a_user_with_very_many_items():
    """All share one user, and each with its neighbor another: the first items win the rest of the places."""
    items = 6000
    row = np.concatenate([np.zeros(items, int), 1 + np.arange(items) // 2])
    column = np.concatenate([np.arange(items), np.arange(items)])
    found = coals.cooccurrence(sp.csr_array((np.ones(2 * items), (row, column))), neighbors=3)
    assert_array_equal(np.diff(found.indptr), 3)
    ids, counts = found.indices.reshape(items, 3), found.data.reshape(items, 3)
    for item in (0, 1, 2, 3, 4, 2999, 5998, 5999):
        partner = item ^ 1
        others = [j for j in range(4) if j not in (item, partner)][:2]
        assert_array_equal(ids[item], sorted([partner, *others]))
    assert_array_equal(np.sort(counts, axis=1), np.tile([1, 1, 2], (items, 1)))


def test_chosen_rows_of_a_user_with_everything():
    """Nothing but those rows is counted: all of them would be five billion pairs."""
    data = sp.csr_array(np.ones((1, 70_000), np.float32))
    found = coals.cooccurrence(data, rows=[69_999, 0, 65_536], neighbors=2)
    assert_array_equal(found.indices.reshape(3, 2), [[0, 1], [1, 2], [0, 1]])


def test_users_side():
    data = zipf(200, 90, mean=12, seed=3)
    has = data.toarray().astype(np.int64)
    expected = has @ has.T
    np.fill_diagonal(expected, 0)
    assert_array_equal(coals.cooccurrence(data, axis="users").toarray(), expected)


@pytest.mark.isa
@pytest.mark.parametrize("axis", ["items", "users"])
@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_weighted_products(axis, dtype):
    """Of integers they are exact; a sum that comes out as 0 is not stored."""
    data = MATRICES["nobody and nothing"].copy()
    data.data -= 3.0
    dense = data.toarray() if axis == "items" else data.toarray().T
    expected = dense.T @ dense
    np.fill_diagonal(expected, 0)
    found = coals.cooccurrence(data, axis=axis, weighted=True, dtype=dtype)
    assert_well_formed(found, expected.shape, dtype or "float32")
    assert_array_equal(found.toarray(), expected)


@pytest.mark.isa
def test_weighted_products_of_floats():
    data = MATRICES["floats of both signs"]
    expected = reference.cooccurrence(data, weighted=True)
    for dtype, rtol, atol in (("float32", 1e-6, 1e-6), ("float64", 1e-12, 1e-12)):
        found = coals.cooccurrence(data, weighted=True, dtype=dtype).toarray()
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def test_the_diagonal_on_request():
    data = MATRICES["nobody and nothing"]
    for options in ({}, {"weighted": True}, {"threshold": 4}, {"rows": [3, 11, 0]}):
        found = coals.cooccurrence(data, diagonal=True, **options)
        assert_array_equal(found.toarray(), reference.cooccurrence(data, diagonal=True, **options))


@pytest.mark.parametrize("neighbors", [None, 1, 3, 1000])
@pytest.mark.parametrize("threshold", [None, 1, 3, 3.5, 100])
def test_neighbors_and_threshold(neighbors, threshold):
    data = MATRICES["nobody and nothing"]
    for weighted in (False, True):
        options = {"neighbors": neighbors, "threshold": threshold, "weighted": weighted}
        found = coals.cooccurrence(data, **options)
        assert_array_equal(found.toarray(), reference.cooccurrence(data, **options))


def test_threads_do_not_show():
    data = zipf(3000, 400, mean=40, seed=0)
    for options in ({}, {"neighbors": 5}, {"threshold": 9}, {"weighted": True}, {"axis": "users", "neighbors": 2}):
        one, *others = (coals.cooccurrence(data, **options, num_threads=n) for n in (1, 2, 3))
        for other in others:
            assert_array_equal(other.indptr, one.indptr)
            assert other.indices.tobytes() == one.indices.tobytes()
            assert other.data.tobytes() == one.data.tobytes()


def test_stored_zeros_are_entries():
    data = sp.csr_array(([0.0, 2.0, 0.0], ([0, 0, 1], [0, 1, 0])), shape=(2, 2))
    assert_array_equal(coals.cooccurrence(data).toarray(), [[0, 1], [1, 0]])
    assert coals.cooccurrence(data, weighted=True).nnz == 0
