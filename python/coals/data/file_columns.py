"""Columns of `Interactions` from files and queries, and what becomes of their rows: the options of both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from typing import Any, TypedDict

import numpy as np

from coals._util.checks import check_bool
from coals._util.progress import working
from coals.data.entries import Columns
from coals.data.id_arrays import as_id_array
from coals.data.labels import has_index
from coals.data.readers.files import read_files
from coals.data.readers.lists import read_lists
from coals.data.readers.plain_columns import Coded
from coals.data.readers.queries import read_query
from coals.data.readers.text_rules import LAYOUT_OPTIONS, Dialect, TextLayout
from coals.data.reduce import Reduction

__all__ = ["FileOptions", "ReadOptions", "columns_of_files", "columns_of_lists", "columns_of_query"]

_ROLES = {"user": "ids", "item": "ids", "value": "numbers", "time": "times"}

# As `Interactions` are made of: columns, no titles, and the reduction of rows.
Read = tuple[Columns, None, Reduction]


class ReadOptions(TypedDict, total=False):
    """The options of everything that reads `Interactions`."""

    duplicates: str
    min_user_items: int | None
    min_item_users: int | None
    binarize: float | None
    progress: bool | None


class FileOptions(ReadOptions, TextLayout, total=False):
    """Those of everything that reads them from files."""

    text_ids: bool


def _reduction_of(options: Mapping[str, Any]) -> tuple[Reduction, bool | None, dict[str, Any]]:
    """The reduction, whether to show a bar, and the options that are left, which are those of text."""
    left = dict(options)
    for name in left:
        if name not in FileOptions.__annotations__:
            known = ", ".join([*ReadOptions.__annotations__, "text_ids", *LAYOUT_OPTIONS])
            raise TypeError(f"unknown argument {name}=: the options are {known}")
    progress = left.pop("progress", None)
    reduction = Reduction(**{name: left.pop(name) for name in Reduction._fields if name in left})
    return reduction, progress, left


def columns_of_files(path: Any, kind: str | None, given: Mapping[str, Any], options: Mapping[str, Any]) -> Read:
    """Columns by name or position; `kind` as in `read_files`."""
    reduction, progress, rest = _reduction_of(options)
    text_ids = check_bool("text_ids", rest.pop("text_ids", False))
    wanted = {name: (given[name], role) for name, role in _ROLES.items() if role == "ids" or given[name] is not None}
    with working("reading", progress):
        read = read_files(path, wanted, rest, kind=kind, progress=progress, text_ids=text_ids)
    return _named(read, given), None, reduction


def columns_of_query(query: Any, connection: Any, given: Mapping[str, Any], options: Mapping[str, Any]) -> Read:
    """Columns of a query, by name or in the order of the arguments."""
    reduction, progress, rest = _reduction_of(options)
    if rest:
        raise TypeError(f"{next(iter(rest))}= is for files of text, not for a query")
    with working("reading", progress):
        read, names = read_query(query, connection, given)
    return _named(read, names), None, reduction


def columns_of_lists(lists: Any, options: Mapping[str, Any]) -> Read:
    """Users and items of lists: in memory, or of a file with a user and its items on each line."""
    reduction, _, rest = _reduction_of(options)
    if not isinstance(lists, (str, os.PathLike)) and (has_index(lists) or not hasattr(lists, "read")):
        if rest:
            raise TypeError(f"{next(iter(rest))}= is for files of text, not for lists in memory")
        return Columns(*_pairs_of_lists(lists)), None, reduction
    text_ids = check_bool("text_ids", rest.pop("text_ids", False))
    return Columns(*read_lists(lists, Dialect.of(rest), text_ids)), None, reduction


def _pairs_of_lists(lists: Any) -> tuple[Coded, Any]:
    """A column of users and one of items. Users of a sequence are its places, 0, 1, …."""
    if isinstance(lists, Mapping):
        users, rows = as_id_array("users", list(lists)), list(lists.values())
    elif has_index(lists) and getattr(lists, "ndim", 1) == 1:
        users, rows = as_id_array("users", lists.index), lists.tolist()
    elif isinstance(lists, (list, tuple, np.ndarray)):
        users, rows = np.arange(len(lists)), list(lists)
    else:
        raise TypeError(
            "lists must be a mapping of user to items, a Series with users as its index, or a sequence of lists of "
            f"items, got {type(lists).__name__}"
        )
    for user, row in zip(users.tolist(), rows, strict=True):
        if isinstance(row, (str, bytes, Mapping)) or not hasattr(row, "__len__"):
            raise TypeError(f"user {user!r} must have a list of items, got {row!r} ({type(row).__name__})")
    sizes = [len(row) for row in rows]
    if rows and all(isinstance(row, np.ndarray) and row.dtype == rows[0].dtype for row in rows):
        items: Any = np.concatenate(rows)
    else:
        items = list(chain.from_iterable(row.tolist() if isinstance(row, np.ndarray) else row for row in rows))
    return Coded(users, np.repeat(np.arange(len(users)), sizes)), items


def _named(read: Mapping[str, Any], names: Mapping[str, Any]) -> Columns:
    user, item, value, time = (f"column {names.get(name)!r}" for name in _ROLES)
    columns = read["user"], read["item"], read.get("value"), read.get("time")
    return Columns(*columns, names=(user, item, value, time))
