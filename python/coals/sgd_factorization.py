"""Factors and biases of ratings by stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._checks import check_number
from coals._filters import Filter
from coals._native import with_values
from coals._rating_means import clipped
from coals._sgd_model import SgdModel
from coals.base import Array, Indices
from coals.recommendations import TopN, cut_below

__all__ = ["SGDFactorization"]

# How far beyond the ratings the range goes on either side, as a share of it: a sigmoid never reaches its ends.
_MARGIN = 0.1


class SGDFactorization(SgdModel):
    r"""Matrix factorisation of ratings by stochastic gradient descent.

    An estimate is :math:`f_{ui} = \mu + b_u + c_i + u_u \cdot v_i`, or with a `sigmoid_range` (l, h) it is :math:`l +
    (h - l) \, \sigma(f_{ui})`. Each epoch takes every rating once, in an order drawn anew, and steps along the gradient
    of

    .. math:: \tfrac{1}{2} (r_{ui} - f_{ui})^2 + \tfrac{1}{2} \lambda \big( |u_u|^2 + |v_i|^2 + b_u^2 + c_i^2 \big)

    so that in sum a user of n ratings is penalised n times.

    Parameters
    ----------
    factors : int, default 64
    learning_rate : float, default 0.05
        > 0. "adagrad" divides it, for each number by itself, by the root of its summed squared gradients.
    regularization : float or (float, float), default 0.05
        :math:`\lambda`, of each step, or one for users and one for items.
    iterations : int, default 20
        Epochs.
    optimizer : {"adagrad", "momentum"}, default "adagrad"
        "momentum" steps by `learning_rate` times the gradient plus `momentum` times the last step of the row.
    momentum : float, default 0.9
        From 0, which is plain gradient descent, to below 1.
    biases : bool, default True
        Without them estimates are :math:`u_u \cdot v_i` alone.
    sigmoid_range : {None, "data"} or (float, float), default None
        "data" is the range of the ratings, widened by a tenth of it on either side so that its ends can be reached.
    dtype : {"float32", "float64"}, default "float32"
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start and the order.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    tolerance : float, default 0.0
        Stop when an epoch lowers the objective by less than this share; 0 runs all `iterations`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
    user_bias_, item_bias_ : ndarray of shape (n_users,), (n_items,)
    global_mean_ : float
        :math:`\mu`: the mean rating, or what the sigmoid takes to it; 0 without biases.
    sigmoid_range_ : (float, float) or None
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        The mean squared error met in each epoch, before the step on it.

    Notes
    -----
    Koren, Bell, Volinsky 2009; Adagrad of Duchi et al. 2011; parallel as Gemulla et al. 2011: parts of users and items
    that do not meet take their steps at the same time, dealt out anew for each epoch. Cost of an epoch: some 20 K
    operations for each rating. Memory: twice the factors, and 12 bytes for each rating.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> model = coals.SGDFactorization(factors=2, iterations=300, random_state=0).fit(ratings)
    >>> low, high = model.predict([3, 1], [1, 1])
    >>> bool(low < 3 < high)
    True
    """

    user_bias_: Array
    global_mean_: float
    sigmoid_range_: tuple[float, float] | None
    rating_range_: tuple[float, float]

    _fitted = "user_bias_: users; global_mean_; sigmoid_range_; rating_range_"

    def __init__(
        self,
        *,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float | tuple[float, float] = 0.05,
        iterations: int = 20,
        optimizer: str = "adagrad",
        momentum: float = 0.9,
        biases: bool = True,
        sigmoid_range: Any = None,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self.factors = factors
        self.learning_rate = learning_rate
        self.regularization = regularization
        self.iterations = iterations
        self.optimizer = optimizer
        self.momentum = momentum
        self.biases = biases
        self.sigmoid_range = sigmoid_range
        self.dtype = dtype
        self.random_state = random_state
        self.num_threads = num_threads
        self.tolerance = tolerance

    def _check_params(self) -> None:
        super()._check_params()
        given = self.sigmoid_range
        if given is None or (isinstance(given, str) and given == "data"):
            return
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise TypeError(f"sigmoid_range must be None, 'data' or a (low, high) pair, got {given!r}")
        low, high = (check_number("sigmoid_range", end) for end in given)
        if low >= high:
            raise ValueError(f"sigmoid_range must be (low, high) with low < high, got {given!r}")

    @property
    def predicts_ratings(self) -> bool:
        return True

    def fit(self, X: Any, *, progress: bool | None = None, callback: Any = None) -> SGDFactorization:
        """Learns factors and biases from ratings, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Stored entries are ratings, zeros included; all others are unknown.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each epoch; True ends the fit. What it raises is passed on.

        Returns
        -------
        SGDFactorization
            Itself. If `fit` raises or is interrupted, the model is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data that cannot be used, with the row and column of the first entry; an objective that overflows.
        """
        data = self._start_fit(X)
        entries = with_values(data, self.dtype)
        ratings = data.matrix.data
        low, high = float(ratings.min()), float(ratings.max())
        self.rating_range_ = low, high
        self.sigmoid_range_ = self._range(low, high)
        self.global_mean_ = self._mean(float(ratings.mean(dtype=np.float64))) if self.biases else 0.0
        try:
            self._fit(data, entries, progress, callback)
        except BaseException:
            self._forget_fit()
            raise
        return self

    def _range(self, low: float, high: float) -> tuple[float, float] | None:
        if self.sigmoid_range is None:
            return None
        if self.sigmoid_range == "data":
            margin = _MARGIN * (high - low) or 1.0
            return low - margin, high + margin
        return float(self.sigmoid_range[0]), float(self.sigmoid_range[1])

    def _mean(self, mean: float) -> float:
        if self.sigmoid_range_ is None:
            return mean
        low, high = self.sigmoid_range_
        share = float(np.clip((mean - low) / (high - low), 0.01, 0.99))
        return float(np.log(share / (1 - share)))

    def _scale(self) -> tuple[float, tuple[float, float] | None]:
        return self.global_mean_, self.sigmoid_range_

    def _objective(self, loss: float, steps: int) -> float:
        return loss / steps

    def _more_results(self, user_bias: Array) -> dict[str, Any]:
        return {"user_bias_": user_bias}

    # --- scores ---

    def _user_bias(self, users: Indices) -> Array:
        bias: Array = self.user_bias_[users]
        return bias

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        constant = np.full(len(factors), self.global_mean_, factors.dtype)
        if bias is not None:
            constant += bias
        return np.column_stack([factors, np.ones_like(constant), constant])

    def _targets(self) -> Array:
        return np.column_stack([self.item_factors_, self.item_bias_, np.ones_like(self.item_bias_)])

    def _target_sources(self) -> tuple[Array, ...]:
        return self.item_factors_, self.item_bias_

    def _ranked(self, users: Array, bias: Array | None, n: int, excluded: Filter, known: npt.NDArray[np.bool_]) -> TopN:
        if self.sigmoid_range_ is None:
            return super()._ranked(users, bias, n, excluded, known)
        least = -np.inf
        if isinstance(excluded, _core.TopKFilter):  # its least score is one after squashing
            least = excluded.min_score
            excluded = _core.TopKFilter(excluded.excluded, excluded.allowed, excluded.candidate)
        found = super()._ranked(users, bias, n, excluded, known)
        # Far out the sigmoid may round different scores to one: among these the lower item comes first.
        scores = self._squashed(found.scores)
        order = np.lexsort((found.ids, -scores))
        ids, scores = (np.take_along_axis(array, order, axis=1) for array in (found.ids, scores))
        return cut_below(TopN(ids, scores, found.counts), least)

    def _squashed(self, scores: Array) -> Array:
        if self.sigmoid_range_ is None:
            return scores
        low, high = self.sigmoid_range_
        with np.errstate(over="ignore"):
            squashed: Array = low + (high - low) / (1 + np.exp(-scores.astype(np.float64)))
        return squashed

    def predict_indices(self, users: Indices, items: Indices) -> Array:
        scores = super().predict_indices(users, items)
        scores += self.user_bias_[users] + np.asarray(self.global_mean_, scores.dtype)
        scores += self.item_bias_[items]
        return self._squashed(scores)

    def predict(self, users: Any, items: Any, *, clip: bool | tuple[float, float] = False) -> Array:
        """Predicted ratings for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id.
        clip : bool or (float, float), default False
            Keep predictions within the training ratings' range, or within the given one.

        Returns
        -------
        ndarray of shape (n_pairs,)
        """
        return clipped(super().predict(users, items), clip, self.rating_range_)
