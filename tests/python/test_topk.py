"""Top-N by inner product against sorting everything."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from coals import _core
from coals.reference.topk import top_k


def native(dense_excluded):
    matrix = sp.csr_array(dense_excluded.astype(float))
    return _core.Csr(matrix.indptr, matrix.indices, None, matrix.shape[1], "float32")


@settings(max_examples=150, deadline=None)
@given(
    queries=st.integers(0, 140), items=st.integers(1, 140), factors=st.integers(1, 40), n=st.integers(1, 150),
    dtype=st.sampled_from(["float32", "float64"]), seed=st.integers(0, 999), threads=st.integers(1, 3),
)  # fmt: skip
def test_equals_sorting_everything(queries, items, factors, n, dtype, seed, threads):
    rng = np.random.default_rng(seed)
    # Small integers: sums are exact in any order, and ties are plenty.
    left = rng.integers(-2, 3, (queries, factors)).astype(dtype)
    right = rng.integers(-2, 3, (items, factors)).astype(dtype)
    excluded, candidate = rng.random((queries, items)) < 0.3, rng.random(items) < 0.8
    ids, scores, counts = _core.top_k_inner_product(left, right, native(excluded), candidate, n, threads)

    expected = top_k((left @ right.T).astype(np.float64), n, candidate & ~excluded)
    assert_array_equal(ids, expected[0])
    assert_array_equal(scores, expected[1])
    assert_array_equal(counts, expected[2])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_equal_items_come_by_index(dtype):
    items = np.ones((1000, 7), dtype)
    none = np.zeros((3, 1000), bool)
    ids, _, _ = _core.top_k_inner_product(np.ones((3, 7), dtype), items, native(none), np.ones(1000, bool), 12, 2)
    assert_array_equal(ids, np.tile(np.arange(12), (3, 1)))


def test_shapes_that_do_not_fit_are_refused():
    one = np.ones((2, 3), np.float32)
    for queries, items, excluded, candidate in [
        (one, np.ones((4, 2), np.float32), (2, 4), 4),
        (one, np.ones((4, 3), np.float32), (2, 5), 4),
        (one, np.ones((4, 3), np.float32), (3, 4), 4),
        (one, np.ones((4, 3), np.float32), (2, 4), 5),
    ]:
        with pytest.raises(ValueError, match="must"):
            _core.top_k_inner_product(queries, items, native(np.zeros(excluded)), np.ones(candidate, bool), 1, 1)
