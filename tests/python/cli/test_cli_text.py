"""Tables as they come, for the command line: encodings, delimiters, comments, SQL; of the ratings and of the titles."""

from __future__ import annotations

import sqlite3

import pytest
from click.testing import CliRunner

import coals
from coals import cli


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def lists(folder, *arguments):
    """The titles of the list of user 1."""
    result = run("fit", *arguments, "--model", "popularity", "--recommend", "1", "--format", "jsonl")
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def films(tmp_path):
    """MovieLens 100k in small: tabs, bars, Latin-1, no headers."""
    (tmp_path / "u.item").write_bytes("".join(f'{k}|Amélie "{k}|01-Jan-2001\n' for k in range(1, 6)).encode("latin-1"))
    rows = [(user, item, 1 + user * item % 5) for user in range(1, 6) for item in range(1, user + 1)]
    (tmp_path / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    return tmp_path


POSITIONS = ("--user", 0, "--item", 1, "--value", 2)


@pytest.mark.parametrize("encoding", [("--encoding", "latin-1"), ("--titles-encoding", "latin-1")])
def test_titles_in_another_encoding(films, encoding):
    titles = ("--titles", films / "u.item", "--titles-id", 0, "--title", 1, *encoding)
    assert "Amélie" in lists(films, films / "u.data", *POSITIONS, *titles)


def test_the_advice_of_an_error_can_be_followed(films):
    titles = ("--titles", films / "u.item", "--titles-id", 0, "--title", 1)
    result = run("fit", films / "u.data", *POSITIONS, *titles, "--recommend", "1")
    assert result.exit_code == 2
    assert "is not in UTF-8" in result.output
    assert "pass --titles-encoding, such as 'latin-1'" in result.output
    (films / "u.csv").write_text("userId,movieId\n1,10\n1,11\n")
    result = run("fit", films / "u.csv", "--user", 0, "--item", 1, "--recommend", "1")
    assert "pass --header if it is the name of the column, else --no-header" in result.output


def test_a_sheet_of_europe(films):
    text = "% Export\nwer;was;wert\n1;'a;b';4,5\n2;c;(leer)\n"
    (films / "sheet").write_bytes(text.encode("utf-16"))
    layout = ("--encoding", "utf-16", "--comment", "%", "--quote", "'", "--decimal", ",", "--missing", "(leer)")
    command = ("--user", "wer", "--item", "was", "--value", "wert", *layout, "--allow-negative")
    result = run("fit", films / "sheet", *command, "--recommend", "1")
    assert "line 4, column 'wert': the number is missing" in result.output
    (films / "sheet").write_bytes(text.replace("(leer)", "2").encode("utf-16"))
    assert '"item": "c"' in lists(films, films / "sheet", *command)
    assert '"item": "c"' in lists(films, films / "sheet", *command, "--skip-lines", 1, "--delimiter", ";")


def test_blanks_and_quotes_that_mean_nothing(films):
    (films / "blanks").write_text('1   "a  5\n2   b  3\n')
    assert '"item": "b"' in lists(films, films / "blanks", *POSITIONS, "--delimiter", "blanks", "--quote", "none")


def test_ids_that_look_odd_are_noted(films):
    (films / "nulls").write_text("u,i\n1,2\nNULL,3\n")
    result = run("fit", films / "nulls", "--user", "u", "--item", "i", "--model", "popularity", "--recommend", "1")
    assert result.exit_code == 0
    assert "column 'u' has the id 'NULL'" in result.stderr
    assert "UserWarning" not in result.stderr


def test_ratings_without_a_column_of_them_are_noted(films):
    command = ("fit", films / "u.data", "--model", "explicit-als", "--recommend", "1")
    result = run(*command, "--user", 0, "--item", 1)
    assert "ExplicitALS learns from ratings, and every rating is 1: give --value COLUMN" in result.stderr
    assert "learns from ratings" not in run(*command, *POSITIONS).stderr


def test_a_table_of_test_with_other_columns_is_named(films):
    (films / "train.csv").write_text("who,what\n1,2\n1,3\n2,3\n2,2\n")
    (films / "test.csv").write_text("user,item\n1,2\n2,3\n")
    result = run("evaluate", films / "train.csv", "--test", films / "test.csv", "--user", "who", "--item", "what")
    assert f"Error: {films / 'test.csv'}: --user who: there is no such column" in result.stderr


def test_sql_over_files_and_databases(films):
    with sqlite3.connect(films / "shop.db") as database:
        database.execute("CREATE TABLE t (who, what, n)")
        database.execute("INSERT INTO t VALUES (1, 'a', 2), (2, 'b', 1), (1, 'c', 1)")
    database.close()
    assert '"item": "b"' in lists(films, films / "shop.db", "--sql", "SELECT who, what, n FROM t")
    refused = run("fit", films / "shop.db", "--user", "who", "--item", "what", "--recommend", 1)
    assert "shop.db is an SQLite database: read it with --sql QUERY\n" in refused.output
    refused = run("fit", films / "shop.db", "--sql", "SELECT who FROM t", "--recommend", 1)
    assert "name them by --user, --item, --value\n" in refused.output
    named = ("--sql", "SELECT n, what, who FROM t", "--user", "who", "--item", "what", "--value", "n")
    assert '"item": "b"' in lists(films, films / "shop.db", *named)
    duckdb = pytest.importorskip("duckdb")
    rows = "SELECT 1 AS who, 'a' AS what UNION ALL SELECT 2, 'b'"
    duckdb.sql(f"COPY ({rows}) TO '{films}/x.parquet'")
    assert '"item": "b"' in lists(films, "--sql", f"SELECT who, what FROM '{films}/*.parquet'")
    assert '"item": "b"' in lists(films, films / "*.parquet", "--user", "who", "--item", "what")
    done = run("evaluate", "--sql", f"SELECT * FROM '{films}/x.parquet'", "--model", "popularity", "--leave-out", 1)
    assert done.exit_code == 2
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--user", "u", "--item", "i"], "Missing argument 'FILE', or --sql QUERY"),
        (["u.data", "--item", 1], "Missing option '--user': name its column, or give its position"),
        (["--sql", "SELECT 1, 2", "--quote", "'"], "--sql: options for the layout of text have no meaning here"),
        (["--sql", "SELECT nothing"], "the query cannot be run"),
        (["u.data", *POSITIONS, "--decimal", ";"], "'--decimal'"),
        (["u.data", *POSITIONS, "--encoding", "utf-99"], "encoding must be one that Python knows"),
        (["u.data", *POSITIONS, "--delimiter", ";"], "--item 1: there are 1 columns"),
    ],
)
def test_options_that_do_not_fit(films, monkeypatch, arguments, message):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(films)
    result = run("fit", *arguments, "--model", "popularity", "--recommend", "1")
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1


def test_every_option_of_text_is_there_for_ratings_and_titles():
    text = run("fit", "--help").output
    for option in coals.data.readers.text_rules.LAYOUT_OPTIONS:
        for before in ("--", "--titles-"):
            assert before + option.replace("_", "-") in text
