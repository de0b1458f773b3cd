"""What the demo computes and shows is what a stranger may check by hand."""

from __future__ import annotations

import io
import re
import textwrap

import numpy as np
import pytest
from tqdm import tqdm

import coals
from coals.cli import demo

MODELS = ["Popularity", "ItemCooccurrence", "ExplicitALS", "ImplicitALS"]


@pytest.fixture(scope="module")
def shown():
    """The demo and its figures, section by section."""
    show = demo.Demo(seed=0)
    return show, {name: getattr(show, name)() for name in demo.SECTIONS}


@pytest.fixture(scope="module")
def text(shown):
    sections = [as_text(shown[1][name]) for name, as_text in demo.SECTIONS.items()]
    return "\n".join([*sections, demo.next_steps("python", shown[1]["reader"]["id"], made_by(shown[1]))])


def made_by(figures):
    return figures["accuracy"]["models"]["ImplicitALS"]["made_by"]


def without_times(figures):
    """What must not depend on the number of threads."""
    models = figures["accuracy"]["models"].values()
    return [{k: v for k, v in found.items() if "@" in k or k == "rmse"} for found in models] + [
        figures["reader"],
        figures["similar"],
    ]


def test_metrics_are_those_of_evaluate_and_personal_beats_popular(shown):
    show, figures = shown
    models = figures["accuracy"]["models"]
    assert list(models) == MODELS
    expected = coals.evaluate(show.models, show.test, ["precision@10", "recall@10", "ndcg@10", "rmse"])
    for name, found in models.items():
        for metric in ("precision@10", "recall@10", "ndcg@10"):
            assert 0 <= found[metric] <= 1
            assert found[metric] == expected.mean[name][metric]
        assert found["fit_seconds"] > 0
    for name in ("ItemCooccurrence", "ImplicitALS"):
        assert models[name]["ndcg@10"] > 0.2 > 10 * models["Popularity"]["ndcg@10"]
    assert figures["accuracy"]["evaluated_users"] + figures["accuracy"]["skipped_users"] == show.books.n_users


def test_only_ratings_have_an_rmse_and_it_beats_guessing_the_mean(shown):
    show, figures = shown
    rmse = {name: found["rmse"] for name, found in figures["accuracy"]["models"].items()}
    guess = show.test.matrix.data - show.train.matrix.data.mean()
    assert figures["accuracy"]["rmse_of_the_mean"] == pytest.approx(np.sqrt((guess**2).mean()), rel=1e-5)
    assert [name for name, value in rmse.items() if value is not None] == ["ExplicitALS"]
    assert 0.5 < rmse["ExplicitALS"] < 0.9 * figures["accuracy"]["rmse_of_the_mean"]


def test_the_reader_sees_their_own_books_and_hits_are_hits(shown):
    show, figures = shown
    reader = figures["reader"]
    row = show.books.users.encode(reader["id"])[0]
    train, test = (dict(zip(*ids_and_values(part, row), strict=True)) for part in (show.train, show.test))
    assert [train[book["id"]] for book in reader["liked"]] == [5.0] * 10
    assert (len(train), len(test)) == (reader["train_ratings"], reader["test_ratings"])
    assert list(reader["recommended"]) == MODELS
    for books in reader["recommended"].values():
        assert len({book["id"] for book in books}) == 10
        assert not train.keys() & {book["id"] for book in books}
        assert [book["held_out"] for book in books] == [book["id"] in test for book in books]
        assert [book["title"] for book in books] == show.books.titles([book["id"] for book in books])


def ids_and_values(part, row):
    entries = slice(*part.matrix.indptr[row : row + 2])
    return part.items.decode(part.matrix.indices[entries]).tolist(), part.matrix.data[entries].tolist()


def test_every_title_says_something(shown):
    reader, similar = shown[1]["reader"], shown[1]["similar"]
    lists = [reader["liked"], *reader["recommended"].values(), similar["ItemCooccurrence"], similar["ImplicitALS"]]
    assert [len(books) for books in lists] == [10] * 5 + [5] * 2
    assert all(re.search(r"\w", book["title"]) for books in lists for book in books)


def test_similar_books_are_of_a_kind(shown):
    assert shown[1]["similar"]["book"] == "Foundation (Foundation #1)"
    for name in ("ItemCooccurrence", "ImplicitALS"):
        assert "I, Robot (Robot #0.1)" in [book["title"] for book in shown[1]["similar"][name]]


@pytest.mark.long  # each model has this tested by itself
def test_threads_change_nothing_but_the_time(shown):
    alone = demo.Demo(seed=0, num_threads=1)
    assert without_times({name: getattr(alone, name)() for name in demo.SECTIONS}) == without_times(shown[1])


def test_text_fits_100_columns_and_has_every_figure(shown, text):
    assert max(map(len, text.splitlines())) <= 100
    for name, found in shown[1]["accuracy"]["models"].items():
        (row,) = re.findall(rf"^{name} +([\d.]+) s +(\S+) +(\S+) +(\S+) +(\S+)$", text, re.MULTILINE)
        expected = [found["precision@10"], found["recall@10"], found["ndcg@10"], found["rmse"]]
        assert list(row[1:]) == ["–" if value is None else f"{value:.3f}" for value in expected]
    hits = [book for books in shown[1]["reader"]["recommended"].values() for book in books if book["held_out"]]
    assert len(hits) == len(re.findall(r"\d \* \w", text)) > 5
    for figure in ("176,233", "4,273", "1,995", "CC BY-SA 4.0", "4,174 readers", "99 more"):
        assert figure in text


def test_long_titles_end_in_an_ellipsis():
    book = {"title": "x" * 100}
    similar = {"book": "y", "ItemCooccurrence": [book], "ImplicitALS": [book, {"title": "short"}]}
    lines = demo.similar_text(similar).splitlines()
    left, right = lines[-2][:48], lines[-2][50:]
    assert left == right == "   1   " + "x" * 40 + "…"
    assert lines[-1].split() == ["2", "short"]


def test_python_lines_to_try_next_run(text):
    code = re.search(r"^  import coals\n(?:  .*\n)*  print.*$", text, re.MULTILINE)[0]
    code = textwrap.dedent(code)
    assert len(code.splitlines()) == 7
    exec(compile(code, "next steps", "exec"), {})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("name", ["Popularity", "ExplicitALS"])
def test_a_bar_on_a_terminal_is_gone_afterwards_and_elsewhere_there_is_none(monkeypatch, ratings, name):
    model = getattr(coals, name)()
    # The model's own bar would show, too, if it were not told not to.
    monkeypatch.setattr("tqdm.tqdm", lambda **options: tqdm(**{**options, "delay": 0}))
    for stderr in (Terminal(), io.StringIO()):
        monkeypatch.setattr("sys.stderr", stderr)
        demo._fit(name, model, ratings)
        drawn = stderr.getvalue()
        assert ("Fitting" in drawn) == stderr.isatty()
        assert "\n" not in drawn
        assert [line.strip() for line in drawn.split("\r")][-2:] in (["", ""], [""])  # wiped, cursor at its start
