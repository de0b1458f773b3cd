"""From tables of text to lists with titles, through files and pipes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import coals
from coals import cli
from coals.cli.base import model_names
from coals.cli.title_search import search_titles


def run(*arguments, given=None):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], input=given)


def ok(*arguments, given=None):
    result = run(*arguments, given=given)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """A headerless table of plays, songs with titles, and a model of them."""
    folder = tmp_path_factory.mktemp("songs")
    rng = np.random.default_rng(0)
    plays = sorted({(f"u{rng.integers(30):02d}", f"SO{rng.integers(12):02d}") for _ in range(200)})
    counts = rng.integers(1, 9, len(plays))
    lines = [f"{user}\t{song}\t{count}\n" for (user, song), count in zip(plays, counts, strict=True)]
    (folder / "plays.tsv").write_text("".join(lines), encoding="utf-8")
    names = ["So What", "Blue Train", 'The "Köln", Concert', "Naïve Melody", "Take Five", "Naima", "Giant Steps"]
    names += [f"Étude No. {j}" for j in range(5)]
    with (folder / "songs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["song_id", "title", "release", "artist_name", "year"])
        writer.writerows([f"SO{j:02d}", name, "x", "y", 1960] for j, name in enumerate(names))
    result = ok(
        "fit", folder / "plays.tsv", "--user", 0, "--item", 1, "--value", 2, "--titles", folder / "songs.csv",
        "--titles-id", "song_id", "--factors", 8, "--save", folder / "songs.coals",
    )  # fmt: skip
    assert result.stdout == ""
    assert "ImplicitALS: 30 users, 12 items" in result.stderr
    assert re.search(r"; read in \d+\.\d\d s, encoded in \d+\.\d\d s, fitted in \d+\.\d\d s; peak", result.stderr)
    return folder


def test_the_seed_of_all_tutorials(songs):
    """A headerless table of plays and a table of songs are the model that Python makes of them."""
    model = coals.load(songs / "songs.coals")
    rows = (songs / "plays.tsv").read_text(encoding="utf-8").splitlines()
    users, items, counts = zip(*(row.split("\t") for row in rows), strict=True)
    data = coals.Interactions.from_arrays(list(users), list(items), list(map(float, counts)))
    ours = coals.ImplicitALS(factors=8, random_state=0).fit(data)
    assert ours.recommend(["u03"]).scores.tobytes() == model.recommend(["u03"]).scores.tobytes()
    assert model.titles(["SO02", "SO03"]) == ['The "Köln", Concert', "Naïve Melody"]


@pytest.mark.parametrize("format", ["table", "csv", "jsonl"])
def test_recommend_says_what_the_model_says(songs, format):
    model = coals.load(songs / "songs.coals")
    expected = model.recommend(["u03", "u04"], n=3)
    lines = ok("recommend", songs / "songs.coals", "--user", "u03", "--user", "u04", "-n", 3, "--format", format).stdout
    if format == "jsonl":
        rows = [json.loads(line) for line in lines.splitlines()]
        assert [row["score"] for row in rows] == [s for s in expected.scores.ravel().tolist() if s == s]
    elif format == "csv":
        rows = list(csv.DictReader(io.StringIO(lines)))
        assert [float(row["score"]) for row in rows] == [s for s in expected.scores.ravel().tolist() if s == s]
    else:
        head, rule, *body = lines.splitlines()
        assert head.split() == ["user", "rank", "item", "title", "score"]
        assert set(rule) == {"-", " "}
        rows = [
            {"user": line.split()[0], "item": line.split()[2], "title": line[head.index("title") :]} for line in body
        ]
    assert [row["item"] for row in rows] == [item for item in expected.ids.ravel().tolist() if item is not None]
    titles = model.titles([row["item"] for row in rows])
    assert all(title in row["title"] for row, title in zip(rows, titles, strict=True))


def test_users_from_stdin_and_from_a_file(songs, tmp_path):
    (tmp_path / "users").write_text("u03\n\nu04\n")
    model = songs / "songs.coals"
    expected = ok("recommend", model, "--user", "u03", "--user", "u04").stdout
    assert ok("recommend", model, "--users-from", tmp_path / "users").stdout == expected
    assert ok("recommend", model, "--users-from", "-", given="u03\nu04\n").stdout == expected


def test_seen_items_come_back_when_asked_for(songs):
    seen = ok(
        "recommend", songs / "songs.coals", "--user", "u03", "-n", 12, "--include-seen", "--format", "jsonl"
    ).stdout
    assert len(seen.splitlines()) == 12


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("from_stdin", [False, True])
def test_a_table_in_other_clothes_gives_the_same_model(songs, tmp_path, packed, from_stdin):
    """With a header, a byte order mark, semicolons, DOS line ends, from a pipe, compressed."""
    text = "count;who;what\r\n"
    for line in (songs / "plays.tsv").read_text(encoding="utf-8").splitlines():
        user, song, count = line.split("\t")
        text += f'{count};{user};"{song}"\r\n'
    content = "\ufeff".encode() + text.encode()
    if packed:
        content = gzip.compress(content)
    (tmp_path / "plays").write_bytes(content)
    columns = ("--user", "who", "--item", "what", "--value", "count", "--factors", 8, "--save", tmp_path / "model")
    ok("fit", "-" if from_stdin else tmp_path / "plays", *columns, given=content)
    ours, theirs = (coals.load(path).recommend(["u03"]) for path in (tmp_path / "model", songs / "songs.coals"))
    assert ours.scores.tobytes() == theirs.scores.tobytes()


def test_one_command_from_a_table_to_a_list(songs):
    result = ok(
        "fit", songs / "plays.tsv", "--user", 0, "--item", 1, "--titles", songs / "songs.csv", "--titles-id", "song_id",
        "--model", "item-knn", "--recommend", "u03", "-n", 2, "--format", "csv",
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["user"] for row in rows] == ["u03", "u03"]
    assert not rows[0]["title"].startswith("SO")


@pytest.mark.parametrize("name", model_names())
def test_every_model_can_be_fitted(songs, tmp_path, name):
    table = (songs / "plays.tsv", "--user", 0, "--item", 1, "--value", 2)
    titles = ("--titles", songs / "songs.csv", "--titles-id", "song_id")
    ok("fit", *table, *titles, "--model", name, "--save", tmp_path / "model")
    assert type(coals.load(tmp_path / "model")).__name__ == model_names()[name].__name__
    assert ok("recommend", tmp_path / "model", "--user", "u03").stdout.count("u03") > 0


def test_settings_reach_the_model(songs, tmp_path):
    table = (songs / "plays.tsv", "--user", 0, "--item", 1, "--value", 2, "--save", tmp_path / "model")
    ok("fit", *table, "--model", "explicit-als", "--set", "regularization=[0.5, 1]", "--set", "biases=False",
       "--set", "solver=cholesky", "--factors", 3, "--iterations", 2, "--seed", 7, "--threads", 1)  # fmt: skip
    parameters = coals.load(tmp_path / "model").get_params()
    told = {name: parameters[name] for name in ("regularization", "biases", "solver", "factors", "iterations")}
    assert told == {
        "regularization": (0.5, 1), "biases": False, "solver": "cholesky", "factors": 3, "iterations": 2,
    }  # fmt: skip
    assert parameters["random_state"] == 7


def test_merged_rows_are_told(tmp_path):
    (tmp_path / "plays").write_text("a,x,1\na,x,2\nb,y,5\n")
    table = (tmp_path / "plays", "--user", 0, "--item", 1, "--value", 2, "--save", tmp_path / "model")
    summed = ok("fit", *table, "--model", "popularity", "--set", "by=sum")
    assert "1 rows repeat a user and an item: values of a pair are added up" in summed.stderr
    assert coals.load(tmp_path / "model").popularity_.tolist() == [3, 5]
    assert "the last one of a pair counts" in ok("fit", *table, "--model", "explicit-als").stderr
    assert "repeat" not in ok("fit", *table, "--duplicates", "max").stderr
    assert run("fit", *table, "--duplicates", "error").exit_code == 2


def test_users_and_items_with_little_are_left_out(tmp_path):
    (tmp_path / "plays").write_text("a,x\na,y\nb,x\nb,y\nc,x\nd,z\n")
    table = (tmp_path / "plays", "--user", 0, "--item", 1, "--save", tmp_path / "model")
    ok("fit", *table, "--min-user-items", 2, "--min-item-users", 2)
    model = coals.load(tmp_path / "model")
    assert (model.user_index_.ids.tolist(), model.item_index_.ids.tolist()) == (["a", "b"], ["x", "y"])
    assert "leave" in run("fit", *table, "--min-user-items", 3).output


def test_similar_by_title_and_by_id(songs):
    model = coals.load(songs / "songs.coals")
    expected = model.similar_items("SO05", n=4).ids[0].tolist()
    for option in (("--item", "Naima"), ("--item", "naimaa"), ("--id", "SO05")):
        result = ok("similar", songs / "songs.coals", *option, "-n", 4, "--format", "jsonl")
        assert [json.loads(line)["item"] for line in result.stdout.splitlines()] == expected
    assert "Using 'Naima'" in ok("similar", songs / "songs.coals", "--item", "naimaa").stderr
    assert ok("similar", songs / "songs.coals", "--item", "Naima").stderr == ""


def test_search(songs):
    result = ok("search", songs / "songs.coals", "koln concert", "--format", "jsonl", "-n", 1)
    assert json.loads(result.stdout)["title"] == 'The "Köln", Concert'
    nothing = run("search", songs / "songs.coals", "zzzzqqq", "--format", "jsonl")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (1, "", "no title is similar to 'zzzzqqq'\n")


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("the hobbit", "The Hobbit"),
        ("hobit", "The Hobbit"),
        ("tolkien towers two", "The Two Towers"),
        ("amelie", "Amélie"),
        ("THE TWO", "The Two Towers"),
        ("hary poter", "Harry Potter and the Goblet of Fire"),
        ("1984", "1984"),
        ("война", "Война и мир"),
    ],
)
def test_titles_are_found_in_spite_of_mistakes(query, best):
    titles = ["The Hobbit", "The Two Towers", "Amélie", "Harry Potter and the Goblet of Fire", "1984", "Война и мир"]
    assert titles[search_titles(titles, query, 1)[0][0]] == best


def test_equal_titles_go_by_weight_and_hardly_alike_ones_are_left_out():
    assert [place for place, _ in search_titles(["It", "It", "It"], "it", 3, [1, 5, 5])] == [1, 2, 0]
    assert search_titles(["Naïve Melody"], "NAIVE, melody!", 1) == [(0, 1.0)]
    assert search_titles(["The Hobbit"], "hobbit in seven volumes", 1) == []
    assert search_titles(["It"], "?!", 3) == search_titles(["!", ""], "it", 3) == []


def test_info(songs):
    facts = json.loads(ok("info", songs / "songs.coals", "--format", "jsonl", "--verify").stdout)
    assert (facts["model"], facts["users"], facts["items"], facts["factors"]) == ("ImplicitALS", 30, 12, 8)
    assert (facts["user ids"], facts["titles"]) == ("str", True)
    assert "ImplicitALS" in ok("info", songs / "songs.coals").stdout


def test_evaluate(songs):
    table = (songs / "plays.tsv", "--user", 0, "--item", 1, "--value", 2, "--format", "jsonl")
    models = ("--model", "implicit-als", "--model", "popularity", "--factors", 4)
    result = ok("evaluate", *table, *models, "--metrics", "ndcg@5, recall@5")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["model"] for row in rows] == ["implicit-als", "popularity"]
    assert all(0 < row["ndcg@5"] <= 1 for row in rows)
    assert re.search(r"^Means over \d+ users; \d+ others have no held-out entries\.$", result.stderr, re.MULTILINE)
    ok("evaluate", *table, "--leave-out", 1, "--model", "popularity")


def test_bench():
    result = ok("bench", "--users", 100, "--items", 50, "--entries", 1000, "--factors", 4, "--format", "jsonl")
    assert [json.loads(line)["unit"] for line in result.stdout.splitlines()] == ["entries/s", "users/s"] * 2


@pytest.mark.parametrize("ids", [[uuid.UUID(int=7), uuid.UUID(int=8)], [b"x", b"y"], [0.5, 1.5], None])
def test_ids_of_other_kinds_are_written_as_text(tmp_path, ids):
    import scipy.sparse as sp

    data = coals.Interactions.from_matrix(sp.csr_array([[1.0, 0], [1, 1]]), user_ids=ids)
    coals.Popularity().fit(data).save(tmp_path / "model")
    user = "0" if ids is None else ids[0].decode() if isinstance(ids[0], bytes) else str(ids[0])
    assert len(ok("recommend", tmp_path / "model", "--user", user, "--format", "jsonl").stdout.splitlines()) == 1


def test_help_has_examples():
    for name in cli.main.commands:
        assert "Example" in ok(name, "--help").stdout


def test_pipes_stay_clean(songs):
    """In processes of their own: no bar, no colour; the answer alone on stdout; a closed pipe is no error message."""
    environment = {**os.environ, "PYTHONPATH": str(Path(coals.__file__).parents[1]), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "coals"]
    done = subprocess.run(
        [*command, "fit", "-", "--user", "0", "--item", "1", "--recommend", "u03", "--format", "csv"],
        env=environment, input=(songs / "plays.tsv").read_bytes(), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith(b"user,rank,item,score\nu03,1,")
    assert b"\r" not in done.stderr + done.stdout
    assert b"\x1b" not in done.stderr + done.stdout
    assert done.stderr.count(b"\n") == 1


def test_lists_longer_than_the_catalogue_end_with_it(songs):
    for command in (("recommend", "--user", "u03", "--include-seen"), ("similar", "--id", "SO05")):
        result = ok(command[0], songs / "songs.coals", *command[1:], "-n", 2**31 - 1, "--format", "jsonl")
        assert 0 < len(result.stdout.splitlines()) <= 12


def test_users_of_a_file_from_windows_and_of_no_text(songs, tmp_path):
    (tmp_path / "users").write_bytes(b"\xef\xbb\xbfu03\r\nu04\r\n")
    model = songs / "songs.coals"
    expected = ok("recommend", model, "--user", "u03", "--user", "u04").stdout
    assert ok("recommend", model, "--users-from", tmp_path / "users").stdout == expected
    refused = run("recommend", model, "--users-from", model)
    assert (refused.exit_code, refused.stderr) == (2, f"Error: --users-from {model}: is not valid UTF-8\n")
