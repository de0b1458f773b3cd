"""The ranking metrics in vectorised NumPy: one hit matrix, every metric read off it. coals is timed against it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


METRICS = {
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
    "recall_min": _recall_min,
    "ndcg": _ndcg,
    "map": _average_precision,
    "hit_rate": _hit_rate,
    "mrr": _reciprocal_rank,
}


def compute(ids: NDArray[Any], counts: NDArray[Any], relevant: Any, metrics: list[str]) -> dict[str, Floats]:
    """Values of metrics such as "ndcg@10" for each user."""
    hits = Hits(ids, counts, relevant)
    named = ((metric, *metric.split("@")) for metric in metrics)
    return {metric: METRICS[name](hits, int(k)) for metric, name, k in named}
