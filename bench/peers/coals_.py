"""coals itself, by its public API. A sweep is its half-steps, as it is for the others, without the objective."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

import coals
from bench.harness.processes import Missing
from bench.peers.contender import Contender
from bench.peers.problem import Factors


class Coals(Contender):
    """Fits further from where it is: the callback's seconds leave the intake out."""

    model: Any
    data: Any

    def version(self) -> str:
        return coals.__version__

    def sweep(self, count: int) -> list[float]:
        ends = [0.0]
        self.model.set_params(iterations=count)
        self.model.fit(self.data, progress=False, callback=lambda sweep: ends.append(sweep.solve_seconds))
        self.model.set_params(init=self._state())
        return [float(seconds) for seconds in np.diff(ends)]

    def _state(self) -> tuple[Any, ...]:
        return self.model.user_factors_, self.model.item_factors_

    def _common(self) -> dict[str, Any]:
        objective = self.problem.objective
        return {
            "factors": self.problem.factors,
            "regularization": objective.regularization,
            "regularization_exponent": objective.exponent,
            "num_threads": self.problem.threads,
        }

    def _solver(self, model: type) -> dict[str, Any]:
        """The solver's options, where this version of coals knows solvers; before that, all was Cholesky."""
        if "solver" in inspect.signature(model).parameters:
            return self.options
        if self.options["solver"] == "cholesky":
            return {}
        raise Missing(f"{model.__name__} of this coals has no parameter solver")


class CoalsImplicit(Coals):
    """`ImplicitALS`: the objective is in its own words, so nothing is mapped."""

    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        self.data = matrix
        self.model = coals.ImplicitALS(
            objective=objective.kind,
            alpha=objective.alpha,
            unobserved_weight=objective.unobserved_weight,
            init=(start.users, start.items),
            **self._common(),
            **self._solver(coals.ImplicitALS),
        )

    def factors(self) -> Factors:
        return Factors(*self._state())


class CoalsExplicit(Coals):
    """`ExplicitALS` with joint biases, or without any where biases are not part of the objective."""

    def prepare(self, matrix: Any, start: Factors) -> None:
        self.data = matrix
        init: tuple[Any, ...] = start.users, start.items
        if start.user_bias is not None:
            init += start.user_bias, start.item_bias
        self.model = coals.ExplicitALS(
            biases=self.problem.objective.bias_penalty,
            init=init,
            **self._common(),
            **self._solver(coals.ExplicitALS),
        )

    def _state(self) -> tuple[Any, ...]:
        return *super()._state(), self.model.user_bias_, self.model.item_bias_

    def factors(self) -> Factors:
        return Factors(*self._state(), mean=self.model.global_mean_)
