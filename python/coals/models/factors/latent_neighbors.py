"""Nearest neighbours in a space of factors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.native import one_a_row
from coals.ranking.filters import Filter

__all__ = ["latent_neighbors"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


def _unit_rows(factors: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """As in `coals.ranking.unit_rows`, but in the dtype of the factors: scores of fitted models keep its rounding."""
    norms = np.linalg.norm(factors, axis=1, keepdims=True)
    return factors / np.where(norms > 0, norms, 1), norms[:, 0] > 0


def latent_neighbors(
    queries: Array, factors: Array, known: npt.NDArray[np.bool_], count: int, own: Indices | None, threads: int = 0
) -> _core.Csr:
    """Row q holds the `count` rows of `factors` nearest to query q by cosine, those above 0 among the known ones.

    `own` is what each query is itself, and is left out.
    """
    size = len(factors)
    itself = None if own is None else one_a_row(own, size)
    rows, some = _unit_rows(factors)
    asked, _ = _unit_rows(queries)
    n = min(count, size)
    ids, scores, _ = _core.top_k_inner_product(asked, rows, Filter(itself), known & some, n, threads)
    near = scores > 0  # not true of padding
    indptr = np.append(0, np.cumsum(near.sum(axis=1)))
    by_column = np.argsort(np.where(near, ids, size), axis=1, kind="stable")
    kept = np.take_along_axis(near, by_column, axis=1)
    columns, values = (np.take_along_axis(array, by_column, axis=1)[kept] for array in (ids, scores))
    return _core.Csr(indptr, columns.astype(np.int32), values.astype(np.float64), size, "float64")
