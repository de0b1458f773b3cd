"""Columns of delimited text, found by name or position, read by native code block by block."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from coals import _core
from coals._util.checks import check_bool, column_error
from coals._util.phases import spend
from coals.data.readers.text_files import TextFile, open_text

__all__ = ["Dialect", "read_csv"]

_SNIFFED = ("\t", ",", ";", "|", "::")


class Dialect(NamedTuple):
    """How the text is laid out. None: a delimiter is found out; a header there is if a column is asked for by name."""

    delimiter: str | None = None
    header: bool | None = None
    quote: str | None = '"'
    encoding: str = "utf-8"


def read_csv(
    path: Any, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect, progress: bool | None
) -> dict[str, _core.Column]:
    """For each argument the column that it names, by (name or position, role).

    Roles are "ids", "numbers", "times" and "text". Errors name the file, the line and the column.
    """
    delimiter, quote = _checked(dialect)
    header = dialect.header
    if header is None:
        header = any(isinstance(column, str) for column, _ in wanted.values())
    started = time.perf_counter()
    with open_text(path, dialect.encoding) as file:
        blocks = file.blocks(progress)
        try:
            block, fields, size, lines = _first_record(file, blocks, delimiter, quote)
            delimiter = delimiter or _sniffed(block)
            names = _names(file, fields) if header else None
            places = _places(wanted, names, len(fields))
            roles = [role for _, role in wanted.values()]
            first_line = 1 + (lines if header else 0)
            reader = _core.CsvReader(delimiter, quote, len(fields), places, roles, first_line)
            for part in chain([block[size:] if header else block], blocks):
                reader.feed(part, 0)
            columns = reader.finish(0)
        except _core.CsvError as error:
            line, place, what = error.args
            at = "" if place < 0 else f", column {names[place]!r}" if names else f", column {place}"
            raise ValueError(f"{file.name}, line {line}{at}{':' if place >= 0 else ''} {what}") from None
        finally:
            blocks.close()  # type: ignore[attr-defined]
        if columns[0].rows == 0:
            raise ValueError(f"{file.name} has no rows{' under its header' if header else ''}")
    spend("reading", time.perf_counter() - started - reader.encoding_seconds)
    return dict(zip(wanted, columns, strict=True))


def _checked(dialect: Dialect) -> tuple[str, str]:
    delimiter, quote = dialect.delimiter, dialect.quote
    if dialect.header is not None:
        check_bool("header", dialect.header)
    if delimiter is not None and (not isinstance(delimiter, str) or not delimiter or set(delimiter) & set('\n\r\0"')):
        raise ValueError(f"delimiter must be one or more characters other than line ends and quotes, got {delimiter!r}")
    if quote is not None and (not isinstance(quote, str) or len(quote.encode()) != 1 or quote in "\n\r\0"):
        raise ValueError(f"quote must be one ASCII character, or None, got {quote!r}")
    return delimiter or "", quote or ""


def _first_record(file: TextFile, blocks: Any, delimiter: str, quote: str) -> tuple[bytes, list[bytes], int, int]:
    """The text so far, and the fields of its first record, its bytes and its lines."""
    block, more = b"", True
    while more:
        read = next(blocks, b"")
        more = bool(read)
        block += read
        if not block.strip(b"\r\n"):
            continue
        fields, size, lines = _core.first_csv_record(block, delimiter or _sniffed(block), quote, not more)
        if size:
            return block, fields, size, lines
    raise ValueError(f"{file.name} is empty")


def _sniffed(block: bytes) -> str:
    """The delimiter that occurs most often in the first line."""
    line = block.lstrip(b"\r\n").partition(b"\n")[0]
    return max(_SNIFFED, key=lambda delimiter: (line.count(delimiter.encode()), -_SNIFFED.index(delimiter)))


def _names(file: TextFile, fields: list[bytes]) -> list[str]:
    try:
        return [field.decode() for field in fields]
    except UnicodeDecodeError:
        raise ValueError(f"{file.name}, line 1 is not in UTF-8: pass encoding=, such as 'latin-1'") from None


def _places(wanted: Mapping[str, tuple[Any, str]], names: list[str] | None, fields: int) -> list[int]:
    places: list[int] = []
    for argument, (column, _) in wanted.items():
        if isinstance(column, str):
            if names is None:
                raise ValueError(f"{argument}={column!r}: header=False leaves columns without names: give its position")
            if names.count(column) != 1:
                raise column_error(argument, column, names, names.count(column))
            place = names.index(column)
        elif isinstance(column, int) and not isinstance(column, bool):
            place = column
            if not 0 <= place < fields:
                raise ValueError(f"{argument}={column}: there are {fields} columns, so 0 to {fields - 1} would do")
        else:
            raise TypeError(f"{argument} must be the name or the position of a column, got {column!r}")
        if place in places:
            other = list(wanted)[places.index(place)]
            raise ValueError(f"{argument}={column!r} is the column that {other} names, too: each needs its own")
        places.append(place)
    return places
