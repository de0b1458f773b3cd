"""The definition: `coals.reference.als`, NumPy in float64, a row at a time."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any

import numpy as np

import coals
from bench.peers.contender import Contender
from bench.peers.problem import Factors
from coals.reference import als


class Reference(Contender):
    """A sweep includes a transposition, which the reference does each time."""

    state: tuple[Any, ...]

    def version(self) -> str:
        return coals.__version__

    def sweep(self, count: int) -> list[float]:
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.state = self._once()
            seconds.append(time.perf_counter() - start)
        return seconds

    @abstractmethod
    def _once(self) -> tuple[Any, ...]:
        """The state after one more sweep."""

    def _penalty(self) -> dict[str, Any]:
        objective = self.problem.objective
        return {"regularization": (objective.regularization,) * 2, "exponent": objective.exponent}


class ReferenceImplicit(Reference):
    def prepare(self, matrix: Any, start: Factors) -> None:
        self.matrix = matrix
        self.state = (start.users.astype(np.float64), start.items.astype(np.float64))

    def _once(self) -> tuple[Any, ...]:
        objective = self.problem.objective
        return als.implicit_sweep(
            self.matrix,
            self.state,
            alpha=objective.alpha,
            unobserved_weight=objective.unobserved_weight,
            objective=objective.kind,
            **self._penalty(),
        )

    def factors(self) -> Factors:
        return Factors(*self.state)


class ReferenceExplicit(Reference):
    def prepare(self, matrix: Any, start: Factors) -> None:
        self.matrix = matrix
        sides = start.users.astype(np.float64), start.items.astype(np.float64)
        self.state = (*sides, *(np.zeros(len(side)) for side in sides))

    def _once(self) -> tuple[Any, ...]:
        return als.explicit_sweep(self.matrix, self.state, bias_update="joint", **self._penalty())

    def factors(self) -> Factors:
        return Factors(*self.state, mean=float(self.matrix.data.mean(dtype=np.float64)))
