"""implicit (benfred): AlternatingLeastSquares on the CPU.

Its matrix holds confidences c of observed cells, `alpha` times the values given (`Cui = self.alpha * Cui` in
cpu/als.py). A row solves (Y'Y + sum (c - 1) y y' + regularization I) x = sum c y (`user_linear_equation` there): so an
observed cell weighs c and not 1 + c, any other cell weighs 1. coals' hkv weighs w0 + alpha r and w0. With w0 = 1 both
are the same when implicit is given c = 1 + alpha r and its alpha = 1. The penalty is plain ridge: exponent 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares

from bench.harness.processes import Missing
from bench.peers.contender import Contender
from bench.peers.problem import Factors


class Implicit(Contender):
    """Factors set before `fit` are its start, so each sweep continues; the callback's seconds leave the intake out."""

    package = "implicit"

    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        if (objective.kind, objective.unobserved_weight, objective.exponent) != ("hkv", 1, 0):
            raise Missing("implicit has only hkv with unobserved weight 1 and plain ridge")
        self.confidence = matrix.copy()
        self.confidence.data = np.float32(1) + np.float32(objective.alpha) * matrix.data
        self.model = AlternatingLeastSquares(
            factors=self.problem.factors,
            regularization=objective.regularization,
            alpha=1.0,
            use_cg=self.options["use_cg"],
            num_threads=self.problem.threads,
        )
        self.model.cg_steps = 3
        self.model.user_factors, self.model.item_factors = start.users.copy(), start.items.copy()

    def sweep(self, count: int) -> list[float]:
        seconds: list[float] = []
        self.model.iterations = count
        self.model.fit(
            self.confidence, show_progress=False, callback=lambda _, elapsed, __: seconds.append(float(elapsed))
        )
        return seconds

    def factors(self) -> Factors:
        return Factors(self.model.user_factors, self.model.item_factors)
