"""Tables of text for the command line: the one place that knows how they are read."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from coals.interactions import Interactions

__all__ = ["Layout", "read_interactions", "with_titles"]

_SNIFFED = "\t,;|"
_PACKED = b"\x1f\x8b"


class Layout:
    """Which columns there are, by name or position, and how they are set apart."""

    def __init__(
        self,
        user: str,
        item: str,
        value: str | None,
        delimiter: str | None,
        header: bool | None,
        text_ids: bool,
    ) -> None:
        given = {"user": user, "item": item} | ({} if value is None else {"value": value})
        self.columns = {name: int(column) if column.isdecimal() else column for name, column in given.items()}
        self.delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
        self.header = header
        self.text_ids = text_ids

    def __getitem__(self, name: str) -> Any:
        return self.columns.get(name)


def read_interactions(path: str, layout: Layout, duplicates: str) -> Interactions:
    """Rows of a file, or of the standard input if `path` is "-"."""
    name = "<stdin>" if path == "-" else path
    users: list[str] = []
    items: list[str] = []
    values: list[float] | None = None if layout["value"] is None else []
    columns = ("user", "item") if values is None else ("user", "item", "value")
    for line, fields in _rows(path, name, layout.delimiter, [layout[c] for c in columns], layout.header):
        for field, column in zip(fields[:2], columns, strict=False):
            if not field:
                raise ValueError(f"{name}, line {line}: column {layout[column]!r} is empty")
        users.append(fields[0])
        items.append(fields[1])
        if values is not None:
            values.append(_number(fields[2], f"{name}, line {line}, column {layout['value']!r}"))
    if not users:
        raise ValueError(f"{name} has no rows")
    user_ids, item_ids = (column if layout.text_ids else _numbers_or_text(column) for column in (users, items))
    return Interactions.from_arrays(user_ids, item_ids, values, duplicates=duplicates)


def with_titles(data: Interactions, path: str, on: str | None, title: str) -> tuple[Interactions, list[str]]:
    """`data` with titles from another file, and what there is to say about them."""
    header = _names(path)
    key = on if on is not None else header[0]
    titles: dict[str, str] = {}
    rows = 0
    for _, (id, text) in _rows(path, path, None, [_place(key), _place(title)], True):
        rows += 1
        titles.setdefault(id, text)
    ids = data.items.decode(np.arange(data.n_items)).tolist()
    found = [titles.get(str(id), "") for id in ids]
    missing = [id for id, text in zip(ids, found, strict=True) if not text]
    if len(missing) == len(ids):
        raise ValueError(
            f"{path}: column {key!r} has none of the {len(ids)} items, such as {ids[0]!r}: see --titles-id"
        )
    notes = [f"{path}: {rows - len(titles)} rows repeat an id; the first counts"] if rows > len(titles) else []
    if missing:
        notes.append(f"{path}: no title for {len(missing)} of {len(ids)} items, such as {missing[0]!r}")
    named = [text or str(id) for id, text in zip(ids, found, strict=True)]
    return replace(data, item_titles=np.array(named)), notes


def _place(column: str) -> str | int:
    return int(column) if column.isdecimal() else column


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{where}: {text[:40]!r} is not a number") from None
    if not np.isfinite(value):
        raise ValueError(f"{where}: {text[:40]!r} is not a finite number")
    return value


def _numbers_or_text(texts: list[str]) -> Any:
    """Integers if all are written as such."""
    if all(text.lstrip("-").isdecimal() and str(int(text[:19])) == text[:19] and len(text) < 19 for text in texts):
        return np.array(texts).astype(np.int64)
    return texts


def _open(path: str) -> IO[bytes]:
    """The bytes, unpacked where they are compressed."""
    if path == "-":
        content = sys.stdin.buffer.read()
        whole = io.BytesIO(content)
        return gzip.GzipFile(fileobj=whole) if content.startswith(_PACKED) else whole  # type: ignore[return-value]
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    with open(path, "rb") as file:
        packed = file.read(2) == _PACKED
    return gzip.open(path) if packed else open(path, "rb")  # type: ignore[return-value]


def _names(path: str) -> list[str]:
    with io.TextIOWrapper(_open(path), "utf-8-sig") as text:
        line = text.readline()
    return next(csv.reader([line], delimiter=_delimiter(line, None)), [""])


def _delimiter(line: str, given: str | None) -> str:
    if given is not None and len(given) != 1:
        raise ValueError(f"--delimiter must be one character, or tab, got {given!r}")
    return given or max(_SNIFFED, key=line.count)


def _rows(
    path: str, name: str, delimiter: str | None, wanted: list[Any], header: bool | None
) -> Iterator[tuple[int, list[str]]]:
    """Line numbers, and the fields of the wanted columns."""
    with io.TextIOWrapper(_open(path), "utf-8-sig", newline="") as text:
        try:
            first = text.readline()
            if not first.strip():
                raise ValueError(f"{name} is empty")
            reader = csv.reader(
                _without_nul(_again(first, text), name), delimiter=_delimiter(first, delimiter), strict=True
            )
            fields = next(reader)
            has_header = any(isinstance(column, str) for column in wanted) if header is None else header
            places = [_column(column, fields if has_header else None, len(fields), name) for column in wanted]
            if not has_header:
                yield 1, [fields[place] for place in places]
            for row in reader:
                if not row:
                    continue
                if len(row) != len(fields):
                    raise ValueError(
                        f"{name}, line {reader.line_num} has {len(row)} fields, the first has {len(fields)}"
                    )
                yield reader.line_num, [row[place] for place in places]
        except UnicodeDecodeError:
            raise ValueError(f"{name} is not in UTF-8") from None
        except (csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{name} cannot be read: {error}") from None


def _again(first: str, rest: Any) -> Iterator[str]:
    yield first
    yield from rest


def _without_nul(lines: Iterator[str], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise ValueError(f"{name}, line {number} holds a NUL byte: is it text?")
        yield line


def _column(column: Any, names: list[str] | None, width: int, name: str) -> int:
    if isinstance(column, int):
        if column >= width:
            raise ValueError(f"{name} has {width} columns, 0 to {width - 1}, but column {column} is asked for")
        return column
    if names is None:
        raise ValueError(f"{name}: without a header columns have positions, from 0, but {column!r} is asked for")
    if names.count(column) != 1:
        found = "more than one" if column in names else "no"
        raise ValueError(f"{name} has {found} column {column!r}: there are {', '.join(map(repr, names))[:300]}")
    return names.index(column)
