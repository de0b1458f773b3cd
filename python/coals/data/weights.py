"""Values that go with the entries of data, such as weights and times: matched by user and item."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals._util.checks import kind_word, refuse_masked, refuse_unordered
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.labels import refuse_column
from coals.data.native import as_values, blocks, entry_name, pair_name
from coals.data.sparse import canonical_csr

__all__ = ["check_weights", "values_of_entries"]

Array = npt.NDArray[Any]


def check_weights(weights: Any, data: Interactions, dtype: str) -> Array:
    """One weight for each entry of `data`, in the order of ``data.matrix.data``, shape (nnz,), as `dtype`."""
    refuse_masked("weights", weights)
    refuse_unordered("weights", weights)
    remedy = "make Interactions.from_arrays(users, items, weights) of it"
    refuse_column("weights", weights, "the entries", remedy)
    if scipy.sparse.issparse(weights) or isinstance(weights, Interactions):
        values = values_of_entries("weights", weights, data)
    else:
        values = np.asarray(weights)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"weights must be real numbers, got {kind_word(values.dtype)}")
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


def values_of_entries(name: str, given: Any, data: Interactions) -> Array:
    """The values of `Interactions`, matched by ids, or of a sparse matrix of the shape of `data`, for each entry.

    Both must store the pairs of `data` and no other.
    """
    if isinstance(given, Interactions):
        theirs = _moved(name, given, data)
    elif given.shape != data.shape:
        raise ValueError(f"{name} must have the shape of the data, {data.shape}, got {given.shape}")
    else:
        theirs, _ = canonical_csr(given)
    ours = data.matrix
    if np.array_equal(theirs.indptr, ours.indptr) and np.array_equal(theirs.indices, ours.indices):
        values: Array = theirs.data
        return values
    for row in range(data.n_users):
        mine, other = (m.indices[m.indptr[row] : m.indptr[row + 1]] for m in (ours, theirs))
        missing, extra = np.setdiff1d(mine, other), np.setdiff1d(other, mine)
        if len(missing) or len(extra):
            column = int(min([*missing[:1], *extra[:1]]))
            has, lacks = ("data", name) if column in missing else (name, "data")
            raise ValueError(
                f"{name} must have the pattern of the data, a value for each pair of it and no other, but "
                f"{pair_name(data, row, column)} is stored in the {has} and not in the {lacks}"
            )
    raise AssertionError("patterns differ, yet no row does")


def _moved(name: str, given: Interactions, data: Interactions) -> Any:
    """The matrix of `given` with the rows and columns of `data`."""
    if given.users.same_as(data.users) and given.items.same_as(data.items):
        return given.matrix
    entries = given.matrix.tocoo()
    rows = _places(name, data.users, given.users, entries.row)
    columns = _places(name, data.items, given.items, entries.col)
    moved, _ = canonical_csr(scipy.sparse.coo_array((entries.data, (rows, columns)), shape=data.shape))
    return moved


def _places(name: str, ours: IdIndex, theirs: IdIndex, of_entries: Array) -> Array:
    places = ours.find_all(theirs)[of_entries]
    if (places < 0).any():
        stranger = theirs.decode(of_entries[np.argmin(places)][None]).tolist()[0]
        raise ValueError(f"{name} must have the {ours.kind}s of the data and no other, and has {stranger!r}")
    return places
