"""Reads columns of delimited text with DuckDB, by the rules of `text_rules` and without any guess of DuckDB.

DuckDB cuts the text into fields and casts numbers and dates, in parallel, and returns Arrow batches, which the core
encodes. If DuckDB refuses a text, or casts a field to NULL, `plain_text` reads the text again or raises the error: so
results and errors do not depend on the reader.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from coals import _core
from coals.data.readers.encoded import Encoded
from coals.data.readers.text_layout import Layout
from coals.data.readers.text_rules import Dialect, date_pattern, time_of, whole_of

__all__ = ["LocalText", "arrow_columns", "connected", "load", "no_glob", "open_zstd", "quoted_text", "read_local"]

_BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"


class LocalText(NamedTuple):
    """A file that DuckDB can read as it is, and the options for it."""

    path: str
    packing: str
    layout: Layout
    skip: int
    line_end: str
    delimiter: str
    quote: str


def load() -> Any:
    """The module duckdb, or None if it is not installed."""
    try:
        return importlib.import_module("duckdb")
    except ImportError as error:
        # The loader has no other way to say it; and Python alone would take far more memory.
        if any(words in str(error) for words in ("failed to map segment", "annot allocate memory")):
            raise MemoryError(f"there is too little memory to load DuckDB: {error}") from None
        return None


@contextmanager
def connected(duckdb: Any) -> Iterator[Any]:
    """A connection to a new database in memory. It downloads nothing."""
    settings = {
        "threads": _core.default_num_threads(),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    connection = duckdb.connect(":memory:", config=settings)
    try:
        yield connection
    finally:
        connection.close()


def read_local(
    duckdb: Any, texts: Sequence[LocalText], wanted: Mapping[str, tuple[Any, str]], dialect: Dialect, as_numbers: bool
) -> dict[str, Any] | None:
    """The column of each argument; None if DuckDB refuses a text or a value is missing: `plain_text` then reads it."""
    whole = _first_times(texts, wanted)
    while True:
        try:
            columns = _read(duckdb, texts, wanted, dialect, whole)
        except (duckdb.Error, _core.ArrowError) as error:
            if "Out of Memory" in str(error) or "failed to allocate" in str(error):
                raise MemoryError(str(error).splitlines()[0]) from None
            return None
        names = [name for name, (_, role) in wanted.items() if role != "text" and columns[name].first_missing >= 0]
        if names != ["time"] or whole["time"] != "integers":
            break
        whole["time"] = "reals"  # a later time is not an integer
    if names or next(iter(columns.values())).rows == 0:
        return None
    found = {name: _found(columns[name], role, whole, as_numbers) for name, (_, role) in wanted.items()}
    texts_found = [column.ids for column in found.values() if isinstance(column, Encoded)]
    holds_nul = any("\0" in text for ids in texts_found if ids.dtype.kind == "O" for text in ids.tolist())
    return None if holds_nul else found


def _first_times(texts: Sequence[LocalText], wanted: Mapping[str, tuple[Any, str]]) -> dict[str, str]:
    """For each column of times, what its first values are: "dates", "integers" or "reals"."""
    kinds: dict[str, str] = {}
    layout = texts[0].layout
    for (name, (_, role)), place in zip(wanted.items(), layout.places, strict=True):
        if role == "times":
            fields = [fields[place] for fields in layout.sample if len(fields) > place] or [""]
            numbers = "integers" if all(whole_of(text.strip()) is not None for text in fields) else "reals"
            kinds[name] = numbers if time_of(fields[0]) is None else "dates"
    return kinds


def _read(
    duckdb: Any,
    texts: Sequence[LocalText],
    wanted: Mapping[str, tuple[Any, str]],
    dialect: Dialect,
    kinds: dict[str, str],
) -> dict[str, Any]:
    parts = [_query(text, wanted, dialect, kinds) for text in texts]
    with connected(duckdb) as connection:
        if kinds:
            connection.execute("SET TimeZone = 'UTC'")
        columns = arrow_columns(connection, " UNION ALL ".join(parts), len(wanted))
    return dict(zip(wanted, columns, strict=True))


def arrow_columns(connection: Any, query: str, count: int) -> list[Any]:
    """The columns of a query. DuckDB runs in a thread of its own, so that Ctrl-C can interrupt a long query."""
    from concurrent.futures import ThreadPoolExecutor, wait  # `import coals` need not wait for it

    def work() -> list[Any]:
        relation = connection.sql(query)
        return _core.ArrowStream(relation.__arrow_c_stream__()).read(list(range(count)), 0)

    with ThreadPoolExecutor(1) as worker:
        try:
            job = worker.submit(work)
        except RuntimeError:  # no memory for a thread, or the limit of threads is reached
            return work()
        try:
            while not job.done():
                wait([job], 0.02)
        except BaseException:
            connection.interrupt()
            raise
        return job.result()


def _found(column: Any, role: str, kinds: Mapping[str, str], as_numbers: bool) -> Any:
    if role in ("ids", "text"):
        return Encoded(*column.sorted_ids(as_numbers and role == "ids", 0))
    numbers = column.numbers()
    return numbers.view("M8[ns]") if role == "times" and "dates" in kinds.values() else numbers


# --- the query ---


def quoted_text(text: str) -> str:
    """`text` as a string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _query(text: LocalText, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect, kinds: Mapping[str, str]) -> str:
    layout = text.layout
    comment = dialect.comment
    chosen: list[str] = []
    for (name, (_, role)), place in zip(wanted.items(), layout.places, strict=True):
        value = _value(f"c{place}", role, dialect, kinds.get(name, ""))
        if comment is not None and role != "text":  # NULL: only `plain_text` reads comments below the top
            value = f"CASE WHEN starts_with(c0, {quoted_text(comment)}) THEN NULL ELSE {value} END"
        chosen.append(f'{value} AS "{len(chosen)}"')
    options = {
        "auto_detect": "false",
        "header": "false",
        "delim": quoted_text(text.delimiter),
        "quote": quoted_text(text.quote),
        "escape": quoted_text(text.quote),
        "skip": str(text.skip),
        "new_line": quoted_text(text.line_end),
        "nullstr": "[" + ", ".join(map(quoted_text, dialect.missing)) + "]",
        "compression": quoted_text(text.packing or "none"),
        "columns": "{" + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(layout.width)) + "}",
    }
    given = ", ".join(f"{name} = {value}" for name, value in options.items())
    return f"SELECT {', '.join(chosen)} FROM read_csv([{quoted_text(no_glob(text.path))}], {given})"


def _value(column: str, role: str, dialect: Dialect, kind: str) -> str:
    if role in ("ids", "text"):
        return column
    if kind == "dates":
        return _nanoseconds(f"CASE WHEN {column} < '0' THEN trim({column}, {_BLANKS}) ELSE {column} END")
    if kind == "integers":
        whole = f"try_cast({column} AS BIGINT)"
        spaced = f"WHEN {whole}::VARCHAR = trim({column}, {_BLANKS}) THEN {whole}"  # slow, so it comes last
        return f"CASE WHEN {whole}::VARCHAR = {column} THEN {whole} {spaced} END"
    number = column if dialect.decimal == "." else f"replace({column}, {quoted_text(dialect.decimal)}, '.')"
    other = "" if dialect.decimal == "." else f" AND NOT contains({column}, '.')"
    value = f"try_cast({number} AS DOUBLE)"
    strict = f"isfinite({value}) AND NOT contains({column}, '_') AND NOT contains({column}, '+-')"
    # Fields of one or two characters cannot break these rules. Most ratings and counts are that short.
    short = f"WHEN strlen({column}) < 3{other} THEN {value}"
    return f"CASE {short} WHEN {strict}{other} THEN {value} END"


def _nanoseconds(text: str) -> str:
    plain, ahead = quoted_text(date_pattern(False)), quoted_text(date_pattern(True))
    return (
        f"CASE WHEN ({text}) < '1678' OR ({text}) >= '2262' THEN NULL "
        f"WHEN regexp_full_match({text}, {plain}) THEN epoch_ns(try_cast({text} AS TIMESTAMP_NS)) "
        f"WHEN regexp_full_match({text}, {ahead}) THEN epoch_us(try_cast({text} AS TIMESTAMPTZ)) * 1000 END"
    )


def no_glob(path: str) -> str:
    """A pattern that matches only the file at this path."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


# --- zstd ---


def open_zstd(path: str | None) -> Any:
    """Opens a text that is compressed with zstd for reading; None without DuckDB or a path."""
    duckdb = load()
    if duckdb is None or path is None:
        return None
    try:
        return _Lines(duckdb, path)
    except duckdb.Error as error:
        raise EOFError(str(error).splitlines()[0]) from None


class _Lines:
    """Lines of a compressed text as a file of bytes."""

    def __init__(self, duckdb: Any, path: str) -> None:
        self._connection = duckdb.connect(":memory:")
        self._rest = b""
        self._cursor = self._connection.execute(
            f"SELECT line FROM read_csv({quoted_text(no_glob(path))}, auto_detect = false, header = false, "
            "delim = chr(1), quote = '', escape = '', compression = 'zstd', columns = {'line': 'VARCHAR'}, "
            "nullstr = chr(2))"
        )

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            rows = self._cursor.fetchmany(10_000)
            if not rows:
                break
            self._rest += "".join(f"{line or ''}\n" for (line,) in rows).encode()
        size = len(self._rest) if size < 0 else size
        block, self._rest = self._rest[:size], self._rest[size:]
        return block
