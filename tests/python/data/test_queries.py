"""SQL over files, SQLite and other databases; JSON lines."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

import coals
from coals.data.interactions import Interactions
from coals.data.readers import duckdb_text, queries

ROWS = [("ann", 7, 2.5, "2020-01-01 10:00:00"), ("bob", 7, 1.0, "2020-01-02"), ("ann", 9, 4.0, "2020-01-03T00:00:00Z")]
QUERY = 'SELECT who, what, plays, "at" FROM plays'


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE plays (who TEXT, what INTEGER, plays REAL, at TEXT)")
        database.executemany("INSERT INTO plays VALUES (?, ?, ?, ?)", ROWS)
    database.close()
    return path


def check(data):
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == (["ann", "bob"], [7, 9])
    assert data.matrix.toarray().tolist() == [[2.5, 4], [1, 0]]
    days = ["2020-01-01T10", "2020-01-03", "2020-01-02"]
    assert data.times.tolist() == np.array(days, "M8[ns]").astype(np.int64).tolist()


@pytest.mark.parametrize("batch", [1, 2, 50_000])
def test_sqlite_by_path_and_by_connection(shop, monkeypatch, batch):
    monkeypatch.setattr(queries, "_BATCH", batch)
    check(Interactions.from_sql(QUERY, shop))
    check(Interactions.from_sql(QUERY, str(shop), user="who", item="what", value="plays", time="at"))
    database = sqlite3.connect(shop)
    check(Interactions.from_sql(QUERY, database))
    assert Interactions.from_sql("SELECT what, who FROM plays", database, user="who", item="what").shape == (2, 2)
    events = coals.Events.from_sql("SELECT who, what, at FROM plays", database)
    assert events.to_interactions().shape == (2, 2)
    database.close()


def test_a_query_changes_nothing_in_a_database_given_by_path(shop):
    for change in ("DROP TABLE plays", "DELETE FROM plays", "CREATE TABLE other (a)"):
        with pytest.raises(ValueError, match=r"the query cannot be run: .*readonly"):
            Interactions.from_sql(change, shop)
    check(Interactions.from_sql(QUERY, shop))


def test_columns_of_one_name_are_not_taken_for_each_other(shop):
    database = sqlite3.connect(shop)
    database.executescript("CREATE TABLE a (id, x); CREATE TABLE b (id, x)")
    database.execute("INSERT INTO a VALUES (1, 5)")
    database.execute("INSERT INTO b VALUES (9, 5)")
    joined = "FROM a JOIN b ON a.x = b.x"
    with pytest.raises(ValueError, match="the query has 2 columns named 'id': give each its own name, with AS"):
        Interactions.from_sql(f"SELECT a.id, b.id {joined}", database)
    data = Interactions.from_sql(f"SELECT a.id AS user, b.id AS item {joined}", database)
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([1], [9])
    database.close()


class Cursor:
    """One of DB-API 2.0, with the types that drivers have."""

    description = (("u", None), ("i", None), ("v", None), ("t", None))

    def __init__(self, rows):
        self.rows = rows

    def execute(self, query):
        if query != "SELECT":
            raise RuntimeError("no such table\nLINE 1")

    def fetchmany(self, size):
        part, self.rows = self.rows[:size], self.rows[size:]
        return part

    def close(self):
        self.rows = None


class Database:
    def __init__(self, rows):
        self.rows = rows

    def cursor(self):
        return Cursor(self.rows)


def test_any_connection_of_db_api():
    when = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    rows = [(2**63 - 1, b"x", Decimal("2.5"), when), (-1, b"y", 3, when), (2**63 - 1, b"y", 1.5, when)]
    data = Interactions.from_sql("SELECT", Database(rows))
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([-1, 2**63 - 1], [b"x", b"y"])
    assert data.matrix.toarray().tolist() == [[0, 3], [2.5, 1.5]]
    assert set(data.times.tolist()) == {1577836800 * 10**9}
    dicts = [dict(zip("uivt", row, strict=True)) for row in rows]
    assert Interactions.from_sql("SELECT", Database(dicts), user="u", item="i").nnz == 3
    with pytest.raises(ValueError, match="user, row 1, is missing"):
        Interactions.from_sql("SELECT", Database([rows[0], (None, *rows[1][1:])]), user="u", item="i")
    with pytest.raises(ValueError, match=r"column 'v'\[?.*row 1.*is missing|column 'v', row 1, is missing"):
        Interactions.from_sql("SELECT", Database([rows[0], (5, "z", None, when)]))
    with pytest.raises(ValueError, match=r"the query cannot be run: no such table LINE 1"):
        Interactions.from_sql("DELETE", Database(rows))


def test_duckdb_over_files(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    values = ", ".join(f"('{user}', {item}, {value}, TIMESTAMP '{at}')" for user, item, value, at in ROWS)
    connection = duckdb.connect()
    connection.execute(f'CREATE TABLE plays AS SELECT * FROM (VALUES {values}) AS t(who, what, plays, "at")')
    check(Interactions.from_sql(QUERY, connection))
    connection.execute(f"COPY plays TO '{tmp_path}/one.parquet'")
    check(Interactions.from_sql(f"SELECT * FROM '{tmp_path}/*.parquet'"))
    connection.close()
    file = tmp_path / "plays.duckdb"
    with duckdb.connect(str(file)) as stored:
        stored.execute(f"CREATE TABLE plays AS SELECT * FROM '{tmp_path}/one.parquet'")
    check(Interactions.from_sql(QUERY, file))


def test_types_that_duckdb_guesses_of_text_are_told(tmp_path):
    pytest.importorskip("duckdb")
    path = tmp_path / "plays.csv"
    path.write_text("u,i\n007,1\n008,2\n")
    with pytest.warns(UserWarning, match=r"DuckDB guesses the types of .* and makes 7 of '007': write read_csv"):
        Interactions.from_sql(f"SELECT u, i FROM '{path}'")
    data = Interactions.from_sql(f"SELECT u, i FROM read_csv('{path}', all_varchar = true)")
    assert data.user_ids.tolist() == ["007", "008"]


BAD = {
    "no text": (5, None, {}, TypeError, "query must be a text of SQL"),
    "no query": ("", None, {}, TypeError, "query must be a text of SQL"),
    "no table": ("SELECT a, b FROM nothing", None, {}, ValueError, "the query cannot be run: .*nothing"),
    "the network": ("SELECT a, b FROM 's3://x/y.parquet'", None, {}, ValueError, "coals downloads nothing"),
    "a column": ("SELECT 1", None, {}, ValueError, "the query has 1 columns"),
    "five columns": ("SELECT 1, 2, 3, 4, 5", None, {}, ValueError, "name them by user=, item=, value=, time="),
    "another column": ("SELECT 1 AS a, 2 AS b", None, {"user": "a", "item": "c"}, ValueError, "item='c': there is"),
    "half of the names": ("SELECT 1 AS a, 2 AS b", None, {"user": "a"}, ValueError, "item= is missing: name"),
    "no rows": ("SELECT 1 AS a, 2 AS b WHERE false", None, {}, ValueError, "are empty"),
    "a null": ("SELECT NULL::INT AS a, 2 AS b", None, {}, ValueError, "column 'a', row 0, is missing"),
    "no connection": ("SELECT 1, 2", object(), {}, TypeError, "connection must be None, the path of"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "connection", "names", "error", "message"), BAD.values(), ids=BAD)
def test_queries_that_are_none(query, connection, names, error, message):
    pytest.importorskip("duckdb")
    with pytest.raises(error, match=message) as caught:
        Interactions.from_sql(query, connection, **names)
    assert "\n" not in str(caught.value)


def test_queries_of_the_wrong_file_or_without_duckdb(shop, tmp_path, monkeypatch):
    (tmp_path / "text.db").write_text("nothing of the kind")
    with pytest.raises(ValueError, match="no such table"):
        Interactions.from_sql("SELECT a, b FROM nowhere", shop)
    with pytest.raises(ValueError, match=r"time.*'noon' is not a date like the first one"):
        Interactions.from_sql("SELECT who, what, plays, 'noon' FROM plays", shop)
    monkeypatch.setattr(duckdb_text, "load", lambda: None)
    check(Interactions.from_sql(QUERY, shop))
    with pytest.raises(ImportError, match=r"run by DuckDB: pip install 'coals\[files\]', or give connection="):
        Interactions.from_sql("SELECT a, b FROM nothing")


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_json_lines(tmp_path):
    pytest.importorskip("duckdb")
    rows = [{"u": "ann", "i": 7, "v": 2.5, "t": "2020-01-01T10:00:00", "x": [1]},
            {"v": 1, "u": "bob", "i": 7, "t": "2020-01-02"},
            {"u": "ann", "i": 9, "v": 4, "t": "2020-01-03 00:00 UTC"}]  # fmt: skip
    names = {"user": "u", "item": "i", "value": "v", "time": "t"}
    path = write_lines(tmp_path / "plays.jsonl", rows)
    check(Interactions.from_file(path, **names))
    write_lines(tmp_path / "a.jsonl", rows[:1])
    write_lines(tmp_path / "b.jsonl", rows[1:])
    check(Interactions.from_file(tmp_path / "[ab].jsonl", **names))
    assert coals.Events.from_file(path, group="u", item="i", time="t").n_events == 3
    titles = write_lines(tmp_path / "titles.ndjson", [{"id": 7, "name": 'So "What"'}, {"id": 9, "name": None}])
    with pytest.warns(UserWarning, match="1 of 2 items have no title: 9"):
        named = Interactions.from_file(path, **names).with_items(titles, on="id", title="name")
    assert named.titles([7]) == ['So "What"']


def test_ids_of_json_lines_are_what_they_are_there(tmp_path):
    pytest.importorskip("duckdb")
    path = tmp_path / "x.jsonl"
    for given in (["7", "007"], [7, 2**53 + 1, -3], [1.5, 7], ["7", 7], ['"', "é\n"]):
        write_lines(path, [{"u": id, "i": place} for place, id in enumerate(given)])
        data = Interactions.from_file(path, user="u", item="i")
        order = [row.index(1) for row in data.matrix.toarray().tolist()]
        assert [given[place] for place in order] == data.user_ids.tolist()


BAD_LINES = {
    "no JSON": (
        '{"u": 1, "i": 2}\n{"u": ,\n{"u": 1, "i": 2}\n',
        {},
        r"x\.jsonl, line 2 is not an object: '.*: ,'; JSON lines have one object on each line",
    ),
    "an array of objects": (
        '[{"u": 1, "i": 2},\n{"u": 2, "i": 2}]\n',
        {},
        "x.jsonl, line 1 begins an array; JSON lines",
    ),
    "no id": ('{"u": 1, "i": 2}\n{"i": 2}\n', {}, "row 1, key 'u' is missing, or is not an id"),
    "a null": ('{"u": 1, "i": null}\n', {}, "row 0, key 'i' is missing"),
    "a list for an id": ('{"u": [1], "i": 2}\n', {}, "row 0, key 'u' is missing, or is not an id"),
    "a text for a value": (
        '{"u": 1, "i": 2, "v": "5"}\n',
        {"value": "v"},
        "key 'v' is missing, or is not a finite num",
    ),
    "no time": ('{"u": 1, "i": 2, "t": "noon"}\n', {"time": "t"}, "key 't': 'noon' is not a time"),
    "another key": ('{"u": 1, "j": 2}\n', {}, "item='i': there is no such column. Columns: 'j', 'u'"),
    "nothing": ("", {}, "has no rows"),
}


@pytest.mark.parametrize(("text", "names", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_json_lines_are_named(tmp_path, text, names, message):
    pytest.importorskip("duckdb")
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        Interactions.from_file(path, user="u", item="i", **names)
    assert "\n" not in str(caught.value)


def test_several_files_of_json_lines_are_named(tmp_path):
    pytest.importorskip("duckdb")
    write_lines(tmp_path / "a.jsonl", [{"u": 1, "i": 2}])
    write_lines(tmp_path / "b.jsonl", [{"u": 1}])
    with pytest.raises(ValueError, match=r"a\.jsonl and 1 more file, row 1, key 'i' is missing"):
        Interactions.from_file(str(tmp_path / "*.jsonl"), user="u", item="i")
    (tmp_path / "b.jsonl").write_text('{"u": 1, "i": 3}\noops\n')
    with pytest.raises(ValueError, match=r"b\.jsonl, line 2 is not an object: 'oops'"):
        Interactions.from_file(str(tmp_path / "*.jsonl"), user="u", item="i")


def test_columns_of_json_lines_go_by_name_and_need_duckdb(tmp_path, monkeypatch):
    path = write_lines(tmp_path / "x.jsonl", [{"u": 1, "i": 2}])
    with pytest.raises(TypeError, match="user must be the name of a column of a file of JSON lines, got 0"):
        Interactions.from_file(path, user=0, item="i")
    with pytest.raises(ValueError, match="quote= is for delimited text"):
        Interactions.from_file(path, user="u", item="i", quote="'")
    monkeypatch.setattr(duckdb_text, "load", lambda: None)
    with pytest.raises(ImportError, match=r"JSON lines are read by DuckDB: pip install 'coals\[files\]'"):
        Interactions.from_file(path, user="u", item="i")


def test_duckdb_is_imported_only_where_it_reads():
    code = (
        "import io, sys, coals; coals.Interactions.from_csv(io.StringIO('u,i\\n1,2\\n'), user='u', item='i'); "
        "sys.exit('duckdb' in sys.modules and 'imports DuckDB early')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
