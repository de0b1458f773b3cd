"""One table over all models, under one protocol: a fifth of the entries held out, all users that have some of it."""

from __future__ import annotations

import inspect
import json
import time
from pathlib import Path
from typing import Any

from bench.quality.models import BELOW_POPULARITY, Entry, contenders
from coals import Interactions, evaluate, search, split
from coals._util.text_table import aligned

__all__ = [
    "METRICS",
    "SAMPLE",
    "SETTINGS",
    "TRIALS",
    "find_settings",
    "halves",
    "made",
    "measured",
    "recorded_settings",
    "settings_of",
    "table_text",
]

METRICS = ("ndcg@10", "ndcg@100", "recall@20", "recall@50", "rmse")
#: Draws of each search, where the space is not smaller.
TRIALS = 6
SAMPLE = "goodbooks-sample"
#: What searches found: data set -> model -> {"parameters", "metric", "value", "trials"}.
SETTINGS = Path(__file__).with_name("settings.json")


def recorded_settings() -> dict[str, dict[str, Any]]:
    """The contents of `SETTINGS`."""
    found: dict[str, dict[str, Any]] = json.loads(SETTINGS.read_text("utf-8"))
    return found


def settings_of(data: str) -> dict[str, Any]:
    """What was found on a data set; for models not searched there, what was found on the books that come with coals."""
    found = recorded_settings()
    return found.get(SAMPLE, {}) | found.get(data, {})


def halves(data: Interactions, seed: int) -> tuple[Interactions, Interactions]:
    """Training and test part."""
    return split.random(data, test_fraction=0.2, random_state=seed)


def made(name: str, entry: Entry, settings: dict[str, Any], seed: int, num_threads: int | None) -> Any:
    """The model of a line, with what a search found; with its defaults where there was none."""
    given = dict(settings.get(name, {}).get("parameters", {}))
    if entry.members:
        lines = contenders()
        given["models"] = {m: made(m, lines[m], settings, seed, num_threads) for m in entry.members}
    for common, value in (("random_state", seed), ("num_threads", num_threads)):
        if common in _parameters(entry.make):
            given[common] = value
    return entry.make(**given)


def _parameters(make: Any) -> list[str]:
    """Constructor parameters of what `make` makes."""
    if inspect.isclass(make):
        return list(inspect.signature(make).parameters)
    return list(make().get_params())


def find_settings(
    name: str, entry: Entry, train: Interactions, settings: dict[str, Any], *, seed: int, num_threads: int | None,
    trials: int = TRIALS,
) -> dict[str, Any] | None:  # fmt: skip
    """The best of a few draws by a fifth of the training part, which alone is looked at. None: nothing to choose."""
    if not entry.space:
        return None
    part, validation = halves(train, seed + 1)
    size = 1
    for values in entry.space.values():
        size *= len(values)
    model = made(name, entry, {m: settings.get(m, {}) for m in entry.members}, seed, num_threads)
    draws = None if size <= trials else trials
    found = search(
        model, dict(entry.space), part, metric=entry.metric, validation=validation, n_trials=draws, refit=False,
        random_state=seed, progress=False,
    )  # fmt: skip
    value = round(float(found.best_value), 5)
    return {"parameters": found.best_params, "metric": entry.metric, "value": value, "trials": len(found.trials)}


class _Clocked:
    """A model whose lists are timed."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def recommend_indices(self, *args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return self._model.recommend_indices(*args, **kwargs)
        finally:
            self.seconds += time.perf_counter() - start


def measured(model: Any, train: Interactions, test: Interactions) -> dict[str, Any]:
    """A line of the table: metrics, seconds of the fit, and of lists of 100 for all users measured."""
    start = time.perf_counter()
    model.fit(train, progress=False)
    fit = time.perf_counter() - start
    clocked = _Clocked(model)
    metrics = METRICS if model.predicts_ratings else METRICS[:-1]
    found = evaluate({"it": clocked}, test, metrics)
    values: dict[str, Any] = {metric: found.mean["it"].get(metric) for metric in METRICS}
    return values | {"fit_seconds": fit, "recommend_seconds": clocked.seconds, "users": found.evaluated_users}


def table_text(lines: dict[str, dict[str, Any]]) -> str:
    """The table, and the reasons of those that are below popularity."""
    rows = [["", "NDCG@10", "NDCG@100", "recall@20", "recall@50", "RMSE", "fit s", "lists s"]]
    for name, line in lines.items():
        values = ["–" if line[m] is None else f"{line[m]:.4f}" for m in METRICS]
        rows.append([name, *values, f"{line['fit_seconds']:.2f}", f"{line['recommend_seconds']:.2f}"])
    return "\n".join(aligned(rows) + [""] * bool(why := reasons(lines)) + why)


def reasons(lines: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each model that ranks no better than popularity."""
    least = lines.get("Popularity", {}).get("ndcg@10", -1.0)
    below = [name for name, line in lines.items() if name != "Popularity" and line["ndcg@10"] <= least]
    entries = contenders()
    why = {name: BELOW_POPULARITY.get(name, BELOW_POPULARITY.get(entries[name].metric)) for name in below}
    return [f"{name} {text or 'is below popularity here, for an unknown reason'}." for name, text in why.items()]
