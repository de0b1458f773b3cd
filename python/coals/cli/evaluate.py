"""``coals evaluate`` and ``bench``: the accuracy of models on a table, and their speed on this machine."""

from __future__ import annotations

import time
import warnings
from typing import Any

import click
import numpy as np

import coals
from coals._util.checks import did_you_mean
from coals.cli.base import CannotDo, note, unknown_option
from coals.cli.fit import data_options, model_of, read, read_table, with_model_options
from coals.cli.messages import in_shell
from coals.cli.output import FORMATS, show_rows
from coals.data.interactions import Interactions
from coals.metrics.names import known_metrics

__all__ = ["bench", "evaluate"]


@click.command(
    epilog="""\b
Examples:
  coals evaluate ratings.csv --user userId --item movieId --value rating \\
      --model implicit-als --model popularity --metrics ndcg@10,recall@20
  coals evaluate plays.tsv --user 0 --item 1 --value 2 --leave-out 1 --format jsonl
  coals evaluate u1.base --test u1.test --user 0 --item 1 --value 2 --metrics ndcg@10 --metrics rmse
"""
)
@data_options
@click.option("--model", "models", multiple=True, default=("implicit-als", "popularity"), show_default=True)
@with_model_options
@click.option(
    "--metrics",
    multiple=True,
    default=("precision@10", "recall@10", "ndcg@10"),
    show_default=True,
    metavar="NAMES",
    help=f"Separated by commas, or given more than once. Known: {known_metrics()}.",
)
@click.option(
    "--test",
    "test_file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="A table to evaluate on, of the same columns, in place of a part of the first. Users and items match by id.",
)
@click.option("--test-fraction", type=float, help="Share of the entries held out. Default: 0.2.")
@click.option("--leave-out", type=click.IntRange(min=1), help="Hold out this many entries of each user instead.")
@unknown_option(
    "skip",
    "raise",
    "popular",
    "mean",
    default="skip",
    what="What users and items of --test get that are not in FILE: left out and missed, an error, popular items, or "
    "the mean rating.",
)
@click.option("--format", type=click.Choice(FORMATS), default="table", show_default=True)
def evaluate(**given: Any) -> None:
    """Fit models to a part of a table, and evaluate them on the rest.

    FILE and its options are as in `coals fit`; an option of models applies to every model that has the parameter.
    """
    names = list(dict.fromkeys(given["models"]))
    models = {name: model_of(name, _known(name, given)) for name in names}
    _refuse_unknown(given["settings"], models)
    metrics = [metric.strip() for text in given["metrics"] for metric in text.split(",") if metric.strip()]
    metrics = list(dict.fromkeys(metrics))
    if not metrics:
        raise CannotDo("--metrics is empty: give some, for example --metrics ndcg@10,recall@20")
    train, test = _parts(given, next(iter(models.values())))
    seconds = {}
    for name, model in models.items():
        started = time.perf_counter()
        model.fit(train, progress=given["progress"])
        seconds[name] = time.perf_counter() - started
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = coals.evaluate(models, test, metrics, unknown=given["unknown"], progress=given["progress"])
    means = found.to_dict()["mean"]
    rows = [{"model": name, **means[name], "fit seconds": round(seconds[name], 3)} for name in models]
    show_rows(rows, given["format"], ["model", *metrics, "fit seconds"])
    note(f"Means over {found.evaluated_users:,} users; {found.skipped_users:,} others have no held-out entries.")
    told = {str(warning.message) for warning in caught}
    for remark in [*found.notes, *sorted(told.difference(found.notes))]:
        note(in_shell(remark, click.get_current_context().command))


def _parts(given: dict[str, Any], model: coals.Recommender) -> tuple[Any, Any]:
    """Data to fit models to, and to evaluate them on."""
    chosen = [name for name in ("test_file", "test_fraction", "leave_out") if given[name] is not None]
    if len(chosen) > 1:
        options = [f"--{name.replace('_file', '').replace('_', '-')}" for name in chosen]
        raise CannotDo(f"{' and '.join(options)} each say what to evaluate on: give one of them")
    data = read(given, model)
    if given["test_file"] is not None:
        return data, _test_table(given, model)
    if given["leave_out"] is not None:
        return coals.split.leave_k_out(data, k=given["leave_out"], random_state=given["seed"])
    fraction = 0.2 if given["test_fraction"] is None else given["test_fraction"]
    return coals.split.random(data, test_fraction=fraction, random_state=given["seed"])


def _test_table(given: dict[str, Any], model: coals.Recommender) -> Interactions:
    """The table of --test, which errors name: its options are those of FILE."""
    path = given["test_file"]
    try:
        return read_table({**given, "table": path, "sql": None}, model)
    except ValueError as error:
        if str(error).startswith(path):
            raise
        raise ValueError(f"{path}: {error}") from None


def _refuse_unknown(settings: tuple[str, ...], models: dict[str, Any]) -> None:
    """Raises if a setting is a parameter of none of the models."""
    takes = {name for model in models.values() for name in model._parameter_names()}
    for text in settings:
        name = text.partition("=")[0].replace("-", "_")
        if name not in takes:
            raise CannotDo(f"--set {text}: none of the models has this parameter{did_you_mean(name, takes)}")


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
