"""``coals demo``: four models learn from real book ratings, are measured, and recommend books to one reader."""

from __future__ import annotations

import inspect
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

import coals
from coals._util.order import best_first
from coals._util.text_table import aligned, fitted
from coals.cli.base import CannotDo, check_target, write
from coals.cli.output import say

__all__ = ["SECTIONS", "Demo", "demo", "next_steps"]

METRICS = ("precision@10", "recall@10", "ndcg@10", "rmse")
READERS_BOOK = 19  # The Fellowship of the Ring
KNOWN_BOOK = 276  # Foundation

Figures = dict[str, Any]

_WIDTH = 98
_COLUMN = 48
_PICTURES = ("png", "pdf", "svg", "jpg")


# --- the command ---


@click.command(
    epilog="""\b
Example:
  coals demo --plot curve.png --json demo.json
"""
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw precision over recall into this file.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures to this file.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of split and models.")
@click.option("--threads", type=click.IntRange(min=1), help="Default: every processor it may use.")
def demo(plot: Path | None, json_file: Path | None, seed: int, threads: int | None) -> None:
    """Recommend real books to a real reader, in seconds.

    Fits four models to 176,233 book ratings that come with coals, measures them on ratings they have not
    seen, and shows what each recommends to one reader.
    """
    for option, path in (("--plot", plot), ("--json", json_file)):
        if path is not None:
            check_target(option, path)
    if plot is not None:
        _check_picture(plot)
    show = Demo(seed=seed, num_threads=threads)
    figures: dict[str, Any] = {"coals": coals.__version__}
    for name, as_text in SECTIONS.items():
        figures[name] = getattr(show, name)()
        say(as_text(figures[name]))
    best = figures["accuracy"]["models"]["ImplicitALS"]["made_by"]
    say(next_steps(_python(), figures["reader"]["id"], best))
    if plot is not None:
        write("--plot", plot, show.picture(_file_format(plot)))
    _write_figures(json_file, figures)


def _write_figures(path: Path | None, figures: dict[str, Any]) -> None:
    if path is not None:
        text = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
        write("--json", path, f"{text}\n".encode())


def _python() -> str:
    """What to type to get this Python."""
    if shutil.which("python") == sys.executable:
        return "python"
    here = os.path.relpath(sys.executable) if Path(sys.executable).is_relative_to(Path.cwd()) else sys.executable
    return here if len(here) <= 40 and " " not in here else "python"


def _check_picture(path: Path) -> None:
    if _file_format(path) not in _PICTURES:
        raise CannotDo(f"--plot {path}: name a file that ends in .{', .'.join(_PICTURES)}")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise CannotDo("--plot needs matplotlib: pip install matplotlib") from None


def _file_format(path: Path) -> str:
    return path.suffix.lstrip(".").lower()


# --- what it computes ---


class Demo:
    """Each method computes one section as plain values, ready for JSON; `accuracy` comes first, as it fits.

    Parameters
    ----------
    seed : int
        Of the split and of the start of the ALS models.
    num_threads : int or None
        None takes every processor the process may use.

    Examples
    --------
    >>> demo = Demo(seed=0)
    >>> demo.data()["books"]
    1995
    """

    def __init__(self, *, seed: int = 0, num_threads: int | None = None) -> None:
        self.books = coals.datasets.goodbooks()
        self.train, self.test = coals.split.random(self.books, test_fraction=0.2, random_state=seed)
        self.models = _models(seed, num_threads)
        self.seed = seed
        self._readers_book = self.books.items.encode(READERS_BOOK)[0]

    def data(self) -> dict[str, Any]:
        """What is learned from."""
        ratings_of_book = np.bincount(self.books.matrix.indices)
        return {
            "name": "goodbooks",
            "source": "goodbooks-10k by Zygmunt Zając",
            "licence": "CC BY-SA 4.0",
            "readers": self.books.n_users,
            "books": self.books.n_items,
            "ratings": self.books.nnz,
            "most_ratings_of_a_book": int(ratings_of_book.max()),
            "train_ratings": self.train.nnz,
            "test_ratings": self.test.nnz,
            "seed": self.seed,
        }

    def accuracy(self) -> dict[str, Any]:
        """Fits the models, and measures them over all readers with a held-out book."""
        seconds = {name: _fit(name, model, self.train) for name, model in self.models.items()}
        found = coals.evaluate(self.models, self.test, METRICS).to_dict()
        off_mean = self.test.matrix.data - self.train.matrix.data.mean(dtype=np.float64)
        return {
            "models": {
                name: {
                    "made_by": _made_by(model),
                    "settings": model.get_params(),
                    "fit_seconds": seconds[name],
                    **found["mean"][name],
                }
                for name, model in self.models.items()
            },
            "rmse_of_the_mean": float(np.sqrt(np.mean(off_mean**2))),
            "evaluated_users": found["evaluated_users"],
            "skipped_users": found["skipped_users"],
        }

    def reader(self) -> dict[str, Any]:
        """What one reader liked best, and what each model recommends to them."""
        row = self._reader_row()
        books, ratings = _row(self.train.matrix, row)
        held_out, _ = _row(self.test.matrix, row)
        best = best_first(ratings)[:10]  # books come in the order of their ids: well-known ones first
        return {
            "id": int(self.books.users.decode(np.array([row]))[0]),
            "train_ratings": len(books),
            "test_ratings": len(held_out),
            "liked": [
                {**book, "rating": rating}
                for book, rating in zip(self._named(books[best]), ratings[best].tolist(), strict=True)
            ],
            "recommended": {
                name: self._named(model.recommend_indices([row], 10).ids[0], held_out)
                for name, model in self.models.items()
            },
        }

    def similar(self) -> dict[str, Any]:
        """Books like a well-known one."""
        found: dict[str, Any] = {"book": self.books.titles(KNOWN_BOOK)[0]}
        for name in ("ItemCooccurrence", "ImplicitALS"):
            near = self.models[name].similar_items(KNOWN_BOOK, n=5)
            found[name] = self._named(self.books.items.encode(near.ids[0, : near.counts[0]]))
        return found

    def picture(self, file_format: str) -> bytes:
        """Precision over recall, as an image file. Needs matplotlib."""
        image = io.BytesIO()
        figure: Any = coals.plot.precision_recall(self.models, self.test).figure
        figure.savefig(image, format=file_format, dpi=150)
        return image.getvalue()

    def _reader_row(self) -> int:
        """The row of the reader to advise, chosen by the training ratings alone.

        Of the readers who rated 20 to 100 books and gave READERS_BOOK five stars, it is the one whose five-star books
        are most alike. If no such reader gave it five stars, READERS_BOOK does not matter.
        """
        similarity = self.models["ItemCooccurrence"].similarity_  # type: ignore[attr-defined]
        lengths = np.diff(self.train.matrix.indptr)
        best = (False, -1.0, -1)
        for row in np.flatnonzero((lengths >= 20) & (lengths <= 100)).tolist():
            books, ratings = _row(self.train.matrix, row)
            liked = books[ratings == 5]
            has_book = bool(np.isin(self._readers_book, liked))
            if len(liked) >= 5 and has_book >= best[0]:
                best = max(best, (has_book, float(similarity[liked][:, liked].mean()), row))
        return best[2]

    def _named(self, columns: npt.NDArray[Any], held_out: npt.NDArray[Any] | None = None) -> list[dict[str, Any]]:
        columns = columns[columns >= 0]
        ids = self.books.items.decode(columns)
        named = [{"id": i, "title": t} for i, t in zip(ids.tolist(), self.books.titles(ids), strict=True)]
        if held_out is None:
            return named
        hits = np.isin(columns, held_out).tolist()
        return [{**book, "held_out": hit} for book, hit in zip(named, hits, strict=True)]


def _models(seed: int, num_threads: int | None) -> dict[str, coals.Recommender]:
    """Settings found on a part of the training ratings that was held out for it, never on the test ratings."""
    return {
        "Popularity": coals.Popularity(num_threads=num_threads),
        "ItemCooccurrence": coals.ItemCooccurrence(neighbors=20, num_threads=num_threads),
        "ExplicitALS": coals.ExplicitALS(random_state=seed, num_threads=num_threads),
        "ImplicitALS": coals.ImplicitALS(
            factors=128,
            regularization=0.5,
            regularization_exponent=1.0,
            unobserved_weight=1.0,
            random_state=seed,
            num_threads=num_threads,
        ),
    }


def _made_by(model: coals.Recommender) -> str:
    """The call that makes the model, without what is its default or does not change what it learns."""
    parameters = inspect.signature(type(model)).parameters
    given = {
        name: value
        for name, value in model.get_params().items()
        if value != parameters[name].default and name not in ("random_state", "num_threads")
    }
    return f"{type(model).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def _fit(name: str, model: coals.Recommender, train: Any) -> float:
    """Seconds it took. On a terminal a bar shows the sweeps, and is gone when they are done."""
    sweeps = model.iterations if isinstance(model, coals.ExplicitALS | coals.ImplicitALS) else 1
    start = time.perf_counter()
    with tqdm(total=sweeps, desc=f"Fitting {name}", unit="sweep", leave=False, disable=None) as bar:
        if isinstance(model, coals.ExplicitALS | coals.ImplicitALS):
            model.fit(train, progress=False, callback=lambda _: bar.update())
        else:
            model.fit(train, progress=False)
    return time.perf_counter() - start


def _row(matrix: Any, row: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Columns and values of a row."""
    entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[entries], matrix.data[entries]


# --- as text of at most 100 columns ---


def data_text(figures: Figures) -> str:
    """What is learned from."""
    train, test = figures["train_ratings"], figures["test_ratings"]
    return (
        f"{figures['name']}: {figures['ratings']:,} ratings, 1 to 5 stars, "
        f"by {figures['readers']:,} readers of {figures['books']:,} books.\n"
        f"A part of {figures['source']}, {figures['licence']}.\n"
        f"The models learn from {train:,} of the ratings; a random {test:,} are held out to test them."
    )


def accuracy_text(figures: Figures) -> str:
    """The table, and what its columns mean."""
    rows = [["", "fit", "precision@10", "recall@10", "NDCG@10", "RMSE"]]
    for name, found in figures["models"].items():
        values = [found[metric] for metric in METRICS]
        rows.append([name, f"{found['fit_seconds']:.2f} s", *("–" if v is None else f"{v:.3f}" for v in values)])
    explicit = figures["models"]["ExplicitALS"]["rmse"]
    calls = [found["made_by"] for found in figures["models"].values()]
    lines = [
        _title("How well do they find the held-out books?"),
        "",
        *aligned(rows),
        "",
        f"Each recommends 10 books to {figures['evaluated_users']:,} readers "
        f"({figures['skipped_users']:,} more have no held-out book and are skipped).",
        "precision@10  share of the 10 that the reader did rate, in the held-out ratings",
        "recall@10     share of the reader's held-out books that are among the 10",
        "NDCG@10       like precision, but a hit counts more the higher it stands; 1 is perfect",
        "RMSE          typical error of a predicted rating, in stars",
        "",
        "Their settings were found on a part of the training ratings, held out for that:",
        *(f"  {call}" for call in calls),
        "",
        "Popularity is weak here: these data hold about 100 ratings of a book at most, so no book stands out.",
        f"ExplicitALS predicts ratings ({explicit:.2f} stars off; always guessing the mean is "
        f"{figures['rmse_of_the_mean']:.2f} off), but it",
        "ranks by predicted rating: it learned how books are rated, never which books people pick.",
    ]
    return "\n".join(lines)


def reader_text(figures: Figures) -> str:
    """One reader's taste, and what each model makes of it."""
    liked = [book["title"] for book in figures["liked"]]
    half = (len(liked) + 1) // 2
    lines = [
        _title(f"What would reader {figures['id']} like?"),
        "",
        "Chosen by the training ratings alone: the reader's best-liked books are similar to each other.",
        "",
        f"Liked best of the {figures['train_ratings']} books whose ratings the models learn from:",
        *_side_by_side(liked[:half], liked[half:]),
        "",
        f"Recommended; * marks a hit, one of the {figures['test_ratings']} books that were held out:",
    ]
    blocks = [
        _listed(f"{name}: {sum(book['held_out'] for book in books)} hits in {len(books)}", books)
        for name, books in figures["recommended"].items()
    ]
    for left, right in zip(blocks[::2], blocks[1::2], strict=True):
        lines += ["", *_side_by_side(left, right)]
    return "\n".join(lines)


def similar_text(figures: Figures) -> str:
    """Books like a well-known one."""
    left = _listed("By co-occurrence: rated by the same readers", figures["ItemCooccurrence"])
    right = _listed("By ImplicitALS: factors point the same way", figures["ImplicitALS"])
    return "\n".join([_title(f"Books like {figures['book']}"), "", *_side_by_side(left, right)])


def next_steps(python: str, reader_id: int, made_by: str) -> str:
    """Lines that work as they are, given how to call Python and what makes the best model."""
    name, arguments = made_by.split("(", 1)
    return "\n".join(
        [
            _title("Try next"),
            "",
            "A picture of precision over recall, by matplotlib:",
            f"  {python} -m pip install matplotlib",
            f"  {python} -m coals demo --plot curve.png",
            "All of the above as JSON, from another split:",
            f"  {python} -m coals demo --seed 1 --json demo.json",
            "Models from your own files, and all other commands:",
            f"  {python} -m coals fit --help",
            f"  {python} -m coals --help",
            "Your own model, in Python:",
            "  import coals",
            "  books = coals.datasets.goodbooks()  # or any scipy sparse matrix, users x items",
            f"  model = coals.{name}(",
            f"      {arguments[:-1]}",
            "  )",
            "  model.fit(books)",
            f"  print(books.titles(model.recommend([{reader_id}], n=5).ids[0]))",
        ]
    )


#: Section name, as in the JSON -> its text.
SECTIONS: dict[str, Callable[[Figures], str]] = {
    "data": data_text,
    "accuracy": accuracy_text,
    "reader": reader_text,
    "similar": similar_text,
}


def _title(text: str) -> str:
    return f"\n── {text} ".ljust(_WIDTH + 1, "─")


def _listed(heading: str, books: list[Figures]) -> list[str]:
    marks = ("*" if book.get("held_out") else " " for book in books)
    ranked = enumerate(zip(marks, books, strict=True), start=1)
    return [heading, *(f"  {rank:>2} {mark} {book['title']}" for rank, (mark, book) in ranked)]


def _side_by_side(left: list[str], right: list[str]) -> list[str]:
    rows = zip_longest(left, right, fillvalue="")
    return [f"{fitted(a, _COLUMN)}  {fitted(b, _COLUMN)}".rstrip() for a, b in rows]
