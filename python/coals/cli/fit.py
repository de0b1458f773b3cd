"""``coals fit``: from a table of text to a saved model, or to lists for given users."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

import coals
from coals._util.phases import measured
from coals.cli.base import (
    Asked,
    CannotDo,
    check_target,
    ids_of,
    made,
    model_names,
    note,
    settings_of,
    unknown_option,
)
from coals.cli.data import read_interactions, text_layout, text_options, with_titles
from coals.cli.output import FORMATS
from coals.cli.recommend import show_recommended
from coals.data.interactions import Interactions

__all__ = ["data_options", "fit", "read", "read_table"]

_EPILOG = """\b
Examples:
  coals fit ratings.csv --user user_id --item book_id --value rating \\
      --titles books.csv --titles-id id --model implicit-als --factors 64 --save books.coals
  coals fit plays.tsv --user 0 --item 1 --value 2 --titles songs.csv --titles-id song_id --save songs.coals
  zcat ratings.csv.gz | coals fit - --user userId --item movieId --recommend 7
  coals fit ratings.csv --user 0 --item 1 --model item-knn --set similarity=bm25 --save knn.coals
  coals fit --sql "SELECT user_id, song_id, plays FROM 'plays/*.parquet'" --save songs.coals
"""


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a table of interactions looks like."""
    options = [
        click.argument("table", type=click.Path(allow_dash=True), metavar="[FILE]", required=False),
        click.option(
            "--sql", metavar="QUERY", help="Rows of a query instead; FILE is then an SQLite or DuckDB database."
        ),
        click.option("--user", metavar="COLUMN", help="Name of the column of users, or its position."),
        click.option("--item", metavar="COLUMN", help="Name of the column of items, or its position."),
        click.option("--value", metavar="COLUMN", help="Column of ratings, plays, … Default: 1 for each row."),
        *text_options(),
        click.option("--text-ids", is_flag=True, help="Keep ids as text even if all are integers."),
        click.option(
            "--duplicates",
            type=click.Choice(["error", "sum", "last", "max", "mean", "count"]),
            help="How to merge rows of the same user and item. Default: last for ratings, else sum, with a note.",
        ),
        click.option("--allow-negative", is_flag=True, help="Accept values below 0: the user does not want the item."),
        click.option("--min-user-items", type=click.IntRange(min=1), help="Leave out users with fewer items."),
        click.option("--min-item-users", type=click.IntRange(min=1), help="Leave out items with fewer users."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


model_options = [
    click.option("--factors", type=click.IntRange(min=1), help="Of models with factors."),
    click.option("--iterations", type=click.IntRange(min=1), help="Of models fitted by iterations."),
    click.option("--neighbors", type=click.IntRange(min=1), help="Of the nearest-neighbor models."),
    click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any parameter of the model."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of random numbers."),
    click.option("--threads", type=click.IntRange(min=1), help="Default: every processor it may use."),
    click.option("--progress/--no-progress", default=None, help="Default: bars on a terminal."),
]


def with_model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(model_options):
        command = option(command)
    return command


def _titles_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(text_options("titles-", "Of titles. ")):
        command = option(command)
    return command


@click.command(epilog=_EPILOG)
@data_options
@click.option("--titles", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="A table of items.")
@click.option("--titles-id", metavar="COLUMN", help="Its column of item ids. Default: that of --item.")
@click.option("--title", default="title", show_default=True, metavar="COLUMN", help="Its column of titles.")
@_titles_options
@click.option(
    "--model",
    "model_name",
    default="implicit-als",
    show_default=True,
    metavar="NAME",
    help=f"One of {', '.join(model_names())}.",
)
@with_model_options
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE", help="Write the model to this file.")
@click.option("--recommend", "users", multiple=True, metavar="USER", help="Show a list for this user.")
@click.option("-n", type=click.IntRange(min=1), default=10, show_default=True, help="Length of the list.")
@unknown_option("raise", "skip", "popular", what="What users of --recommend that are not in FILE get.")
@click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)
def fit(**given: Any) -> None:
    """Fit a model to a table of interactions: FILE, - for the standard input, or the rows of --sql.

    FILE, or the files of a pattern in quotes, is delimited text, compressed or not, JSON lines, or Parquet. Give
    columns by name, or in text by position from 0; a query without them has users, items and values in this order.
    For plays, clicks and purchases start with implicit-als, for ratings with explicit-als;
    content-knn uses titles.
    """
    save, users = given["save"], given["users"]
    if save is None and not users:
        raise CannotDo("nothing to do: give --save FILE, --recommend USER, or both")
    if save is not None:
        check_target("--save", save)
        _refuse_input(save, given["table"], given["titles"])
    model = model_of(given["model_name"], given)
    started = time.perf_counter()
    with measured() as seconds:
        data = read(given, model)
        if given["titles"] is not None:
            on, encoding = given["titles_id"] or given["item"], given["encoding"]
            layout = ({} if encoding is None else {"encoding": encoding}) | text_layout(given, "titles_")
            data, notes = with_titles(data, given["titles"], on, given["title"], layout)
            for text in notes:
                note(text)
    asked = ids_of(data.users, Asked(list(users), ["--recommend"] * len(users)), given["unknown"])
    read_at, reading = time.perf_counter(), seconds.get("reading", 0.0)
    model.fit(data, progress=given["progress"])
    fitted_at = time.perf_counter()
    note(
        f"{type(model).__name__}: {data.n_users:,} users, {data.n_items:,} items, {data.nnz:,} entries; "
        f"read in {reading:.2f} s, encoded in {read_at - started - reading:.2f} s, "
        f"fitted in {fitted_at - read_at:.2f} s{_peak()}"
    )
    if save is not None:
        model.save(save)
        note(f"Wrote {save}: {save.stat().st_size / 1e6:,.1f} MB in {time.perf_counter() - fitted_at:.2f} s")
    if users:
        show_recommended(model, asked, given["n"], given["format"], unknown=given["unknown"])


def _refuse_input(save: Path, *inputs: str | None) -> None:
    """Refuses to replace an input table by the model."""
    for path in inputs:
        if path is not None and save.is_file() and Path(path).is_file() and save.samefile(path):
            raise CannotDo(f"--save {save}: that is the table to read; name another file")


def model_of(name: str, given: dict[str, Any]) -> coals.Recommender:
    """The model that the options describe."""
    own = {key: given[key] for key in ("factors", "iterations", "neighbors") if given[key] is not None}
    common = {"random_state": given["seed"], "num_threads": given["threads"]}
    return made(name, own | settings_of(given["settings"]), **common)


def read(given: dict[str, Any], model: coals.Recommender) -> Interactions:
    """The table, for a model, without users and items that have too few entries."""
    data = read_table(given, model)
    if given["min_user_items"] is None and given["min_item_users"] is None:
        return data
    return data.core(given["min_user_items"], given["min_item_users"])


def read_table(given: dict[str, Any], model: coals.Recommender) -> Interactions:
    """A table, with a note if rows were merged, or if a model of ratings has only equal ones."""
    duplicates = given["duplicates"] or ("last" if model.predicts_ratings else "sum")
    data, notes = read_interactions(given, duplicates)
    for text in notes:
        note(text)
    if given["duplicates"] is None and data.row_counts is not None and data.row_counts.max() > 1:
        merged = int(data.row_counts.sum()) - data.nnz
        what = "the last one of a pair counts" if duplicates == "last" else "values of a pair are added up"
        note(f"{merged:,} rows repeat a user and an item: {what} (--duplicates changes this)")
    _refuse_negative(data, model, given["allow_negative"])
    if model.predicts_ratings and data.nnz > 1 and np.ptp(data.matrix.data) == 0:
        ask = ": give --value COLUMN" if given["value"] is None else ""
        note(f"{type(model).__name__} learns from ratings, and every rating is {data.matrix.data[0]:g}{ask}")
    return data


def _refuse_negative(data: Interactions, model: coals.Recommender, allowed: bool) -> None:
    values = data.matrix.data
    if allowed or model.predicts_ratings or values.min() >= 0:
        return
    entry = int(np.argmax(values < 0))
    row = int(np.searchsorted(data.matrix.indptr, entry, side="right")) - 1
    user, item = data.users.decode([row]).tolist()[0], data.items.decode([data.matrix.indices[entry]]).tolist()[0]
    raise CannotDo(
        f"user {user!r}, item {item!r} has the value {values[entry]:g}: a negative value means that the user "
        "does not want the item; if that is intended, give --allow-negative"
    )


def _peak() -> str:
    """Peak memory of this process."""
    try:
        import resource
    except ImportError:
        return ""
    unit = 1 if sys.platform == "darwin" else 1024
    return f"; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB"
