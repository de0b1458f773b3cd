"""New entries among those that a model has: merged data, grown ids, and which rows they touch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals.data.id_arrays import WORDS, as_id_array
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.sparse import canonical_csr

__all__ = ["Merge", "merge"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


class Merge(NamedTuple):
    """Old and new entries together, their weights, and the users and items that the new ones touch."""

    data: Interactions
    weights: Array | None
    touched: tuple[Indices, Indices]


def merge(model: Any, old: _core.Csr, old_weights: Any, new: Interactions, weights: Any) -> Merge:
    """A pair that both have keeps the new value. Where one of them alone has weights, the other's are 1."""
    users, user_at = _grown(model.user_index_, new.users)
    items, item_at = _grown(model.item_index_, new.items)
    indptr, indices, values = old.to_arrays()
    rows = np.repeat(np.arange(old.rows), np.diff(indptr))
    theirs = new.matrix.tocoo()
    new_rows, new_columns = user_at[theirs.row], item_at[theirs.col]
    place = np.concatenate([rows, new_rows]), np.concatenate([indices, new_columns])
    shape = len(users), len(items)
    numbered = scipy.sparse.coo_array((np.arange(len(place[0]), dtype=np.float64), place), shape=shape)
    ordered, _ = canonical_csr(numbered, duplicates="last")
    kept = ordered.data.astype(np.int64)
    merged = np.concatenate([values, theirs.data.astype(values.dtype)])[kept]
    matrix, _ = canonical_csr(scipy.sparse.csr_array((merged, ordered.indices, ordered.indptr), shape=shape))
    all_weights = None
    if old_weights is not None or weights is not None:
        sizes = old.entries, new.nnz
        both = [np.ones(n) if w is None else w for w, n in zip((old_weights, weights), sizes, strict=True)]
        all_weights = np.concatenate(both).astype(values.dtype)[kept]
    data = Interactions(matrix, users, items, _grown_titles(model.item_titles_, items, new))
    return Merge(data, all_weights, (np.unique(new_rows), np.unique(new_columns)))


def _grown(old: IdIndex, new: IdIndex) -> tuple[IdIndex, Indices]:
    """`old` with the unknown ids of `new` appended, and where each of `new` is in it."""
    kind = old.kind
    if (old.ids is None) != (new.ids is None):
        has, lacks = ("the model", "X") if new.ids is None else ("X", "the model")
        raise TypeError(f"{has} has {kind} ids and {lacks} has none: fit and partial_fit must both get ids, or neither")
    if old.ids is None or new.ids is None:
        return IdIndex(None, max(old.size, new.size), kind), np.arange(new.size)
    known = {WORDS[index.ids.dtype.kind] for index in (old, new) if index.ids is not None}
    if len(known) > 1 and "object" not in known:
        ours, theirs = (WORDS[index.ids.dtype.kind] for index in (old, new) if index.ids is not None)
        raise TypeError(f"{kind} ids are of kind {ours} in the model, but {theirs} in X: they must be alike")
    places = old.find_all(new)
    unknown = np.flatnonzero(places < 0)
    places[unknown] = old.size + np.arange(len(unknown))
    if len(unknown) == 0:
        return old, places
    ids = as_id_array(f"{kind}_ids", [*old.ids.tolist(), *new.ids[unknown].tolist()])
    return IdIndex(ids, len(ids), kind), places


def _grown_titles(old: Array | None, items: IdIndex, new: Interactions) -> Array | None:
    """Titles for all of `items`: those there were, for the first ones, then those that new data brings.

    What neither names goes by its id.
    """
    if old is None and new.item_titles is None:
        return None
    known = 0 if old is None else len(old)
    titles: list[str] = [] if old is None else old.tolist()
    titles += [str(id) for id in items.decode(np.arange(known, len(items))).tolist()]
    if new.item_titles is not None:
        brought = items.find_all(new.items).tolist()
        for place, title in zip(brought, new.item_titles.tolist(), strict=True):
            if place >= known:
                titles[place] = title
    grown = np.array(titles, dtype=object)
    return grown if old is None or old.dtype.kind == "O" else grown.astype(np.str_)
