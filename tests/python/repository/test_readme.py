"""The example in the README runs and prints what a reader expects."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import coals
from coals.cli import main

README = Path(__file__).parents[3] / "README.md"


def blocks(language="python"):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def printed_by(code):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {"coals": coals})
    return printed.getvalue()


def test_table_of_ones_own_runs():
    assert printed_by(blocks()[1]) == "['Naima']\n"


def test_als_example_runs():
    assert "ExplicitALS" in blocks()[3]
    assert printed_by(blocks()[3]) == ""


def test_songs_from_raw_files_to_a_saved_model(tmp_path, monkeypatch):
    """As printed, in a folder with such files, in 25 lines at most."""
    monkeypatch.chdir(tmp_path)
    users, songs = ["ann", "bob", "cem", "dee", "eve", "fay"], [f"SO{j:02d}" for j in range(8)]
    plays = [f"{u}\t{s}\t{1 + j % 4}\n" for i, u in enumerate(users) for j, s in enumerate(songs) if (i + j) % 4 < 3]
    Path("plays.tsv").write_text("".join(plays), encoding="utf-8")
    titles = ["So What", "Naima", "Blue Train", "Take Five", "Footprints", "Giant Steps", "Freddie Freeloader", "Solar"]
    rows = [f'{song},"{title}",?,?,1959\n' for song, title in zip(songs, titles, strict=True)]
    Path("songs.csv").write_text("song_id,title,release,artist_name,year\n" + "".join(rows), encoding="utf-8")
    commands, program = blocks("sh")[1], blocks()[2]
    assert len((commands + program).splitlines()) <= 25
    shown = []
    for line in commands.splitlines():
        name, *arguments = shlex.split(line, comments=True)
        result = CliRunner().invoke(main, arguments)
        assert (name, result.exit_code) == ("coals", 0), result.output
        shown.append(result.stdout)
    assert "Take Five" in shown[1]
    assert re.search(r"^implicit-als +0\.\d", shown[3], re.MULTILINE)
    assert set(eval(printed_by(program))) < set(titles)
    assert coals.load("songs.coals").user_index_.ids.tolist() == [*users, "zoe"]


@pytest.mark.parametrize(
    ("line", "ratings", "titles", "user"),
    [(0, "book_id,user_id,rating\n{item},{user},{value}\n", "id,title", 314),
     (1, "userId,movieId,rating,timestamp\n{user},{item},{value},9\n", "movieId,title", 7)],
)  # fmt: skip
def test_public_data_sets_are_one_command_each(tmp_path, monkeypatch, line, ratings, titles, user):
    """As printed, in a folder with files of their columns."""
    monkeypatch.chdir(tmp_path)
    name, *arguments = shlex.split(blocks("sh")[2].splitlines()[line])
    head, row = ratings.splitlines(keepends=True)
    pairs = [(i, j) for i in range(9) for j in range(9) if (i + j) % 5 < 3]
    rows = [row.format(user=user + i, item=j, value=1 + (i * j) % 5) for i, j in pairs]
    write_text(arguments[1], head + "".join(rows))
    write_text(arguments[arguments.index("--titles") + 1], titles + "".join(f'\n{j},"Title, {j}"' for j in range(9)))
    result = CliRunner().invoke(main, arguments)
    assert (name, result.exit_code) == ("coals", 0), result.output
    assert re.search(rf"^ *{user} +1 +\d +Title, \d", result.stdout, re.MULTILINE), result.stdout


def write_text(path, text):
    content = text.encode()
    Path(path).write_bytes(gzip.compress(content) if path.endswith(".gz") else content)


def test_files_become_recommendations(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plays.tsv").write_text("ann\ts1\t3\nann\ts2\t1\nbob\ts2\t2\nann\ts1\t2\nbob\ts3\t1\ncem\ts3\t9\n")
    Path("songs.csv").write_text("song_id,title,release\ns1,Blue Train,1957\ns2,So What,1959\ns3,Naima,1960\n")
    printed = printed_by(next(code for code in blocks() if "from_csv" in code)).splitlines()
    assert [line.split()[0] for line in printed] == ["item", "----", "s2", "s1", "s3", "['So"]
    assert printed[3].split() == ["s1", "Blue", "Train", "1", "2", "5", "25"]


def test_filters_run():
    (code,) = [block for block in blocks() if "top_k" in block]
    train = coals.datasets.goodbooks()
    names = {"coals": coals, "train": train, "model": coals.ImplicitALS(factors=8, random_state=0).fit(train)}
    exec(compile(code, str(README), "exec"), names)
    assert names["varied"].ids.shape == (4273, 10)


def test_nothing_is_left_to_fill_in():
    assert not re.search(r"\b[A-Z]+_[A-Z]+\b(?<!COALS_ISA)", README.read_text(encoding="utf-8"))


def test_ten_lines_run():
    code = blocks()[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    titles, table = printed_by(code).split("\n", 1)
    assert titles.count("'") + titles.count('"') >= 10  # five quoted titles
    rows = dict(re.findall(r"^(als|popular) +([\d.]+)", table, re.MULTILINE))
    assert float(rows["als"]) > float(rows["popular"])


def test_events_example_runs():
    code = next(block for block in blocks() if "coals.Events" in block)
    assert printed_by(code) == ""


def test_neural_example_runs():
    pytest.importorskip("torch", reason="torch is not installed")
    (code,) = [block for block in blocks() if "neural" in block]
    train = coals.datasets.goodbooks()
    code = code.replace("random_state=0", 'random_state=0, iterations=2, device="cpu"')
    names = {"coals": coals, "train": train}
    exec(compile(code, str(README), "exec"), names)
    assert len(names["model"].validation_) == 2
