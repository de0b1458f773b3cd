"""The result of a search: its trials, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coals._util.text_table import aligned
from coals.metrics.names import is_falling

__all__ = ["SearchResult", "Trial"]


@dataclass(frozen=True)
class Trial:
    """One set of parameters and how it did.

    Attributes
    ----------
    params : dict
        What differs from the model given.
    values, errors : dict of metric to float
        Means, and their standard errors: over folds, or over users with a validation set. NaN if the fit failed.
    seconds : float
        Of all fits and evaluations.
    failed : str
        Why the fit failed; empty if it did not.
    """

    params: dict[str, Any]
    values: dict[str, float]
    errors: dict[str, float]
    seconds: float
    failed: str = ""


@dataclass(frozen=True, repr=False, eq=False)
class SearchResult:
    """What `search` found; printing it shows the trials, the best first.

    Attributes
    ----------
    metric : str
        The metric that was optimised; better is higher, or lower where `coals.metrics` says so (as for "rmse").
    trials : list of Trial
        In the order tried.
    best_model : model or None
        With the best parameters, fitted to all of `train`; None with ``refit=False``.
    """

    metric: str
    trials: list[Trial]
    best_model: Any = None

    @property
    def ranked(self) -> list[Trial]:
        """The trials, best first; failed ones last."""
        sign = 1 if is_falling(self.metric) else -1
        return sorted(self.trials, key=lambda t: (np.isnan(t.values[self.metric]), sign * t.values[self.metric]))

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return self.ranked[0].params

    @property
    def best_value(self) -> float:
        """Its metric."""
        return self.ranked[0].values[self.metric]

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns of a table, as pandas.DataFrame takes them: parameters, metrics, standard errors, seconds."""
        columns: dict[str, list[Any]] = {name: [t.params[name] for t in self.trials] for name in self.best_params}
        for metric in self.trials[0].values:
            columns[metric] = [t.values[metric] for t in self.trials]
            columns[f"{metric} error"] = [t.errors[metric] for t in self.trials]
        return {**columns, "seconds": [t.seconds for t in self.trials]}

    def __str__(self) -> str:
        names, metrics = list(self.best_params), list(self.trials[0].values)
        rows = [[*names, *metrics, "seconds"]]
        for trial in self.ranked:
            found = [f"{trial.values[m]:.4f} ±{trial.errors[m]:.4f}" for m in metrics]
            values = ["failed"] * len(metrics) if trial.failed else found
            rows.append([*(_short(trial.params[name]) for name in names), *values, f"{trial.seconds:.1f}"])
        return "\n".join(aligned(rows))

    __repr__ = __str__


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
