"""Rows of similar items or users from the core, and the checks of what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_int
from coals.data.interactions import Interactions
from coals.data.native import structure
from coals.data.sparse import trusted_csr
from coals.similarities.measures import FORMULAS, Measure, refuse_extreme, values_of

__all__ = [
    "MOST_BYTES",
    "along",
    "counted_pairs",
    "neighbor_options",
    "neighborhoods",
    "similarity_from_counts",
    "weighted_products",
]

#: No machine has more, and the core can count them.
MOST_BYTES = 2**62

Indices = npt.NDArray[np.int64]


def neighborhoods(
    data: Interactions,
    measure: Measure,
    *,
    axis: str = "items",
    neighbors: int | None,
    threshold: float | None = None,
    rows: Indices | None = None,
    dtype: str = "float32",
    memory_limit: int | None = None,
    threads: int = 0,
) -> _core.Csr:
    """Row i holds what is similar to item (or user) i. See `coals.similarity`."""
    data = along(data, axis)
    keep = neighbor_options(data, neighbors, threshold, rows, memory_limit)
    if measure.counted:
        return _core.item_similarity(structure(data), measure.native(), keep, dtype, threads)
    refuse_extreme(data)
    options = measure.shrinkage, measure.min_support, measure.min_overlap
    matrix, formula = _with_values(data, values_of(data, measure)), FORMULAS[measure.name]
    if formula.kind == "common":
        return _core.common_similarity(matrix, formula.core, *options, keep, dtype, threads)
    return _core.item_products(matrix, True, *options, keep, dtype, threads)


def counted_pairs(data: Interactions, keep: _core.NeighborOptions, threads: int) -> _core.Csr:
    """Exact counts of pairs, int32."""
    return _core.item_similarity(structure(data), Measure("count").native(), keep, "int32", threads)


def weighted_products(data: Interactions, keep: _core.NeighborOptions, dtype: str, threads: int) -> _core.Csr:
    """Inner products of the columns."""
    # Whatever the dtype: without fused multiply-adds infinities of both signs add up to NaN, which is not kept.
    refuse_extreme(data)
    return _core.item_products(_with_values(data, data.matrix.data), False, 0.0, 1, 1, keep, dtype, threads)


def similarity_from_counts(
    counts: Any,
    sizes: Any,
    n_users: int,
    measure: Measure,
    neighbors: int | None,
    threshold: float | None,
    dtype: str,
    threads: int,
) -> _core.Csr:
    """The same from counts of all pairs (SciPy, int32), for a measure by counts."""
    native = _core.Csr(counts.indptr, counts.indices, counts.data.astype(np.int32), counts.shape[1], "int32")
    keep = _core.NeighborOptions(
        -1 if neighbors is None else neighbors, -np.inf if threshold is None else threshold, None, False, -1
    )
    sizes = np.ascontiguousarray(sizes, dtype=np.int64)
    return _core.similarity_from_counts(native, sizes, n_users, measure.native(), keep, dtype, threads)


def along(data: Interactions, axis: str) -> Interactions:
    """`data` with what is compared as its columns."""
    if axis == "items":
        return data
    columns = data.matrix.T.tocsr()
    matrix = trusted_csr(columns.data, columns.indices, columns.indptr, columns.shape)
    return Interactions._trusted(matrix, data.items, data.users)


def neighbor_options(
    data: Interactions,
    neighbors: int | None,
    threshold: float | None,
    rows: Indices | None,
    memory_limit: int | None,
    diagonal: bool = False,
) -> _core.NeighborOptions:
    return _core.NeighborOptions(
        -1 if neighbors is None else min(check_int("neighbors", neighbors, minimum=1), max(data.n_items, 1)),
        -np.inf if threshold is None else threshold,
        rows,
        diagonal,
        -1 if memory_limit is None else min(memory_limit, MOST_BYTES),
    )


def _with_values(data: Interactions, values: npt.NDArray[Any]) -> _core.Csr:
    matrix = data.matrix
    values = np.ascontiguousarray(values, np.float64)
    return _core.Csr(matrix.indptr, matrix.indices, values, matrix.shape[1], "float64")
