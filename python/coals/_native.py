"""From `Interactions` to native memory."""

from __future__ import annotations

import numpy as np

from coals import _core
from coals.interactions import Interactions

__all__ = ["empty_csr", "pair_name", "structure", "with_values"]


def empty_csr(rows: int, columns: int) -> _core.Csr:
    """A matrix without entries."""
    return _core.Csr(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), None, columns, "float32")


def structure(data: Interactions) -> _core.Csr:
    """Who has what, in native memory: checked once, then safe to index with."""
    matrix = data.matrix
    return _core.Csr(matrix.indptr, matrix.indices, None, matrix.shape[1], "float32")


def with_values(data: Interactions, dtype: str) -> _core.Csr:
    """The same with values as `dtype`. One whose square that cannot hold is an error that names its place."""
    matrix = data.matrix
    limits = np.finfo(dtype)
    size = np.abs(matrix.data)
    bad = (size > np.sqrt(limits.max)) | ((size < limits.tiny) & (size > 0))
    if bad.any():
        entry = int(np.argmax(bad))
        row = int(np.searchsorted(matrix.indptr, entry, side="right")) - 1
        raise ValueError(
            f"{pair_name(data, row, int(matrix.indices[entry]))}: {matrix.data[entry]} is too large or too small for "
            f"{dtype} arithmetic: bring the values nearer to 1"
            + ("" if dtype == "float64" else ", or use dtype='float64'")
        )
    return _core.Csr(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], dtype)


def pair_name(data: Interactions, row: int, column: int) -> str:
    """How errors call an entry."""
    user, item = (index.decode(np.array([at])).tolist()[0] for index, at in ((data.users, row), (data.items, column)))
    return f"user {user!r}, item {item!r}"
