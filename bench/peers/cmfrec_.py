"""cmfrec (David Cortes): CMF_implicit and CMF, without side information.

CMF_implicit scales X by alpha and weighs an observed cell 1 + alpha X, any other 1 (`fit_collective_implicit_als` and
`optimizeA_implicit` in collective.c); "will not scale any of its terms according to number of entries" (docstring), so
the penalty is plain ridge: coals' hkv with w0 = 1 and exponent 0, alpha and lambda as they are. CMF adds mean, user and
item bias, all with the same lambda when that is one number, solved jointly with the factors: coals' joint biases.
`scale_lam` is the exponent, 0 or 1. Both solve items before users, start from numbers of their own, and have no hook
for a sweep, so sweeps are timed as differences of fits.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import cmfrec
import numpy as np

from bench.harness.processes import Missing
from bench.peers.contender import Restarting
from bench.peers.problem import Factors

#: All that costs time and is not the factors; Cholesky for the last sweep of CG would make it another algorithm.
COMMON = {
    "max_cg_steps": 3,
    "finalize_chol": False,
    "precompute_for_predictions": False,
    "use_float": True,
    "random_state": 1,
    "verbose": False,
}


class Cmfrec(Restarting):
    items_first = True
    model: Any

    package = "cmfrec"

    def fit(self, sweeps: int) -> None:
        self.model = self._model(
            k=self.problem.factors,
            lambda_=float(self.problem.objective.regularization),
            use_cg=self.options["use_cg"],
            niter=sweeps,
            nthreads=self.problem.threads,
            **COMMON,
        )
        self.model.fit(self.matrix)

    @abstractmethod
    def _model(self, **options: Any) -> Any:
        """cmfrec's model with these options and those of its objective."""

    def prepare(self, matrix: Any, start: Factors) -> None:
        self.matrix = matrix.tocoo()


class CmfrecImplicit(Cmfrec):
    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        if (objective.kind, objective.unobserved_weight, objective.exponent) != ("hkv", 1, 0):
            raise Missing("CMF_implicit has only hkv with unobserved weight 1 and plain ridge")
        super().prepare(matrix, start)

    def _model(self, **options: Any) -> Any:
        return cmfrec.CMF_implicit(alpha=float(self.problem.objective.alpha), **options)

    def factors(self) -> Factors:
        return Factors(self.model.A_, self.model.B_)


class CmfrecExplicit(Cmfrec):
    def _model(self, **options: Any) -> Any:
        scale = {0.0: False, 1.0: True}[self.problem.objective.exponent]
        return cmfrec.CMF(method="als", user_bias=True, item_bias=True, scale_lam=scale, **options)

    def factors(self) -> Factors:
        """Rows without ratings are left with the start's factors and a bias of 1, which means nothing: zero here."""
        model = self.model
        sides = [model.A_, model.B_, model.user_bias_, model.item_bias_]
        rated = [np.bincount(of, minlength=n) > 0 for of, n in zip(self.matrix.coords, self.matrix.shape, strict=True)]
        clean = [(side.T * rated[k % 2]).T for k, side in enumerate(sides)]
        return Factors(*clean, mean=float(model.glob_mean_))
