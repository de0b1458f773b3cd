"""Results on the standard output: an aligned table, CSV, or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable
from typing import Any

import click

from coals._util.text_table import aligned

__all__ = ["FORMATS", "say", "show_rows"]

FORMATS = ("table", "csv", "jsonl")


def say(text: str) -> None:
    # Characters that the encoding of the stream lacks are printed as ?, not an error.
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
        listed = list(rows)
        cells = [[_cell(row[name]) for name in columns] for row in listed]
        numbers = (int, float, type(None))
        left = [k for k, name in enumerate(columns) if not all(isinstance(row[name], numbers) for row in listed)]
        most = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in aligned([columns, *cells], left, rule=True, most=most):
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
