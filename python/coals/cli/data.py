"""Reads tables of text for the command line."""

from __future__ import annotations

import re
import sys
import warnings
from typing import Any, NamedTuple

from coals.cli.base import CannotDo
from coals.data.interactions import Interactions

__all__ = ["Layout", "read_interactions", "with_titles"]


class Layout(NamedTuple):
    """The columns, by name or position, and the delimiter."""

    user: str
    item: str
    value: str | None
    delimiter: str | None
    header: bool | None
    text_ids: bool


def read_interactions(path: str, layout: Layout, duplicates: str, progress: bool | None) -> Interactions:
    """Rows of a file, or of the standard input if `path` is "-"."""
    return Interactions.from_csv(
        sys.stdin.buffer if path == "-" else path,
        user=_place(layout.user),
        item=_place(layout.item),
        value=None if layout.value is None else _place(layout.value),
        delimiter="\t" if layout.delimiter in ("tab", "\\t") else layout.delimiter,
        header=layout.header,
        text_ids=layout.text_ids,
        duplicates=duplicates,
        progress=progress,
    )


def with_titles(data: Interactions, path: str, on: str, title: str) -> tuple[Interactions, list[str]]:
    """`data` with titles from another file, and the warnings about them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            named = data.with_items(path, on=on, title=title)
        except ValueError as error:
            text = re.sub(r"^on=", "--titles-id ", str(error))
            raise CannotDo(re.sub(r"^title=", "--title ", text)) from None
    return named, [f"{path}: {warning.message}" for warning in caught]


def _place(column: str) -> Any:
    return int(column) if column.isdecimal() else column
