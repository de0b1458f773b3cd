"""`Interactions` in native memory, and questions about matrices there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals.data.interactions import Interactions

__all__ = [
    "as_scipy",
    "as_values",
    "blocks",
    "columns_where",
    "empty_csr",
    "entry_name",
    "one_a_row",
    "pair_name",
    "rows_of",
    "rows_where",
    "structure",
    "values_or_ones",
    "with_values",
    "without_values",
]

Called = Callable[[Interactions, int], str]

# Elements looked at together: temporaries stay at a few MB, whatever the size of the data.
_BLOCK = 1 << 20


def blocks(size: int, width: int = 1) -> list[slice]:
    """Consecutive slices of `size` rows of `width` elements, about a million elements each."""
    step = max(1, _BLOCK // max(width, 1))
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def empty_csr(rows: int, columns: int, dtype: str | None = None) -> _core.Csr:
    """A matrix without entries; with a dtype one that has (no) values."""
    values = None if dtype is None else np.zeros(0, dtype)
    return _core.Csr(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), values, columns, dtype or "float32")


def as_scipy(matrix: _core.Csr, values: npt.NDArray[Any] | None = None) -> Any:
    """The matrix as a csr_array that shares its memory; `values`, if given, replace its own."""
    indptr, indices, own = matrix.to_arrays()
    if matrix.entries <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32)  # else SciPy would widen all indices to match
    shape = matrix.rows, matrix.columns
    return scipy.sparse.csr_array((own if values is None else values, indices, indptr), shape=shape)


def structure(data: Interactions, dtype: str = "float32") -> _core.Csr:
    """The entries without their values, in native memory: checked once, then safe to index with."""
    matrix = data.matrix
    return _core.Csr(matrix.indptr, matrix.indices, None, matrix.shape[1], dtype)


def without_values(entries: _core.Csr, dtype: str = "float32") -> _core.Csr:
    """The same entries without their values."""
    indptr, indices, _ = entries.to_arrays()
    return _core.Csr(indptr, indices, None, entries.columns, dtype)


def values_or_ones(entries: _core.Csr) -> npt.NDArray[np.float64]:
    """Values in float64; ones where the matrix has none."""
    _, indices, values = entries.to_arrays()
    return values.astype(np.float64) if len(values) else np.ones(len(indices))


def one_a_row(columns: npt.NDArray[Any], width: int, dtype: str = "float32") -> _core.Csr:
    """A matrix of `width` columns, with one entry in each row: row k has it in ``columns[k]``."""
    return _core.Csr(np.arange(len(columns) + 1), columns.astype(np.int32), None, width, dtype)


def with_values(data: Interactions, dtype: str, called: Called | None = None, advise: bool = True) -> _core.Csr:
    """The same with values as `dtype`. One whose square that cannot hold is an error that names its place.

    `called` names the cell of an entry where `entry_name` would not; `advise` is off where there is no dtype to choose.
    """
    matrix = data.matrix
    _refuse_extreme("", matrix.data, data, dtype, called, advise)
    return _core.Csr(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], dtype)


def as_values(name: str, values: npt.NDArray[Any], data: Interactions, dtype: str) -> npt.NDArray[Any]:
    """Numbers that go with the entries of `data`, as `dtype` and under the same condition."""
    _refuse_extreme(f"{name} of ", values, data, dtype)
    return np.array(values, dtype=dtype, order="C")


def _refuse_extreme(
    what: str, values: npt.NDArray[Any], data: Interactions, dtype: str, called: Called | None = None,
    advise: bool = True,
) -> None:  # fmt: skip
    limits = np.finfo(dtype)
    largest = np.sqrt(limits.max)
    for block in blocks(len(values)):
        size = np.abs(values[block])
        bad = (size > largest) | ((size < limits.tiny) & (size > 0))
        if bad.any():
            entry = block.start + int(np.argmax(bad))
            raise ValueError(
                f"{what}{(called or entry_name)(data, entry)}: {values[entry]} is too large or too small for "
                f"{dtype} arithmetic: bring the values nearer to 1"
                + ("" if dtype == "float64" or not advise else ", or use dtype='float64'")
            )


def rows_of(
    matrix: _core.Csr, rows: npt.NDArray[np.int64], extra: npt.NDArray[Any] | None = None
) -> tuple[_core.Csr, npt.NDArray[Any] | None]:
    """The given rows of `matrix` with their values, and `extra`, one number an entry, cut alike."""
    indptr, indices, values = matrix.to_arrays()
    sizes = indptr[rows + 1] - indptr[rows]
    begin = np.append(0, np.cumsum(sizes))
    entries = np.repeat(indptr[rows] - begin[:-1], sizes) + np.arange(begin[-1])
    part = _core.Csr(begin, indices[entries], values[entries], matrix.columns, values.dtype.name)
    return part, None if extra is None else extra[entries]


def columns_where(matrix: _core.Csr, positive: bool) -> npt.NDArray[np.bool_]:
    """Which columns have an entry, or one above 0."""
    _, indices, values = matrix.to_arrays()
    out = np.zeros(matrix.columns, bool)
    for block in blocks(len(indices)):
        out[indices[block][values[block] > 0] if positive else indices[block]] = True
    return out


def rows_where(matrix: _core.Csr, positive: bool) -> npt.NDArray[np.bool_]:
    """Which rows have an entry, or one above 0."""
    indptr, _, values = matrix.to_arrays()
    out = np.diff(indptr) > 0
    if positive and len(values) and not values.min() > 0:
        out[out] = np.logical_or.reduceat(values > 0, indptr[:-1][out])
    return out


def pair_name(data: Interactions, row: int, column: int) -> str:
    """How errors call a cell."""
    user, item = (index.decode(np.array([at])).tolist()[0] for index, at in ((data.users, row), (data.items, column)))
    return f"user {user!r}, item {item!r}"


def entry_name(data: Interactions, entry: int) -> str:
    """How errors call the cell of a stored entry."""
    row = int(np.searchsorted(data.matrix.indptr, entry, side="right")) - 1
    return pair_name(data, row, int(data.matrix.indices[entry]))
