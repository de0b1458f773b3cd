"""Stops a fit when a metric on held-out data no longer gets better."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals._util.checks import check_bool, check_int
from coals.data.interactions import Interactions, as_interactions
from coals.evaluation.evaluation import evaluate
from coals.metrics.names import parse_metrics
from coals.models.sweeps import Sweep

__all__ = ["EarlyStopping", "best_of"]


class EarlyStopping:
    """A callback that evaluates the model after each sweep and ends the fit when it gets no better.

    Parameters
    ----------
    validation : Interactions or scipy sparse matrix, shape (n_users, n_items)
        Held-out data of the shape and with the ids that the model is fitted with.
    metric : str, default "ndcg@10"
        One metric of `coals.evaluate`; better is higher, or lower where `coals.metrics` says so (as for "rmse").
    patience : int, default 2
        Sweeps without a new best value after which the fit ends, at least 1.
    restore_best : bool, default True
        The fit ends with factors and biases as of the best sweep, not the last.

    Attributes
    ----------
    values_ : list of float
        The metric after each sweep of the last fit.
    best_sweep_ : int
        Number of the sweep, from 1, with the best value.

    Notes
    -----
    Cost of a sweep: one `coals.evaluate`. Memory: up to two more copies of the factors.

    Examples
    --------
    >>> books = coals.datasets.goodbooks()
    >>> train, test = coals.split.random(books, test_fraction=0.1, random_state=0)
    >>> stop = coals.EarlyStopping(test, metric="rmse", patience=1)
    >>> model = coals.ExplicitALS(factors=8, iterations=50, random_state=0).fit(train, callback=stop)
    >>> len(model.objective_) == stop.best_sweep_ + 1 < 50
    True
    """

    def __init__(
        self, validation: Any, metric: str = "ndcg@10", *, patience: int = 2, restore_best: bool = True
    ) -> None:
        if not isinstance(metric, str):
            raise TypeError(f"metric must be the name of one metric, such as 'ndcg@10', got {metric!r}")
        (parsed,) = parse_metrics([metric])
        self.validation: Interactions = as_interactions(validation)
        self.metric = str(parsed)
        self.patience = check_int("patience", patience, minimum=1)
        self.restore_best = check_bool("restore_best", restore_best)
        self._sign = -1.0 if parsed.definition.falling else 1.0
        self.values_: list[float] = []
        self.best_sweep_ = 0
        self._best: Any = None

    def __call__(self, sweep: Sweep) -> bool:
        if sweep.sweep == 1:
            self.values_, self.best_sweep_, self._best = [], 0, None
        value = evaluate({"model": sweep.model}, self.validation, [self.metric]).mean["model"][self.metric]
        if not np.isfinite(value):
            raise ValueError(f"metric {self.metric!r} is {value} after sweep {sweep.sweep}: the model cannot give it")
        self.values_.append(value)
        if self.best_sweep_ == 0 or self._sign * value > self._sign * self.values_[self.best_sweep_ - 1]:
            self.best_sweep_ = sweep.sweep
            self._best = sweep.model if self.restore_best else None
        return sweep.sweep - self.best_sweep_ >= self.patience

    def _take_best(self) -> Any:
        """The model of the best sweep, once, or None."""
        best, self._best = self._best, None
        return best


def best_of(callbacks: list[Any], fitted: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """What a fit is to leave: `fitted`, or of the best sweep that an `EarlyStopping` has kept, and which that was."""
    sweep = None
    for callback in callbacks:
        best = callback._take_best() if isinstance(callback, EarlyStopping) else None
        if best is not None:
            fitted, sweep = {name: getattr(best, name) for name in fitted}, callback.best_sweep_
    return fitted, sweep
