"""Checks of side features of users and items."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy

from coals._util.checks import refuse_masked, type_word
from coals.data.ids import IdIndex
from coals.data.labels import matrix_by_id
from coals.data.sparse import canonical_csr

__all__ = ["check_features"]


# Beyond it, and below its inverse, squares leave double precision.
_LARGEST = 1e100


def check_features(name: str, features: Any, index: IdIndex, columns: int | None = None) -> Any:
    """Features as a float64 csr_array of shape (len(index), p) without stored zeros; p = `columns` where that is known.

    Tables and mappings are matched by the ids of `index`, other matrices have its order.
    """
    refuse_masked(name, features)
    features = matrix_by_id(name, features, index)
    rows = len(index)
    sparse = scipy.sparse.issparse(features)
    given: Any = features if sparse else np.asarray(features)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be a sparse or dense matrix of real numbers, got {type_word(features)}")
    if given.ndim != 2 or given.shape[0] != rows or given.shape[1] == 0:
        raise ValueError(f"{name} must have shape ({rows}, p), a row for each, got shape {given.shape}")
    if columns is not None and given.shape[1] != columns:
        raise ValueError(f"{name} must have {columns} columns, as in fit, got {given.shape[1]}")
    if not sparse:
        given = scipy.sparse.coo_array(given)
    if given.nnz == 0:
        return scipy.sparse.csr_array(given.shape, dtype=np.float64)

    def called(row: int, column: int) -> str:
        own = f"row {row}" if index.ids is None else f"of {index.kind} {index.decode(np.array([row])).tolist()[0]!r}"
        return f"{name} {own}, column {column}"

    checked, _ = canonical_csr(given, duplicates="sum", name=called)
    with np.errstate(over="ignore"):  # of a wider type, found below
        own = scipy.sparse.csr_array(checked.astype(np.float64), copy=True)
    own.eliminate_zeros()
    size = np.abs(own.data)
    bad = np.flatnonzero(~(size < _LARGEST) | (size < 1 / _LARGEST))
    if len(bad):
        row = int(np.searchsorted(own.indptr, bad[0], side="right")) - 1
        raise ValueError(
            f"{called(row, int(own.indices[bad[0]]))} is {own.data[bad[0]]}, whose square is too large or too small to "
            "compute with: bring the features nearer to 1"
        )
    return own
