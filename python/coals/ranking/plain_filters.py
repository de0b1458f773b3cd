"""Filters for models whose lists know of rows to leave out alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.native import empty_csr
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN, cut_below

__all__ = ["with_plain_rows"]

# Cells of a filter written out at a time.
_CELLS = 1 << 24

Indices = npt.NDArray[np.int64]


def with_plain_rows(top_n: Callable[[Indices, _core.Csr], TopN], users: Indices, wanted: Filter, n_items: int) -> TopN:
    """`top_n(users, rows to leave out)`, a few users at a time where the filter says more than such rows."""
    if wanted.allowed is None and wanted.candidate is None and wanted.min_score == -math.inf:
        return top_n(users, empty_csr(len(users), n_items) if wanted.excluded is None else wanted.excluded)
    step = max(1, _CELLS // max(n_items, 1))
    parts = [
        top_n(users[start : start + step], _left_out(wanted, start, min(start + step, len(users)), n_items))
        for start in range(0, max(len(users), 1), step)
    ]
    whole = TopN(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return cut_below(whole, wanted.min_score)


def _left_out(wanted: Filter, first: int, last: int, n_items: int) -> _core.Csr:
    rows = np.arange(first, last)
    out = np.zeros((len(rows), n_items), bool)
    if wanted.candidate is not None:
        out[:, ~wanted.candidate] = True
    if wanted.allowed is not None:
        allowed = np.zeros_like(out)
        allowed[_cells(wanted.allowed, rows)] = True
        out |= ~allowed
    if wanted.excluded is not None:
        out[_cells(wanted.excluded, rows)] = True
    indptr = np.append(0, np.cumsum(out.sum(axis=1))).astype(np.int64)
    return _core.Csr(indptr, np.nonzero(out)[1].astype(np.int32), None, n_items, "float32")


def _cells(matrix: _core.Csr, rows: Indices) -> tuple[Any, Any]:
    indptr, indices, _ = matrix.select_rows(rows).to_arrays()
    return np.repeat(np.arange(len(rows)), np.diff(indptr)), indices
