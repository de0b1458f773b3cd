"""The state of an ALS fit while it runs: the arrays that the core changes in place, and the models for callbacks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.interactions import Interactions
from coals.models.als.features import Prior, fill_cold
from coals.models.als.start import Start
from coals.models.early_stopping import best_of
from coals.models.sweeps import Callback, Watch

__all__ = ["SIDES", "Copies", "Fit", "OnSweep", "learn"]

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

OnSweep = Callable[[_core.SweepReport], bool]
#: During a fit, returns a copy of factors as they would be if the fit ended now. None: the fit has ended, no copies.
Copies = Callable[[Array], Array] | None

SIDES = ("user", "item")


class Fit:
    """The data and the arrays of one fit. Side 0 is the users, side 1 the items.

    Attributes
    ----------
    data : Interactions
    entries : _core.Csr
        The entries to fit: all of the data, or for implicit feedback those that are not 0.
    seen : _core.Csr
        All entries of the data.
    weights : ndarray of shape (entries,), or None
    factors, biases : list of two ndarrays, of shape (n, K) and (n,)
        Biases are None if the model has none.
    features : list of two csr_array of float64, or None
    evidence : tuple of two bool arrays
        The rows of each side that have training entries.
    priors : list of two Prior or None
        A prior for each side with features.
    rows : tuple of two int64 arrays or two None
        The rows of each side that sweeps solve; None for all rows.
    """

    def __init__(
        self,
        data: Interactions,
        entries: _core.Csr,
        start: Start,
        features: list[Any],
        evidence: tuple[Flags, Flags],
        *,
        seen: _core.Csr | None = None,
        weights: Array | None = None,
        biased: bool = False,
    ) -> None:
        self.data = data
        self.entries = entries
        self.seen = entries if seen is None else seen
        self.weights = weights
        self.factors = start.factors
        self.biases: list[Array] | list[None] = start.biases if biased else [None, None]
        self.features = features
        self.evidence = evidence
        self.priors: list[Prior | None] = [None, None]
        self.rows: tuple[Indices | None, Indices | None] = (None, None)

    def add_priors(self, options: Any, mu: float, start: Start) -> None:
        """Adds a prior to each side with features. Its weights begin with those of `start` if they fit, else 0."""
        for side, features in enumerate(self.features):
            if features is None:
                continue
            penalties = _core.row_penalties(options, f"{SIDES[side]}s", self.data.shape[1 - side], self._sizes(side))
            prior = Prior(features, penalties, mu, self.factors[side], self.biases[side])
            weights = start.feature_weights[side]
            if weights is not None and weights.shape == prior.stacked().shape:
                prior.start_from(weights)
            self.priors[side] = prior

    def _sizes(self, side: int) -> Indices:
        """The number of entries in each row of a side."""
        if side == 0:
            return self.entries.row_sizes()
        _, indices, _ = self.entries.to_arrays()
        return np.bincount(indices, minlength=self.entries.columns)

    def native_priors(self) -> tuple[Any, Any]:
        """The priors for the core: for each side rows, biases, weights, their penalty, and a function to update them.

        If only some rows of a side are solved, its weights do not change, and there is no function.
        """
        native: list[Any] = [None, None]
        for side, prior in enumerate(self.priors):
            if prior is not None:
                update = self._update_of(side, prior) if self.rows[side] is None else None
                native[side] = prior.rows, prior.bias, prior.weights, prior.penalty(), update
        return native[0], native[1]

    def _update_of(self, side: int, prior: Prior) -> Callable[[], float]:
        def update() -> float:
            with np.errstate(over="ignore", invalid="ignore"):  # the core checks the objective
                prior.update(self.factors[side], self.biases[side])
                return prior.penalty()

        return update

    def result(self, copies: Copies) -> dict[str, Any]:
        """The fitted attributes, by name."""
        fitted: dict[str, Any] = {}
        take = copies or (lambda rows: rows)
        for side, name in enumerate(SIDES):
            factors, bias, prior = take(self.factors[side]), self.biases[side], self.priors[side]
            if bias is not None:
                bias = bias.copy() if copies else bias
                fitted[f"{name}_bias_"] = bias
            if prior is not None:
                fill_cold(self._sizes(side), factors, take(prior.rows), bias, prior.bias)
            fitted[f"{name}_factors_"] = factors
            fitted[f"{name}_feature_weights_"] = None if prior is None else prior.stacked(take(prior.weights))
        return fitted | {
            "_entries_": self.entries,
            "_seen_": self.seen,
            "_weights_": self.weights,
            "_features_": self.features,
            "_known_users_": self._known(0),
            "_candidates_": self._known(1),
        }

    def _known(self, side: int) -> Flags:
        """The rows that have training entries or features."""
        evidence, features = self.evidence[side], self.features[side]
        return evidence if features is None else evidence | (np.diff(features.indptr) > 0)


def learn(
    model: Any,
    run: Callable[[OnSweep], None],
    fitted_by: Callable[[_core.SweepReport, Copies], dict[str, Any]],
    finish: Callable[[Any, dict[str, Any], list[float]], None],
    iterations: int,
    progress: bool | None,
    callbacks: list[Callback],
) -> None:
    """Runs the fit by calling `run`, calls the callbacks after each sweep, and sets the fitted attributes of `model`.

    `fitted_by` returns the fitted attributes at a report; `finish` sets them in the model or in a copy of it.
    """
    last: list[_core.SweepReport] = []

    def on_sweep(report: _core.SweepReport) -> bool:
        def snapshot(history: list[float]) -> Any:
            twin = copy.copy(model)
            finish(twin, fitted_by(report, report.turned_back), history)
            return twin

        last[:] = [report]
        return watch.tell(report.objective, report.solve_seconds, snapshot)

    with Watch(model, iterations, progress, callbacks) as watch:
        try:
            run(on_sweep)
        except OverflowError as error:
            raise ValueError(f"{error} (dtype={model.dtype!r})") from None
    fitted, _ = best_of(callbacks, fitted_by(last[0], None))
    finish(model, fitted, watch.history)
