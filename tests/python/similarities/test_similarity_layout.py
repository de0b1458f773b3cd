"""How values are laid out and summed must not show in what comes out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals

MEASURES = (
    "tfidf",
    "bm25",
    "centered_cosine",
    "pearson",
    "adjusted_cosine",
    "msd",
    "common_cosine",
    "common_centered",
    "pearson_baseline",
)


@pytest.fixture(scope="module")
def ratings():
    rng = np.random.default_rng(5)
    popularity = rng.random(90) ** 3
    has = rng.random((150, 90)) < popularity
    return sp.csr_array(np.where(has, rng.integers(1, 6, has.shape), 0).astype(np.float32))


def same(a, b):
    assert_array_equal(a.indptr, b.indptr)
    assert_array_equal(a.indices, b.indices)
    assert_array_equal(a.data, b.data)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("options", [{}, {"shrinkage": 3.0, "min_overlap": 2}, {"threshold": 0.4}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pairs_summed_once_are_those_of_each_row(ratings, measure, options, dtype):
    once = coals.similarity(ratings, measure, neighbors=7, dtype=dtype, **options)
    each = coals.similarity(ratings, measure, neighbors=7, dtype=dtype, rows=range(90), **options)
    same(once, each)
    whole = coals.similarity(ratings, measure, neighbors=None, dtype=dtype, **options).toarray()
    assert (abs(whole - whole.T) == 0).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_more_items_than_two_bytes_can_number(ratings, measure):
    places = np.sort(np.random.default_rng(0).choice(70_001, 90, replace=False))
    places[-1] = 70_000
    spread = sp.csr_array((ratings.data, places[ratings.indices], ratings.indptr), shape=(150, 70_001))
    # Measures that look at the number of items see another one; they do so in Python.
    if measure in ("tfidf", "bm25"):
        measure = "cosine"
    few = coals.similarity(ratings, measure, neighbors=5, weighted=measure == "cosine")
    many = coals.similarity(spread, measure, neighbors=5, weighted=measure == "cosine")
    assert_array_equal(many.indices, places[few.indices])
    assert_array_equal(many.data, few.data)
    assert_array_equal(np.diff(many.indptr)[places], np.diff(few.indptr))
    chosen = coals.similarity(spread, measure, neighbors=5, rows=places, weighted=measure == "cosine")
    assert_array_equal(chosen.data, few.data)


def test_values_beyond_float32_are_not_rounded_to_it(ratings):
    large = ratings.astype(np.float64) * 1e100
    same(
        coals.cooccurrence(large, weighted=True, dtype="float64", neighbors=4) * 1e-200,
        coals.cooccurrence(
            ratings.astype(np.float64) * 1e100, weighted=True, dtype="float64", rows=range(90), neighbors=4
        )
        * 1e-200,
    )
    with pytest.raises(ValueError, match="too large for float32"):
        coals.cooccurrence(large, weighted=True)
    with pytest.raises(ValueError, match="too large for float64"):
        coals.cooccurrence(large * 1e100, weighted=True, dtype="float64")
    tiny = coals.cooccurrence(ratings.astype(np.float64) * 1e-100, weighted=True, dtype="float64")
    np.testing.assert_allclose(tiny.toarray() * 1e200, coals.cooccurrence(ratings, weighted=True).toarray(), rtol=1e-6)


def test_memory_limit_takes_the_way_that_fits(ratings):
    wide = sp.vstack([ratings] * 4).tocsr()
    ample = coals.similarity(wide, "cosine", weighted=True, neighbors=80)
    for limit in (400_000, 600_000, 10_000_000):
        same(coals.similarity(wide, "cosine", weighted=True, neighbors=80, memory_limit=limit, num_threads=1), ample)
    with pytest.raises(ValueError, match="memory_limit"):
        coals.similarity(wide, "cosine", weighted=True, neighbors=80, memory_limit=1000)
