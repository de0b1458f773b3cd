"""Weights of observations, checked against the data they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals._util.checks import refuse_masked, refuse_unordered
from coals.data.interactions import Interactions
from coals.data.native import as_values, blocks, entry_name, pair_name
from coals.data.sparse import canonical_csr

__all__ = ["check_weights"]

Array = npt.NDArray[Any]


def check_weights(weights: Any, data: Interactions, dtype: str) -> Array:
    """One weight for each entry of `data`, in the order of ``data.matrix.data``, shape (nnz,), as `dtype`."""
    refuse_masked("weights", weights)
    refuse_unordered("weights", weights)
    if hasattr(weights, "index") and hasattr(weights, "to_numpy"):
        raise TypeError(
            f"weights must not be a {type(weights).__name__}, whose rows need not be in the order of the entries: make "
            "Interactions.from_arrays(users, items, weights) of it"
        )
    if isinstance(weights, Interactions):
        for ours, theirs in ((data.users, weights.users), (data.items, weights.items)):
            if not theirs.same_as(ours):
                raise ValueError(f"weights must have the {ours.kind}s of the data, in the same order")
        weights = weights.matrix
    values = _aligned(weights, data) if scipy.sparse.issparse(weights) else np.asarray(weights)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"weights must be real numbers, got dtype {values.dtype}")
    if values.shape != (data.nnz,):
        raise ValueError(
            f"weights must have shape ({data.nnz},), one for each entry in the order of Interactions.matrix.data, or "
            f"be a sparse matrix with the pattern of the data; got shape {values.shape}"
        )
    for block in blocks(len(values)):
        bad = ~(np.isfinite(values[block]) & (values[block] >= 0))
        if bad.any():
            entry = block.start + int(np.argmax(bad))
            raise ValueError(
                f"the weight of {entry_name(data, entry)} is {values[entry]}: weights must be finite and >= 0"
            )
    if not values.any():
        raise ValueError("weights are all 0: nothing is left to learn from")
    return as_values("weight", values, data, dtype)


def _aligned(weights: Any, data: Interactions) -> Array:
    """The values of a sparse matrix with the pattern of `data`."""
    if weights.shape != data.shape:
        raise ValueError(f"weights must have the shape of the data, {data.shape}, got {weights.shape}")
    theirs, _ = canonical_csr(weights)
    ours = data.matrix
    if np.array_equal(theirs.indptr, ours.indptr) and np.array_equal(theirs.indices, ours.indices):
        values: Array = theirs.data
        return values
    for row in range(data.n_users):
        mine, other = (m.indices[m.indptr[row] : m.indptr[row + 1]] for m in (ours, theirs))
        missing, extra = np.setdiff1d(mine, other), np.setdiff1d(other, mine)
        if len(missing) or len(extra):
            column = int(min([*missing[:1], *extra[:1]]))
            has, lacks = ("data", "weights") if column in missing else ("weights", "data")
            raise ValueError(
                f"weights must have the pattern of the data, but {pair_name(data, row, column)} is stored in the {has} "
                f"and not in the {lacks}"
            )
    raise AssertionError("patterns differ, yet no row does")
