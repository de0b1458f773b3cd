"""Single rows of a fitted `ImplicitALS`, natively and as equations in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.native import columns_where
from coals.models.als.implicit_problem import implicit_ridges
from coals.models.als.row_system import RowSystem
from coals.models.als.solvers import exact_options
from coals.models.folded_rows import Rows

__all__ = ["implicit_row_system", "solve_implicit_rows"]

Array = npt.NDArray[Any]


def fixed_gram(model: Any, side: int) -> npt.NDArray[np.float64]:
    """Gram matrix of one side of a fitted model, computed once.

    As during the fit, users and items without entries take no part: features may have given them factors, but nobody
    has left them out.
    """
    grams: dict[int, npt.NDArray[np.float64]] = vars(model).setdefault("_grams_", {})
    if side not in grams:
        factors = (model.user_factors_, model.item_factors_)[side]
        if model._features_[side] is not None:
            entries = model._entries_
            warm = columns_where(entries if side else entries.transpose(), positive=False)
            factors = factors[warm]
        grams[side] = _core.gram(factors, model._threads)
    return grams[side]


def solve_implicit_rows(model: Any, side: int, rows: Rows, prior: Array | None) -> Array:
    fixed = (model.item_factors_, model.user_factors_)[side]
    factors = np.zeros((rows.entries.rows, fixed.shape[1]), fixed.dtype)
    _core.solve_implicit(
        rows.entries,
        fixed,
        fixed_gram(model, 1 - side),
        model.objective,
        float(model.alpha),
        float(model.unobserved_weight),
        implicit_ridges(model, model.n_users_, model.n_items_)[side].native(),
        prior,
        exact_options(model),
        factors,
        model._threads,
    )
    return factors


def implicit_row_system(model: Any, row: int) -> RowSystem:
    """Equations of one training user."""
    indptr, indices, values = model._entries_.to_arrays()
    own = slice(indptr[row], indptr[row + 1])
    y = model.item_factors_[indices[own]].astype(np.float64)
    strength = values[own].astype(np.float64)
    weight = float(model.alpha) * np.abs(strength)
    shared = float(model.unobserved_weight)
    target = np.where(strength > 0, weight + (shared if model.objective == "hkv" else 0.0), 0.0)
    ridge = float(implicit_ridges(model, model.n_users_, model.n_items_)[0].of(np.array([len(y)]))[0])
    return RowSystem(y, weight, target, shared * fixed_gram(model, 1), ridge, model._user_prior(row))
