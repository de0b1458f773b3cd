"""BPR: rank items a user has interacted with above those they have not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals.data.interactions import Interactions
from coals.data.native import structure
from coals.models.base import Array, Indices
from coals.models.factors.sgd_model import SgdModel

__all__ = ["BPR"]


class BPR(SgdModel):
    r"""Matrix factorisation for ranking, by stochastic gradient descent on pairs of items.

    With :math:`s_{ui} = c_i + u_u \cdot v_i`, each epoch takes every entry (u, i) once, draws an item j that u does not
    have, and steps along the gradient of

    .. math:: -\log \sigma(s_{ui} - s_{uj}) + \tfrac{1}{2} \lambda \big( |u_u|^2 + |v_i|^2 + |v_j|^2 + c_i^2 + c_j^2
        \big)

    Parameters
    ----------
    factors : int, default 64
    learning_rate : float, default 0.1
        > 0. "adagrad" divides it, for each number by itself, by the root of its summed squared gradients.
    regularization : float or (float, float), default 0.02
        :math:`\lambda`, of each step, or one for users and one for items.
    iterations : int, default 100
        Epochs.
    optimizer : {"adagrad", "momentum"}, default "adagrad"
        "momentum" steps by `learning_rate` times the gradient plus `momentum` times the last step of the row.
    momentum : float, default 0.9
        From 0, which is plain gradient descent, to below 1.
    biases : bool, default True
        Items have a bias :math:`c_i`.
    dtype : {"float32", "float64"}, default "float32"
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start, the order and the draws.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    tolerance : float, default 0.0
        Stop when an epoch lowers the objective by less than this share; 0 runs all `iterations`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
    item_bias_ : ndarray of shape (n_items,)
    objective_ : ndarray of float64, shape (epochs,)
        The mean of :math:`-\log \sigma` met in each epoch, before the step on it.

    Notes
    -----
    Rendle et al. 2009. Values of entries do not count. Epochs run in parallel over parts of users and items that do not
    meet, dealt out anew for each, so that j is drawn from the part of i: over the epochs, from everywhere. Cost of an
    epoch: some 20 K operations for each entry. Memory: twice the factors, and 8 bytes for each entry.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    >>> model = coals.BPR(factors=4, random_state=0).fit(plays)
    >>> model.recommend([2, 4], n=1).ids
    array([[0],
           [2]])
    """

    _pairs = True

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [64, 128],
        "regularization": [0.01, 0.02, 0.03],
        "learning_rate": [0.05, 0.1],
        "iterations": [120, 240],
    }

    def __init__(
        self,
        *,
        factors: int = 64,
        learning_rate: float = 0.1,
        regularization: float | tuple[float, float] = 0.02,
        iterations: int = 100,
        optimizer: str = "adagrad",
        momentum: float = 0.9,
        biases: bool = True,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self._keep(locals())

    def _entries_of(self, data: Interactions) -> _core.Csr:
        return structure(data, self.dtype)

    def _objective(self, loss: float, steps: int) -> float:
        return loss

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        return np.concatenate([factors, np.ones((len(factors), 1), factors.dtype)], axis=1)

    def _targets(self) -> Array:
        return np.concatenate([self.item_factors_, self.item_bias_[:, None]], axis=1)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        scores: Array = super()._predict_pairs(users, items) + self.item_bias_[items]
        return scores
