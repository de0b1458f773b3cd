"""CF-NADE: ratings one after the other, each from those before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._checks import check_number
from coals._folded_rows import Rows
from coals._unseen_users import UnseenUsers
from coals.base import Array, Indices
from coals.interactions import Interactions
from coals.neural._block_scores import BlockScores
from coals.neural._layers import dense
from coals.neural._nade_task import NadeTask, represented
from coals.neural._neural_model import check_layers
from coals.neural._rating_network import RatingNetwork, mean_of
from coals.recommendations import TopN

__all__ = ["CFNADE"]

_MOST_LEVELS = 100


class CFNADE(RatingNetwork, UnseenUsers, BlockScores):
    r"""Predicts ratings by a neural autoregressive model of each user's ratings.

    The distinct ratings are levels 1 .. K. From the d ratings known of a user, item j at level :math:`k_j`,

    .. math:: h = \tanh\Big(c + \tfrac{1}{d} \sum_j \sum_{t \le k_j} w_j^t\Big), \quad
        s_i^k = \sum_{t \le k} (b_i^t + v_i^t \cdot h), \quad p_i^k = \frac{e^{s_i^k}}{\sum_t e^{s_i^t}}

    and the prediction is :math:`\sum_k r_k \, p_i^k`: levels share the weights of those below them. Further layers
    take h through tanh layers. Each step of the training takes the ratings of a user in a random order, draws how many
    of the D are known, d, from 0 to D - 1, and counts the cost of the others :math:`D / (D - d)` times.

    Parameters
    ----------
    layers : list of int, default (50,)
        Widths of the hidden layers; more than one is the deep variant.
    factors : int or None, default 10
        J: w and v are of that rank, :math:`w_j^t = B a_j^t` and :math:`v_i^t = q_i^t P`. None: of full rank.
    ordinal_weight : float, default 1.0
        Share of the ordinal cost, 0 to 1; the rest is :math:`-\log p` of the level. The ordinal one is that of ranking
        the levels by how near they are to the right one, below it and above it.
    learning_rate : float, default 0.002
    weight_decay : float, default 1.0
        Of AdamW, on weights and on what items have of their own.
    batch_size : int, default 16
        Users a step.
    iterations : int, default 200
    validation_fraction : float, default 0.1
    patience : int, default 10
    device : {"cpu", "cuda"} or None, default None
    random_state : int, numpy.random.Generator or None, default None
    num_threads : int or None, default None
        All as in `EmbeddingDotBias`.

    Attributes
    ----------
    levels_ : ndarray of float64, shape (K,)
        The distinct ratings, rising; at most 100.
    user_factors_ : ndarray of shape (n_users, J)
        P h of each user, or h at full rank.
    level_factors_, level_bias_ : ndarray of shape (n_items * K, J), (n_items * K,)
        Sums of q and b up to each level: :math:`s_i^k` is the bias and the product with the user's factors.
    level_inputs_ : ndarray of shape (n_items * K, J)
        Sums of a (or w) up to each level.
    network_ : list of ndarray
        B, c, the further layers and P.
    global_mean_ : float
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        Cost of a rating, as met in training.
    validation_, best_epoch_
        As `EmbeddingDotBias` has them.

    Notes
    -----
    The model of Zheng, Tang, Ding, Zhou 2016 with two changes, without which it learns little from few ratings. The sum
    over what is known is a mean, so that h tells users of many ratings apart too. And w, v and b are sums of a part
    common to all items and one of their own, which alone decays: an item of few ratings is rated like the average one.
    Items without ratings are predicted by the mean; users without ratings by what h is for nobody. On small data it
    does not reach models with biases: see the table in bench/README.md. Needs torch to fit (``pip install
    'coals[neural]'``), and nothing to serve. Cost of a step: 6 K J for each rating that is predicted, and some 20
    operations for each weight. Memory: n_items * K * J numbers, eight times while fitting. A list scores all items at
    all levels: n_items * K * J multiply-adds.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import CFNADE
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = CFNADE(layers=[8], factors=4, learning_rate=0.05, weight_decay=0.1, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    """

    #: Of items and levels: there is something to rank by for users without ratings.
    biases = True
    _may_be_full_rank = True

    layers: Any
    ordinal_weight: float

    levels_: npt.NDArray[np.float64]
    network_: list[Array]
    level_inputs_: Array
    level_factors_: Array
    level_bias_: Array
    global_mean_: float
    _names_: list[str]
    _known_items_: npt.NDArray[np.bool_]

    _fitted = """
        levels_; network_; _names_; global_mean_; _known_items_: items
        level_inputs_: cells, inputs
        level_factors_: cells, factors
        level_bias_: cells
    """

    def __init__(
        self,
        *,
        layers: Any = (50,),
        factors: int | None = 10,
        ordinal_weight: float = 1.0,
        learning_rate: float = 0.002,
        weight_decay: float = 1.0,
        batch_size: int = 16,
        iterations: int = 200,
        validation_fraction: float = 0.1,
        patience: int = 10,
        device: str | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_layers("layers", self.layers)
        check_number("ordinal_weight", self.ordinal_weight, minimum=0, maximum=1)

    def _look_at(self, data: Interactions) -> None:
        self.levels_ = np.unique(data.matrix.data).astype(np.float64)
        if len(self.levels_) > _MOST_LEVELS:
            raise ValueError(
                f"CFNADE has a level for each distinct rating, {_MOST_LEVELS} at most, and there are "
                f"{len(self.levels_)}: round the ratings, or use a model that takes any number, such as AutoRec"
            )
        self.global_mean_ = mean_of(data)

    def _task(self, torch: Any, device: str, data: Interactions) -> NadeTask:
        return NadeTask(self, torch, device, data)

    # --- the network without torch ---

    def _pair_cells(self) -> int:
        return int(self.level_factors_.shape[1]) * len(self.levels_)

    def _user_cells(self) -> int:
        return len(self.level_bias_)

    def _score_all(self, factors: Array) -> Array:
        scores = dense(factors, self.level_factors_, self.level_bias_, self._threads)
        found = self._expected(scores.reshape(len(factors), self.n_items_, len(self.levels_)))
        found[:, ~self._known_items_] = self.global_mean_
        return found

    def _score_pairs(self, factors: Array, items: Indices) -> Array:
        K = len(self.levels_)
        cells = items[:, None] * K + np.arange(K)
        scores = np.einsum("nkj,nj->nk", self.level_factors_[cells], factors) + self.level_bias_[cells]
        return np.where(self._known_items_[items], self._expected(scores), self.global_mean_)

    def _expected(self, scores: Array) -> Array:
        """Σ_k r_k p_k along the last axis."""
        p = np.exp((scores - scores.max(axis=-1, keepdims=True)).astype(np.float64))
        found: Array = (p * self.levels_).sum(axis=-1) / p.sum(axis=-1)
        return found

    def _top_n_unseen(self, rows: Rows, n: int, excluded: _core.Csr) -> TopN:
        indptr, items, ratings = rows.entries.to_arrays()
        levels = np.searchsorted(self.levels_, ratings)
        off = np.flatnonzero(self.levels_[np.minimum(levels, len(self.levels_) - 1)].astype(ratings.dtype) != ratings)
        if len(off):
            item = self.item_index_.decode(items[off[:1]].astype(np.int64)).tolist()[0]
            raise ValueError(
                f"item {item!r} of history is rated {ratings[off[0]]}, which is none of the ratings that the model was "
                f"fitted to: {', '.join(map(repr, self.levels_.tolist()))}"
            )
        own = np.repeat(np.arange(rows.entries.rows), np.diff(indptr))
        factors = represented(self, own, items, levels, rows.entries.rows)
        return self._ranked(factors, np.full(len(factors), True), n, excluded)
