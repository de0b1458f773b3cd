"""Rows to be solved against the other side of a fitted model, from what callers give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals._util.checks import kind_word, type_word
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions, unnamed
from coals.data.labels import history_of_series
from coals.data.native import empty_csr, with_values
from coals.data.sparse import canonical_csr, check_sparse
from coals.data.unknown_ids import LISTS, check_unknown, places_of
from coals.data.weights import check_weights

__all__ = ["Rows", "given_rows", "matrix_rows", "placed", "users_of"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


class Rows(NamedTuple):
    """Entries with values, their weights, features of the rows, all that counts as seen, and for each row how many
    unknown ids were left out of it (None: none of any).
    """

    entries: _core.Csr
    weights: Array | None
    features: Any
    seen: _core.Csr
    unknown: Indices | None = None


def matrix_rows(
    X: Any, side: int, columns: IdIndex, weights: Any, dtype: str, drop_zeros: bool, advise: bool = True,
    unknown: str = "raise",
) -> Rows:  # fmt: skip
    """Rows of one side. `columns` are the other side as the model knows it.

    A sparse matrix has a row for each new row and a column for each of `columns`; `Interactions` are users x items, and
    name the other side by ids: unknown ones are left out unless ``unknown="raise"``.
    """
    other = (1, 0)[side]
    if not isinstance(X, Interactions):
        rows, width = check_sparse(X)
        if width != len(columns):
            raise ValueError(
                f"X must have a column for each of the {len(columns)} {columns.kind}s of the model, got {width} columns"
            )
        if X.nnz == 0:
            if weights is not None and np.size(weights):
                raise ValueError("weights were given, but X has no entry")
            return Rows(empty_csr(rows, width, dtype), None, None, empty_csr(rows, width))
        data = as_interactions(X)
        place = np.arange(width)
    else:
        data = X
        theirs = (X.users, X.items)[other]
        place = places_of(columns, theirs.decode(np.arange(len(theirs))), unknown, LISTS)
    own = None if weights is None else check_weights(weights, data, dtype)
    transposed = isinstance(X, Interactions) and side == 1
    whole = data.matrix.T.tocsr() if transposed else data.matrix
    left_out = None if (place >= 0).all() else np.diff(whole.indptr) - np.diff(_known(whole, place).indptr)
    if left_out is not None and left_out.sum() == whole.nnz:
        empty = whole.shape[0], len(columns)
        return Rows(empty_csr(*empty, dtype), None, None, empty_csr(*empty), left_out)
    matrix, order = placed(whole, place, len(columns))
    index = (data.users, data.items)[side]

    def named(row: int, column: int) -> str:
        own, other = (ids.decode(np.array([at])).tolist()[0] for ids, at in ((index, row), (columns, column)))
        return f"{index.kind} {own!r}, {columns.kind} {other!r}"

    found = _rows(matrix, None if own is None else own[order], dtype, drop_zeros, named, advise)
    return found._replace(unknown=left_out)


def _known(matrix: Any, place: Indices) -> Any:
    """The entries whose columns have a place."""
    mask = place[matrix.indices] >= 0
    kept = np.append(0, np.cumsum(mask))
    return scipy.sparse.csr_array((matrix.data[mask], matrix.indices[mask], kept[matrix.indptr]), shape=matrix.shape)


def placed(matrix: Any, place: Indices, width: int) -> tuple[Any, Indices]:
    """Canonical rows with column j moved to place[j], and for each entry where it was in ``matrix.data``.

    Columns whose place is -1 are left out.
    """
    entries = matrix.copy()
    entries.data = np.arange(matrix.nnz, dtype=np.float64)  # exact to 2^53
    entries = _known(entries, place).tocoo()
    moved = scipy.sparse.coo_array((entries.data, (entries.row, place[entries.col])), shape=(matrix.shape[0], width))
    ordered, _ = canonical_csr(moved)
    order = ordered.data.astype(np.int64)
    return scipy.sparse.csr_array((matrix.data[order], ordered.indices, ordered.indptr), shape=moved.shape), order


def given_rows(
    history: Any, items: IdIndex, dtype: str, *, drop_zeros: bool, ratings: bool, advise: bool = True,
    unknown: str = "raise",
) -> Rows:  # fmt: skip
    """Rows from whatever `recommend_for` takes. `ratings`: the history must hold ratings.

    `advise`: whether another dtype is a remedy for values out of range.
    """
    check_unknown(unknown, LISTS)
    if hasattr(history, "index") and hasattr(history, "to_dict"):  # a pandas Series
        history = history_of_series(history, items)
    if scipy.sparse.issparse(history) or isinstance(history, Interactions):
        return matrix_rows(history, 0, items, None, dtype, drop_zeros, advise, unknown)
    if history is None or hasattr(history, "to_interactions") or getattr(history, "ndim", 1) > 1:
        given = f"an array of shape {history.shape}" if hasattr(history, "shape") else type(history).__name__
        raise TypeError(f"history must be {{item: value}}, item ids, a sparse matrix or Interactions, got {given}")
    empty = hasattr(history, "__len__") and len(history) == 0
    if ratings and not isinstance(history, Mapping) and not empty:
        raise TypeError(f"history must tell what the items were rated: give {{item: rating}}, got {type_word(history)}")
    return _history_row(history, items, dtype, drop_zeros, advise, unknown)


def users_of(history: Any) -> Any:
    """The ids of the users of a history, None where it names none."""
    return history.user_ids if isinstance(history, Interactions) else None


def _history_row(history: Any, items: IdIndex, dtype: str, drop_zeros: bool, advise: bool, unknown: str) -> Rows:
    """One row from a mapping of item to value, or from a sequence of items of strength 1."""
    mapped = isinstance(history, Mapping)
    columns = places_of(items, list(history) if mapped else history, unknown, LISTS, "history")
    values = np.asarray(list(history.values())) if mapped else np.ones(len(columns))
    known = columns >= 0
    left_out = None if known.all() else np.array([(~known).sum()])
    if not known.any():
        return Rows(empty_csr(1, len(items), dtype), None, None, empty_csr(1, len(items)), left_out)
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise TypeError(f"history must map items to real numbers, got {kind_word(values.dtype)}")
    columns, values = columns[known], values[known]
    given, times = np.unique(columns, return_counts=True)
    if (times > 1).any():
        (twice,) = items.decode(given[times > 1][:1]).tolist()
        raise ValueError(f"history holds item {twice!r} more than once: give each once, or a mapping of item to value")
    begin = np.zeros(len(columns), dtype=np.int64)

    def named(_: int, column: int) -> str:
        return f"item {items.decode(np.array([column])).tolist()[0]!r} of history"

    entries = scipy.sparse.coo_array((values, (begin, columns)), shape=(1, len(items)))
    return _rows(canonical_csr(entries, name=named)[0], None, dtype, drop_zeros, named, advise)._replace(
        unknown=left_out
    )


def _rows(
    matrix: Any, weights: Array | None, dtype: str, drop_zeros: bool, named: Callable[[int, int], str], advise: bool
) -> Rows:
    def called(data: Interactions, entry: int) -> str:
        row = int(np.searchsorted(data.matrix.indptr, entry, side="right")) - 1
        return named(row, int(data.matrix.indices[entry]))

    def native(rows: Any) -> _core.Csr:
        return with_values(unnamed(rows), dtype, called, advise)

    seen = native(matrix)
    if not drop_zeros or np.count_nonzero(matrix.data) == matrix.nnz:
        return Rows(seen, weights, None, seen)
    kept = matrix.copy()
    kept.eliminate_zeros()
    return Rows(native(kept), weights, None, seen)
