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
Indices = npt.NDArray[Any]

# Rows that fall at a time: fewer are taken one by one, at less cost than the arrays would have.
_FEW = 256


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
    users, items = _peeled(data.matrix, least_items, least_users)
    rows = np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))
    entries = np.flatnonzero(users[rows] & items[data.matrix.indices])
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


class _Side(NamedTuple):
    """Rows, or columns: where the entries of each begin, which of the others they are with, how many there are yet."""

    starts: Indices
    others: Indices
    sizes: Indices
    kept: Kept
    least: int


def _peeled(matrix: Any, least_in_row: int, least_in_column: int) -> tuple[Kept, Kept]:
    """Which rows and columns of a CSR matrix are left when those with too few entries go, over and over.

    Cost: each entry is looked at once for its row and once for its column, however long one removal leads to the next.
    """
    sizes = np.diff(matrix.indptr), np.bincount(matrix.indices, minlength=matrix.shape[1])
    kept = sizes[0] >= least_in_row, sizes[1] >= least_in_column
    fallen = [np.flatnonzero(~of_side) for of_side in kept]
    if not any(map(len, fallen)):
        return kept
    columns = matrix.tocsc()
    sides = (
        _Side(matrix.indptr, matrix.indices, sizes[0], kept[0], least_in_row),
        _Side(columns.indptr, columns.indices, sizes[1], kept[1], least_in_column),
    )
    turn = 0
    while any(map(len, fallen)):
        gone, fallen[turn] = fallen[turn], np.zeros(0, np.int64)
        if len(gone) + len(fallen[1 - turn]) <= _FEW:
            queue = [(turn, at) for at in gone.tolist()] + [(1 - turn, at) for at in fallen[1 - turn].tolist()]
            _take_one_by_one(queue, sides)
            fallen = [np.array([at for side, at in queue if side == own], np.int64) for own in (0, 1)]
        else:
            fallen[1 - turn] = np.concatenate([fallen[1 - turn], _take(gone, sides[turn], sides[1 - turn])])
        turn = 1 - turn
    return kept


def _take(gone: Indices, side: _Side, other: _Side) -> Indices:
    """Takes rows away, and returns the columns that fall with them."""
    sizes = side.starts[gone + 1] - side.starts[gone]
    before = np.cumsum(sizes) - sizes
    entries = np.repeat(side.starts[gone] - before, sizes) + np.arange(int(sizes.sum()))
    touched, times = np.unique(side.others[entries], return_counts=True)
    other.sizes[touched] -= times
    new = touched[other.kept[touched] & (other.sizes[touched] < other.least)]
    other.kept[new] = False
    return np.asarray(new, np.int64)


def _take_one_by_one(queue: list[tuple[int, int]], sides: tuple[_Side, _Side]) -> None:
    """The same for those in a queue and for those that fall with them, until they are many or none."""
    while queue and len(queue) <= _FEW:
        turn, gone = queue.pop()
        side, other = sides[turn], sides[1 - turn]
        for at in side.others[side.starts[gone] : side.starts[gone + 1]].tolist():
            left = other.sizes[at] - 1
            other.sizes[at] = left
            if left < other.least and other.kept[at]:
                other.kept[at] = False
                queue.append((1 - turn, at))
