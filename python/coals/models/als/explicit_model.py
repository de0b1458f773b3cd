"""What `ExplicitALS` does behind its public methods: hooks of fitting, row solves and ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals.data.interactions import Interactions
from coals.models.als.alternating import AlternatingModel
from coals.models.als.explicit_problem import ExplicitProblem
from coals.models.als.explicit_rows import explicit_row_system, explicit_wanted, solve_explicit_rows
from coals.models.als.row_system import RowSystem
from coals.models.als.start import Start
from coals.models.base import Array, Indices
from coals.models.folded_rows import Rows
from coals.models.predicted_ratings import PredictedRatings

__all__ = ["ExplicitModel"]


class ExplicitModel(PredictedRatings, AlternatingModel):
    """Mean, biases and factors. See `ExplicitALS`."""

    biases: bool
    bias_update: str

    user_bias_: Array
    item_bias_: Array
    global_mean_: float

    _fitted = """
        user_bias_: users
        item_bias_: items
        global_mean_
    """

    def _with_bias(self, solved: tuple[Array, Array | None]) -> tuple[Array, Array]:
        factors, bias = solved
        return factors, np.zeros(len(factors), factors.dtype) if bias is None else bias

    def _problem(self, data: Interactions, weights: Any, features: list[Any], start: Start) -> ExplicitProblem:
        # Only partial_fit finds a mean.
        return ExplicitProblem(self, data, weights, features, start, getattr(self, "global_mean_", None))

    def _solve_rows(
        self, side: int, rows: Rows, prior: Array | None, bias_prior: Array | None
    ) -> tuple[Array, Array | None]:
        return solve_explicit_rows(self, side, rows, prior, bias_prior)

    def _row_system(self, row: int, item: int) -> tuple[RowSystem, Array, Array | None]:
        return explicit_row_system(self, row), explicit_wanted(self, item), self._active(row)

    def _constant_of(self, item: int) -> float:
        return float(self.global_mean_) + float(self.item_bias_[item])

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        ratings = super()._predict_pairs(users, items)
        ratings += self._user_bias(users) + np.asarray(self.global_mean_, ratings.dtype)
        ratings += self.item_bias_[items]
        return ratings

    def _user_bias(self, users: Indices) -> Array:
        bias: Array = self.user_bias_[users]
        return bias

    # Biases become two more factors, so that lists are ranked by the very scores they show: a constant added
    # afterwards could round two scores to a tie in the wrong order.

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        constant = np.full(len(factors), self.global_mean_, factors.dtype)
        if bias is not None:
            constant += bias
        return np.column_stack([factors, np.ones_like(constant), constant])

    def _targets(self) -> Array:
        return np.column_stack([self.item_factors_, self.item_bias_, np.ones_like(self.item_bias_)])

    def _target_sources(self) -> tuple[Array, ...]:
        return self.item_factors_, self.item_bias_

    def _user_sources(self) -> tuple[Array, ...]:
        return self.user_factors_, self.user_bias_

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return known | bool(self._fitted_params_["biases"])
