"""Metrics by name: ``"ndcg@10"``, ``"coverage@20"``, ``"rmse"``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["FALLING", "LIST_METRICS", "RANKING_METRICS", "RATING_METRICS", "Metric", "parse_metric", "parse_metrics"]

#: What a list is worth, given the relevant items of its user; and what the core calls that.
RANKING_METRICS = {
    "precision": "precision", "recall": "recall", "f1": "f1", "recall_min": "recall_min", "ndcg": "ndcg",
    "map": "average_precision", "hit_rate": "hit_rate", "mrr": "reciprocal_rank", "auc": "auc",
}  # fmt: skip
#: What the lists are like, whatever is relevant. The first two have no value for a single user.
LIST_METRICS = ("coverage", "gini", "novelty", "diversity")
RATING_METRICS = ("rmse", "mae")
#: Less is better.
FALLING = frozenset(("gini", "rmse", "mae"))


class Metric(NamedTuple):
    """A metric and its list length, None for the rating metrics; ``str()`` gives ``"ndcg@10"`` back."""

    name: str
    k: int | None

    def __str__(self) -> str:
        return self.name if self.k is None else f"{self.name}@{self.k}"

    @property
    def native(self) -> tuple[str, int]:
        """A ranking metric as the core takes it."""
        return RANKING_METRICS[self.name], self.k or 1

    @property
    def per_user(self) -> bool:
        """Whether it has a value for each user, rather than one for all lists together."""
        return self.name not in ("coverage", "gini")


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
        raise TypeError(f"a metric is named by a string such as 'ndcg@10', got {text!r}")
    name, at, k = text.partition("@")
    if name in RATING_METRICS:
        if at:
            raise ValueError(f"metric {text!r}: {name} is over all ratings and takes no k, write {name!r}")
        return Metric(name, None)
    of_lists = *RANKING_METRICS, *LIST_METRICS
    if name not in of_lists:
        known = ", ".join([f"{listed}@k" for listed in of_lists] + list(RATING_METRICS))
        raise ValueError(f"unknown metric {text!r}; the metrics are {known}")
    if not re.fullmatch("[1-9][0-9]{0,17}", k):
        raise ValueError(f"metric {text!r} needs a list length k from 1 to 10^18 - 1 after the name, as in '{name}@10'")
    return Metric(name, int(k))


def parse_metrics(texts: str | Iterable[str]) -> list[Metric]:
    """One name or several; a repeated name counts once. An empty list is a ValueError."""
    listed = [texts] if isinstance(texts, str) else texts
    if not isinstance(listed, Iterable):
        raise TypeError(f"metrics must be a name such as 'ndcg@10', or a list of such, got {texts!r}")
    metrics = dict.fromkeys(parse_metric(text) for text in listed)
    if not metrics:
        raise ValueError("metrics is empty: name at least one, such as 'ndcg@10'")
    return list(metrics)
