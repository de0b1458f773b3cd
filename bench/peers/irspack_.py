"""irspack (tohtsky): the core trainer of IALSRecommender, which takes factors in and does one sweep at a time.

Its docstring gives half of
    sum over observed of c (u.v - 1)^2 + alpha0 sum over all of (u.v)^2
    + reg [sum_u (N_u + alpha0 I)^nu |u|^2 + sum_i (N_i + alpha0 U)^nu |v|^2]
for loss_type IALSPP with c = X: coals' "ials" with w0 = alpha0, lambda = reg, exponent = nu, and X = alpha r.
With ORIGINAL c = alpha0 + X, which is "hkv" except that row sizes in the penalty still count alpha0 times the other
side, so they are the same only for nu = 0. `parity.py` checks both.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from irspack.recommenders.ials import IALSTrainer, str_to_loss_type, str_to_solver_type

from bench.harness.processes import Missing
from bench.peers.contender import Contender
from bench.peers.problem import Factors

LOSSES = {"hkv": "ORIGINAL", "ials": "IALSPP"}


class Irspack(Contender):
    package = "irspack"

    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        if objective.kind == "hkv" and objective.exponent:
            raise Missing("irspack's penalty differs from hkv unless the exponent is 0")
        strengths = matrix.copy()
        strengths.data = np.float32(objective.alpha) * matrix.data
        self.trainer = IALSTrainer(
            strengths,
            n_components=self.problem.factors,
            alpha0=objective.unobserved_weight,
            reg=objective.regularization,
            nu=objective.exponent,
            init_std=0.1,
            solver_type=str_to_solver_type(self.options["solver"]),
            max_cg_steps=3,
            ialspp_subspace_dimension=64,
            loss_type=str_to_loss_type(LOSSES[objective.kind]),
            random_seed=0,
            n_threads=self.problem.threads,
            prediction_time_max_cg_steps=5,
            prediction_time_ialspp_iteration=1,
        )
        self.trainer.core_trainer.user, self.trainer.core_trainer.item = start.users, start.items

    def sweep(self, count: int) -> list[float]:
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.trainer.run_epoch()
            seconds.append(time.perf_counter() - start)
        return seconds

    def factors(self) -> Factors:
        return Factors(self.trainer.core_trainer.user, self.trainer.core_trainer.item)
