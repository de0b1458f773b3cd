"""One row's equations in float64, and what its entries contribute to a score."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["RowSystem", "contributions"]

Doubles = npt.NDArray[np.float64]


class RowSystem(NamedTuple):
    """(base + sum_e w_e y_e y_e^T + ridge I) x = sum_e d_e y_e + ridge prior, as in csrc/src/als/row_systems.hpp."""

    y: Doubles  # (n, K), with a column of ones if a bias is solved too
    weight: Doubles  # (n,)
    target: Doubles  # d, (n,)
    base: Doubles | float
    ridge: float
    prior: Doubles

    def matrix(self) -> Doubles:
        K = self.y.shape[1]
        matrix: Doubles = (self.y.T * self.weight) @ self.y + self.base + self.ridge * np.eye(K)
        return matrix


def contributions(
    system: RowSystem, wanted: Doubles, active: npt.NDArray[np.bool_] | None = None
) -> tuple[Doubles, float]:
    """How wanted . x splits up: a share for each entry, and that of the prior. Only `active` unknowns are not 0."""
    if len(system.y) == 0:
        return np.zeros(0), float(wanted @ system.prior)
    keep = np.arange(len(wanted)) if active is None else np.flatnonzero(active)
    matrix = system.matrix()[np.ix_(keep, keep)]
    z = np.zeros(len(wanted))
    z[keep] = _solve(matrix, wanted[keep], system.ridge)
    return system.target * (system.y @ z), system.ridge * float(system.prior @ z)


def _solve(matrix: Doubles, right: Doubles, ridge: float) -> Any:
    if ridge > 0:
        return np.linalg.solve(matrix, right)
    return np.linalg.pinv(matrix, rcond=1e-12, hermitian=True) @ right
