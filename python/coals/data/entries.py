"""From parallel columns to the parts of `Interactions`: sorted ids, a canonical matrix, times, row counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice
from coals.data.columns import column_ids, column_numbers, column_times
from coals.data.ids import IdIndex
from coals.data.sparse import DUPLICATES, in_order, merged

__all__ = ["Columns", "Parts", "entry_namer", "parts_of"]

Array = npt.NDArray[Any]


class Columns(NamedTuple):
    """Columns of one length, as arrays, lists or `_core.Column`s, and what errors call them."""

    users: Any
    items: Any
    values: Any = None
    times: Any = None
    names: tuple[str, str, str, str] = ("users", "items", "values", "times")


class Parts(NamedTuple):
    """What `Interactions` is made of, titles aside."""

    matrix: Any
    users: IdIndex
    items: IdIndex
    row_counts: npt.NDArray[np.int64] | None
    times: Array | None


def parts_of(columns: Columns, duplicates: str) -> Parts:
    """Checks everything, encodes the ids and merges repeated pairs.

    An entry's time is the last of its rows'. With times, duplicates="last" keeps the value of the last by time, and
    of the later row where times are equal.
    """
    check_choice("duplicates", duplicates, DUPLICATES)
    user_ids, rows = column_ids(columns.names[0], columns.users)
    item_ids, places = column_ids(columns.names[1], columns.items)
    values = np.ones(len(rows), np.float32) if columns.values is None else None
    values = column_numbers(columns.names[2], columns.values) if values is None else values
    times = None if columns.times is None else column_times(columns.names[3], columns.times)
    _refuse_unequal(columns.names, [rows, places, values] if times is None else [rows, places, values, times])
    shape = len(user_ids), len(item_ids)
    users, items = IdIndex.trusted(user_ids, shape[0], "user"), IdIndex.trusted(item_ids, shape[1], "item")
    if times is not None and duplicates == "last":
        by_time = np.argsort(times, kind="stable")
        rows, places, values, times = rows[by_time], places[by_time], values[by_time], times[by_time]
    matrix, order = in_order(values, rows, places, shape)
    times = None if times is None else times[order]
    del rows, places, values, order  # a peak of memory is ahead
    matrix, row_counts = merged(matrix, duplicates, entry_namer(users, items))
    if times is not None and row_counts is not None:
        times = np.maximum.reduceat(times, np.append(0, np.cumsum(row_counts)[:-1]))
    return Parts(matrix, users, items, row_counts, times)


def entry_namer(users: IdIndex, items: IdIndex) -> Any:
    """name(row, column): how errors call an entry."""

    def name(row: int, column: int) -> str:
        user = f"row {row}" if users.ids is None else f"user {users.ids[row : row + 1].tolist()[0]!r}"
        item = f"column {column}" if items.ids is None else f"item {items.ids[column : column + 1].tolist()[0]!r}"
        return f"{user}, {item}"

    return name


def _refuse_unequal(names: tuple[str, ...], arrays: list[Array]) -> None:
    listed = f"{', '.join(names[: len(arrays) - 1])} and {names[len(arrays) - 1]}"
    if any(array.ndim != 1 or len(array) != len(arrays[0]) for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"{listed} must be 1-D and of one length, got shapes {shapes}")
    if len(arrays[0]) == 0:
        raise ValueError(f"{listed} are empty: there is nothing to recommend from")
