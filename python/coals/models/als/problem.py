"""What explicit and implicit ALS work on: entries by user and by item, factors, priors. Side 0 is users, 1 items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.interactions import Interactions
from coals.data.native import rows_of
from coals.models.als.features import Prior, fill_cold
from coals.models.als.solvers import Ridge, choose_solver, exact_options, solver_options
from coals.models.als.start import Start

__all__ = ["SIDES", "HalfStep", "Problem", "RowsToSolve"]

Array = npt.NDArray[Any]
HalfStep = Callable[[], None]

SIDES = ("user", "item")


class RowsToSolve(NamedTuple):
    """Rows of one side: what they have, what they are to become (in place), and what they are pulled to."""

    entries: _core.Csr
    weights: Array | None
    factors: Array
    bias: Array | None
    prior: Array | None
    bias_prior: Array | None


class Problem(ABC):
    """State of a fit. `half_steps` change it, each so that `objective` does not rise."""

    ridges: tuple[Ridge, Ridge]
    weights: tuple[Array | None, Array | None] = (None, None)

    def __init__(self, model: Any, data: Interactions, entries: _core.Csr, start: Start, features: list[Any]) -> None:
        self.model = model
        self.data = data
        self.entries = (entries, entries.transpose())
        self.counts = tuple(matrix.row_sizes() for matrix in self.entries)
        self.factors = start.factors
        self.biases: list[Array] | list[None] = [None, None]
        self.features = features
        self.priors: list[Prior | None] = [None, None]
        self.solver = choose_solver(model, self.entries)
        self.options = solver_options(model, self.solver)
        self.threads: int = model._threads

    def _make_priors(self, start: Start) -> None:
        """Once ridges and biases are there."""
        mu = float(self.model.feature_regularization)
        for side, features in enumerate(self.features):
            if features is None:
                continue
            penalties = self.ridges[side].of(self.counts[side])
            prior = Prior(features, penalties, mu, self.factors[side], self.biases[side])
            weights = start.feature_weights[side]
            if weights is not None and weights.shape == prior.stacked().shape:
                prior.start_from(weights)
            self.priors[side] = prior

    def half_steps(self) -> list[tuple[int, HalfStep]]:
        """What one sweep does, in order: (side, step)."""
        steps: list[tuple[int, HalfStep]] = []
        for side in (0, 1):
            steps += [(side, step) for step in self._steps(side)]
            if self.priors[side] is not None:
                steps.append((side, lambda side=side: self._update_prior(side)))  # type: ignore[misc]
        return steps

    def _update_prior(self, side: int) -> None:
        prior = self.priors[side]
        assert prior is not None
        prior.update(self.factors[side], self.biases[side])

    def penalties(self) -> float:
        """The part of the objective that does not look at entries."""
        total = 0.0
        for side in (0, 1):
            prior, ridge, counts = self.priors[side], self.ridges[side], self.counts[side]
            total += ridge.total(counts, self.factors[side], None if prior is None else prior.rows, self.threads)
            bias = self.biases[side]
            if bias is not None:
                total += ridge.total(counts, bias, None if prior is None else prior.bias, self.threads)
            if prior is not None:
                total += prior.penalty()
        return total

    def solve_rows(self, side: int, rows: npt.NDArray[np.int64]) -> None:
        """Solves some rows of one side exactly and leaves the others as they are."""
        part, weights = rows_of(self.entries[side], rows, self.weights[side])
        prior, bias = self.priors[side], self.biases[side]
        factors = self.factors[side][rows]
        own_bias = None if bias is None else bias[rows]
        pull = None if prior is None else prior.rows[rows]
        bias_pull = None if prior is None or prior.bias is None else prior.bias[rows]
        own = RowsToSolve(part, weights, factors, own_bias, pull, bias_pull)
        try:
            self._solve(side, "factors" if bias is None else "joint", own, exact_options(self.model))
        except _core.SingularSystemError as error:
            error.row = int(rows[error.row])
            raise
        self.factors[side][rows] = factors
        if bias is not None:
            bias[rows] = own_bias

    def clear_empty_rows(self) -> None:
        """Rows without entries take no part, whatever an earlier fit has put there."""
        for factors, bias, counts in zip(self.factors, self.biases, self.counts, strict=True):
            factors[counts == 0] = 0
            if bias is not None:
                bias[counts == 0] = 0

    def _solve_all(self, side: int, what: str) -> None:
        prior = self.priors[side]
        pulls = (None, None) if prior is None else (prior.rows, prior.bias)
        own = RowsToSolve(self.entries[side], self.weights[side], self.factors[side], self.biases[side], *pulls)
        self._solve(side, what, own, self.options)

    @abstractmethod
    def _solve(self, side: int, what: str, rows: RowsToSolve, options: _core.SolverOptions) -> None:
        """Solves rows of one side in place against the other: "factors", "bias" or "joint"."""

    @abstractmethod
    def _steps(self, side: int) -> list[HalfStep]:
        """The steps that solve one side, without its feature weights."""

    @abstractmethod
    def objective(self) -> float:
        """As in the docstring of the model."""

    @abstractmethod
    def result(self, copy: bool) -> dict[str, Any]:
        """Fitted attributes. Without `copy` they take over the arrays, and the problem is used up."""

    def _with_prior(self, side: int, copy: bool) -> tuple[Array, Array | None]:
        """Factors and bias of one side, with the prior where there are no entries."""
        factors, bias, prior = self.factors[side], self.biases[side], self.priors[side]
        if copy:
            factors, bias = factors.copy(), None if bias is None else bias.copy()
        if prior is not None:
            fill_cold(self.counts[side], factors, prior.rows, bias, prior.bias)
        return factors, bias

    def known(self, side: int, evidence: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Rows with evidence, or else with features to go by."""
        features = self.features[side]
        return evidence if features is None else evidence | (np.diff(features.indptr) > 0)
