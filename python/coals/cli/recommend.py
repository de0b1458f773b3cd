"""``coals recommend``, ``similar``, ``search`` and ``info``: the commands that read a saved model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

import coals
from coals.cli.base import Asked, CannotDo, id_array, ids_of, note, unknown_option
from coals.cli.output import FORMATS, show_rows
from coals.cli.title_search import search_titles

__all__ = ["info", "recommend", "search", "show_recommended", "similar"]

_SURE = 0.8
_USERS_AT_A_TIME = 1024

_model = click.argument("model_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="MODEL")
_n = click.option("-n", type=click.IntRange(min=1), default=10, show_default=True, help="Length of a list.")
_format = click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)


@click.command(
    epilog="""\b
Examples:
  coals recommend books.coals --user 314 -n 10
  coals recommend books.coals --users-from users.txt --format csv > lists.csv
  echo 314 | coals recommend books.coals --users-from - --format jsonl
"""
)
@_model
@click.option("--user", "users", multiple=True, metavar="ID", help="May be given more than once.")
@click.option(
    "--users-from",
    type=click.File("r", encoding="utf-8-sig"),
    metavar="FILE",
    help="An id on each line; - reads stdin.",
)
@_n
@click.option("--include-seen", is_flag=True, help="Include the items that the user has seen.")
@unknown_option("raise", "skip", "popular", what="What unknown users get: an error, no list, or popular items.")
@_format
def recommend(
    model_file: Path, users: tuple[str, ...], users_from: Any, n: int, include_seen: bool, unknown: str, format: str
) -> None:
    """The best items for users."""
    model = coals.load(model_file)
    given = [(text, "--user") for text in users] + ([] if users_from is None else _lines(users_from))
    given = [(text, place) for text, place in given if text]
    if not given and users_from is not None:
        raise CannotDo("--users-from: the file contains no ids")
    if not given:
        raise CannotDo("no user given: use --user ID or --users-from FILE")
    ids = ids_of(model.user_index_, Asked([text for text, _ in given], [place for _, place in given]), unknown)
    show_recommended(model, ids, n, format, exclude_seen=not include_seen, unknown=unknown)


def _lines(file: Any) -> list[tuple[str, str]]:
    """Lines, and what errors call them."""
    try:
        lines = file.read().splitlines()
    except UnicodeDecodeError:
        raise CannotDo(f"--users-from {file.name}: is not valid UTF-8") from None
    name = getattr(file, "name", "<stdin>")
    return [(line.strip(), f"{name}, line {number}") for number, line in enumerate(lines, start=1)]


def show_recommended(
    model: Any, users: list[Any], n: int, format: str, *, exclude_seen: bool = True, unknown: str = "raise"
) -> None:
    n = min(n, model.n_items_)  # nothing to pad

    def lists() -> Iterator[dict[str, Any]]:
        for start in range(0, len(users), _USERS_AT_A_TIME):
            part = users[start : start + _USERS_AT_A_TIME]
            asked = id_array(model.user_index_, part)
            yield from _listed(model, "user", part, model.recommend(asked, n, exclude_seen, unknown=unknown))

    show_rows(lists(), format, ["user", "rank", "item", *_title_column(model), "score"])


def _listed(model: Any, who: str, named: list[Any], found: Any) -> Iterator[dict[str, Any]]:
    """A row for each entry of the lists."""
    for one, ids, scores, count in zip(named, found.ids, found.scores.tolist(), found.counts.tolist(), strict=True):
        items = ids[:count]
        titles = model.titles(items)
        for rank, (item, title) in enumerate(zip(items.tolist(), titles, strict=True), start=1):
            yield {who: one, "rank": rank, "item": item, "title": title, "score": scores[rank - 1]}


def _title_column(model: Any) -> list[str]:
    return [] if model.item_titles_ is None else ["title"]


@click.command(
    epilog="""\b
Examples:
  coals similar books.coals --item "The Hobbit"
  coals similar books.coals --id 5907 -n 5 --format jsonl
"""
)
@_model
@click.option("--item", metavar="TITLE", help="A title, or a part of it; misspellings are allowed.")
@click.option("--id", "item_id", metavar="ID", help="The item's id instead.")
@_n
@unknown_option("raise", "skip", "popular", what="What an unknown id gets: an error, no list, or popular items.")
@_format
def similar(model_file: Path, item: str | None, item_id: str | None, n: int, unknown: str, format: str) -> None:
    """The items most similar to one item."""
    model = coals.load(model_file)
    if not hasattr(model, "similar_items"):
        raise CannotDo(f"{model_file} holds a {type(model).__name__}, which has no similar items")
    if (item is None) == (item_id is None):
        raise CannotDo("give either --item TITLE or --id ID")
    index = model.item_index_
    if item is not None and model.item_titles_ is not None:
        asked: Any = index.decode(np.array([_found(model, item)]))
    else:
        place = "--id" if item is None else "--item"
        asked = id_array(index, ids_of(index, Asked([str(item_id if item is None else item)], [place]), unknown))
    found = model.similar_items(asked, min(n, model.n_items_), unknown=unknown)
    rows = (
        {"rank": rank, "item": other, "title": title, "score": score}
        for rank, (other, title, score) in enumerate(
            zip(found.ids[0][: found.counts[0]].tolist(), model.titles(found.ids[0][: found.counts[0]]),
                found.scores[0].tolist(), strict=False), start=1)
    )  # fmt: skip
    show_rows(rows, format, ["rank", "item", *_title_column(model), "score"])


def _found(model: Any, text: str) -> int:
    """Index of the item whose title is most like `text`, reported if they differ."""
    best = search_titles(model.item_titles_.tolist(), text, 3, _weights(model))
    if not best:
        raise CannotDo(f"no title is similar to {text!r}")
    place, score = best[0]
    if score < 1:
        others = (
            "" if score >= _SURE else "; others: " + ", ".join(repr(str(model.item_titles_[p])) for p, _ in best[1:])
        )
        note(f"Using {str(model.item_titles_[place])!r}{others}")
    return place


def _weights(model: Any) -> Any:
    """How many users have each item."""
    return np.bincount(model._seen_.to_arrays()[1], minlength=model.n_items_)


@click.command(
    epilog="""\b
Example:
  coals search books.coals "lord of the rings"
"""
)
@_model
@click.argument("text")
@_n
@_format
def search(model_file: Path, text: str, n: int, format: str) -> None:
    """Find items by a part of their titles; misspellings are allowed."""
    model = coals.load(model_file)
    if model.item_titles_ is None:
        raise CannotDo(f"{model_file} has no titles: give --titles to coals fit")
    weights = _weights(model)
    found = search_titles(model.item_titles_.tolist(), text, n, weights)
    places = np.array([place for place, _ in found], dtype=np.int64)
    ids = model.item_index_.decode(places).tolist()
    rows = (
        {"item": id, "title": str(model.item_titles_[place]), "users": int(weights[place]), "likeness": score}
        for id, (place, score) in zip(ids, found, strict=True)
    )
    show_rows(rows, format, ["item", "title", "users", "likeness"])
    if not found:
        note(f"no title is similar to {text!r}")
        sys.exit(1)


@click.command(
    epilog="""\b
Examples:
  coals info books.coals
  coals info books.coals --verify --format jsonl
"""
)
@_model
@click.option("--verify", is_flag=True, help="Check the whole file against its checksums.")
@_format
def info(model_file: Path, verify: bool, format: str) -> None:
    """Describe a model file."""
    model = coals.load(model_file, verify=True if verify else None)
    size = model_file.stat().st_size
    kinds = {
        f"{index.kind} ids": "positions" if index.ids is None else type(index.ids[:1].tolist()[0]).__name__
        for index in (model.user_index_, model.item_index_)
    }
    facts: dict[str, Any] = {
        "model": type(model).__name__,
        "users": model.n_users_,
        "items": model.n_items_,
        "entries": model._seen_.entries,
        **kinds,
        "titles": model.item_titles_ is not None,
        "megabytes": round(size / 1e6, 3),
        **{name: value for name, value in model.get_params().items() if name not in ("init", "random_state")},
    }
    if format == "jsonl":
        facts = {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
        show_rows([facts], format, list(facts))
    else:
        show_rows([{"what": name, "value": str(value)} for name, value in facts.items()], format, ["what", "value"])
