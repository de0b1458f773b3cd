"""Single rows of a fitted `ExplicitALS`, natively and as equations in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.als.explicit_problem import explicit_ridges
from coals.models.als.row_system import RowSystem
from coals.models.als.solvers import exact_options
from coals.models.folded_rows import Rows

__all__ = ["explicit_row_system", "explicit_wanted", "solve_explicit_rows"]

Array = npt.NDArray[Any]


def solve_explicit_rows(
    model: Any, side: int, rows: Rows, prior: Array | None, bias_prior: Array | None
) -> tuple[Array, Array | None]:
    """Factors and bias of each row together, or factors alone for a model without biases.

    For ``bias_update="separate"`` too, whose sweeps approach the same solution.
    """
    fixed = (model.item_factors_, model.user_factors_)[side]
    fixed_bias = (model.item_bias_, model.user_bias_)[side]
    factors = np.zeros((rows.entries.rows, fixed.shape[1]), fixed.dtype)
    bias = np.zeros(len(factors), fixed.dtype) if model.biases else None
    _core.solve_explicit(
        rows.entries,
        fixed,
        fixed_bias if model.biases else None,
        float(model.global_mean_),
        rows.weights,
        explicit_ridges(model)[side].native(),
        prior,
        bias_prior if model.biases else None,
        exact_options(model),
        factors,
        bias,
        "joint" if model.biases else "factors",
        model._threads,
    )
    return factors, bias


def explicit_wanted(model: Any, item: int) -> Array:
    """What a user's factors, and bias, are multiplied with for the score of an item."""
    factors: Array = model.item_factors_[item].astype(np.float64)
    return np.append(factors, 1.0) if model.biases else factors


def explicit_row_system(model: Any, row: int) -> RowSystem:
    """Equations of one training user."""
    indptr, indices, values = model._entries_.to_arrays()
    own = slice(indptr[row], indptr[row + 1])
    y = model.item_factors_[indices[own]].astype(np.float64)
    target = values[own].astype(np.float64) - float(model.global_mean_)
    if model.biases:
        target -= model.item_bias_[indices[own]]
        y = np.column_stack([y, np.ones(len(y))])
    weight = np.ones(len(y)) if model._weights_ is None else model._weights_[own].astype(np.float64)
    ridge = float(explicit_ridges(model)[0].of(np.array([len(y)]))[0])
    return RowSystem(y, weight, weight * target, 0.0, ridge, model._user_prior(row))
