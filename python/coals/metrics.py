"""Metrics over many users at once: one hit matrix, and every ranking metric read off it.

A metric is named by a string: ``"ndcg@10"``, ``"recall@20"``, ``"rmse"``. `reference/metrics.py` spells the
same definitions out for one user; the tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Metric(NamedTuple):
    """A metric and its list length, None for the rating metrics; ``str()`` gives ``"ndcg@10"`` back."""

    name: str
    k: int | None

    def __str__(self) -> str:
        return self.name if self.k is None else f"{self.name}@{self.k}"


class Hits:
    """Which recommendations are relevant, as a boolean `(n_users, n)` matrix, and the sums metrics need.

    Parameters
    ----------
    ids : (n_users, n) int array
        Recommended item positions, best first, no item twice in a row, padded with -1.
    counts : (n_users,) int array
        How many entries of each row are real.
    relevant : (n_users, n_items) sparse array in CSR format
        The stored pairs are the relevant items, each stored once; the values are not looked at.

    Notes
    -----
    Time O(m log m) and memory O(m) for m = n_users n + nnz.

    Examples
    --------
    >>> from scipy import sparse
    >>> relevant = sparse.csr_array(np.array([[0, 1, 1], [1, 0, 0]]))
    >>> hits = Hits(np.array([[2, 0], [1, -1]]), np.array([2, 1]), relevant)
    >>> hits.matrix.tolist()
    [[True, False], [False, False]]
    >>> compute(Metric("recall", 2), hits).tolist()
    [0.5, 0.0]
    """

    def __init__(self, ids: NDArray[np.integer[Any]], counts: NDArray[np.integer[Any]], relevant: Any) -> None:
        n_users, n = ids.shape
        # A (user, item) pair as one number. A pad would pass for a pair of the user before, but for `real`.
        rows = np.arange(n_users, dtype=np.int64)
        relevant_pairs = np.repeat(rows, np.diff(relevant.indptr)) * relevant.shape[1] + relevant.indices
        recommended_pairs = rows[:, None] * relevant.shape[1] + ids
        real = np.arange(n) < counts[:, None]
        self.matrix: NDArray[np.bool_] = np.isin(recommended_pairs, relevant_pairs) & real
        self.n_relevant: NDArray[np.int64] = np.diff(relevant.indptr).astype(np.int64)

    @property
    def depth(self) -> int:
        """Length n of the longest list there could be."""
        return int(self.matrix.shape[1])

    @cached_property
    def cumulative(self) -> Floats:
        """Hits among the first p, for p = 0 ... n."""
        return _running_sum(self.matrix)

    @cached_property
    def gains(self) -> Floats:
        """DCG of the first p, for p = 0 ... n."""
        return _running_sum(self.matrix * _discounts(self.depth))

    @cached_property
    def precisions(self) -> Floats:
        """Sum of precision@q over the hits q <= p, for p = 0 ... n."""
        return _running_sum(self.matrix * self.cumulative[:, 1:] / np.arange(1, self.depth + 1))

    def reachable(self, k: int) -> NDArray[np.int64]:
        """The most hits that k places can hold: min(k, |R|)."""
        return np.minimum(k, self.n_relevant)


def _running_sum(values: NDArray[Any]) -> Floats:
    """Sums over the first 0, 1, ... n columns, shape (n_users, n + 1)."""
    result = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=result[:, 1:])
    return result


def _discounts(n: int) -> Floats:
    return 1.0 / np.log2(np.arange(2, n + 2))


def _first(running: Floats, k: int) -> Floats:
    """The running sum over the first k places; k beyond the list adds nothing."""
    result: Floats = running[:, min(k, running.shape[1] - 1)]
    return result


def _precision(hits: Hits, k: int) -> Floats:
    return _first(hits.cumulative, k) / k


def _recall(hits: Hits, k: int) -> Floats:
    return _first(hits.cumulative, k) / hits.n_relevant


def _f1(hits: Hits, k: int) -> Floats:
    return 2 * _first(hits.cumulative, k) / (k + hits.n_relevant)


def _recall_min(hits: Hits, k: int) -> Floats:
    return _first(hits.cumulative, k) / hits.reachable(k)


def _ndcg(hits: Hits, k: int) -> Floats:
    # Summed in the same order as the gains, so that a perfect list has exactly 1 and no list has more.
    reachable = hits.reachable(k)
    ideal: Floats = _running_sum(_discounts(int(reachable.max(initial=0)))[None, :])[0]
    result: Floats = _first(hits.gains, k) / ideal[reachable]
    return result


def _average_precision(hits: Hits, k: int) -> Floats:
    return _first(hits.precisions, k) / hits.reachable(k)


def _hit_rate(hits: Hits, k: int) -> Floats:
    return (_first(hits.cumulative, k) > 0).astype(np.float64)


def _reciprocal_rank(hits: Hits, k: int) -> Floats:
    if hits.depth == 0:
        return np.zeros(len(hits.matrix))
    first_hit: NDArray[np.int64] = 1 + hits.matrix.argmax(axis=1)
    return _hit_rate(hits, k) / first_hit


RANKING_METRICS: Mapping[str, Callable[[Hits, int], Floats]] = MappingProxyType(
    {
        "precision": _precision,
        "recall": _recall,
        "f1": _f1,
        "recall_min": _recall_min,
        "ndcg": _ndcg,
        "map": _average_precision,
        "hit_rate": _hit_rate,
        "mrr": _reciprocal_rank,
    }
)
RATING_METRICS = ("rmse", "mae")


def parse_metric(text: str) -> Metric:
    """``"ndcg@10"`` to ``Metric("ndcg", 10)``, ``"rmse"`` to ``Metric("rmse", None)``.

    Raises
    ------
    TypeError
        If `text` is not a string.
    ValueError
        For an unknown name, a ranking metric without a positive whole k, or a rating metric with one.

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
    if name not in RANKING_METRICS:
        known = ", ".join([f"{ranking}@k" for ranking in RANKING_METRICS] + list(RATING_METRICS))
        raise ValueError(f"unknown metric {text!r}; the metrics are {known}")
    if not re.fullmatch("[1-9][0-9]{0,17}", k):
        raise ValueError(f"metric {text!r} needs a list length k >= 1 after the name, as in '{name}@10'")
    return Metric(name, int(k))


def parse_metrics(texts: str | Iterable[str]) -> list[Metric]:
    """One name or several; a repeated name counts once. An empty list is a ValueError."""
    listed = [texts] if isinstance(texts, str) else texts
    metrics = dict.fromkeys(parse_metric(text) for text in listed)
    if not metrics:
        raise ValueError("metrics is empty: name at least one, such as 'ndcg@10'")
    return list(metrics)


def compute(metric: Metric, hits: Hits) -> Floats:
    """A ranking metric per user, `(n_users,)` float64 in [0, 1]; NaN for users without relevant items."""
    if metric.k is None:
        raise ValueError(f"{metric} is over ratings, not over hits: use rating_error")
    with np.errstate(invalid="ignore", divide="ignore"):
        values = RANKING_METRICS[metric.name](hits, metric.k)
    return np.where(hits.n_relevant > 0, values, np.nan)


def rating_error(name: str, errors: Floats, rows: NDArray[np.int64], n_users: int) -> tuple[float, Floats]:
    """RMSE or MAE of ``errors = predicted - actual``, over all of them and per user.

    Parameters
    ----------
    name : "rmse" or "mae"
    errors : (n_ratings,) float array, n_ratings >= 1
    rows : (n_ratings,) int array
        The user of each error, in 0 ... n_users - 1.
    n_users : int

    Returns
    -------
    overall : float
        Over all ratings alike, so that a user weighs as much as they have ratings.
    per_user : (n_users,) float array
        NaN for a user without ratings.

    Examples
    --------
    >>> overall, per_user = rating_error("mae", np.array([1.0, -2.0, 3.0]), np.array([0, 0, 1]), 2)
    >>> overall, per_user.tolist()
    (2.0, [1.5, 3.0])
    """
    losses = errors**2 if name == "rmse" else np.abs(errors)
    with np.errstate(invalid="ignore"):
        per_user = np.bincount(rows, losses, minlength=n_users) / np.bincount(rows, minlength=n_users)
    overall = losses.mean()
    return (float(np.sqrt(overall)), np.sqrt(per_user)) if name == "rmse" else (float(overall), per_user)
