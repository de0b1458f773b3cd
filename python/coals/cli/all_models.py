"""``coals demo --all``: one table over all models."""

from __future__ import annotations

from typing import Any

import click
from tqdm import tqdm

from coals.cli.base import CannotDo
from coals.cli.data import Layout, read_interactions
from coals.cli.output import say
from coals.data.interactions import Interactions

__all__ = ["all_models", "all_options"]

SAMPLE = "goodbooks-sample"


def all_models(seed: int, threads: int | None, given: dict[str, Any]) -> dict[str, Any]:
    """Fits and measures every model, says what came out, and returns the figures."""
    from coals.cli import quality
    from coals.cli.quality_models import contenders

    data = _data(given)
    train, test = quality.halves(data, seed)
    settings = quality.settings_of(given["settings"] or SAMPLE)
    lines: dict[str, dict[str, Any]] = {}
    with tqdm(contenders().items(), desc="All models", unit="model", leave=False, disable=None) as bar:
        for name, entry in bar:
            bar.set_postfix_str(name)
            if name == "ContentKNN" and data.item_titles is None:
                continue
            model = quality.made(name, entry, settings, seed, threads)
            lines[name] = quality.measured(model, train, test)
    users = next(iter(lines.values()))["users"]
    say(
        f"{data.n_users:,} users, {data.n_items:,} items: {train.nnz:,} entries to learn from, a random {test.nnz:,} "
        f"held out, of {users:,} users.\nParameters as found on {given['settings'] or SAMPLE} "
        "by coals.search, on a part of the training entries.\n"
    )
    say(quality.table_text(lines))
    say("\nlists s: seconds for lists of 100 for all of these users, metrics left out")
    return {"data": given["data"] or SAMPLE, "seed": seed, "models": lines}


def _data(given: dict[str, Any]) -> Interactions:
    if given["data"] is None:
        from coals.datasets import goodbooks

        if given["user"] or given["item"] or given["value"]:
            raise CannotDo("--user, --item and --value say what is in a table: give --data FILE, too")
        return goodbooks()
    for name in ("user", "item"):
        if given[name] is None:
            raise CannotDo(f"--data needs --{name}: the column of {name}s, by name or position")
    layout = Layout(given["user"], given["item"], given["value"], None, None, False)
    return read_interactions(given["data"], layout, "last", None)


def all_options(command: Any) -> Any:
    """What `demo --all` takes."""
    options = [
        click.option("--all", "every", is_flag=True, help="One table over all models instead: some minutes."),
        click.option(
            "--data", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="With --all: another table."
        ),
        click.option("--user", metavar="COLUMN", help="Its column of users, by name or position."),
        click.option("--item", metavar="COLUMN", help="Its column of items."),
        click.option("--value", metavar="COLUMN", help="Its column of ratings."),
        click.option(
            "--settings",
            type=click.Choice(["goodbooks-sample", "goodbooks", "ml-latest-small"]),
            help="Whose parameters to take. Default: those of the books that come with coals.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command
