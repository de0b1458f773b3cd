"""Which neighbors are kept: ties, thresholds, chosen rows, support."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals
from coals.reference import similarity as reference
from similarity_cases import CASES, COUNT_CASES, EXACT, MATRICES, applies, assert_well_formed, zipf


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("measure", EXACT)
@pytest.mark.parametrize("neighbors", [1, 2, 7, 50])
def test_the_same_items_as_the_oracle(measure, dtype, neighbors):
    for seed in range(3):
        data = zipf(60, 50, mean=8, seed=seed)
        found = coals.similarity(data, measure, neighbors=neighbors, dtype=dtype)
        expected = reference.similarity(data, measure, neighbors=neighbors, dtype=dtype)
        assert_array_equal(found.toarray() != 0, expected != 0)


@pytest.mark.parametrize("case", COUNT_CASES)
@pytest.mark.parametrize("neighbors", [1, 4])
def test_the_lower_index_wins_between_items_with_equal_counts(case, neighbors):
    """Within a row, equal c and n_j give equal values whatever the measure."""
    measure, options = CASES[case]
    data = zipf(40, 60, mean=6, seed=1)
    has = data.toarray().astype(int)
    counts, support = has.T @ has, has.sum(axis=0)
    found = coals.similarity(data, measure, neighbors=neighbors, **options)
    every = coals.similarity(data, measure, neighbors=None, **options).toarray() != 0
    for i in range(60):
        kept = found.indices[found.indptr[i] : found.indptr[i + 1]]
        for j in np.setdiff1d(np.flatnonzero(every[i]), kept):
            alike = (counts[i, kept] == counts[i, j]) & (support[kept] == support[j])
            assert (kept[alike] < j).all()


@pytest.mark.parametrize("case", CASES)
def test_the_lower_index_wins_between_identical_items(case):
    measure, options = CASES[case]
    data = MATRICES["repeated items"]
    repeated = data.shape[1] // 3
    every = coals.similarity(data, measure, neighbors=None, **options).toarray()
    for neighbors in (1, 2, 4):
        found = coals.similarity(data, measure, neighbors=neighbors, **options).toarray() != 0
        for i, j in zip(*np.nonzero(found), strict=True):
            for lower in range(j % repeated, j, repeated):
                assert lower == i or found[i, lower], f"{i}: {every[i, lower]} before {every[i, j]}"


@pytest.mark.parametrize("measure", ["jaccard", "cosine", "lift"])
def test_all_equal_items_come_by_index(measure):
    """Where everything is a tie, the neighbors are the first items that are not the item itself."""
    found = coals.similarity(sp.csr_array(np.ones((3, 600))), measure, neighbors=4)
    assert_array_equal(np.diff(found.indptr), 4)
    first = found.indices.reshape(600, 4)
    assert_array_equal(first[4:], np.tile(np.arange(4), (596, 1)))
    assert_array_equal(first[:4], [[1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 3, 4], [0, 1, 2, 4]])


def test_the_threshold_itself_is_kept():
    data = sp.csr_array([[1, 1, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0], [1, 0, 0, 0]])
    for measure, threshold in (("count", 2), ("jaccard", 0.5), ("conditional", 0.25), ("lift", 1.0)):
        every = reference.similarity(data, measure)
        assert (every == threshold).any()
        for dtype in ("float32", "float64"):
            found = coals.similarity(data, measure, threshold=threshold, dtype=dtype).toarray()
            assert_array_equal(found != 0, every >= threshold)


def test_fewer_neighbors_are_the_first_of_more():
    """Negative values are kept in their turn, and zeros take nobody's place."""
    data = MATRICES["floats of both signs"]
    every = coals.similarity(data, "pearson", neighbors=None)
    assert (every.data < 0).any()
    for neighbors in (1, 5, 12):
        found = coals.similarity(data, "pearson", neighbors=neighbors)
        for i in range(data.shape[1]):
            row, kept = (m.data[m.indptr[i] : m.indptr[i + 1]] for m in (every, found))
            assert_array_equal(np.sort(kept), np.sort(row)[max(0, len(row) - neighbors) :])


@pytest.mark.parametrize("axis", ["items", "users"])
@pytest.mark.parametrize("case", CASES)
def test_chosen_rows_are_those_of_the_whole(case, axis):
    measure, options = CASES[case]
    data = MATRICES["nobody and nothing"]
    whole = coals.similarity(data, measure, axis=axis, neighbors=6, **options)
    for rows in ([5], [11, 0, 39, 7], [3, 3, 2], np.arange(0, 40, 3)):
        part = coals.similarity(data, measure, axis=axis, neighbors=6, rows=rows, **options)
        assert_well_formed(part, (len(rows), whole.shape[1]), "float32")
        assert_array_equal(part.toarray(), whole.toarray()[rows])


def test_no_rows_at_all():
    assert coals.similarity(MATRICES["all ones"], rows=[]).shape == (0, 6)
    assert coals.cooccurrence(MATRICES["all ones"], rows=[]).shape == (0, 6)


def test_rows_are_ids_where_there_are_ids():
    data = coals.Interactions.from_arrays(["u", "u", "v", "v", "v"], ["x", "y", "x", "y", "z"])
    assert_array_equal(coals.similarity(data, "count", rows=["z", "x"]).toarray(), [[1, 1, 0], [0, 2, 1]])
    assert_array_equal(coals.similarity(data, "count", axis="users", rows=["v"]).toarray(), [[2, 0]])
    assert_array_equal(coals.cooccurrence(data, rows=["y"]).toarray(), [[2, 0, 1]])


# Baselines draw users to the mean more than items, whichever are compared.
@pytest.mark.parametrize("case", [case for case, (name, _) in CASES.items() if name != "pearson_baseline"])
def test_users_are_the_items_of_the_transposed(case):
    measure, options = CASES[case]
    for name in ("nobody and nothing", "stored zeros"):
        data = MATRICES[name]
        if applies(case, data):
            one = coals.similarity(data, measure, axis="users", neighbors=8, **options)
            two = coals.similarity(data.T.tocsr(), measure, neighbors=8, **options)
            assert_array_equal(one.indices, two.indices)
            assert one.data.tobytes() == two.data.tobytes()


@pytest.mark.parametrize("measure", ["count", "cosine", "bm25", "pearson", "msd"])
def test_support_and_overlap(measure):
    data = MATRICES["nobody and nothing"]
    has = (data.toarray() > 0).astype(int)
    counts, support = has.T @ has, has.sum(axis=0)
    every = coals.similarity(data, measure, neighbors=None).toarray()
    found = coals.similarity(data, measure, neighbors=None, min_support=12, min_overlap=3).toarray()
    allowed = (counts >= 3) & (np.minimum.outer(support, support) >= 12)
    assert allowed.any()
    assert_array_equal(found, np.where(allowed, every, 0))
    assert coals.similarity(data, measure, min_support=61).nnz == 0
    # Not to have a user in common is never enough.
    assert_array_equal(coals.similarity(data, measure, neighbors=None, min_overlap=0).toarray(), every)


def test_shrinkage_pulls_towards_zero_by_overlap():
    data = MATRICES["nobody and nothing"]
    counts = coals.similarity(data, "count", neighbors=None, dtype="float64").toarray()
    for measure in ("jaccard", "pmi", "pearson", "count"):
        plain = coals.similarity(data, measure, neighbors=None, dtype="float64").toarray()
        shrunk = coals.similarity(data, measure, neighbors=None, dtype="float64", shrinkage=4).toarray()
        np.testing.assert_allclose(shrunk, plain * counts / (counts + 4), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("measure", ["log_likelihood", "npmi", "pmi", "jaccard"])
def test_a_threshold_keeps_its_pairs_where_an_item_has_fewer_users_than_min_overlap(measure):
    for seed in range(300):
        rng = np.random.default_rng(seed)
        users, items, least = rng.integers(10, 60), rng.integers(3, 25), rng.integers(2, 20)
        data = sp.csr_array((rng.random((users, items)) < rng.random(items) ** 2).astype(float))
        every = coals.similarity(data, measure, neighbors=None, min_overlap=least).toarray()
        threshold = np.median(every[every > 0]) if (every > 0).any() else 1
        found = coals.similarity(data, measure, neighbors=None, min_overlap=least, threshold=threshold).toarray()
        assert_array_equal(found, np.where(every >= threshold, every, 0))
