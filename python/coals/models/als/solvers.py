"""How rows are solved, as the constructors say it: solver options, penalties, and what `solver="auto"` means."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core

__all__ = ["SINGULAR", "SOLVERS", "Ridge", "choose_solver", "exact_options", "solver_options", "workspace_bytes"]

SOLVERS = ("auto", "cholesky", "cg", "block")
SINGULAR = ("error", "minimum_norm", "jitter")

Array = npt.NDArray[Any]

# Exact sweeps converge in fewer of them: an approximate one has to cost that much less to be worth it.
_WORTHWHILE = 3.0


def choose_solver(model: Any, entries: tuple[_core.Csr, _core.Csr]) -> str:
    """The solver that runs: the model's own unless that is "auto", else by what a sweep over the entries costs."""
    if model.solver != "auto":
        return str(model.solver)
    if model.nonnegative:
        return "cholesky"
    exact, block = (
        sum(_core.half_sweep_cost(side, model.factors, solver_options(model, name)) for side in entries)
        for name in ("cholesky", "block")
    )
    return "cholesky" if exact <= _WORTHWHILE * block else "block"


def solver_options(model: Any, solver: str) -> _core.SolverOptions:
    """Options of the half-sweeps of `fit` by one of the solvers."""
    return _core.SolverOptions(solver, model.cg_steps, model.block_size, bool(model.nonnegative), model.on_singular)


def exact_options(model: Any) -> _core.SolverOptions:
    """Options for rows that are solved once and for all."""
    return _core.SolverOptions("cholesky", nonnegative=bool(model.nonnegative), singular=model.on_singular)


def workspace_bytes(factors: int, itemsize: int) -> tuple[int, int]:
    """Memory of a fit in addition to data and factors: (bytes of each thread, bytes in all threads together).

    A thread has a panel of gathered rows and the system it solves, of K and, for short rows, of up to as many entries;
    or 16 small ones. All share the partial Gram matrices and the axes.
    """
    padded = -(-factors // 16) * 16
    square = padded * padded * itemsize
    partial = min(max(2 * square, 16 << 20), 64 * square)
    thread = 128 * padded * itemsize + (3 if factors > 80 else 18) * square
    return thread, partial + 4 * 8 * factors * factors


class Ridge(NamedTuple):
    """The penalty of row i is regularization * (n_i + offset)^exponent, and nothing for a row without entries."""

    regularization: float
    exponent: float
    offset: float = 0.0

    def native(self) -> _core.Penalty:
        return _core.Penalty(*self)

    def of(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        sizes = np.maximum(counts, 1) + self.offset  # 0 to the power of 0 is not asked for
        penalty: npt.NDArray[np.float64] = np.where(counts > 0, self.regularization * sizes**self.exponent, 0.0)
        return penalty

    def total(self, counts: npt.NDArray[np.int64], factors: Array, prior: Array | None, num_threads: int) -> float:
        """Sum over rows of penalty_i |x_i - prior_i|^2; one-dimensional `factors` are biases."""
        if factors.ndim == 1:
            factors, prior = factors[:, None], None if prior is None else prior[:, None]
        return float(self.of(counts) @ _core.squared_distances(factors, prior, num_threads))
