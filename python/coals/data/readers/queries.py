"""Reads columns of an SQL query: on files with DuckDB, on SQLite databases, or on any DB-API 2.0 connection."""

from __future__ import annotations

import os
import re
import sqlite3
import warnings
from array import array
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import numpy as np

from coals import _core
from coals._util.checks import column_error
from coals.data.readers import duckdb_text
from coals.data.readers.duckdb_text import connected
from coals.data.readers.encoded import Encoded
from coals.data.readers.frames import read_frame
from coals.data.readers.text_rules import Dialect, no_time, time_of

__all__ = ["read_query"]

_BATCH = 50_000  # rows
_GUESSED_FILE = re.compile(r"(?i)\b(from|join)\s+'([^']+\.(csv|tsv|txt|dat)(\.gz|\.zst)?)'")


def read_query(query: Any, connection: Any, given: Mapping[str, str | None]) -> tuple[dict[str, Any], dict[str, str]]:
    """The column of each argument, and its name. If all names are None, columns are in the order of the arguments."""
    if not isinstance(query, str) or not query.strip():
        raise TypeError(f"query must be a text of SQL, got {query!r:.60}")
    with _opened(connection) as source:
        if type(source).__module__.partition(".")[0] in ("duckdb", "_duckdb"):
            return _by_duckdb(source, query, given)
        return _by_cursor(source, query, given)


@contextmanager
def _opened(connection: Any) -> Iterator[Any]:
    if connection is None or isinstance(connection, (str, os.PathLike)):
        head = b""
        if connection is not None:
            with open(connection, "rb") as file:
                head = file.read(16)
        if head.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(str(connection))) as database:
                database.execute("PRAGMA query_only = ON")  # a query reads: it must not DROP a table
                yield database
            return
        duckdb = duckdb_text.load()
        if duckdb is None:
            raise ImportError(
                "SQL over files is run by DuckDB: pip install 'coals[files]', or give connection=, of your database"
            )
        if connection is None:
            with connected(duckdb) as database:
                yield database
            return
        if head[8:12] == b"DUCK":
            with closing(duckdb.connect(os.fspath(connection), read_only=True)) as database:
                yield database
        else:
            raise ValueError(f"connection={os.fspath(connection)!r} is neither an SQLite nor a DuckDB database")
    elif not hasattr(connection, "cursor"):
        raise TypeError(
            "connection must be None, the path of an SQLite or DuckDB database, or a connection of DB-API 2.0 (with "
            f"cursor()), got {type(connection).__name__}: of SQLAlchemy, engine.raw_connection() is one"
        )
    else:
        yield connection


def _wanted(names: list[str], given: Mapping[str, str | None]) -> dict[str, str]:
    """The name of the column of each argument."""
    required = list(given)[:2]
    if all(name is None for name in given.values()):
        if not 2 <= len(names) <= len(given):
            listed = ", ".join(f"{argument}=" for argument in given)
            raise ValueError(
                f"the query has {len(names)} columns ({', '.join(map(repr, names))}): name them by {listed}"
            )
        again = next((name for name in names if names.count(name) > 1), None)
        if again is not None:
            raise ValueError(
                f"the query has {names.count(again)} columns named {again!r}: give each its own name, with AS"
            )
        return dict(zip(given, names, strict=False))
    wanted = {}
    for argument, name in given.items():
        if name is not None and names.count(name) != 1:
            raise column_error(argument, name, names, names.count(name))
        if name is None and argument in required:
            raise ValueError(f"{argument}= is missing: name its column, one of {', '.join(map(repr, names))}")
        if name is not None:
            wanted[argument] = name
    return wanted


def _failed(error: BaseException) -> ValueError:
    first = " ".join(str(error).split("\n\nLINE", 1)[0].split())
    away = re.search(r"(?i)extension|httpfs|s3://|https?://", first)
    hint = ": coals downloads nothing; load the extension yourself and give connection=" if away else ""
    return ValueError(f"the query cannot be run: {first[:500]}{hint}")


def _by_duckdb(connection: Any, query: str, given: Mapping[str, str | None]) -> tuple[dict[str, Any], dict[str, str]]:
    for found in _GUESSED_FILE.finditer(query):
        warnings.warn(
            f"DuckDB guesses the types of {found[2]!r} from a sample, and makes 7 of '007': write "
            f"read_csv('{found[2]}', all_varchar = true), or use from_csv",
            stacklevel=4,
        )
    errors: Any = duckdb_text.load().Error
    try:
        relation = connection.sql(query)
        if relation is None:
            raise ValueError("the query gives no rows: it must be a SELECT")
        wanted = _wanted(list(relation.columns), given)
        read = read_frame(relation, wanted)
        del relation
    except (errors, _core.ArrowError) as error:
        raise _failed(error) from None
    return read, wanted


def _by_cursor(connection: Any, query: str, given: Mapping[str, str | None]) -> tuple[dict[str, Any], dict[str, str]]:
    cursor = connection.cursor()
    try:
        try:
            cursor.execute(query)
        except Exception as error:
            raise _failed(error) from None
        if cursor.description is None:
            raise ValueError("the query gives no rows: it must be a SELECT")
        names = [column[0] for column in cursor.description]
        wanted = _wanted(names, given)
        places = {argument: names.index(name) for argument, name in wanted.items()}
        ids = {argument: _Ids(argument) for argument in list(given)[:2]}
        others: dict[str, list[Any]] = {argument: [] for argument in wanted if argument not in ids}
        while rows := cursor.fetchmany(_BATCH):
            columns = list(zip(*(row.values() if hasattr(row, "values") else row for row in rows), strict=True))
            for argument, place in places.items():
                if argument in ids:
                    ids[argument].take(columns[place])
                else:
                    others[argument].append(_numbers_or_times(argument, columns[place]))
    finally:
        cursor.close()
    read: dict[str, Any] = {argument: column.found() for argument, column in ids.items()}
    return read | {argument: np.concatenate(parts or [np.empty(0)]) for argument, parts in others.items()}, wanted


class _Ids:
    """Codes of ids, in the order of first appearance, so that each row keeps only four bytes."""

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self.known: dict[Any, int] = {}
        self.codes = array("i")

    def take(self, values: tuple[Any, ...]) -> None:
        known = self.known
        for value in values:
            if value is None:
                raise ValueError(f"{self.argument}, row {len(self.codes)}, is missing: give it an id or drop it")
            self.codes.append(known.setdefault(value, len(known)))

    def found(self) -> Any:
        ids = list(self.known)
        codes = np.frombuffer(self.codes, np.int32)
        kinds = set(map(type, ids))
        if kinds == {str}:
            return Encoded.in_order(ids, codes, None)
        if kinds == {int} and min(ids) >= -(2**63) and max(ids) < 2**63:
            return Encoded.in_order(list(map(str, ids)), codes, ids)
        objects = np.empty(len(ids), dtype=object)
        objects[:] = ids
        return objects[codes]


def _numbers_or_times(argument: str, values: tuple[Any, ...]) -> Any:
    if argument == "time" and values and isinstance(values[0], str):
        times = [time_of(value) if isinstance(value, str) else None for value in values]
        if None in times:
            bad = values[times.index(None)]
            raise ValueError(f"{argument}: {no_time(str(bad), Dialect(), False, True)}")
        return np.array(times, dtype=np.int64).view("M8[ns]")
    column = np.asarray(values)
    if column.dtype.kind in "iuf":
        return column
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects
