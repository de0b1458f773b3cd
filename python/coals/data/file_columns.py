"""Columns of `Interactions` from files and queries, and what becomes of their rows: the options of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from coals._util.checks import check_bool
from coals._util.progress import working
from coals.data.entries import Columns
from coals.data.readers.files import read_files
from coals.data.readers.lists import read_lists
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


def columns_of_lists(path: Any, options: Mapping[str, Any]) -> Read:
    """Users and items of adjacency lists."""
    reduction, _, rest = _reduction_of(options)
    text_ids = check_bool("text_ids", rest.pop("text_ids", False))
    return Columns(*read_lists(path, Dialect.of(rest), text_ids)), None, reduction


def _named(read: Mapping[str, Any], names: Mapping[str, Any]) -> Columns:
    user, item, value, time = (f"column {names.get(name)!r}" for name in _ROLES)
    columns = read["user"], read["item"], read.get("value"), read.get("time")
    return Columns(*columns, names=(user, item, value, time))
