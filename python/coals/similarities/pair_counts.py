"""How many users two items share (or items two users), kept up to date without counting what has not changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals.data.native import as_scipy
from coals.similarities.similarity import cooccurrence

__all__ = ["count_pairs", "pattern_of", "recount_pairs"]

Indices = npt.NDArray[np.int64]


def pattern_of(entries: _core.Csr) -> Any:
    """Ones in the places of the entries, as SciPy has it."""
    return as_scipy(entries, np.ones(entries.entries, np.float32))


def count_pairs(matrix: Any, axis: str, memory_limit: int | None, threads: int | None) -> Any:
    """Counts of all pairs of columns (``axis="items"``) or rows, int32, without the diagonal."""
    size = matrix.shape[axis == "items"]
    if matrix.nnz == 0:
        return scipy.sparse.csr_array((size, size), dtype=np.int32)
    return cooccurrence(matrix, axis=axis, memory_limit=memory_limit, num_threads=threads)


def recount_pairs(
    counts: Any, old: Any, new: Any, changed: Indices, axis: str, memory_limit: int | None, threads: int | None
) -> Any:
    """Counts of `new` from `counts`, those of `old`. The two differ in `changed` users (or items) alone.

    Cost: counting those, before and after, and one pass over the counts.
    """
    before = changed[changed < old.shape[axis == "users"]]
    parts = (old[before], new[changed]) if axis == "items" else (old[:, before], new[:, changed])
    less, more = (count_pairs(part, axis, memory_limit, threads) for part in parts)
    size = new.shape[axis == "items"]
    for grown in (counts := counts.copy(), less):
        grown.resize(size, size)
    updated = (counts + more - less).astype(np.int32, copy=False)
    updated.eliminate_zeros()
    updated.sort_indices()
    return updated
