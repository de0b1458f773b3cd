"""Factors and biases of ratings by stochastic gradient descent."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals.data.interactions import Interactions
from coals.data.native import with_values
from coals.models.base import Array
from coals.models.factors.biased_factors import BiasedFactors
from coals.models.factors.sgd_model import SgdModel
from coals.models.factors.sigmoid_range import check_sigmoid_range, sigmoid_range, unsquashed

__all__ = ["SGDFactorization"]


class SGDFactorization(BiasedFactors, SgdModel):
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
        :math:`\mu`: the mean rating, or what the sigmoid takes to it; 0 without biases. For users and items without
        ratings `predict` then gives the mean rating.
    sigmoid_range_ : (float, float) or None
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        The mean squared error met in each epoch, before the step on it.

    Notes
    -----
    Koren, Bell, Volinsky 2009; Adagrad of Duchi et al. 2011; parallel as Gemulla et al. 2011: parts of users and items
    that do not meet take their steps at the same time, dealt out anew for each epoch. Cost of an epoch: some 20 K
    operations for each rating. Memory: twice the factors, and 12 bytes for each rating. `similar_items` goes by the
    angle between factors, which few ratings leave near their random start: expect rarely rated items in it.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> model = coals.SGDFactorization(factors=2, iterations=300, random_state=0).fit(ratings)
    >>> low, high = model.predict([3, 1], [1, 1])
    >>> bool(low < 3 < high)
    True
    """

    sigmoid_range: Any

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [8, 32, 64],
        "regularization": [0.02, 0.05, 0.1, 0.2],
        "iterations": [10, 20, 40],
    }

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
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_sigmoid_range(self.sigmoid_range)

    def _entries_of(self, data: Interactions) -> _core.Csr:
        entries = with_values(data, self.dtype)
        ratings = data.matrix.data
        low, high = float(ratings.min()), float(ratings.max())
        self.rating_range_ = low, high
        self.sigmoid_range_ = sigmoid_range(self.sigmoid_range, low, high)
        mean = float(ratings.mean(dtype=np.float64))
        self.global_mean_ = unsquashed(mean, self.sigmoid_range_) if self.biases else 0.0
        self._fallback_ = None if self.biases else mean
        return entries

    def _scale(self) -> tuple[float, tuple[float, float] | None]:
        return self.global_mean_, self.sigmoid_range_

    def _objective(self, loss: float, steps: int) -> float:
        return loss / steps

    def _more_results(self, user_bias: Array) -> dict[str, Any]:
        return {"user_bias_": user_bias}
