"""Answers on the standard output: a table to look at, CSV, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any

import click

__all__ = ["FORMATS", "say", "show_rows"]

FORMATS = ("table", "csv", "jsonl")
_NARROWEST = 8


def say(text: str) -> None:
    # A stream that lacks a letter of some title, or the dash, shall show a ? instead of failing.
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def show_rows(rows: Iterable[dict[str, Any]], format: str, columns: list[str]) -> None:
    """Rows with the given columns; JSON lines come as they are made."""
    if format == "jsonl":
        for row in rows:
            say(json.dumps({name: _plain(row[name]) for name in columns}, ensure_ascii=False, allow_nan=False))
    elif format == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[_cell(row[name], exact=True) for name in columns] for row in rows])
        say(text.getvalue().removesuffix("\n"))
    else:
        for line in _table(list(rows), columns):
            say(line)


def _plain(value: Any) -> Any:
    """What JSON has; other ids as text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _cell(value: Any, exact: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value) if exact else f"{value:.4g}"
    return str(_plain(value))


def _table(rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    """Aligned; on a terminal the widest column of text is cut so that a row is a line."""
    cells = [[_one_line(_cell(row[name])) for name in columns] for row in rows]
    right = [all(isinstance(row[name], (int, float, type(None))) for row in rows) for name in columns]
    widths = [max([_width(name), *(_width(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    if sys.stdout.isatty():
        over = sum(widths) + 2 * (len(widths) - 1) - shutil.get_terminal_size().columns
        widest = max(range(len(widths)), key=widths.__getitem__)
        widths[widest] = max(widths[widest] - max(over, 0), _NARROWEST)
    return [
        "  ".join(_pad(text, width, side) for text, width, side in zip(line, widths, right, strict=True)).rstrip()
        for line in ([*columns], ["-" * width for width in widths], *cells)
    ]


def _one_line(text: str) -> str:
    """Titles are others' text: nothing in them shall move the cursor."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)


def _width(text: str) -> int:
    """Columns on a terminal."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def _pad(text: str, width: int, right: bool) -> str:
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    space = " " * (width - _width(text))
    return space + text if right else text + space
