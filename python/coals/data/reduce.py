"""Fewer entries: those worth counting, and users and items with enough of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_int, check_number
from coals.data.ids import IdIndex
from coals.data.sparse import trusted_csr

if TYPE_CHECKING:
    from coals.data.interactions import Interactions

__all__ = ["Reduction", "binarized", "core"]

Kept = npt.NDArray[np.bool_]


class Reduction(NamedTuple):
    """How rows become entries: repeated pairs are merged, then `binarize` is applied, then the core is taken."""

    duplicates: str = "error"
    min_user_items: int | None = None
    min_item_users: int | None = None
    binarize: float | None = None

    def reduced(self, data: Interactions) -> Interactions:
        """The data after all but the merging."""
        if self.binarize is not None:
            data = binarized(data, self.binarize)
        if self.min_user_items is not None or self.min_item_users is not None:
            data = core(data, self.min_user_items, self.min_item_users)
        return data


def binarized(data: Interactions, threshold: float) -> Interactions:
    """Entries of at least `threshold`, each with the value 1 (float32)."""
    threshold = check_number("binarize", threshold)
    kept = data.matrix.data >= threshold
    if not kept.any():
        raise ValueError(f"binarize={threshold:g} keeps none of the {data.nnz} entries: the largest value is "
                         f"{data.matrix.data.max():g}")  # fmt: skip
    rest = data.select(kept)
    ones = np.ones(rest.nnz, np.float32)
    matrix = trusted_csr(ones, rest.matrix.indices, rest.matrix.indptr, rest.shape)
    return data._trusted(matrix, data.users, data.items, data.item_titles, rest.row_counts, rest.times)


def core(data: Interactions, min_user_items: int | None, min_item_users: int | None) -> Interactions:
    """The largest part in which every user has at least that many items and every item that many users."""
    least_items = 1 if min_user_items is None else check_int("min_user_items", min_user_items, minimum=1)
    least_users = 1 if min_item_users is None else check_int("min_item_users", min_item_users, minimum=1)
    rows = np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))
    columns = data.matrix.indices
    entries = np.arange(data.nnz)
    while True:
        users = np.bincount(rows, minlength=data.n_users) >= least_items
        items = np.bincount(columns, minlength=data.n_items) >= least_users
        stay = users[rows] & items[columns]
        if stay.all():
            break
        rows, columns, entries = rows[stay], columns[stay], entries[stay]
    if not len(entries):
        raise ValueError(
            f"min_user_items={least_items} and min_item_users={least_users} leave no entry: ask for fewer, or bring "
            "more data"
        )
    return _part(data, entries, users, items)


def _part(data: Interactions, entries: npt.NDArray[np.int64], users: Kept, items: Kept) -> Interactions:
    """Some entries, with the users and items that are kept alone."""
    matrix = data.matrix
    row = np.repeat(np.cumsum(users) - 1, np.diff(matrix.indptr))[entries]
    indptr = np.append(0, np.cumsum(np.bincount(row, minlength=int(users.sum()))))
    indices = (np.cumsum(items) - 1)[matrix.indices[entries]]
    shape = int(users.sum()), int(items.sum())
    kept = trusted_csr(matrix.data[entries], indices, indptr, shape)
    titles, counts, times = (
        None if array is None else array[which]
        for array, which in ((data.item_titles, items), (data.row_counts, entries), (data.times, entries))
    )
    return data._trusted(kept, _rest(data.users, users), _rest(data.items, items), titles, counts, times)


def _rest(index: IdIndex, kept: Kept) -> IdIndex:
    if kept.all():
        return index
    ids: Any = index.decode(np.flatnonzero(kept))
    return IdIndex.trusted(ids, len(ids), index.kind)
