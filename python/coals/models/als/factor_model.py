"""What explicit and implicit ALS share: their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_bool, check_choice, check_int, check_number, check_random_state
from coals._util.limits import LARGEST, MOST_FACTORS
from coals.models.als.solvers import SINGULAR, SOLVERS
from coals.models.factors.exports import Exports

__all__ = ["FactorModel"]

_LARGEST_BLOCK = 1024


class FactorModel(Exports):
    """A factor model fitted by alternating least squares. See its subclasses."""

    factors: int
    regularization: float | tuple[float, float]
    regularization_exponent: float
    feature_regularization: float
    iterations: int
    solver: str
    cg_steps: int
    block_size: int
    nonnegative: bool
    on_singular: str
    init: Any
    warm_start: bool
    dtype: str
    random_state: Any
    tolerance: float

    user_feature_weights_: npt.NDArray[np.float64] | None
    item_feature_weights_: npt.NDArray[np.float64] | None
    objective_: npt.NDArray[np.float64]
    solver_: str

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=MOST_FACTORS)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        self._regularization_pair()
        check_number("regularization_exponent", self.regularization_exponent, minimum=0, maximum=10)
        check_number("feature_regularization", self.feature_regularization, minimum=0, maximum=LARGEST)
        check_int("iterations", self.iterations, minimum=1)
        self._check_solver()
        check_bool("warm_start", self.warm_start)
        check_random_state(self.random_state)
        check_number("tolerance", self.tolerance, minimum=0)

    def _check_solver(self) -> None:
        check_choice("solver", self.solver, SOLVERS)
        check_int("cg_steps", self.cg_steps, minimum=1, maximum=MOST_FACTORS)
        check_int("block_size", self.block_size, minimum=1, maximum=_LARGEST_BLOCK)
        check_choice("on_singular", self.on_singular, SINGULAR)
        if check_bool("nonnegative", self.nonnegative) and self.solver not in ("auto", "cholesky"):
            raise ValueError(
                f"nonnegative=True needs solver='auto' or 'cholesky', got {self.solver!r}: the others cannot keep "
                "factors from becoming negative"
            )

    def _regularization_pair(self) -> tuple[float, float]:
        value = self.regularization
        if isinstance(value, (tuple, list)):
            if len(value) != 2:
                raise ValueError(f"regularization must be a number or a (user, item) pair, got {value!r}")
            users, items = value
        else:
            users = items = value
        return self._regularization_of(users), self._regularization_of(items)

    def _regularization_of(self, value: Any) -> float:
        number = check_number("regularization", value, minimum=0, maximum=LARGEST)
        if 0 < number < np.finfo(self.dtype).tiny:
            raise ValueError(f"regularization={value} vanishes in {self.dtype}: say 0 if that is meant")
        return number
