"""The entries of every SciPy sparse format, read without SciPy's own conversions.

Those trust the attributes they find, and some read or write out of bounds when the attributes were edited by
hand. So each reader here checks the parts of its format against each other first; parts that disagree are a
ValueError "the matrix is broken: ...".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import refuse_masked

__all__ = ["compressed", "entries", "float_values", "segment"]

Array = npt.NDArray[Any]
Entries = tuple[Array, Array, Array]


def compressed(X: Any, n_major: int, n_minor: int, major: str, minor: str) -> Entries:
    """The arrays (data, indices, indptr) of a CSR or CSC matrix, once they are known to be in order."""
    data = _part(X, "data")
    indices, indptr = _pointers(X, data, 1, (n_major, n_minor), (major, minor))
    return float_values(data[: len(indices)]), indices, indptr


def entries(X: Any) -> Entries:
    """(data, row, column) of a matrix in any other format, in the order they are stored in."""
    readers = {"coo": _coo, "lil": _lil, "dok": _dok, "dia": _dia, "bsr": _bsr}
    if X.format not in readers:
        raise TypeError(f"the matrix has the unknown format {X.format!r}: convert it with .tocsr() first")
    data, row, column = readers[X.format](X)
    return float_values(data), row, column


def segment(indptr: Array, entry: int) -> int:
    """The row (column) of a CSR (CSC) matrix that an entry lies in."""
    return int(np.searchsorted(indptr, entry, side="right")) - 1


def float_values(data: Array) -> Array:
    """float32 as it is, everything else as float64."""
    dtype = np.float32 if data.dtype.str[1:] == "f4" else np.float64  # in any byte order
    values: Array = np.require(data, dtype=dtype, requirements=["C", "A"])
    return values


def _coo(X: Any) -> Entries:
    data = _part(X, "data")
    if data.ndim != 1:
        raise _broken(f"data must be 1-D, got shape {data.shape}")
    row, column = _coordinates(X)
    n_rows, n_columns = X.shape
    return data, _positions(row, len(data), n_rows, "row"), _positions(column, len(data), n_columns, "column")


def _coordinates(X: Any) -> tuple[Array, Array]:
    coords = X.coords if hasattr(X, "coords") else (X.row, X.col)  # SciPy < 1.13 has no coords
    if not isinstance(coords, (tuple, list)) or len(coords) != 2:
        found = f"{len(coords)} arrays" if isinstance(coords, (tuple, list)) else type(coords).__name__
        raise _broken(f"coords must be two arrays, for rows and columns, got {found}")
    return _array("row", coords[0]), _array("col", coords[1])


def _lil(X: Any) -> Entries:
    n_rows, n_columns = X.shape
    rows, data = _lists(X, "rows"), _lists(X, "data")
    lengths = np.fromiter(map(len, rows), np.int64, n_rows)
    valued = np.fromiter(map(len, data), np.int64, n_rows)
    if (lengths != valued).any():
        row = int(np.argmax(lengths != valued))
        indices = "1 index" if lengths[row] == 1 else f"{lengths[row]} indices"
        values = "1 value" if valued[row] == 1 else f"{valued[row]} values"
        raise _broken(f"row {row} has {indices} but {values}")
    row_of = np.repeat(np.arange(n_rows), lengths)
    listed = _integers("column indices", chain.from_iterable(rows))
    column = _positions(listed, len(row_of), n_columns, "column", lambda entry: f"row {row_of[entry]}")
    return _numbers(chain.from_iterable(data), X.dtype), row_of, column


def _lists(X: Any, name: str) -> list[Any]:
    """The rows or data of a LIL matrix: a list for each row."""
    part = getattr(X, name, None)
    n_rows = X.shape[0]
    if not isinstance(part, np.ndarray) or part.shape != (n_rows,) or part.dtype != object:
        raise _broken(f"{name} must be an array of {n_rows} lists, one for each row")
    listed: list[Any] = part.tolist()
    for row, values in enumerate(listed):
        if not isinstance(values, (list, tuple)):
            raise _broken(f"{name}[{row}] must be a list, got {type(values).__name__}")
    return listed


def _dok(X: Any) -> Entries:
    stored = getattr(X, "_dict", X)  # SciPy < 1.12 stores in X itself
    if not isinstance(stored, dict):
        raise _broken(f"its entries must be in a dict, got {type(stored).__name__}")
    for key in stored:
        if not isinstance(key, tuple) or len(key) != 2:
            raise _broken(f"its keys must be (row, column), got {key!r}")
    n_rows, n_columns = X.shape
    row = _integers("row indices", (row for row, _ in stored))
    column = _integers("column indices", (column for _, column in stored))
    row = _positions(row, len(stored), n_rows, "row")
    return _numbers(stored.values(), X.dtype), row, _positions(column, len(stored), n_columns, "column")


def _dia(X: Any) -> Entries:
    n_rows, n_columns = X.shape
    data, offsets = _part(X, "data"), _part(X, "offsets")
    if offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise _broken("offsets must be 1-D integers")
    if data.ndim != 2 or len(data) != len(offsets):
        raise _broken(f"there are {len(offsets)} offsets, but data has shape {data.shape}: one row for each offset")
    outside = (offsets <= -n_rows) | (offsets >= n_columns)
    if outside.any():
        at = int(np.argmax(outside))
        raise _broken(f"offsets[{at}] is {offsets[at]}, but diagonals go from {1 - n_rows} to {n_columns - 1}")
    if len(np.unique(offsets)) < len(offsets):
        raise _broken("offsets repeats a diagonal")
    data = data[:, :n_columns]
    diagonal, column = data.nonzero()  # zeros are padding
    row = column - offsets.astype(np.int64)[diagonal]
    kept = (row >= 0) & (row < n_rows)
    diagonal, row, column = diagonal[kept], row[kept], column[kept]
    return data[diagonal, column], row, column


def _bsr(X: Any) -> Entries:
    n_rows, n_columns = X.shape
    data = _part(X, "data")
    if data.ndim != 3 or 0 in data.shape[1:] or n_rows % data.shape[1] or n_columns % data.shape[2]:
        raise _broken(f"blocks of shape {data.shape[1:]} do not tile {n_rows} rows and {n_columns} columns")
    height, width = data.shape[1:]
    blocks = n_rows // height, n_columns // width
    indices, indptr = _pointers(X, data, 3, blocks, ("block row", "block column"))
    data = data[: len(indices)]
    block, down, right = data.nonzero()  # zeros are padding
    block_row = np.repeat(np.arange(blocks[0]), (indptr[1:] - indptr[:-1]).astype(np.int64))
    return data[block, down, right], block_row[block] * height + down, indices.astype(np.int64)[block] * width + right


def _pointers(X: Any, data: Array, ndim: int, size: tuple[int, int], axes: tuple[str, str]) -> tuple[Array, Array]:
    """indices and indptr of a CSR, CSC or BSR matrix, `size` along the `axes` (major, minor), over `data`."""
    (n_major, n_minor), (major, minor) = size, axes
    indptr, indices = _part(X, "indptr"), _part(X, "indices")
    if indptr.ndim != 1 or indptr.dtype.kind not in "iu" or len(indptr) != n_major + 1 or indptr[0] != 0:
        raise _broken(f"indptr must be {n_major + 1} integers from 0, one more than {major}s")
    back = indptr[1:] < indptr[:-1]
    if back.any():
        raise _broken(f"indptr steps back at {major} {int(np.argmax(back))}")
    nnz = int(indptr[-1])
    if data.ndim != ndim or indices.ndim != 1 or min(len(data), len(indices)) < nnz:
        raise _broken(f"indptr ends at {nnz}, but there are indices {indices.shape}, data {data.shape}")
    return _positions(indices[:nnz], nnz, n_minor, minor, lambda entry: f"{major} {segment(indptr, entry)}"), indptr


def _positions(
    indices: Array, nnz: int, size: int, axis: str, where: Callable[[int], str] = "entry {}".format
) -> Array:
    """Indices along one axis: `nnz` of them, all in range(size); `where(entry)` names a place for errors."""
    if indices.shape != (nnz,) or indices.dtype.kind not in "iu":
        raise _broken(f"{axis} indices must be {nnz} integers, one for each value")
    if nnz and (indices.min() < 0 or indices.max() >= size):
        entry = int(np.argmax((indices < 0) | (indices >= size)))
        raise _broken(f"{where(entry)} has {axis} index {indices[entry]}, but there are {size} {axis}s")
    return indices


def _integers(name: str, values: Iterable[Any]) -> Array:
    """A column of Python integers; NumPy turns what else a list may hold into a type that is refused later."""
    listed = list(values)
    return _array(name, listed) if listed else np.empty(0, dtype=np.int64)


def _numbers(values: Iterable[Any], dtype: np.dtype[Any]) -> Array:
    """Values that stand in Python lists, as floats."""
    listed = list(values)
    array = _array("data", listed) if listed else np.empty(0)
    if array.dtype.kind not in "biuf" or array.ndim != 1:
        raise _broken(f"its values must be real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):  # an infinity is reported later, with its row and column
        return array.astype(np.float32 if dtype.str[1:] == "f4" else np.float64)


def _part(X: Any, name: str) -> Array:
    """An attribute of the matrix as the array it should be."""
    return _array(name, getattr(X, name, None))


def _array(name: str, value: Any) -> Array:
    refuse_masked(f"the {name} of the matrix", value)
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # a ragged sequence
        raise _broken(f"{name} must be an array of numbers") from None
    if array.ndim == 0:
        raise _broken(f"{name} must be an array, got {type(value).__name__}")
    return array


def _broken(what: str) -> ValueError:
    return ValueError(f"the matrix is broken: {what}")
