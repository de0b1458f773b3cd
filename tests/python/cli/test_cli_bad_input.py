"""Whatever is wrong with what the command line is given: one line, exit code 2, and nothing half-written."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coals
from coals import cli

NAMED = ("--user", "user", "--item", "item", "--value", "plays")
PLACED = ("--user", "0", "--item", "1", "--value", "2")
GOOD = b"user,item,plays\nann,x,1\nann,y,2\nbob,x,3\n"
BARE = b"ann,x,1\nann,y,2\nbob,x,3\n"

#: What is wrong: the file, and the columns asked for.
TABLES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty": (b"", NAMED),
    "empty, by position": (b"", PLACED),
    "one line end": (b"\n", NAMED),
    "blank lines": (b"\n\n\r\n\n", PLACED),
    "a byte order mark alone": (b"\xef\xbb\xbf", NAMED),
    "a header alone": (b"user,item,plays\n", NAMED),
    "a header and blank lines": (b"user,item,plays\n\n\n", NAMED),
    "a field too many": (GOOD + b"bob,y,3,4\n", NAMED),
    "a field too few": (GOOD + b"bob,y\n", NAMED),
    "one field": (GOOD + b"bob\n", NAMED),
    "a field too many, by position": (BARE + b"bob,y,3,4\n", PLACED),
    "a field too few, by position": (BARE + b"bob,y\n", PLACED),
    "ragged from the second line on": (b"ann,x,1\nann,y\nbob\n", PLACED),
    "another delimiter": (GOOD.replace(b",", b"^"), NAMED),
    "two delimiters": (GOOD + b"bob;y;3\n", NAMED),
    "a NUL in an id": (GOOD + b"b\0b,y,3\n", NAMED),
    "a NUL in a value": (GOOD + b"bob,y,3\0\n", NAMED),
    "a NUL in the header": (GOOD.replace(b"plays", b"pl\0ays"), NAMED),
    "NULs at the end": (GOOD + bytes(100), NAMED),
    "NULs alone": (bytes(1000), PLACED),
    "UTF-16": (GOOD.decode().encode("utf-16"), NAMED),
    "UTF-32": (GOOD.decode().encode("utf-32"), NAMED),
    "Latin-1 in an id": (GOOD + "bøb,y,3\n".encode("latin-1"), NAMED),
    "broken UTF-8": (GOOD + b"b\xc3\x28b,y,3\n", NAMED),
    "a surrogate": (GOOD + b"b\xed\xa0\x80b,y,3\n", NAMED),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), PLACED),
    "a ZIP": (b"PK\x03\x04" + bytes(range(200)), PLACED),
    "a broken gzip": (gzip.compress(GOOD * 99)[:-9], NAMED),
    "a damaged gzip": (gzip.compress(GOOD * 99)[:30] + bytes(30), NAMED),
    "a gzip of nothing": (gzip.compress(b""), NAMED),
    "a gzip header alone": (b"\x1f\x8b", NAMED),
    "a word as value": (GOOD + b"bob,y,many\n", NAMED),
    "an empty value": (GOOD + b"bob,y,\n", NAMED),
    "blanks as value": (GOOD + b"bob,y,  \n", NAMED),
    "NaN": (GOOD + b"bob,y,nan\n", NAMED),
    "infinity": (GOOD + b"bob,y,inf\n", NAMED),
    "minus infinity": (GOOD + b"bob,y,-Infinity\n", NAMED),
    "a number too large": (GOOD + b"bob,y,1e999\n", NAMED),
    "a number too large to square": (GOOD + b"bob,y,1e300\n", NAMED),
    "a number too small to square": (GOOD + b"bob,y,1e-300\n", NAMED),
    "a decimal comma": (GOOD + b'bob,y,"1,5"\n', NAMED),
    "a thousands mark": (GOOD + b'bob,y,"1,000"\n', NAMED),
    "a currency": (GOOD + "bob,y,€3\n".encode(), NAMED),
    "a percentage": (GOOD + b"bob,y,3%\n", NAMED),
    "hexadecimal": (GOOD + b"bob,y,0x10\n", NAMED),
    "a date as value": (GOOD + b"bob,y,2020-01-01\n", NAMED),
    "true as value": (GOOD + b"bob,y,true\n", NAMED),
    "null as value": (GOOD + b"bob,y,NULL\n", NAMED),
    "None as value": (GOOD + b"bob,y,None\n", NAMED),
    "a negative count": (GOOD + b"bob,y,-3\n", NAMED),
    "negative counts alone": (b"user,item,plays\nann,x,-1\n", NAMED),
    "zeros alone": (b"user,item,plays\nann,x,0\nbob,y,0\n", NAMED),
    "an empty user": (GOOD + b",y,3\n", NAMED),
    "an empty item": (GOOD + b"bob,,3\n", NAMED),
    "an empty row of fields": (GOOD + b",,\n", NAMED),
    "an open quote": (GOOD + b'bob,"y,3\n', NAMED),
    "text after a quote": (GOOD + b'bob,"y"z,3\n', NAMED),
    "an open quote in the header": (b'user,item,"plays\nann,x,1\n', NAMED),
    "no such column": (GOOD.replace(b"plays", b"count"), NAMED),
    "a column in other letters": (GOOD.replace(b"plays", b"Plays"), NAMED),
    "a blank in a name": (GOOD.replace(b"plays", b" plays"), NAMED),
    "a column twice": (b"user,item,item,plays\nann,x,y,1\n", NAMED),
    "no header, but names": (BARE, NAMED),
    "a header, but positions": (GOOD, PLACED),
    "no such position": (BARE, ("--user", "0", "--item", "1", "--value", "3")),
    "a position far away": (BARE, ("--user", "0", "--item", str(2**70), "--value", "2")),
    "a column alone": (b"user\nann\n", NAMED),
    "one column": (b"ann\nbob\n", ("--user", "0", "--item", "1")),
    "2**63 as value of nobody": (GOOD + b",%d,1\n" % 2**63, NAMED),
    "2**63 and a hole": (b"user,item,plays\n%d,x,1\n%d,y\n" % (2**63, 2**64), NAMED),
    "2**63 as a value that is no number": (b"user,item,plays\n%d,x,1\n2,y,%dx\n" % (2**63, 2**63), NAMED),
    "JSON": (b'[{"user": "ann", "item": "x"}]\n', NAMED),
    "JSON lines": (b'{"user": "ann", "item": "x"}\n' * 3, NAMED),
    "HTML": (b"<html>\n<body>not found</body>\n</html>\n", NAMED),
    "a model": (b"", NAMED),
}  # fmt: skip


def refused(arguments, folder, stdin=None):
    """Exit code 2, one line of error, no answer, and the folder as it was."""
    before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments], input=stdin)
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[-1].startswith("Error: ")
    assert sum(line.startswith("Error: ") for line in lines) == 1
    assert "Traceback" not in result.stderr
    assert {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()} == before
    return lines[-1]


@pytest.fixture
def folder(tmp_path):
    """With a model, and a file where another shall go."""
    (tmp_path / "old.coals").write_bytes(b"old")
    plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"], item_titles={"x": "Xanadu"})
    coals.ItemKNN().fit(plays).save(tmp_path / "good.coals")
    return tmp_path


@pytest.mark.parametrize("way", ["file", "stdin"])
@pytest.mark.parametrize("what", TABLES)
def test_tables(folder, what, way):
    content, columns = TABLES[what]
    content = (folder / "good.coals").read_bytes() if what == "a model" else content
    (folder / "table").write_bytes(content)
    table = folder / "table" if way == "file" else "-"
    refused(["fit", table, *columns, "--save", folder / "old.coals"], folder, None if way == "file" else content)


TITLES: dict[str, bytes] = {
    "empty": b"",
    "no such columns": b"a,b\nx,Xanadu\n",
    "no titles": b"item,name\nx,Xanadu\n",
    "none of the items": b"item,title\nq,Q\n",
    "ragged": b"item,title\nx,Xanadu,1\n",
    "a NUL": b"item,title\nx,Xan\0adu\n",
    "not UTF-8": b"item,title\nx,Xan\xffadu\n",
    "an open quote": b'item,title\nx,"Xanadu\n',
    "a header alone": b"item,title\n",
}


@pytest.mark.parametrize("what", TITLES)
def test_titles(folder, what):
    (folder / "table").write_bytes(GOOD)
    (folder / "titles").write_bytes(TITLES[what])
    columns = (*NAMED, "--titles", folder / "titles", "--titles-id", "item")
    refused(["fit", folder / "table", *columns, "--save", folder / "old.coals"], folder)


OPTIONS = [
    "", "--frobnicate", "--factors 0", "--factors -3", "--factors x", "--factors 1e9", "--factors 99999999",
    "--iterations 0", "--iterations many", "--neighbors 0", "--neighbors 5", "--model", "--model als",
    "--model ImplicitAls", "--model implicit_als", "--model recommender", "--set", "--set alpha", "--set =3",
    "--set alpha=", "--set alpha=x", "--set alpha=-1", "--set alpha=NaN", "--set alpha=1e999", "--set rank=5",
    "--set regularization=[1,2,3]", "--set regularization={}", "--set objective=mf", "--set solver=5",
    "--set factors=2.5", "--set factors=true", "--set init=3", "--set random_state=-1", "--set dtype=float16",
    "--set warm_start=1", "--set nonnegative=maybe", "--set num_threads=0", "--set fit=1", "--set __class__=1",
    "--threads 0", "--threads 999999", "--threads two", "--seed -1", "--seed x", "-n 0", "-n x", "--format xml",
    "--format", "--duplicates first", "--duplicates error", "--delimiter ab,", "--header --no-header",
    "--titles nowhere.csv", "--titles .", "--min-user-items 9", "--min-item-users 9", "--min-user-items 0",
    "--recommend nobody", "--recommend 7", "--model popularity --set by=plays", "--model item-knn --factors 3",
    "--model item-knn --set similarity=cos", "--model user-knn --set threshold=high",
    "--model explicit-als --set biases=2", "--model item-knn --set scoring=rating --set keep_counts=3",
    "--model item-cooccurrence --neighbors 0", "--model explicit-als --set bias_update=both", "extra",
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_options_of_fit(folder, options, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "table").write_bytes(GOOD + b"ann,x,5\n")
    target = [] if options == "" or "--recommend" in options else ["--save", folder / "old.coals"]
    refused(["fit", folder / "table", *NAMED, *target, *options.split()], folder)


COMMANDS = [
    "recommend", "recommend nowhere.coals --user ann", "recommend . --user ann", "recommend old.coals --user ann",
    "recommend good.coals", "recommend good.coals --user nobody", "recommend good.coals --user ann --user nobody",
    "recommend good.coals --user ann -n 0", "recommend good.coals --user ann -n -1", "recommend good.coals --user",
    "recommend good.coals --user ann --format yaml",
    "recommend good.coals --users-from nowhere", "recommend good.coals --users-from -", "recommend good.coals ann",
    "similar", "similar good.coals", "similar good.coals --id q", "similar good.coals --item zzzzzzz",
    "similar good.coals --item Xanadu --id x", "similar popular.coals --id x", "similar old.coals --id x",
    "similar good.coals --item Xanadu -n 0", "similar table --id x", "similar . --id x",
    "search", "search good.coals", "search old.coals x", "search popular.coals x", "search good.coals x -n 0",
    "info", "info old.coals", "info .", "info nowhere", "info table", "info good.coals --format xml",
    "evaluate", "evaluate table", "evaluate nowhere --user user --item item",
    "evaluate table --user user --item item --metrics none", "evaluate table --user user --item item --metrics ,",
    "evaluate table --user user --item item --metrics ndcg@0", "evaluate table --user user --item item --metrics x@10",
    "evaluate table --user user --item item --test-fraction 0", "evaluate table --user user --item item --leave-out 0",
    "evaluate table --user user --item item --test-fraction 1", "evaluate table --user user --item item --leave-out 9",
    "evaluate table --user user --item item --test-fraction x", "evaluate table --user user --item item --model mf",
    "bench --users 1", "bench --factors 0", "bench --entries x", "bench --threads 0", "bench now", "frobnicate",
    "--frobnicate", "demo --seed -1", "demo --json .", "demo --json none/x.json", "demo --plot x.txt", "fit",
    "fit table", "fit table --user user", "fit table --item item", "fit . --user 0 --item 1 --save x.coals",
    "fit nowhere --user 0 --item 1 --save x.coals", "fit table --user user --item item --save .",
    "fit table --user user --item item --save none/x.coals", "fit table --user user --item item --save old.coals/x",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "table").write_bytes(GOOD)
    coals.Popularity().fit(coals.Interactions.from_arrays(["ann"], ["x"])).save(folder / "popular.coals")
    refused(command.split(), folder, b"")


WRONG_ROWS = st.one_of(
    st.lists(st.text("abc ", min_size=1, max_size=5), min_size=1, max_size=6).filter(lambda row: len(row) != 3),
    st.tuples(st.sampled_from(["", "ann"]), st.just(""), st.just("1")),
    st.tuples(st.just("ann"), st.just("q"), st.text("abcxyz;:_-/%", min_size=1, max_size=8)),
    st.tuples(
        st.just("ann"), st.just("q"), st.sampled_from(["nan", "inf", "-inf", "1e400", "-1", "-1e-3", "--1", "1-"])
    ),
    st.tuples(st.text("ab", max_size=2).map(lambda text: text + "\0"), st.just("q"), st.just("1")),
).map(lambda row: ",".join(row).encode() + b"\n")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.integers(0, 5), max_size=6), wrong=WRONG_ROWS, after=st.booleans())
def test_a_wrong_row_anywhere(folder, rows, wrong, after):
    good = b"".join(b"u%d,i%d,%d\n" % (row, place, row) for place, row in enumerate(rows))
    (folder / "table").write_bytes(GOOD + good + wrong + (b"last,row,1\n" if after else b""))
    refused(["fit", folder / "table", *NAMED, "--save", folder / "old.coals"], folder)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)), at=st.integers(0, len(BARE)))
def test_anything_is_either_read_or_refused(folder, content, at):
    table, target = folder / "table", folder / "new.coals"
    table.write_bytes(BARE[:at] + content + BARE[at:])
    target.unlink(missing_ok=True)
    arguments = ["fit", table, *PLACED, "--model", "popularity", "--save", target]
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    if result.exit_code == 0:
        assert coals.load(target, verify=True).n_users_ >= 1
    else:
        refused(arguments, folder)
        assert not target.exists()


def test_there_are_three_hundred():
    by_hand = 2 * len(TABLES) + len(TITLES) + len(OPTIONS) + len(COMMANDS)
    assert by_hand + 120 >= 300


def test_a_full_disk_and_a_target_that_takes_nothing(folder):
    if sys.platform == "win32":
        pytest.skip("no limit of file sizes here")
    (folder / "table").write_bytes(b"".join(b"u%d,i%d,1\n" % (i, i % 50) for i in range(400)))
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "from coals.cli import main; main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(coals.__file__).parents[1]), "PYTHONUTF8": "1"}
    columns = ["--user", "0", "--item", "1"]
    before = sorted(folder.iterdir())
    for target in (str(folder / "old.coals"), "/dev/full"):
        if not Path(target).exists():
            continue
        command = [sys.executable, "-c", code, "fit", str(folder / "table"), *columns, "--save", target]
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines()[-1].startswith("Error: ")
        assert sum(line.startswith("Error") for line in done.stderr.splitlines()) == 1
    assert sorted(folder.iterdir()) == before
    assert (folder / "old.coals").read_bytes() == b"old"
