"""From any SciPy sparse matrix to the one CSR form that native code may read without a second look.

SciPy arrays are plain attributes that anyone can edit, and their flags (`has_sorted_indices`, …) go stale
when they are; so nothing is believed here. What comes out holds: row pointers from 0 to nnz without a step
back; column indices in range and strictly increasing within a row; float32 or float64 values, finite;
contiguous, aligned, native byte order. Cost: a few vectorised passes for a matrix that is so already, two
linear counting sorts otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # and not scipy.sparse, which loads itself on first use: it would double the time of `import coals`

from coals import _core
from coals._util.checks import kind_word
from coals._util.limits import LARGEST_INT32
from coals.data.formats import compressed, entries, floats, segment

__all__ = ["DUPLICATES", "canonical_csr", "check_sparse", "in_order", "merged", "trusted_csr"]

#: What to do with several entries for one (row, column) pair.
DUPLICATES = ("error", "sum", "last", "max", "mean", "count")

Array = npt.NDArray[Any]

# A longer axis than both, hundreds of megabytes for each array along it, is taken for a mistake.
_HOLLOW_SIZE = 100_000_000
_HOLLOW_RATIO = 1000
_IDS_HINT = {
    axis: f": are {kind} ids used as {axis} numbers? Encode them with Interactions.from_arrays"
    for axis, kind in (("row", "user"), ("column", "item"))
}


def _plain(row: int, column: int) -> str:
    """How error messages call an entry of a matrix without ids."""
    return f"row {row}, column {column}"


def canonical_csr(
    X: Any, *, duplicates: str = "error", copy: bool = False, name: Callable[[int, int], str] = _plain
) -> tuple[Any, npt.NDArray[np.int64] | None]:
    """A canonical `csr_array` with read-only arrays, and the number of entries merged into each of its own.

    The second is None where nothing was merged (one each). Without `copy` a canonical CSR input shares its
    memory with the result; the input itself is never changed. `name(row, column)` words the entries that
    errors speak of.
    """
    check_sparse(X)
    return merged(_to_csr(X, copy), duplicates, name)


def merged(
    rows: Any, duplicates: str, name: Callable[[int, int], str] = _plain
) -> tuple[Any, npt.NDArray[np.int64] | None]:
    """`canonical_csr` of a new `csr_array` whose arrays are known to be well-formed: checks its values alone."""
    if rows.nnz == 0:
        raise _empty()
    _refuse_nonfinite(rows, name, "")
    counts = None
    if not rows.has_canonical_format:  # computed again, for `rows` is new
        if not rows.has_sorted_indices:
            rows = rows.tocsc().tocsr()  # two stable counting sorts: repeated pairs keep their order
        first = _starts_pair(rows)
        if not first.all():
            rows, counts = _merged(rows, first, duplicates, name)
            _refuse_nonfinite(rows, name, f" (duplicates={duplicates!r})")
    if duplicates == "count" and counts is None:
        rows = _csr(np.ones_like(rows.data), rows.indices, rows.indptr, rows.shape)
    return _finished(rows), counts


def trusted_csr(data: Array, indices: Array, indptr: Array, shape: tuple[int, int]) -> Any:
    """What `canonical_csr` returns, from arrays that are canonical: parts of another one, or its transpose."""
    if len(data) == 0:
        raise _empty()
    return _finished(_csr(data, indices, indptr, shape))


def _finished(rows: Any) -> Any:
    for array in (rows.data, rows.indices, rows.indptr):
        array.setflags(write=False)
    rows.has_canonical_format = True
    return rows


def _empty() -> ValueError:
    return ValueError("the matrix is empty: it has no stored entry")


def check_sparse(X: Any) -> tuple[int, int]:
    """The shape of X, once known to be a SciPy sparse matrix of real numbers with rows and columns."""
    if not scipy.sparse.issparse(X):
        given = f"{type(X).__name__}: columns go to Interactions.from_arrays, tables to Interactions.from_frame"
        if isinstance(X, np.ndarray):
            given = "a dense array: make it sparse with scipy.sparse.csr_array(X)"
        elif hasattr(X, "to_interactions"):
            given = "Events: take their to_interactions(), or coals.event_cooccurrence where order and time count"
        raise TypeError(f"interactions must be Interactions or a SciPy sparse matrix, got {given}")
    if X.ndim != 2:
        one = ": X[[u]] is row u with both dimensions" if X.ndim == 1 else ""
        raise ValueError(f"the matrix must have users as rows and items as columns, got shape {X.shape}{one}")
    dtype = getattr(X, "dtype", None)  # that of its data, whatever has become of that
    if not isinstance(dtype, np.dtype):
        raise ValueError("the matrix is broken: its data is not an array")
    if dtype.kind not in "biuf":
        raise TypeError(f"the matrix must hold real numbers, got {kind_word(dtype)}")
    if 0 in X.shape:
        raise ValueError(f"the matrix is empty: its shape is {X.shape}")
    for axis, size in zip(("row", "column"), X.shape, strict=True):
        if size > LARGEST_INT32:
            raise ValueError(f"the matrix has {size} {axis}s, but at most {LARGEST_INT32} will do{_IDS_HINT[axis]}")
    return int(X.shape[0]), int(X.shape[1])


def in_order(data: Array, row: Array, column: Array, shape: tuple[int, int]) -> tuple[Any, Array]:
    """Entries whose positions are in range as a sorted `csr_array`, repeated pairs in their order; and the order."""
    rows, columns = (np.ascontiguousarray(axis, dtype=np.int32) for axis in (row, column))
    order, indptr = _core.order_of_pairs(rows, columns, shape[0], 0)
    return _csr(floats(data, data.dtype)[order], column[order], indptr, shape), order


def _to_csr(X: Any, copy: bool) -> Any:
    """A validated CSR of X, unsorted as it may be, with repeated pairs in the order they are stored in."""
    n_rows, n_columns = X.shape
    if X.format == "csr":
        data, indices, indptr = compressed(X, n_rows, n_columns, "row", "column")
        _refuse_hollow(X.shape, len(data))
        if copy:
            data, indices, indptr = data.copy(), indices.copy(), indptr.copy()
        return _csr(data, indices, indptr, X.shape)
    if X.format == "csc":
        arrays = compressed(X, n_columns, n_rows, "column", "row")
        _refuse_hollow(X.shape, len(arrays[0]))
        return scipy.sparse.csc_array(arrays, shape=X.shape).tocsr()
    data, row, column = entries(X)
    _refuse_hollow(X.shape, len(data))
    return in_order(data, row, column, X.shape)[0]


def _refuse_hollow(shape: tuple[int, int], nnz: int) -> None:
    """An axis so much longer than the entries explain holds ids, and arrays along it would fill the memory."""
    for axis, size in zip(("row", "column"), shape, strict=True):
        if nnz and size > max(_HOLLOW_SIZE, _HOLLOW_RATIO * nnz):
            raise ValueError(f"the matrix has {size} {axis}s for {nnz} entries{_IDS_HINT[axis]}")


def _csr(data: Array, indices: Array, indptr: Array, shape: tuple[int, int]) -> Any:
    """A new csr_array around the arrays, indices of one integer type: int32 wherever it suffices."""
    index = np.int32 if max(*shape, len(data)) <= np.iinfo(np.int32).max else np.int64
    indices = np.require(indices, dtype=index, requirements=["C", "A"])
    indptr = np.require(indptr, dtype=index, requirements=["C", "A"])
    # Views, so that making the result read-only leaves the caller's arrays as they were.
    return scipy.sparse.csr_array((data.view(), indices.view(), indptr.view()), shape=shape)


def _starts_pair(rows: Any) -> npt.NDArray[np.bool_]:
    """Where an entry begins its row or lies to the right of the entry before it."""
    starts = np.ones(rows.nnz, dtype=bool)
    np.greater(rows.indices[1:], rows.indices[:-1], out=starts[1:])
    row_starts = rows.indptr[:-1]
    starts[row_starts[row_starts < rows.nnz]] = True
    return starts


def _refuse_nonfinite(rows: Any, name: Callable[[int, int], str], after: str) -> None:
    finite = np.isfinite(rows.data)
    if not finite.all():
        entry = int(np.argmin(finite))
        at = name(segment(rows.indptr, entry), int(rows.indices[entry]))
        raise ValueError(f"the value at {at} is {rows.data[entry]}{after}: every value must be finite; drop the others")


def _merged(
    rows: Any, first: npt.NDArray[np.bool_], duplicates: str, name: Callable[[int, int], str]
) -> tuple[Any, npt.NDArray[np.int64]]:
    """Rows with one entry for each run of a repeated pair, which starts where `first` is true."""
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, rows.nnz)).astype(np.int64, copy=False)
    if duplicates == "error":
        run = int(np.argmax(counts > 1))
        at = name(segment(rows.indptr, int(starts[run])), int(rows.indices[starts[run]]))
        raise ValueError(
            f"{at} is given {counts[run]} times ({int((counts > 1).sum())} pairs are repeated in all): pass "
            "duplicates='sum', 'last', 'max', 'mean' or 'count', for a matrix to Interactions.from_matrix"
        )
    if duplicates == "last":
        data = rows.data[starts + counts - 1]
    elif duplicates == "max":
        data = np.maximum.reduceat(rows.data, starts)
    elif duplicates == "count":
        data = counts
    else:
        data = np.add.reduceat(rows.data, starts, dtype=np.float64)
        data = data / counts if duplicates == "mean" else data
    with np.errstate(over="ignore"):  # an overflow is reported by the caller, which knows the row
        data = data.astype(rows.data.dtype)
    indptr = np.searchsorted(starts, rows.indptr)
    return _csr(data, rows.indices[starts], indptr, rows.shape), counts
