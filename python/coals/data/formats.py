"""The entries of every SciPy sparse format.

SciPy's conversions trust the attributes they find, and some read or write out of bounds when those were edited by hand.
So CSR, CSC and COO are checked here, and BSR and DIA by SciPy's constructors. LIL and DOK are read as Python lists:
SciPy crashes where the lists of a LIL matrix differ in length, and takes the index 1.5 for 1. Parts that disagree are a
ValueError "the matrix is broken: ...".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals._util.checks import refuse_masked

__all__ = ["compressed", "entries", "floats", "segment"]

Array = npt.NDArray[Any]
Entries = tuple[Array, Array, Array]


def compressed(X: Any, n_major: int, n_minor: int, major: str, minor: str) -> Entries:
    """The arrays (data, indices, indptr) of a CSR or CSC matrix, once they are known to be in order."""
    data, indptr, indices = _arrays({name: getattr(X, name, None) for name in ("data", "indptr", "indices")})
    if indptr.ndim != 1 or indptr.dtype.kind not in "iu" or len(indptr) != n_major + 1 or indptr[0] != 0:
        raise _broken(f"indptr must be {n_major + 1} integers from 0, one more than {major}s")
    back = indptr[1:] < indptr[:-1]
    if back.any():
        raise _broken(f"indptr steps back at {major} {int(np.argmax(back))}")
    nnz = int(indptr[-1])
    if data.ndim != 1 or indices.ndim != 1 or min(len(data), len(indices)) < nnz:
        raise _broken(f"indptr ends at {nnz}, but there are indices {indices.shape}, data {data.shape}")
    indices = _positions(indices[:nnz], nnz, n_minor, minor, lambda entry: f"{major} {segment(indptr, entry)}")
    return floats(data[:nnz], data.dtype), indices, indptr


def entries(X: Any) -> Entries:
    """(data, row, column) of a matrix in any other format, in the order they are stored in."""
    readers = {"coo": _coo, "lil": _lil, "dok": _dok, "dia": _dia, "bsr": _bsr}
    if X.format not in readers:
        raise TypeError(f"the matrix has the unknown format {X.format!r}: convert it with .tocsr() first")
    refuse_masked("the data of the matrix", getattr(X, "data", None))
    try:
        found = readers[X.format](X)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _broken(str(error)) from None
    data, row, column = _arrays(dict(zip(("data", "row", "col"), found, strict=True)))
    if data.ndim != 1 or data.dtype.kind not in "biuf":
        raise _broken(f"its values must be real numbers in one dimension, got dtype {data.dtype}, shape {data.shape}")
    n_rows, n_columns = X.shape
    row, column = _positions(row, len(data), n_rows, "row"), _positions(column, len(data), n_columns, "column")
    return floats(data, X.dtype), row, column


def _coo(X: Any) -> Any:
    coords = X.coords if hasattr(X, "coords") else (X.row, X.col)  # SciPy < 1.13 has no coords
    if not isinstance(coords, (tuple, list)) or len(coords) != 2:
        found = f"{len(coords)} arrays" if isinstance(coords, (tuple, list)) else type(coords).__name__
        raise ValueError(f"coords must be two arrays, for rows and columns, got {found}")
    return X.data, *coords


def _lil(X: Any) -> Any:
    if not np.shape(X.rows) == np.shape(X.data) == X.shape[:1]:
        raise ValueError(f"rows and data must hold {X.shape[0]} lists each")
    lengths, valued = list(map(len, X.rows)), list(map(len, X.data))
    if lengths != valued:
        row = next(row for row in range(len(lengths)) if lengths[row] != valued[row])
        raise ValueError(f"row {row} has {lengths[row]} indices, but {valued[row]} values")
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    return _listed(chain.from_iterable(X.data)), row_of, _listed(chain.from_iterable(X.rows))


def _dok(X: Any) -> Any:
    stored = getattr(X, "_dict", X)  # SciPy < 1.12 stores in X itself
    keys = _listed(stored.keys()).reshape(len(stored), 2)
    return _listed(stored.values()), keys[:, 0], keys[:, 1]


def _listed(values: Iterable[Any]) -> Array:
    """Python numbers as an array; what is not all integers or all numbers gets a type that is refused later."""
    listed = list(values)
    try:
        return np.asarray(listed) if listed else np.empty(0, np.int64)
    except ValueError:  # a ragged sequence
        raise ValueError("indices must be integers, two for each entry, and values numbers") from None


def _dia(X: Any) -> Any:
    offsets, (n_rows, n_columns) = _integers(X.offsets), X.shape
    if ((offsets <= -n_rows) | (offsets >= n_columns)).any():
        raise ValueError(f"offsets must be from {1 - n_rows} to {n_columns - 1}")
    found = scipy.sparse.dia_array((X.data, offsets), shape=X.shape).tocoo()  # leaves out zeros, which are padding
    return found.data, found.row, found.col


def _bsr(X: Any) -> Any:
    checked = scipy.sparse.bsr_array((X.data, _integers(X.indices), _integers(X.indptr)), shape=X.shape)
    checked.check_format(full_check=True)
    found = checked.tocoo()
    kept = found.data != 0  # zeros are padding
    return found.data[kept], found.row[kept], found.col[kept]


def _integers(indices: Any) -> Array:
    refuse_masked("the indices", indices)
    found = np.asarray(indices)
    if found.dtype.kind not in "iu":
        raise ValueError(f"its indices must be integers, got dtype {found.dtype}")
    return found


def segment(indptr: Array, entry: int) -> int:
    """The row (column) of a CSR (CSC) matrix that an entry lies in."""
    return int(np.searchsorted(indptr, entry, side="right")) - 1


def floats(data: Array, dtype: np.dtype[Any]) -> Array:
    """float32 if that is the type of the matrix, in any byte order; float64 otherwise."""
    with np.errstate(over="ignore"):  # an infinity is reported later, with its row and column
        values: Array = np.require(data, np.float32 if dtype.str[1:] == "f4" else np.float64, ["C", "A"])
    return values


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


def _arrays(parts: dict[str, Any]) -> list[Array]:
    """Attributes of the matrix as the arrays they should be."""
    for name, value in parts.items():
        refuse_masked(f"the {name} of the matrix", value)
    return [_array(name, value) for name, value in parts.items()]


def _array(name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # a ragged sequence
        raise _broken(f"{name} must be an array of numbers") from None
    if array.ndim == 0:
        raise _broken(f"{name} must be an array, got {type(value).__name__}")
    return array


def _broken(what: str) -> ValueError:
    return ValueError(f"the matrix is broken: {what}")
