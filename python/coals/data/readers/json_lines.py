"""Reads columns of JSON lines with DuckDB: one object on each line. Ids keep their JSON type: 7 is not "7"."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coals import _core
from coals._util.checks import column_error
from coals.data.readers import duckdb_text
from coals.data.readers.duckdb_text import arrow_columns, connected, no_glob, quoted_text
from coals.data.readers.encoded import Encoded
from coals.data.readers.text_files import TextFile, open_text
from coals.data.readers.text_rules import Dialect, no_time, number_of, shown, time_of, whole_of

__all__ = ["read_json_lines"]

_NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT')"


def read_json_lines(paths: Sequence[Any], wanted: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The values of each argument. `wanted` maps arguments to (key, role)."""
    duckdb = duckdb_text.load()
    if duckdb is None:
        raise ImportError("JSON lines are read by DuckDB: pip install 'coals[files]'")
    listed = ", ".join(quoted_text(no_glob(os.fspath(path))) for path in paths)
    more = len(paths) - 1
    name = os.fspath(paths[0]) + (f" and {more} more file{'s' if more > 1 else ''}" if more else "")
    with connected(duckdb) as connection:
        try:
            rows = f"read_json_objects([{listed}], format = 'newline_delimited')"
            _check_keys(connection, rows, wanted)
            chosen = ", ".join(_value(key, role, place) for place, (key, role) in enumerate(wanted.values()))
            columns = arrow_columns(connection, f"SELECT {chosen} FROM {rows}", len(wanted))
        except (duckdb.Error, _core.ArrowError) as error:
            raise _first_bad(paths) or ValueError(
                f"{name} cannot be read as JSON lines: {str(error).splitlines()[0]}"
            ) from None
    found = {}
    for (argument, (key, role)), column in zip(wanted.items(), columns, strict=True):
        if column.rows == 0:
            raise ValueError(f"{name} has no rows")
        if column.first_missing >= 0 and role != "text":
            what = {"ids": "an id", "numbers": "a finite number", "times": "a time"}[role]
            raise ValueError(f"{name}, row {column.first_missing}, key {key!r} is missing, or is not {what}")
        found[argument] = _typed(column, role, f"{name}, key {key!r}")
    return found


def _first_bad(paths: Sequence[Any]) -> ValueError | None:
    """What is wrong with the first line that has no object. DuckDB counts lines otherwise, and reads on in the next."""
    for path in paths:
        with open_text(path, "utf-8") as file:
            for number, line in enumerate(_lines(file), 1):
                try:
                    good = not line.strip() or isinstance(json.loads(line), dict)
                except (ValueError, RecursionError):
                    good = False
                if not good:
                    text = line.decode(errors="replace").strip()
                    what = "begins an array" if number == 1 and text[:1] == "[" else f"is not an object: {shown(text)}"
                    return ValueError(f"{file.name}, line {number} {what}; JSON lines have one object on each line")
    return None


def _lines(file: TextFile) -> Iterator[bytes]:
    rest = b""
    for block in file.blocks(False):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    yield rest


def _check_keys(connection: Any, rows: str, wanted: Mapping[str, tuple[str, str]]) -> None:
    """Raises an error for a key that is in none of the first thousand lines."""
    known = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(json)) FROM (SELECT json FROM {rows} LIMIT 1000)"
    ).fetchall()
    names = sorted(name for (name,) in known)
    for argument, (key, _) in wanted.items():
        if names and key not in names:
            raise column_error(argument, key, names)


def _value(key: str, role: str, place: int) -> str:
    """SQL for a value: numbers as such, all else as text. A quote before an id marks a string of the file."""
    path = quoted_text("$." + json.dumps(key, ensure_ascii=False))
    kind, text = f"json_type(json, {path})", f"json_extract_string(json, {path})"
    if role == "numbers":
        number = f"try_cast({text} AS DOUBLE)"
        return f'CASE WHEN {kind} IN {_NUMBERS} AND isfinite({number}) THEN {number} END AS "{place}"'
    if role == "ids":
        text = f"CASE WHEN {kind} = 'VARCHAR' THEN '\"' || {text} WHEN {kind} IN {_NUMBERS} THEN {text} END"
    return f'{text} AS "{place}"'


def _typed(column: Any, role: str, name: str) -> Any:
    if role == "numbers":
        return column.numbers()
    texts, codes = column.sorted_ids(False, 0)
    if role == "text":
        return Encoded(texts, codes)
    listed = texts.tolist()
    if role == "times":
        return _times(listed, codes, name)
    if all(text.startswith('"') for text in listed):
        return Encoded.in_order([text[1:] for text in listed], codes, None)
    values = [text[1:] if text.startswith('"') else json.loads(text) for text in listed]
    if all(isinstance(value, int) and whole_of(str(value)) is not None for value in values):
        return Encoded.in_order(listed, codes, values)
    ids = np.empty(len(values), dtype=object)
    ids[:] = values
    return Encoded(ids, codes)


def _times(texts: list[str], codes: Any, name: str) -> Any:
    """Times as numbers or dates, by the rules for text: either all are numbers or all are dates."""
    dates = [time_of(text) for text in texts]
    if all(date is not None for date in dates):
        return np.array(dates, dtype=np.int64).view("M8[ns]")[codes]
    numbers = [whole_of(text) if whole_of(text) is not None else number_of(text) for text in texts]
    for text, number in zip(texts, numbers, strict=True):
        if number is None:
            raise ValueError(f"{name}: {no_time(text, Dialect(), False, time_of(texts[0]) is not None)}")
    return np.array(numbers)[codes]
