"""What explicit and implicit ALS share: factors, their start, the sweep loop, and ranking by inner product."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._checks import check_choice, check_int, check_number, check_random_state
from coals.base import Array, Indices, ItemSimilarity, progress_bar
from coals.interactions import Interactions
from coals.recommendations import TopN

__all__ = ["FactorModel", "Sweep"]

# Pairs predicted at a time: bounds the gathered rows to a few MB.
_PAIRS_AT_A_TIME = 65536
# A system of this many already takes 16 GB a thread.
_MOST_FACTORS = 65536
#: Bound of weights and penalties: beyond it single precision overflows for certain.
LARGEST = 1e18


class Sweep(NamedTuple):
    """What a callback gets after each sweep: its number from 1, the objective, seconds since `fit` began."""

    sweep: int
    objective: float
    seconds: float


class FactorModel(ItemSimilarity):
    """A model that scores by the inner product of user and item factors. See its subclasses."""

    factors: int
    regularization: float | tuple[float, float]
    regularization_exponent: float
    iterations: int
    init: Any
    dtype: str
    random_state: Any
    tolerance: float

    user_factors_: Array
    item_factors_: Array
    objective_: npt.NDArray[np.float64]
    _candidates_: npt.NDArray[np.bool_]
    _user_counts_: Indices

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=_MOST_FACTORS)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        self._regularization_pair()
        check_number("regularization_exponent", self.regularization_exponent, minimum=0, maximum=10)
        check_int("iterations", self.iterations, minimum=1)
        check_random_state(self.random_state)
        check_number("tolerance", self.tolerance, minimum=0)

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

    # --- fitting ---

    def _start_factors(self, data: Interactions, biases: bool) -> list[Array]:
        """User factors, item factors and, with biases, user and item bias to start from."""
        shapes: list[tuple[int, ...]] = [(data.n_users, self.factors), (data.n_items, self.factors)]
        if self.init is None:
            generator = check_random_state(self.random_state)
            scale = 1 / np.sqrt(self.factors)
            start: list[Array] = [scale * generator.standard_normal(shape) for shape in shapes]
        else:
            if not isinstance(self.init, (tuple, list)):
                raise TypeError(f"init must be a tuple of arrays, got {type(self.init).__name__}")
            start = list(self.init)
            if biases:
                shapes += [(data.n_users,), (data.n_items,)]
            if len(start) not in (2, len(shapes)):
                raise ValueError(
                    "init must be (user_factors, item_factors)"
                    + (", or these and (user_bias, item_bias)" if biases else "")
                    + f", got {len(start)} arrays"
                )
        start = [self._checked_start(array, shape) for array, shape in zip(start, shapes, strict=False)]
        if biases and len(start) == 2:
            start += [np.zeros(data.n_users, self.dtype), np.zeros(data.n_items, self.dtype)]
        return start

    def _checked_start(self, array: Any, shape: tuple[int, ...]) -> Array:
        given = np.asarray(array)
        if given.dtype.kind not in "iuf":
            raise TypeError(f"init must hold arrays of real numbers, got dtype {given.dtype}")
        if given.shape != shape:
            raise ValueError(f"init must hold an array of shape {shape}, got shape {given.shape}")
        if not (np.abs(given) < LARGEST).all():
            raise ValueError(f"init holds NaN, infinity or huge numbers in the array of shape {shape}")
        return np.array(given, dtype=self.dtype, order="C")

    def _run_sweeps(
        self, sweep: Callable[[], float], progress: bool | None, callback: Callable[[Sweep], None] | None
    ) -> None:
        """Runs sweeps, each of which returns the objective, until `iterations` or `tolerance` is reached."""
        if callback is not None and not callable(callback):
            raise TypeError(f"callback must be a function of one Sweep, got {callback!r}")
        start = time.perf_counter()
        history: list[float] = []
        with progress_bar(self, self.iterations, "sweep", progress) as bar:
            for number in range(1, self.iterations + 1):
                with np.errstate(over="ignore", invalid="ignore"):
                    history.append(sweep())
                if not np.isfinite(history[-1]):
                    raise ValueError(
                        f"the objective is {history[-1]} after sweep {number}: values or parameters are too large for "
                        f"{self.dtype}; make them smaller"
                    )
                bar.set_postfix(objective=f"{history[-1]:.6g}", refresh=False)
                bar.update()
                if callback is not None:
                    callback(Sweep(number, history[-1], time.perf_counter() - start))
                # Without a tolerance all sweeps are run: at the optimum rounding alone may lift the objective.
                if self.tolerance > 0 and number > 1 and history[-2] - history[-1] < self.tolerance * history[-2]:
                    break
        self.objective_ = np.array(history)

    def _singular(self, data: Interactions, error: Any, side: str) -> ValueError:
        index = data.users if side == "user" else data.items
        name = index.decode(np.array([error.row])).tolist()[0]
        return ValueError(
            f"{side} {name!r}: its entries do not determine {self.factors} factors: {error}. Set regularization > 0 "
            "(a larger one if it is), use fewer factors, bring very large values or weights nearer to 1, or use "
            "dtype='float64'"
        )

    def _remember(self, seen: _core.Csr) -> None:
        self._user_counts_ = seen.row_sizes()
        self._candidates_ = seen.transpose().row_sizes() > 0

    # --- ranking ---

    def _queries(self, users: Indices) -> Array:
        """Rows whose inner products with `_targets` are the scores."""
        return self.user_factors_[users]

    def _targets(self) -> Array:
        return self.item_factors_

    def _has_evidence(self, users: Indices) -> npt.NDArray[np.bool_]:
        """Which users the model knows anything to rank by."""
        return self._user_counts_[users] > 0

    def _top_n(self, users: Indices, n: int, excluded: _core.Csr) -> TopN:
        ranked = TopN(
            *_core.top_k_inner_product(
                self._queries(users), self._targets(), excluded, self._candidates_, n, self._threads
            )
        )
        blank = ~self._has_evidence(users)
        ranked.ids[blank], ranked.scores[blank], ranked.counts[blank] = -1, np.nan, 0
        return ranked

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
