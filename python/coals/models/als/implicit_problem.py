"""State and half-sweeps of implicit ALS.

The part of the objective that runs over all cells is an inner product of the two Gram matrices. A row solve is cheapest
where the Gram matrix of the fixed side is diagonal, and turning both sides alike changes no inner product; so before a
half-sweep both are turned into the axes of that matrix. `turn` is the product of all turns so far, undone at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.interactions import Interactions
from coals.data.native import columns_where, with_values
from coals.models.als.problem import HalfStep, Problem, RowsToSolve
from coals.models.als.solvers import Ridge
from coals.models.als.start import Start

__all__ = ["ImplicitProblem", "implicit_ridges"]

Array = npt.NDArray[Any]


def implicit_ridges(model: Any, n_users: int, n_items: int) -> tuple[Ridge, Ridge]:
    users, items = model._regularization_pair()
    exponent = float(model.regularization_exponent)
    # ials counts the share of unobserved cells towards a row's size.
    weight = float(model.unobserved_weight) if model.objective == "ials" else 0.0
    return Ridge(users, exponent, weight * n_items), Ridge(items, exponent, weight * n_users)


def _observed(data: Interactions) -> Interactions:
    """The entries that are not 0."""
    values = data.matrix.data
    if not values.max() > 0:
        raise ValueError(
            "no entry of the data is positive: ImplicitALS needs interactions, with a strength above 0; entries below "
            "0 mark cells as surely empty"
        )
    return data if np.count_nonzero(values) == len(values) else data.select(values != 0)


class ImplicitProblem(Problem):
    """Strengths, factors, and their Gram matrices."""

    def __init__(self, model: Any, data: Interactions, features: list[Any], start: Start) -> None:
        observed = _observed(data)
        super().__init__(model, data, with_values(observed, model.dtype), start, features)
        self.seen = self.entries[0] if observed is data else with_values(data, model.dtype)
        self.ridges = implicit_ridges(model, *data.shape)
        self.alpha, self.shared = float(model.alpha), float(model.unobserved_weight)
        # A Gram matrix that weighs nothing need not be known, and x >= 0 means these axes and no others.
        self.turns = self.shared > 0 and not model.nonnegative
        self.turn: Array | None = None
        self.starts_from_factors = self.solver != "cholesky"
        self._grams: list[Array | None] = [None, None]
        self._make_priors(start)

    def gram(self, side: int) -> Array:
        """K x K, or its diagonal where that is all."""
        known = self._grams[side]
        if known is None:
            known = _core.gram(self.factors[side], self.threads) if self.shared > 0 else np.zeros(self.model.factors)
            self._grams[side] = known
        return known

    def _turn_to_axes_of(self, fixed: int) -> None:
        if self.gram(fixed).ndim == 1:
            return
        eigenvalues, axes = _core.principal_axes(self.gram(fixed), self.threads)
        _core.rotate(self.factors[fixed], axes, self.threads)
        if self.starts_from_factors:  # else they are overwritten
            _core.rotate(self.factors[1 - fixed], axes, self.threads)
        for prior in self.priors:
            if prior is not None:
                prior.rotate(axes, self.threads)
        if self.turn is None:
            self.turn = axes.copy()
        else:
            _core.rotate(self.turn, axes, self.threads)
        self._grams[fixed] = eigenvalues

    def _steps(self, side: int) -> list[HalfStep]:
        def solve() -> None:
            if self.turns:
                self._turn_to_axes_of(1 - side)
            self._solve_all(side, "factors")
            self.gram(side)  # the objective and the next half-step want it

        return [solve]

    def _solve(self, side: int, what: str, rows: RowsToSolve, options: _core.SolverOptions) -> None:
        gram = self.gram(1 - side)
        self._grams[side] = None
        _core.solve_implicit(
            rows.entries,
            self.factors[1 - side],
            gram,
            self.model.objective,
            self.alpha,
            self.shared,
            self.ridges[side].native(),
            rows.prior,
            options,
            rows.factors,
            self.threads,
        )

    def objective(self) -> float:
        total = _core.implicit_observed_loss(
            self.entries[0],
            self.factors[1],
            self.model.objective,
            self.alpha,
            self.shared,
            self.factors[0],
            self.threads,
        )
        if self.shared > 0:
            users, items = self.gram(0), self.gram(1)
            if users.ndim < items.ndim:
                items = np.diagonal(items)
            elif items.ndim < users.ndim:
                users = np.diagonal(users)
            total += self.shared * float((users * items).sum())
        return float(total) + self.penalties()

    def result(self, copy: bool) -> dict[str, Any]:
        fitted: dict[str, Any] = {}
        back = None if self.turn is None else np.ascontiguousarray(self.turn.T)
        for side, name in enumerate(("user", "item")):
            factors, _ = self._with_prior(side, copy)
            prior = self.priors[side]
            weights = None if prior is None else prior.stacked()
            if back is not None:
                _core.rotate(factors, back, self.threads)
                if weights is not None:
                    _core.rotate(weights, back, self.threads)
            fitted[f"{name}_factors_"] = factors
            fitted[f"{name}_feature_weights_"] = weights
        return fitted | {
            "_entries_": self.entries[0],
            "_seen_": self.seen,
            "_weights_": None,
            "_features_": self.features,
            "_known_users_": self.known(0, columns_where(self.entries[1], positive=True)),
            "_candidates_": self.known(1, columns_where(self.entries[0], positive=True)),
        }
