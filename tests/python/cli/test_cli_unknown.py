"""Unknown ids in the shell, test data in a file of their own, and messages with the options that the shell has."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

import coals
from coals import cli
from coals.cli.messages import in_shell
from test_cli_bad_input import folder, refused

__all__ = ["folder"]  # a fixture

PLAYS = "user,item,plays\n" + "".join(
    f"{user},{item},{plays}\n" for user, item, plays in [(1, 7, 2), (1, 8, 1), (2, 7, 5), (2, 9, 1), (3, 8, 4)]
)
NAMED = ["--user", "user", "--item", "item", "--value", "plays"]


@pytest.fixture
def plays(folder):
    (folder / "plays.csv").write_text(PLAYS)
    (folder / "users.txt").write_text("1\n\n999\n2\n777\n")
    data = coals.Interactions.from_arrays([1, 1, 2, 2, 3], [7, 8, 7, 9, 8], [2.0, 1, 5, 1, 4])
    coals.ItemKNN().fit(data).save(folder / "m.coals")
    return folder


def ok(*arguments):
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def rows(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_unknown_users_of_a_file(plays):
    asked = ["recommend", plays / "m.coals", "--users-from", plays / "users.txt", "--format", "jsonl"]
    line = refused(asked, plays)
    assert "users.txt, line 3: unknown user id 999 (and 1 more)" in line
    assert "--unknown skip" in line
    skipped = ok(*asked, "--unknown", "skip")
    assert [row["user"] for row in rows(skipped)] == [1, 2]
    assert "2 of 4 user ids are unknown to the model (skipped), 999 (" in skipped.stderr
    assert "users.txt, line 3) first" in skipped.stderr
    popular = rows(ok(*asked, "--unknown", "popular"))
    assert [row["item"] for row in popular if row["user"] == 999] == [7, 8, 9]
    assert list(dict.fromkeys(row["user"] for row in popular)) == [1, 999, 2, 777]


def test_an_id_of_another_type_is_named_by_its_line(plays):
    (plays / "users.txt").write_text("1\nuser_id\n")
    line = refused(["recommend", plays / "m.coals", "--users-from", plays / "users.txt", "--unknown", "skip"], plays)
    assert line.endswith("users.txt, line 2: user ids are integers in this model, got 'user_id'")
    assert "--user: unknown user id 5" in refused(["recommend", plays / "m.coals", "--user", "5"], plays)


def test_negative_ids_are_ids(folder):
    (folder / "signed.csv").write_text("user,item\n-1,-7\n-1,-1\n-5,-7\n5,-1\n5,3\n")
    given = ["fit", folder / "signed.csv", "--user", "user", "--item", "item", "--model", "item-knn"]
    found = rows(ok(*given, "--recommend", "-5", "--recommend", "-1", "--format", "jsonl", "-n", "5"))
    assert [(row["user"], row["item"]) for row in found] == [(-5, -1), (-1, 3)]


def test_a_user_to_recommend_to_is_looked_for_before_the_fit(plays, monkeypatch):
    def never(self, *args, **kwargs):
        raise AssertionError("fitted")

    monkeypatch.setattr(coals.ItemKNN, "_fit", never)
    given = ["fit", plays / "plays.csv", *NAMED, "--model", "item-knn", "--recommend", "44", "--save", plays / "new"]
    assert "--recommend: unknown user id 44: not among the 3 users" in refused(given, plays)
    monkeypatch.undo()
    found = ok(*given, "--unknown", "popular", "--format", "jsonl")
    assert [row["item"] for row in rows(found)] == [7, 8, 9]


def test_an_unknown_item_has_none_similar(plays):
    asked = ["similar", plays / "m.coals", "--id", "5", "--format", "jsonl"]
    assert "--id: unknown item id 5" in refused(asked, plays)
    assert rows(ok(*asked, "--unknown", "skip")) == []
    assert [row["item"] for row in rows(ok(*asked, "--unknown", "popular", "-n", "2"))] == [7, 8]


def test_evaluation_on_a_file_of_its_own(plays):
    (plays / "test.csv").write_text("user,item,plays\n3,7,1\n1,9,1\n88,7,1\n2,55,1\n")
    asked = ["evaluate", plays / "plays.csv", *NAMED, "--model", "popularity", "--test", plays / "test.csv"]
    found = ok(*asked, "--metrics", "recall@1", "--metrics", "recall@2,hit_rate@1", "--format", "jsonl")
    (row,) = rows(found)
    assert {name: row[name] for name in ("recall@1", "recall@2", "hit_rate@1")} == {
        "recall@1": pytest.approx(2 / 3),
        "recall@2": pytest.approx(2 / 3),
        "hit_rate@1": pytest.approx(2 / 3),
    }
    assert "1 users unknown (left out)" in found.stderr
    assert "1 of 3 relevant test pairs have an item unknown" in found.stderr
    popular = rows(ok(*asked, "--metrics", "recall@1", "--unknown", "popular", "--format", "jsonl"))
    assert popular[0]["recall@1"] == pytest.approx(3 / 4)
    assert "--test and --leave-out each say what to evaluate on" in refused([*asked, "--leave-out", "1"], plays)
    assert "unknown mean" in refused([*asked, "--metrics", "recall@1", "--unknown", "mean"], plays)
    seen = ok(*asked[:-1], plays / "plays.csv", "--metrics", "recall@1")
    assert "5 of 5 relevant test pairs are in its training data" in seen.stderr


def test_advice_is_what_can_be_typed(folder):
    (folder / "headed.csv").write_text("user,item,stars\n1,2,5\n2,3,4\n")
    (folder / "latin.csv").write_bytes("user,item\n1,café\n2,thé\n".encode("latin-1"))
    (folder / "twice.csv").write_text("user,item\n1,2\n1,2\n")
    places = ["--user", "0", "--item", "1", "--recommend", "1"]
    line = refused(["fit", folder / "headed.csv", *places, "--value", "2"], folder)
    assert "--header" in line
    assert "header=" not in line
    line = refused(["fit", folder / "latin.csv", *places, "--header"], folder)
    assert "--encoding" in line
    assert "encoding=" not in line
    ok("fit", folder / "latin.csv", *places, "--header", "--encoding", "latin-1", "--model", "popularity")
    line = refused(["fit", folder / "twice.csv", *places, "--header", "--duplicates", "error"], folder)
    assert "duplicates=" not in line
    assert "--duplicates" in line
    line = refused(["evaluate", folder / "headed.csv", *places[:4], "--header", "--test-fraction", "3"], folder)
    assert line.startswith("Error: --test-fraction must lie between 0 and 1")
    line = refused(["fit", folder / "twice.csv", *places, "--header", "--min-user-items", "5"], folder)
    assert "--min-user-items 5" in line


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("pass header=False", "pass --no-header"),
        ("pass quote=None", "pass --quote none"),
        ("text_ids=True keeps them", "--text-ids keeps them"),
        ("pass encoding=, such as 'latin-1'", "pass --encoding, such as 'latin-1'"),
        ("set regularization=0.1, or use dtype='float64'", "set --set regularization=0.1, or use --set dtype=float64"),
        ("random_state=3 and num_threads=2", "--seed 3 and --threads 2"),
        ("user='usr id': there is no such column", "--user usr id: there is no such column"),
        ("regularization must be >= 0, got -3", "--set regularization must be >= 0, got -3"),
        ("give min_user_items or text_ids", "give --min-user-items or --text-ids"),
        ("set learning_rate lower", "set learning_rate lower"),
        ("a=b and metric='x' stay", "a=b and metric='x' stay"),
    ],
)
def test_arguments_become_options(said, wanted):
    fit = cli.main.get_command(click.Context(cli.main), "fit")
    assert in_shell(said, fit, frozenset({"regularization", "dtype", "random_state", "num_threads"})) == wanted
