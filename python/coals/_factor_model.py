"""What explicit and implicit ALS share: parameters, and ranking by inner product."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._checks import check_bool, check_choice, check_int, check_number, check_random_state
from coals._solvers import SINGULAR, SOLVERS
from coals._start import LARGEST
from coals.base import Array, Indices, ItemSimilarity
from coals.recommendations import TopN

__all__ = ["MOST_FACTORS", "FactorModel"]

# Pairs predicted at a time: bounds the gathered rows to a few MB.
_PAIRS_AT_A_TIME = 65536
#: A system of this many already takes 16 GB a thread.
MOST_FACTORS = 65536
_LARGEST_BLOCK = 1024


class FactorModel(ItemSimilarity):
    """A model that scores by the inner product of user and item factors. See its subclasses."""

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

    user_factors_: Array
    item_factors_: Array
    user_feature_weights_: npt.NDArray[np.float64] | None
    item_feature_weights_: npt.NDArray[np.float64] | None
    objective_: npt.NDArray[np.float64]
    solver_: str
    _candidates_: npt.NDArray[np.bool_]
    _known_users_: npt.NDArray[np.bool_]

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

    # --- ranking ---

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        """Rows whose inner products with `_targets` are the scores."""
        return factors

    def _targets(self) -> Array:
        return self.item_factors_

    def _user_bias(self, users: Indices) -> Array | None:
        return None

    def _rank(self, queries: Array, n: int, excluded: _core.Csr, known: npt.NDArray[np.bool_]) -> TopN:
        """The n best candidates for each query; an empty list where nothing is known to rank by."""
        ranked = TopN(
            *_core.top_k_inner_product(queries, self._targets(), excluded, self._candidates_, n, self._threads)
        )
        ranked.ids[~known], ranked.scores[~known], ranked.counts[~known] = -1, np.nan, 0
        return ranked

    def _top_n(self, users: Indices, n: int, excluded: _core.Csr) -> TopN:
        queries = self._queries(self.user_factors_[users], self._user_bias(users))
        return self._rank(queries, n, excluded, self._has_evidence(self._known_users_[users]))

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of some users can be ranked for, given which of them have entries or features."""
        return known

    def predict_indices(self, users: Indices, items: Indices) -> Array:
        out = np.empty(len(users), self.user_factors_.dtype)
        for start in range(0, len(users), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            np.einsum("ij,ij->i", self.user_factors_[users[part]], self.item_factors_[items[part]], out=out[part])
        return out

    def _similar(self, items: Indices, n: int) -> TopN:
        """By cosine of the item factors. Factors of zero are similar to nothing."""
        norms = np.linalg.norm(self.item_factors_, axis=1, keepdims=True)
        known = self._candidates_ & (norms[:, 0] > 0)
        unit = self.item_factors_ / np.where(norms > 0, norms, 1)
        itself = _core.Csr(np.arange(len(items) + 1), items.astype(np.int32), None, self.n_items_, "float32")
        ranked = TopN(*_core.top_k_inner_product(unit[items], unit, itself, known, n, self._threads))
        blank = ~known[items]
        ranked.ids[blank], ranked.scores[blank], ranked.counts[blank] = -1, np.nan, 0
        return ranked
