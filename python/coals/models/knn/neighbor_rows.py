"""Rows of entries as neighbors see them: what counts of a history, and the neighbors of new users."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy

from coals import _core
from coals.data.interactions import unnamed
from coals.data.native import as_scipy, without_values
from coals.similarities.neighborhoods import neighborhoods, similarity_from_counts
from coals.similarities.pair_counts import pattern_of

__all__ = ["importances", "unseen_neighbors"]


def importances(entries: _core.Csr, weighted: bool) -> _core.Csr:
    """What each entry of a row counts: 1, or its value. One of value 0 is left out."""
    indptr, indices, values = entries.to_arrays()
    if not weighted:
        return entries if len(values) == 0 else without_values(entries)
    counts = values != 0
    if counts.all():
        return entries
    begin = np.append(0, np.cumsum(counts))[indptr]
    return _core.Csr(begin, indices[counts], values[counts], entries.columns, values.dtype.name)


def unseen_neighbors(model: Any, rows: _core.Csr) -> _core.Csr:
    """The training users most similar to each of some new rows, as a fit that knew that row too would find them."""
    neighbors = None if model.neighbors is None else min(int(model.neighbors), model.n_users_)
    if model._by_counts:
        return _by_counts(model, rows, neighbors)
    known, new = as_scipy(model._seen_), as_scipy(rows)
    found = [_alone(model, known, new[[row]], neighbors) for row in range(rows.rows)]
    indptr = np.append(0, np.cumsum([len(indices) for indices, _ in found]))
    indices, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return _core.Csr(indptr, indices, values, model.n_users_, model.dtype)


def _by_counts(model: Any, rows: _core.Csr, neighbors: int | None) -> _core.Csr:
    """The new rows stand below the old ones, and have pairs with those alone."""
    shared = (pattern_of(rows).astype(np.int32) @ pattern_of(model._seen_).astype(np.int32).T).tocsr()
    shared.sort_indices()
    old, size = model.n_users_, model.n_users_ + rows.rows
    below = np.concatenate([np.zeros(old, shared.indptr.dtype), shared.indptr])
    counts = scipy.sparse.csr_array((shared.data, shared.indices, below), shape=(size, size))
    sizes = np.concatenate([model._seen_.row_sizes(), rows.row_sizes()])
    cut = neighbors, model.threshold, model.dtype, model._threads
    found = similarity_from_counts(counts, sizes, model.n_items_, model._measure, *cut)
    indptr, indices, values = found.to_arrays()
    return _core.Csr(indptr[old:], indices, values, old, model.dtype)


def _alone(model: Any, known: Any, row: Any, neighbors: int | None) -> tuple[Any, Any]:
    """Neighbors of one row, and how similar they are."""
    if row.nnz == 0:
        return np.zeros(0, np.int32), np.zeros(0, model.dtype)
    matrix = scipy.sparse.vstack([known, row], format="csr")
    found = neighborhoods(
        unnamed(matrix), model._measure, axis="users", neighbors=neighbors, threshold=model.threshold,
        rows=np.array([model.n_users_]), dtype=model.dtype, memory_limit=model.memory_limit, threads=model._threads,
    )  # fmt: skip
    return found.to_arrays()[1:]
