"""Explicit ALS: ratings as mean + user bias + item bias + inner product of factors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._checks import check_bool, check_choice, check_number
from coals._factor_model import FactorModel, Sweep
from coals._native import structure, with_values
from coals.base import Array, Indices
from coals.interactions import Interactions

__all__ = ["ExplicitALS"]

HalfStep = Callable[[], None]


class ExplicitALS(FactorModel):
    r"""Matrix factorisation of ratings by alternating least squares, with biases.

    Minimises, over observed ratings :math:`r_{ij}` with :math:`n_i` ratings of user i and :math:`m_j` of item j,

    .. math:: \sum (r_{ij} - \mu - b_i - c_j - u_i \cdot v_j)^2
        + \lambda \Big[ \sum_i n_i^\nu (|u_i|^2 + b_i^2) + \sum_j m_j^\nu (|v_j|^2 + c_j^2) \Big]

    Each half-step solves one side exactly by Cholesky, so the objective never rises.

    Parameters
    ----------
    factors : int, default 64
        Length K of each factor vector.
    regularization : float or (float, float), default 10.0
        :math:`\lambda`, or one for users and one for items. At 0 a user or item with too few ratings has no
        unique solution, which is an error.
    regularization_exponent : float, default 0.0
        :math:`\nu`: 0 is plain ridge, 1 weighs the penalty by the number of ratings (ALS-WR, Zhou et al. 2008).
    iterations : int, default 15
        Most sweeps over both sides.
    biases : bool, default True
        False leaves :math:`u \cdot v` alone, with :math:`\mu = 0`.
    bias_update : {"joint", "separate"}, default "joint"
        Solve a user's factors and bias as one system of K + 1, or sweep b, U, c, V in this order.
    init : sequence of arrays, optional
        Start: user factors (n_users, K) and item factors (n_items, K), then optionally user bias (n_users,) and
        item bias (n_items,). By default factors are normal with variance 1/K and biases zero.
    dtype : {"float32", "float64"}, default "float32"
        Precision of factors and arithmetic.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    tolerance : float, default 0.0
        Stop when a sweep lowers the objective by less than this share; 0 runs all `iterations`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
        Zero for users and items without ratings.
    user_bias_, item_bias_ : ndarray of shape (n_users,), (n_items,)
    global_mean_ : float
    objective_ : ndarray of float64, shape (sweeps,)
        After each sweep.
    rating_range_ : (float, float)
        Lowest and highest rating seen, for ``predict(..., clip=True)``.

    Notes
    -----
    Cost of a sweep: 2 nnz K² + (users + items) K³/3 multiply-adds. Memory: two copies of the ratings, the
    factors, and about (K + 256) K elements a thread.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ratings = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]))
    >>> model = coals.ExplicitALS(factors=1, biases=False, regularization=1e-8, random_state=0).fit(ratings)
    >>> model.predict([0, 1], [2, 0]).round(3)
    array([5., 6.], dtype=float32)
    """

    predicts_ratings = True

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float | tuple[float, float] = 10.0,
        regularization_exponent: float = 0.0,
        iterations: int = 15,
        biases: bool = True,
        bias_update: str = "joint",
        init: Any = None,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.regularization_exponent = regularization_exponent
        self.iterations = iterations
        self.biases = biases
        self.bias_update = bias_update
        self.init = init
        self.dtype = dtype
        self.random_state = random_state
        self.num_threads = num_threads
        self.tolerance = tolerance

    user_bias_: Array
    item_bias_: Array
    global_mean_: float
    rating_range_: tuple[float, float]

    def _check_params(self) -> None:
        super()._check_params()
        check_bool("biases", self.biases)
        check_choice("bias_update", self.bias_update, ("joint", "separate"))

    def fit(
        self,
        X: Any,
        *,
        progress: bool | None = None,
        callback: Callable[[Sweep], None] | None = None,
    ) -> ExplicitALS:
        """Learns factors and biases from ratings, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Stored entries are ratings, zeros included; all others are unknown.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, optional
            Called with a `Sweep` (number, objective, seconds) after each one. What it raises is passed on.

        Returns
        -------
        ExplicitALS
            Itself. If `fit` raises or is interrupted, the model is left unfitted.
        """
        data = self._start_fit(X)
        problem = _Problem(self, data)
        steps = problem.half_steps()

        def sweep() -> float:
            for side, step in steps:
                try:
                    step()
                except _core.SingularSystemError as error:
                    raise self._singular(data, error, side) from None
            return problem.objective()

        self._run_sweeps(sweep, progress, callback)
        self.user_factors_, self.item_factors_ = problem.factors
        self.user_bias_, self.item_bias_ = problem.bias
        self.global_mean_ = problem.mean
        self.rating_range_ = (float(data.matrix.data.min()), float(data.matrix.data.max()))
        seen = structure(data)
        self._remember(seen)
        self._finish_fit(data, seen)
        return self

    def predict(self, users: Any, items: Any, *, clip: bool | tuple[float, float] = False) -> Array:
        """Predicted ratings for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id. Who or what had no rating contributes no factors
            and no bias, so the prediction falls back to the mean and whatever bias is known.
        clip : bool or (float, float), default False
            Keep predictions within the training ratings' range, or within the given one.

        Returns
        -------
        ndarray of shape (n_pairs,)
        """
        ratings = super().predict(users, items)
        if clip is False:
            return ratings
        low, high = self.rating_range_ if clip is True else _checked_range(clip)
        return np.clip(ratings, low, high)

    def predict_indices(self, users: Indices, items: Indices) -> Array:
        ratings = super().predict_indices(users, items)
        ratings += self._constant(users)
        ratings += self.item_bias_[items]
        return ratings

    def _constant(self, users: Indices) -> Array:
        constant: Array = self.user_bias_[users] + np.asarray(self.global_mean_, self.user_bias_.dtype)
        return constant

    # Biases become two more factors, so that lists are ranked by the very scores they show: a constant added
    # afterwards could round two scores to a tie in the wrong order.

    def _queries(self, users: Indices) -> Array:
        return np.column_stack([self.user_factors_[users], np.ones_like(self.user_bias_[users]), self._constant(users)])

    def _targets(self) -> Array:
        return np.column_stack([self.item_factors_, self.item_bias_, np.ones_like(self.item_bias_)])

    def _has_evidence(self, users: Indices) -> npt.NDArray[np.bool_]:
        return super()._has_evidence(users) | bool(self.biases)


def _checked_range(clip: Any) -> tuple[float, float]:
    if not isinstance(clip, (tuple, list)) or len(clip) != 2:
        raise TypeError(f"clip must be True, False or a (lowest, highest) pair, got {clip!r}")
    low, high = (check_number("clip", end) for end in clip)
    if low > high:
        raise ValueError(f"clip must be (lowest, highest), got {clip!r}")
    return low, high


class _Problem:
    """Ratings in both orientations and the state that half-steps work on; side 0 is users, side 1 items."""

    def __init__(self, model: ExplicitALS, data: Interactions) -> None:
        by_user = with_values(data, model.dtype)
        self.ratings = (by_user, by_user.transpose())
        self.model = model
        start = model._start_factors(data, biases=True)
        self.factors, self.bias = start[:2], start[2:]
        if not model.biases and any(bias.any() for bias in self.bias):
            raise ValueError("init holds biases, but biases=False: leave them out")
        self.mean = float(data.matrix.data.mean(dtype=np.float64)) if model.biases else 0.0
        self.regularization = model._regularization_pair()
        self.exponent = float(model.regularization_exponent)

    def half_steps(self) -> list[tuple[str, HalfStep]]:
        """What one sweep does, in order: (side, step)."""
        if not self.model.biases:
            kinds = [self._solve_factors]
        elif self.model.bias_update == "joint":
            kinds = [self._solve_joint]
        else:
            kinds = [self._solve_bias, self._solve_factors]
        return [
            (name, lambda kind=kind, side=side: kind(side))  # type: ignore[misc]
            for side, name in enumerate(("user", "item"))
            for kind in kinds
        ]

    def _shared(self, side: int) -> tuple[_core.Csr, Array, Array, float, float, float]:
        return (
            self.ratings[side],
            self.factors[1 - side],
            self.bias[1 - side],
            self.mean,
            self.regularization[side],
            self.exponent,
        )

    def _solve_joint(self, side: int) -> None:
        _core.solve_explicit_joint(*self._shared(side), self.factors[side], self.bias[side], self.model._threads)

    def _solve_factors(self, side: int) -> None:
        _core.solve_explicit_factors(*self._shared(side), self.bias[side], self.factors[side], self.model._threads)

    def _solve_bias(self, side: int) -> None:
        _core.solve_explicit_bias(*self._shared(side), self.factors[side], self.bias[side], self.model._threads)

    def objective(self) -> float:
        """J of the class docstring."""
        users, items = 0, 1
        total = _core.explicit_squared_error(
            self.ratings[users],
            self.factors[items],
            self.bias[items],
            self.mean,
            self.factors[users],
            self.bias[users],
            self.model._threads,
        )
        for side in (users, items):
            counts = self.ratings[side].row_sizes().astype(np.float64)
            squares = np.einsum("ij,ij->i", self.factors[side], self.factors[side], dtype=np.float64)
            squares += self.bias[side].astype(np.float64) ** 2
            total += self.regularization[side] * float(counts**self.exponent @ squares)
        return float(total)
