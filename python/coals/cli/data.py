"""Reads tables of text for the command line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import click

from coals.cli.base import CannotDo
from coals.cli.messages import in_shell
from coals.data.interactions import Interactions

__all__ = ["read_interactions", "text_layout", "text_options", "with_titles"]


# Of text: name, what click takes, and the help.
_TEXT: list[tuple[str, dict[str, Any], str]] = [
    ("delimiter", {}, "Any characters, tab, or blanks. Default: what cuts the first lines evenly."),
    ("quote", {}, "What fields are quoted with, or none. Default: the double quote."),
    ("encoding", {}, "Such as latin-1 or cp1252. Default: utf-8."),
    ("comment", {"metavar": "MARK"}, "Leave out lines that begin with this."),
    ("skip_lines", {"type": click.IntRange(min=0)}, "Leave out this many lines at the top."),
    ("decimal", {"type": click.Choice([".", ","])}, "The decimal point of numbers."),
    ("missing", {"multiple": True}, "A field that means that there is nothing, such as NULL."),
]


def text_options(before: str = "", kind: str = "") -> list[Callable[..., Any]]:
    """The options for the layout of text; `before` is put before their names."""
    options = [
        click.option(f"--{before}{name.replace('_', '-')}", help=kind + text, **settings)
        for name, settings, text in _TEXT
    ]
    header = f"--{before}header/--no-{before}header"
    return [*options, click.option(header, default=None, help=f"{kind}Default: yes if a column is given by name.")]


def text_layout(given: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """What `from_csv` takes, from these options."""
    names = [*(name for name, _, _ in _TEXT), "header"]
    found = {name: given[before + name] for name in names if given.get(before + name) not in (None, ())}
    if "delimiter" in found:
        found["delimiter"] = {"tab": "\t", "\\t": "\t", "blanks": r"\s+"}.get(found["delimiter"], found["delimiter"])
    if found.get("quote") == "none":
        found["quote"] = None
    return found


def read_interactions(given: Mapping[str, Any], duplicates: str) -> tuple[Interactions, list[str]]:
    """Rows of a file, of the standard input if that is "-", or of an SQL query; and the warnings about them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = _read(given, duplicates)
    return data, [_in_the_shell(str(warning.message)) for warning in caught]


def _in_the_shell(text: str, before: str = "") -> str:
    """A message with the options of the command at work; those for titles have a word `before` their names."""
    return in_shell(text, click.get_current_context().command, before=before)


def _read(given: Mapping[str, Any], duplicates: str) -> Interactions:
    path, query = given["table"], given["sql"]
    shared: dict[str, Any] = {"duplicates": duplicates, "progress": given["progress"]}
    columns = {name: given[name] for name in ("user", "item", "value") if given[name] is not None}
    if query is not None:
        if text_layout(given) or given["text_ids"]:
            raise CannotDo("--sql: options for the layout of text have no meaning here")
        return Interactions.from_sql(query, path, **columns, **shared)
    for needed in ("user", "item"):
        if needed not in columns:
            raise CannotDo(f"Missing option '--{needed}': name its column, or give its position")
    if path is None:
        raise CannotDo("Missing argument 'FILE', or --sql QUERY")
    source = sys.stdin.buffer if path == "-" else path
    places: dict[str, Any] = {name: _place(column) for name, column in columns.items()}
    return Interactions.from_file(source, **places, **text_layout(given), text_ids=given["text_ids"], **shared)


def with_titles(
    data: Interactions, path: str, on: str, title: str, layout: Mapping[str, Any]
) -> tuple[Interactions, list[str]]:
    """`data` with titles from another file, and the warnings about them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            named = data.with_items(path, on=_place(on), title=_place(title), **layout)
        except ValueError as error:
            raise CannotDo(_in_the_shell(str(error), "titles_")) from None
    return named, [f"{path}: {warning.message}" for warning in caught]


def _place(column: str) -> Any:
    return int(column) if column.isdecimal() else column
