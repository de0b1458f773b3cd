"""Metrics by name: ``"ndcg@10"``, ``"coverage@20"``, ``"rmse"``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from coals._util.checks import did_you_mean, given

__all__ = [
    "METRICS",
    "Definition",
    "Metric",
    "is_falling",
    "known_metrics",
    "metric",
    "parse_metric",
    "parse_metrics",
    "table",
    "written",
]

F = TypeVar("F", bound=Callable[..., Any])


class Definition(NamedTuple):
    """A row of the table of metrics.

    `kind` is "ranking" (a value for each user, given the user's relevant items), "list" (a value for each list),
    "lists" (one value for all lists together) or "ratings". `function` is the name in `coals.reference.metrics`, in
    `coals.metrics` except for ratings, and for "ranking" in the core. `falling`: lower is better. `options` are
    arguments that other metrics do not have. `of_all`, `prepare` and `of_each` compute metrics of lists from positions,
    `loss` and `root` those of ratings: see `coals.metrics.list_metrics` and `coals.metrics.rating_errors`.
    """

    kind: str
    function: str
    definition: str
    source: str = ""
    falling: bool = False
    options: tuple[str, ...] = ()
    of_all: Callable[..., float] | None = None
    prepare: Callable[..., Any] | None = None
    of_each: Callable[..., Any] | None = None
    loss: Callable[..., Any] | None = None
    root: bool = False


#: Name -> definition. The functions enter themselves with `metric`, and `coals.metrics` imports all of them.
METRICS: dict[str, Definition] = {}


def metric(name: str, kind: str, definition: str, source: str = "", **more: Any) -> Callable[[F], F]:
    """Enters the decorated function into the table of metrics, under the name that `evaluate` takes."""

    def enter(function: F) -> F:
        METRICS[name] = Definition(kind, function.__name__, definition, source, **more)
        return function

    return enter


def is_falling(text: str) -> bool:
    """Whether lower values of a metric such as "rmse" or "gini@10" are better."""
    return METRICS[text.partition("@")[0]].falling


def known_metrics(*kinds: str) -> str:
    """Names of the metrics of these kinds, of all without any: ``"precision@k, recall@k, ..., rmse, mae"``."""
    return ", ".join(written(name) for name, row in _in_order() if not kinds or row.kind in kinds)


def _in_order() -> list[tuple[str, Definition]]:
    kinds = ("ranking", "lists", "list", "ratings")
    return sorted(METRICS.items(), key=lambda item: kinds.index(item[1].kind))


def written(name: str) -> str:
    """``"ndcg@k"``, but ``"rmse"``."""
    return name if METRICS[name].kind == "ratings" else f"{name}@k"


def table() -> str:
    """All metrics with their definitions, a line for each."""
    lines = []
    for name, row in _in_order():
        text = row.definition + f" ({row.source})" * bool(row.source) + "; lower is better" * row.falling
        lines.append(f"    {written(name):14} {text}\n")
    return "".join(lines)


class Metric(NamedTuple):
    """A metric and its list length, None for the rating metrics; ``str()`` gives ``"ndcg@10"`` back."""

    name: str
    k: int | None

    def __str__(self) -> str:
        return self.name if self.k is None else f"{self.name}@{self.k}"

    @property
    def native(self) -> tuple[str, int]:
        """A ranking metric as the core takes it."""
        return self.definition.function, self.k or 1

    @property
    def definition(self) -> Definition:
        """Its row of the table."""
        return METRICS[self.name]


def parse_metric(text: str) -> Metric:
    """``"ndcg@10"`` to ``Metric("ndcg", 10)``, ``"rmse"`` to ``Metric("rmse", None)``.

    Raises
    ------
    TypeError
        If `text` is not a string.
    ValueError
        For an unknown name, a metric of lists without a positive whole k, or a rating metric with one.

    Examples
    --------
    >>> parse_metric("recall_min@50")
    Metric(name='recall_min', k=50)
    """
    if not isinstance(text, str):
        raise TypeError(f"a metric is named by a string such as 'ndcg@10', got {given(text)}")
    name, at, k = text.partition("@")
    if name not in METRICS:
        hint = did_you_mean(name, METRICS) or "."
        raise ValueError(f"unknown metric {str(text)!r}{hint} The metrics are {known_metrics()}")
    if METRICS[name].kind == "ratings":
        if at:
            raise ValueError(f"metric {text!r}: {name} is over all ratings and takes no k, write {name!r}")
        return Metric(name, None)
    if not re.fullmatch("[1-9][0-9]{0,17}", k):
        raise ValueError(f"metric {text!r} needs a list length k from 1 to 10^18 - 1 after the name, as in '{name}@10'")
    return Metric(name, int(k))


def parse_metrics(texts: str | Iterable[str]) -> list[Metric]:
    """One name or several; a repeated name counts once. An empty list is a ValueError."""
    listed = [texts] if isinstance(texts, str) else texts
    if not isinstance(listed, Iterable):
        raise TypeError(f"metrics must be a name such as 'ndcg@10', or a list of such, got {given(texts)}")
    metrics = dict.fromkeys(parse_metric(text) for text in listed)
    if not metrics:
        raise ValueError("metrics is empty: name at least one, such as 'ndcg@10'")
    return list(metrics)
