"""The metrics of lists for one model, taken in batch by batch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals.metrics.list_metrics import mean_of, times_listed
from coals.metrics.names import Metric

__all__ = ["ListTally"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ListTally:
    """Takes in the lists of one model, batch after batch; holds numbers for users and items, and no list.

    `train`, `(n_users, n_items)`, holds the training interactions, which some metrics need.
    """

    def __init__(
        self, metrics: list[Metric], n_lists: int, n_items: int, train: _core.Csr | None, threads: int
    ) -> None:
        self.metrics = metrics
        each = [metric for metric in metrics if metric.definition.of_each]
        self.values = {metric: np.empty(n_lists) for metric in each}
        self.times = {metric.k: np.zeros(n_items, np.int64) for metric in metrics if metric.definition.of_all}
        self.threads = threads
        # Name -> its metrics, and what its values depend on beside the lists.
        self.lengths: dict[str, list[Metric]] = {}
        for metric in each:
            self.lengths.setdefault(metric.name, []).append(metric)
        self.prepared = {metric.name: metric.definition.prepare(train) for metric in each if metric.definition.prepare}

    def add(self, batch: Ints, ids: Ints, counts: Ints) -> None:
        """Lists of the users at `batch`."""
        for k, times in self.times.items():
            times += times_listed(ids, counts, k or 1, len(times))
        for name, metrics in self.lengths.items():
            of_each = metrics[0].definition.of_each
            assert of_each is not None
            found = of_each(ids, counts, [m.k or 1 for m in metrics], self.prepared.get(name), self.threads)
            for metric, row in zip(metrics, found, strict=True):
                self.values[metric][batch] = row

    def found(self) -> dict[Metric, tuple[float, Floats | None]]:
        """Mean over users or value for all lists, and where there are any the values of users."""
        result: dict[Metric, tuple[float, Floats | None]] = {}
        for metric in self.metrics:
            of_all = metric.definition.of_all
            if of_all is None:
                result[metric] = mean_of(self.values[metric]), self.values[metric]
            else:
                result[metric] = of_all(self.times[metric.k]), None
        return result
