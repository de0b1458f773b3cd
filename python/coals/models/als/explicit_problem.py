"""State and half-sweeps of explicit ALS."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.interactions import Interactions
from coals.data.native import blocks, with_values
from coals.models.als.problem import HalfStep, Problem, RowsToSolve
from coals.models.als.solvers import Ridge
from coals.models.als.start import Start

__all__ = ["ExplicitProblem", "explicit_ridges", "weighted_mean"]

Array = npt.NDArray[Any]


def explicit_ridges(model: Any) -> tuple[Ridge, Ridge]:
    users, items = model._regularization_pair()
    exponent = float(model.regularization_exponent)
    return Ridge(users, exponent), Ridge(items, exponent)


def weighted_mean(values: Array, weights: Array | None) -> float:
    """In float64, without a copy of the values in it."""
    if weights is None:
        return float(values.mean(dtype=np.float64))
    total = sum(float(values[b].astype(np.float64) @ weights[b].astype(np.float64)) for b in blocks(len(values)))
    return total / float(weights.sum(dtype=np.float64))


class ExplicitProblem(Problem):
    """Ratings, their weights, and factors with or without biases."""

    def __init__(
        self,
        model: Any,
        data: Interactions,
        weights: Array | None,
        features: list[Any],
        start: Start,
        mean: float | None = None,
    ) -> None:
        super().__init__(model, data, with_values(data, model.dtype), start, features)
        self.weights = (weights, None if weights is None else self.entries[0].transpose_values(weights))
        self.ridges = explicit_ridges(model)
        if model.biases:
            self.biases = start.biases
        if mean is None:
            mean = weighted_mean(data.matrix.data, weights) if model.biases else 0.0
        self.mean = mean
        self._make_priors(start)

    def _steps(self, side: int) -> list[HalfStep]:
        if not self.model.biases:
            kinds = ["factors"]
        elif self.model.bias_update == "joint":
            kinds = ["joint"]
        else:
            kinds = ["bias", "factors"]
        return [lambda what=what: self._solve_all(side, what) for what in kinds]  # type: ignore[misc]

    def _solve(self, side: int, what: str, rows: RowsToSolve, options: _core.SolverOptions) -> None:
        _core.solve_explicit(
            rows.entries,
            self.factors[1 - side],
            self.biases[1 - side],
            self.mean,
            rows.weights,
            self.ridges[side].native(),
            rows.prior,
            rows.bias_prior,
            options,
            rows.factors,
            rows.bias,
            what,
            self.threads,
        )

    def objective(self) -> float:
        total = _core.explicit_squared_error(
            self.entries[0],
            self.factors[1],
            self.biases[1],
            self.mean,
            self.weights[0],
            self.factors[0],
            self.biases[0],
            self.threads,
        )
        return float(total) + self.penalties()

    def result(self, copy: bool) -> dict[str, Any]:
        fitted: dict[str, Any] = {}
        for side, name in enumerate(("user", "item")):
            factors, bias = self._with_prior(side, copy)
            prior = self.priors[side]
            fitted[f"{name}_factors_"] = factors
            fitted[f"{name}_bias_"] = np.zeros(len(factors), factors.dtype) if bias is None else bias
            fitted[f"{name}_feature_weights_"] = None if prior is None else prior.stacked()
        values = self.data.matrix.data
        return fitted | {
            "global_mean_": self.mean,
            "rating_range_": (float(values.min()), float(values.max())),
            "_entries_": self.entries[0],
            "_seen_": self.entries[0],
            "_weights_": self.weights[0],
            "_features_": self.features,
            "_known_users_": self.known(0, self.counts[0] > 0),
            "_candidates_": self.known(1, self.counts[1] > 0),
        }
