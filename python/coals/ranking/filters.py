"""Converts the filter arguments of `recommend` to the filter of the core."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals._util.checks import check_indices, check_number
from coals.data.formats import compressed
from coals.data.ids import IdIndex

__all__ = [
    "Filter",
    "candidate_mask",
    "check_min_score",
    "for_strangers",
    "refuse_rows_by_place",
    "rows_of_ids",
    "rows_of_positions",
    "serving_filter",
]

Indices = npt.NDArray[np.int64]
Filter = _core.TopKFilter


def check_min_score(value: Any) -> float:
    """-inf for None."""
    return -math.inf if value is None else check_number("min_score", value)


def candidate_mask(exclude: Indices | None, allow: Indices | None, size: int) -> npt.NDArray[np.bool_] | None:
    """Which of `size` items are left; None for all."""
    if exclude is None and allow is None:
        return None
    mask = np.full(size, allow is None)
    if allow is not None:
        mask[allow] = True
    if exclude is not None:
        mask[exclude] = False
    return mask


def rows_of_positions(name: str, value: Any, queries: int, items: int) -> _core.Csr | None:
    """A row of item positions for each query, from a sparse matrix, (indptr, indices) or a sequence of sequences."""
    if value is None or isinstance(value, _core.Csr):
        return value
    if scipy.sparse.issparse(value):
        return _sparse_rows(name, value, queries, items)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, np.ndarray) for part in value):
        indptr = check_indices(f"{name}[0]", value[0], len(value[1]) + 1)
        indices = check_indices(f"{name}[1]", value[1], items)
        if len(indptr) == 0 or indptr[0] != 0 or indptr[-1] != len(indices) or (np.diff(indptr) < 0).any():
            raise ValueError(f"{name}: its indptr must start at 0, never fall and end at {len(indices)}, as in CSR")
        return _rows(name, indptr, indices, queries, items)
    lists = _lists(name, value, queries)
    rows = [check_indices(f"{name}[{q}]", row, items) for q, row in enumerate(lists)]
    return _from_lists(name, rows, queries, items)


def rows_of_ids(name: str, value: Any, asked: Any, users: IdIndex, items: IdIndex, queries: int) -> _core.Csr | None:
    """The same from ids: a mapping of a user to items, a sequence of items for each user asked for, or a matrix."""
    if value is None or scipy.sparse.issparse(value) or isinstance(value, _core.Csr):
        return rows_of_positions(name, value, queries, items.size)
    if isinstance(value, Mapping):
        positions = users.encode(list(value)).tolist() if value else []
        by_user = dict(zip(positions, value.values(), strict=True))
        value = [by_user.get(user, ()) for user in asked.tolist()]
    rows = [items.encode(row) if len(row) else np.zeros(0, np.int64) for row in _lists(name, value, queries)]
    return _from_lists(name, rows, queries, items.size)


def serving_filter(
    model: Any, users: Indices, exclude_seen: bool, items: Any = None, exclude: Any = None,
    exclude_per_user: Any = None, allow_per_user: Any = None, min_score: Any = None,
) -> Filter:  # fmt: skip
    """What `recommend` may list for users, given by position."""
    seen = model._seen_.select_rows(users) if exclude_seen else None
    if items is exclude is exclude_per_user is allow_per_user is min_score is None:
        return Filter(seen)
    index = model.item_index_
    ids = model.user_index_, index
    denied = rows_of_ids("exclude_per_user", exclude_per_user, users, *ids, len(users))
    allowed = rows_of_ids("allow_per_user", allow_per_user, users, *ids, len(users))
    mask = candidate_mask(
        None if exclude is None else encode_some(index, exclude),
        None if items is None else encode_some(index, items),
        index.size,
    )
    return Filter(_union(seen, denied), allowed, mask, check_min_score(min_score))


def for_strangers(model: Any, items: Any, exclude: Any, allow_per_user: Any, min_score: Any) -> Any:
    """The same for unknown users, who get popular items: a function from scores to the items that pass."""
    index = model.item_index_
    left_out, kept = (None if ids is None else encode_some(index, ids) for ids in (exclude, items))
    mask, least = candidate_mask(left_out, kept, index.size), check_min_score(min_score)
    named = allow_per_user is None  # a mapping names no unknown user

    def may(scores: Indices) -> npt.NDArray[np.bool_]:
        passed: npt.NDArray[np.bool_] = (scores >= least) & named
        return passed if mask is None else passed & mask

    return may


def refuse_rows_by_place(*filters: Any) -> None:
    """Rows that go with users by their place go wrong where users are left out."""
    for rows in filters:
        if rows is not None and not isinstance(rows, Mapping):
            raise ValueError('filters per user must be mappings of user to items unless unknown="raise"')


def encode_some(index: IdIndex, ids: Any) -> Indices:
    """Positions of ids that may be none at all."""
    return np.zeros(0, np.int64) if hasattr(ids, "__len__") and len(ids) == 0 else index.encode(ids)


def _union(a: _core.Csr | None, b: _core.Csr | None) -> _core.Csr | None:
    if a is None or b is None:
        return b if a is None else a
    both = _pattern(*a.to_arrays()[:2], (a.rows, a.columns)) + _pattern(*b.to_arrays()[:2], (b.rows, b.columns))
    both.sort_indices()
    return _core.Csr(both.indptr, both.indices, None, a.columns, "float32")


def _pattern(indptr: Any, indices: Any, shape: tuple[int, int]) -> Any:
    # Sums of ones never vanish, so that repeated entries become one.
    return scipy.sparse.csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=shape)


def _rows(name: str, indptr: Any, indices: Any, queries: int, items: int) -> _core.Csr:
    if len(indptr) != queries + 1:
        raise ValueError(f"{name} must have a row for each query: there are {queries}, it has {len(indptr) - 1}")
    matrix = _pattern(indptr, indices, (queries, items))
    matrix.sum_duplicates()
    return _core.Csr(matrix.indptr, matrix.indices, None, items, "float32")


def _sparse_rows(name: str, matrix: Any, queries: int, items: int) -> _core.Csr:
    if matrix.shape != (queries, items):
        raise ValueError(f"{name} must have shape ({queries}, {items}), queries x items, got {matrix.shape}")
    rows = matrix if matrix.format == "csr" else matrix.tocsr()
    _, indices, indptr = compressed(rows, queries, items, "row", "column")
    return _rows(name, indptr, indices, queries, items)


def _lists(name: str, value: Any, queries: int) -> list[Any]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
        raise TypeError(f"{name} must be a sparse matrix or a list of items for each query, got {type(value).__name__}")
    if len(value) != queries:
        raise ValueError(f"{name} must have a list for each query: there are {queries}, it has {len(value)}")
    lists = list(value)
    for q, row in enumerate(lists):
        if isinstance(row, (str, bytes)) or not hasattr(row, "__len__"):
            raise TypeError(f"{name}[{q}] must be a list of items, got {row!r} ({type(row).__name__})")
    return lists


def _from_lists(name: str, rows: list[Indices], queries: int, items: int) -> _core.Csr:
    indptr = np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64))
    indices = np.concatenate([np.zeros(0, np.int64), *rows])
    return _rows(name, indptr, indices, queries, items)
