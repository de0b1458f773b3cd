"""Converts the filter arguments of `recommend` to the filter of the core."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals._util.checks import check_indices, check_number, given, type_word
from coals.data.formats import compressed
from coals.data.id_arrays import as_id_array
from coals.data.ids import IdIndex
from coals.data.unknown_ids import known_places, places_of

__all__ = [
    "Asked",
    "Filter",
    "ServingFilters",
    "candidate_mask",
    "check_min_score",
    "rows_of_ids",
    "rows_of_positions",
    "seen_filter",
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


class Asked(NamedTuple):
    """Users that a model is asked about: ids as given and positions, -1 where the model does not know the id."""

    ids: Any
    places: Indices

    @property
    def known(self) -> Indices:
        """Which of them the model knows."""
        return np.flatnonzero(self.places >= 0)

    @property
    def strangers(self) -> Indices:
        """Which of them it does not know."""
        return np.flatnonzero(self.places < 0)


class ServingFilters:
    """The filter arguments of `recommend`, checked once, for the users asked for: those known, and those unknown."""

    def __init__(
        self, model: Any, asked: Asked, unknown: str, items: Any = None, exclude: Any = None,
        exclude_per_user: Any = None, allow_per_user: Any = None, min_score: Any = None,
    ) -> None:  # fmt: skip
        ids = model.user_index_, model.item_index_
        index = model.item_index_
        self._plain = items is exclude is exclude_per_user is allow_per_user is min_score is None
        if self._plain:
            return
        self._denied = rows_of_ids("exclude_per_user", exclude_per_user, asked, *ids, unknown)
        self._allowed = rows_of_ids("allow_per_user", allow_per_user, asked, *ids, unknown)
        self._mask = candidate_mask(
            None if exclude is None else known_places(index, exclude, unknown, "exclude"),
            None if items is None else known_places(index, items, unknown),
            index.size,
        )
        self._least = check_min_score(min_score)

    def of(self, rows: Indices, seen: _core.Csr | None = None) -> Filter:
        """What may be listed for some of the users asked for, given by their place; `seen` has a row for each."""
        if self._plain:
            return Filter(seen)
        denied, allowed = (None if part is None else part.select_rows(rows) for part in (self._denied, self._allowed))
        return Filter(_union(seen, denied), allowed, self._mask, self._least)


def rows_of_ids(
    name: str, value: Any, asked: Asked, users: IdIndex, items: IdIndex, unknown: str = "raise"
) -> _core.Csr | None:
    """Rows from ids: a mapping of a user to items, a sequence of items for each user asked for, or a matrix."""
    queries = len(asked.places)
    if value is None or scipy.sparse.issparse(value) or isinstance(value, _core.Csr):
        return rows_of_positions(name, value, queries, items.size)
    if isinstance(value, Mapping):
        value = _of_each(name, value, asked, users, unknown)
    rows = [known_places(items, row, unknown, f"{name}[{q}]") for q, row in enumerate(_lists(name, value, queries))]
    return _from_lists(name, rows, queries, items.size)


def _of_each(name: str, value: Mapping[Any, Any], asked: Asked, users: IdIndex, unknown: str) -> list[Any]:
    """What a mapping has for each user asked for; an unknown one is found by the id itself."""
    policy = "raise" if unknown == "raise" else "skip"
    positions = places_of(users, list(value), policy, name=name).tolist() if value else []
    by_place = {place: row for place, row in zip(positions, value.values(), strict=True) if place >= 0}
    rows = [by_place.get(place, ()) for place in asked.places.tolist()]
    if len(asked.strangers):
        ids = as_id_array("users", asked.ids)
        for at in asked.strangers.tolist():
            rows[at] = value.get(ids[at : at + 1].tolist()[0], ())
    return rows


def seen_filter(model: Any, users: Indices, exclude_seen: bool) -> Filter:
    """What `recommend_indices` may list for users, given by position."""
    return Filter(model._seen_.select_rows(users) if exclude_seen else None)


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
        raise TypeError(f"{name} must be a sparse matrix or a list of items for each query, got {type_word(value)}")
    if len(value) != queries:
        raise ValueError(f"{name} must have a list for each query: there are {queries}, it has {len(value)}")
    lists = list(value)
    for q, row in enumerate(lists):
        if isinstance(row, (str, bytes)) or not hasattr(row, "__len__"):
            raise TypeError(f"{name}[{q}] must be a list of items, got {given(row)}")
    return lists


def _from_lists(name: str, rows: list[Indices], queries: int, items: int) -> _core.Csr:
    indptr = np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64))
    indices = np.concatenate([np.zeros(0, np.int64), *rows])
    return _rows(name, indptr, indices, queries, items)
