"""The sections of ``coals demo`` as text of at most 100 columns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from typing import Any

__all__ = ["SECTIONS", "next_steps"]

Figures = dict[str, Any]

_WIDTH = 98
_COLUMN = 48


def data(figures: Figures) -> str:
    """What is learned from."""
    train, test = figures["train_ratings"], figures["test_ratings"]
    return (
        f"{figures['name']}: {figures['ratings']:,} ratings, 1 to 5 stars, "
        f"by {figures['readers']:,} readers of {figures['books']:,} books.\n"
        f"A part of {figures['source']}, {figures['licence']}.\n"
        f"The models learn from {train:,} of the ratings; a random {test:,} are held out to test them."
    )


def accuracy(figures: Figures) -> str:
    """The table, and what its columns mean."""
    head = f"{'':<17}{'fit':>8}{'precision@10':>15}{'recall@10':>12}{'NDCG@10':>10}{'RMSE':>8}"
    lines = [_title("How well do they find the held-out books?"), "", head]
    for name, found in figures["models"].items():
        rmse = "–" if found["rmse"] is None else f"{found['rmse']:.3f}"
        lines.append(
            f"{name:<17}{found['fit_seconds']:>6.2f} s{found['precision@10']:>15.3f}"
            f"{found['recall@10']:>12.3f}{found['ndcg@10']:>10.3f}{rmse:>8}"
        )
    explicit = figures["models"]["ExplicitALS"]["rmse"]
    calls = [found["made_by"] for found in figures["models"].values()]
    lines += [
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


def reader(figures: Figures) -> str:
    """One reader's taste, and what each model makes of it."""
    liked = [book["title"] for book in figures["liked"]]
    half = (len(liked) + 1) // 2
    lines = [
        _title(f"What would reader {figures['id']} like?"),
        "",
        "Picked by a rule that sees the training ratings only, for liking books that go together.",
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


def similar(figures: Figures) -> str:
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
            "The picture of precision over recall, once matplotlib is there:",
            f"  {python} -m pip install matplotlib",
            f"  {python} -m coals demo --plot curve.png",
            "All of the above as JSON, from another split:",
            f"  {python} -m coals demo --seed 1 --json demo.json",
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
    "data": data,
    "accuracy": accuracy,
    "reader": reader,
    "similar": similar,
}


def _title(text: str) -> str:
    return f"\n── {text} ".ljust(_WIDTH + 1, "─")


def _listed(heading: str, books: list[Figures]) -> list[str]:
    marks = ("*" if book.get("held_out") else " " for book in books)
    ranked = enumerate(zip(marks, books, strict=True), start=1)
    return [heading, *(f"  {rank:>2} {mark} {book['title']}" for rank, (mark, book) in ranked)]


def _side_by_side(left: list[str], right: list[str]) -> list[str]:
    rows = zip_longest(left, right, fillvalue="")
    return [f"{_cut(a):<{_COLUMN}}  {_cut(b)}".rstrip() for a, b in rows]


def _cut(text: str) -> str:
    """To the width of a column."""
    return text if len(text) <= _COLUMN else text[: _COLUMN - 1].rstrip() + "…"
