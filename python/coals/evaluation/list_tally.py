"""The metrics of `_list_metrics` for one model, taken in batch by batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals.metrics.list_metrics import coverage_of, gini_of, item_vectors, mean_of, novelty_of, times_listed
from coals.metrics.names import Metric

__all__ = ["ListTally"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ListTally:
    """Takes in the lists of one model, batch after batch; holds numbers for users and items, and no list.

    `train`, `(n_users, n_items)`, holds the training interactions: needed by novelty and diversity.
    """

    def __init__(
        self, metrics: list[Metric], n_lists: int, n_items: int, train: _core.Csr | None, threads: int
    ) -> None:
        self.metrics = [metric for metric in metrics if metric.k is not None]
        self.values = {metric: np.empty(n_lists) for metric in self.metrics if metric.per_user}
        self.times = {m.k: np.zeros(n_items, np.int64) for m in self.metrics if m.k is not None and not m.per_user}
        self.threads = threads
        names = {metric.name for metric in self.metrics}
        if "novelty" in names:
            assert train is not None
            self.unusual = 1 - np.bincount(train.to_arrays()[1], minlength=n_items) / train.rows
        if "diversity" in names:
            assert train is not None
            self.vectors = item_vectors(train)

    def add(self, batch: slice, ids: Ints, counts: Ints) -> None:
        """Lists of the users at `batch`."""
        for k, times in self.times.items():
            times += times_listed(ids, counts, k, len(times))
        varied = [metric for metric in self.values if metric.name == "diversity"]
        if varied:
            found = _core.list_diversity(ids, counts, self.vectors, [m.k or 1 for m in varied], self.threads)
            for metric, row in zip(varied, found, strict=True):
                self.values[metric][batch] = row
        for metric, values in self.values.items():
            if metric.name == "novelty":
                values[batch] = novelty_of(ids, counts, metric.k or 1, self.unusual)

    def found(self) -> dict[Metric, tuple[float, Floats | None]]:
        """Mean over users or value for all lists, and where there are any the values of users."""
        result: dict[Metric, tuple[float, Floats | None]] = {}
        for metric in self.metrics:
            if metric.per_user:
                result[metric] = mean_of(self.values[metric]), self.values[metric]
            else:
                of = coverage_of if metric.name == "coverage" else gini_of
                result[metric] = of(self.times[metric.k or 1]), None
        return result
