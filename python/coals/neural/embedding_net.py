"""Ratings from embeddings through hidden layers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from coals.data.interactions import Interactions
from coals.models.base import Array, Indices
from coals.models.factors.alike import most_alike
from coals.models.factors.sigmoid_range import Range, check_sigmoid_range, sigmoid_range, squashed
from coals.neural.block_scores import BlockScores
from coals.neural.neural_model import NeuralModel, check_factors, check_layers, check_share, look_at_ratings
from coals.neural.training.layers import dense
from coals.neural.training.net_task import NetTask
from coals.persistence.model_classes import Axes
from coals.ranking.recommendations import TopN

__all__ = ["EmbeddingNet"]


class EmbeddingNet(NeuralModel, BlockScores):
    r"""Predicts a rating by a network of hidden layers, fed with the embeddings of the user and the item.

    .. math:: \hat r_{ui} = l + (h - l) \, \sigma(w \cdot a_L + b), \quad a_k = \max(0, W_k a_{k-1} + b_k), \quad
        a_0 = [u_u \; v_i]

    Parameters
    ----------
    factors : int, default 32
        Length K of each embedding.
    layers : list of int, default (64,)
        Widths of the hidden layers.
    dropout : float, default 0.2
        Share of the embeddings and hidden units that a step leaves out.
    sigmoid_range : {None, "data"} or (float, float), default "data"
        (l, h), as in `EmbeddingDotBias`; None takes no sigmoid.
    learning_rate : float, default 0.002
    weight_decay : float, default 0.1
        Of AdamW, on embeddings and weights, not on biases.
    batch_size : int, default 1024
        Ratings a step.
    iterations : int, default 100
    validation_fraction : float, default 0.1
    patience : int, default 6
    device : {"cpu", "cuda"} or None, default None
    random_state : int, numpy.random.Generator or None, default None
    num_threads : int or None, default None
        All as in `EmbeddingDotBias`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
        Embeddings; without ratings, the mean of the others.
    network_ : list of ndarray
        Weights and biases of the layers, in turns, the last to one number.
    sigmoid_range_ : (float, float) or None
    rating_range_ : (float, float)
    objective_, validation_, best_epoch_
        As `EmbeddingDotBias` has them.

    Notes
    -----
    The network of Howard's fast.ai course, and of He et al. 2017 without the product. Needs torch to fit
    (``pip install 'coals[neural]'``), and nothing to serve. A list scores all items by the layers, which costs far more
    than an inner product. Similar items are so by the cosine of their embeddings, which the network does not ask for.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import EmbeddingNet
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"learning_rate": 0.05, "validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = EmbeddingNet(factors=4, layers=[8], dropout=0.0, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    """

    factors: int
    layers: Any
    dropout: float
    sigmoid_range: Any

    network_: list[Array]
    item_factors_: Array
    sigmoid_range_: Range

    _fitted: ClassVar[Axes] = {"network_": (), "sigmoid_range_": (), "item_factors_": ("items", "factors")}

    _space: ClassVar[dict[str, list[Any]]] = {
        "factors": [16, 32],
        "layers": [[32], [64]],
        "weight_decay": [0.03, 0.1, 0.3],
    }

    def __init__(
        self,
        *,
        factors: int = 32,
        layers: Any = (64,),
        dropout: float = 0.2,
        sigmoid_range: Any = "data",
        learning_rate: float = 0.002,
        weight_decay: float = 0.1,
        batch_size: int = 1024,
        iterations: int = 100,
        validation_fraction: float = 0.1,
        patience: int = 6,
        device: str | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_factors(self.factors)
        check_layers("layers", self.layers)
        check_share("dropout", self.dropout)
        check_sigmoid_range(self.sigmoid_range)

    def _look_at(self, data: Interactions) -> None:
        self.sigmoid_range_ = sigmoid_range(self.sigmoid_range, *look_at_ratings(self, data))

    def _task(self, torch: Any, device: str, data: Interactions) -> NetTask:
        return NetTask(self, torch, device, data)

    # --- the network without torch ---

    def _pair_cells(self) -> int:
        return max(map(len, self.network_))

    def _first(self, factors: Array, side: int) -> Array:
        """What one of the two embeddings adds to the first layer, the bias with the user's."""
        weight, bias = self.network_[:2]
        K = self.user_factors_.shape[1]
        part = weight[:, :K] if side == 0 else weight[:, K:]
        return dense(factors, part, bias if side == 0 else np.zeros_like(bias), self._threads)

    def _rest(self, first: Array) -> Array:
        """Ratings from what goes into the first layer's activation."""
        for weight, bias in zip(self.network_[2::2], self.network_[3::2], strict=True):
            first = dense(np.maximum(first, 0), weight, bias, self._threads)
        return squashed(first[:, 0], self.sigmoid_range_)

    def _score_all(self, factors: Array) -> Array:
        users, items = self._first(factors, 0), self._first(self.item_factors_, 1)
        return np.stack([self._rest(items + user) for user in users])

    def _score_pairs(self, factors: Array, items: Indices) -> Array:
        return self._rest(self._first(factors, 0) + self._first(self.item_factors_[items], 1))

    def _mean_pairs(self, users: Indices, items: Indices) -> Array:
        """Of a pair with one side known, what the network makes of an embedding of zeros on the other."""
        found = super()._mean_pairs(users, items)
        one = (users >= 0) | (items >= 0)
        sides = (self.user_factors_, users[one]), (self.item_factors_, items[one])
        embedded = [np.where((own >= 0)[:, None], factors[own], np.zeros(1, factors.dtype)) for factors, own in sides]
        found[one] = self._rest(self._first(embedded[0], 0) + self._first(embedded[1], 1))
        return found

    def _nearest_items(self, items: Indices, n: int) -> TopN:
        return most_alike(self, "alike items", self.item_factors_, self._candidates_, items, n)

    def _nearest_users(self, users: Indices, n: int) -> TopN:
        return most_alike(self, "alike users", self.user_factors_, self._known_users_, users, n)
