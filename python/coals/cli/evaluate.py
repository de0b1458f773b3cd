"""``coals evaluate`` and ``bench``: the accuracy of models on a table, and their speed on this machine."""

from __future__ import annotations

import time
from typing import Any

import click
import numpy as np

import coals
from coals.cli.base import CannotDo, note
from coals.cli.fit import data_options, model_of, read, with_model_options
from coals.cli.output import FORMATS, show_rows
from coals.metrics.names import known_metrics

__all__ = ["bench", "evaluate"]


@click.command(
    epilog="""\b
Examples:
  coals evaluate ratings.csv --user userId --item movieId --value rating \\
      --model implicit-als --model popularity --metrics ndcg@10,recall@20
  coals evaluate plays.tsv --user 0 --item 1 --value 2 --leave-out 1 --format jsonl
"""
)
@data_options
@click.option("--model", "models", multiple=True, default=("implicit-als", "popularity"), show_default=True)
@with_model_options
@click.option(
    "--metrics",
    default="precision@10,recall@10,ndcg@10",
    show_default=True,
    help=f"Separated by commas. Known: {known_metrics()}.",
)
@click.option("--test-fraction", type=float, default=0.2, show_default=True, help="Share of the entries held out.")
@click.option("--leave-out", type=click.IntRange(min=1), help="Hold out this many entries of each user instead.")
@click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)
def evaluate(**given: Any) -> None:
    """Fit models to a part of a table, and evaluate them on the rest.

    FILE and its options are as in `coals fit`; an option of models applies to every model that has the parameter.
    """
    names = list(dict.fromkeys(given["models"]))
    models = {name: model_of(name, _known(name, given)) for name in names}
    _refuse_unknown(given["settings"], models)
    metrics = [metric.strip() for metric in given["metrics"].split(",") if metric.strip()]
    if not metrics:
        raise CannotDo("--metrics is empty: give some, for example --metrics ndcg@10,recall@20")
    data = read(given, next(iter(models.values())))
    if given["leave_out"] is not None:
        train, test = coals.split.leave_k_out(data, k=given["leave_out"], random_state=given["seed"])
    else:
        train, test = coals.split.random(data, test_fraction=given["test_fraction"], random_state=given["seed"])
    seconds = {}
    for name, model in models.items():
        started = time.perf_counter()
        model.fit(train, progress=given["progress"])
        seconds[name] = time.perf_counter() - started
    found = coals.evaluate(models, test, metrics=metrics, progress=given["progress"])
    means = found.to_dict()["mean"]
    rows = [{"model": name, **means[name], "fit seconds": round(seconds[name], 3)} for name in models]
    show_rows(rows, given["format"], ["model", *metrics, "fit seconds"])
    note(f"Means over {found.evaluated_users:,} users; {found.skipped_users:,} others have no held-out entries.")


def _refuse_unknown(settings: tuple[str, ...], models: dict[str, Any]) -> None:
    """Raises if a setting is a parameter of none of the models."""
    takes = {name for model in models.values() for name in model._parameter_names()}
    for text in settings:
        if text.partition("=")[0].replace("-", "_") not in takes:
            raise CannotDo(f"--set {text}: none of the models has this parameter")


def _known(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options without those that this model has no parameter for, if there are several models."""
    from coals.cli.base import model_names

    cls = model_names().get(name)
    if cls is None or len(given["models"]) < 2:
        return given
    takes = cls._parameter_names()
    settings = tuple(text for text in given["settings"] if text.partition("=")[0].replace("-", "_") in takes)
    hidden = {key: None for key in ("factors", "iterations", "neighbors") if key not in takes}
    return {**given, **hidden, "settings": settings}


@click.command(
    epilog="""\b
Examples:
  coals bench
  coals bench --users 200000 --items 50000 --entries 20000000 --format jsonl
"""
)
@click.option("--users", type=click.IntRange(10, 10**8), default=20_000, show_default=True)
@click.option("--items", type=click.IntRange(10, 10**8), default=5_000, show_default=True)
@click.option("--entries", type=click.IntRange(100, 10**9), default=1_000_000, show_default=True)
@click.option("--factors", type=click.IntRange(1, 1024), default=64, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), help="Default: every processor it may use.")
@click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)
def bench(users: int, items: int, entries: int, factors: int, threads: int | None, format: str) -> None:
    """Time coals on this machine, with generated data.

    The popularity of items falls as 1/rank, and the activity of users is log-normal.
    """
    config = coals.show_config()
    note(f"coals {config['version']}, {config['isa']}, {threads or config['num_threads']} threads")
    data = _generated(users, items, entries)
    note(f"{data.n_users:,} users, {data.n_items:,} items, {data.nnz:,} entries")
    everyone = np.arange(min(users, 10_000))
    rows: list[dict[str, Any]] = []

    def measure(what: str, work: Any, count: float, unit: str) -> Any:
        started = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - started
        rows.append({"what": what, "seconds": round(seconds, 4), "rate": round(count / seconds), "unit": unit})
        return result

    als = coals.ImplicitALS(factors=factors, iterations=3, random_state=0, num_threads=threads)
    measure(f"ImplicitALS, K = {factors}, 3 sweeps", lambda: als.fit(data, progress=False), 3 * data.nnz, "entries/s")
    measure("its lists of 10", lambda: als.recommend_indices(everyone, 10), len(everyone), "users/s")
    knn = coals.ItemKNN(num_threads=threads)
    measure("ItemKNN, 100 neighbors", lambda: knn.fit(data, progress=False), data.nnz, "entries/s")
    measure("its lists of 10", lambda: knn.recommend_indices(everyone, 10), len(everyone), "users/s")
    show_rows(rows, format, ["what", "seconds", "rate", "unit"])


def _generated(users: int, items: int, entries: int) -> coals.Interactions:
    import scipy.sparse as sp

    rng = np.random.default_rng(0)
    activity = np.cumsum(rng.lognormal(0, 1, users))
    rows = np.searchsorted(activity, rng.random(entries) * activity[-1])
    appeal = np.cumsum(1 / np.arange(1, items + 1))
    columns = np.searchsorted(appeal, rng.random(entries) * appeal[-1])
    pairs = sp.coo_array((np.ones(entries, np.float32), (rows, columns)), shape=(users, items))
    return coals.Interactions.from_matrix(pairs, duplicates="sum")
