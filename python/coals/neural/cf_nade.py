"""CF-NADE: ratings one after the other, each from those before it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice, check_number
from coals.data.interactions import Interactions
from coals.models.base import Array, Indices
from coals.models.folded_rows import Rows
from coals.neural.block_scores import BlockScores
from coals.neural.neural_model import NeuralModel, check_factors, check_layers, look_at_ratings
from coals.neural.training.layers import dense
from coals.neural.training.nade_task import NadeTask, represented
from coals.neural.training.rating_task import mean_of
from coals.neural.unseen_levels import likeliest_steps
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["CFNADE"]

_MOST_LEVELS = 100


class CFNADE(NeuralModel, BlockScores):
    r"""Predicts ratings by a neural autoregressive model of each item's ratings, or each user's.

    The distinct ratings are levels 1 .. K. From the d ratings known of an item, user j's at level :math:`k_j`,

    .. math:: h = \tanh\Big(c + \tfrac{1}{d} \sum_j \sum_{t \le k_j} w_j^t\Big), \quad
        s_i^k = \sum_{t \le k} (b_i^t + v_i^t \cdot h), \quad p_i^k = \frac{e^{s_i^k}}{\sum_t e^{s_i^t}}

    and user i is predicted to rate it :math:`\sum_k r_k \, p_i^k`: levels share the weights of those below them.
    Further layers take h through tanh layers. Each step of the training takes the ratings of an item in a random order,
    draws how many of the D are known, d, from 0 to D - 1, and counts the cost of the others :math:`D / (D - d)` times.
    Based on users, users and items change places.

    Parameters
    ----------
    based_on : {"items", "users"}, default "items"
        Whose ratings go through the network. Items tend to have more of them, and predict better.
    layers : list of int, default (100,)
        Widths of the hidden layers; more than one is the deep variant.
    factors : int or None, default 20
        J: w and v are of that rank, :math:`w_j^t = B a_j^t` and :math:`v_i^t = q_i^t P`. None: of full rank.
    ordinal_weight : float, default 1.0
        Share of the ordinal cost, 0 to 1; the rest is :math:`-\log p` of the level. The ordinal one is that of ranking
        the levels by how near they are to the right one, below it and above it.
    learning_rate : float, default 0.004
    weight_decay : float, default 0.3
        Of AdamW, on weights and on what users (or items) have of their own.
    batch_size : int, default 256
        Items (or users) a step.
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
    user_factors_, item_factors_ : ndarray of shape (n_users, J) or (n_users, K (J + 1)), and so for items
        P h (h at full rank) of the side that the model is based on. Of the other, for one level after the other, the
        sum of b and the sums of q (or v) up to it: :math:`s_i^k` is the first and the product of the rest with P h.
    level_inputs_ : ndarray of shape (n_users * K, J), or (n_items * K, J)
        Sums of a (or w) up to each level, of that other side.
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
    over what is known is a mean, so that h tells rows of many ratings apart too. And w, v and b are sums of a part
    common to all and one of each user's (or item's) own, which alone decays: who has few ratings is like the average.
    Based on items, those without ratings are predicted by what the network makes of nothing, which it was trained for,
    and users without ratings by what is common to all; based on users, by the mean and by what it makes of nothing.
    Needs torch to fit (``pip install 'coals[neural]'``), and nothing to serve. Cost of a step: 6 K J for each
    rating that is predicted, and some 20 operations for each weight. Memory: K * J numbers for each user (or item),
    eight times that while fitting. A list scores all items at all levels: n_items * K * J multiply-adds.
    `recommend_for` puts a new user's ratings through the network where it is based on users; where it is based on items
    it finds the likeliest b and q (or v) by L-BFGS, measured by how those of others are spread: milliseconds a user.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import CFNADE
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = CFNADE(based_on="users", layers=[8], factors=4, learning_rate=0.05, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    """

    #: Of levels: there is something to rank by for users without ratings.
    biases = True

    based_on: str
    layers: Any
    factors: int | None
    ordinal_weight: float

    levels_: npt.NDArray[np.float64]
    network_: list[Array]
    level_inputs_: Array
    item_factors_: Array
    global_mean_: float
    _names_: list[str]
    _known_items_: npt.NDArray[np.bool_]
    _spread_: npt.NDArray[np.float64] | None

    _fitted: ClassVar[Axes] = {
        "levels_": (),
        "network_": (),
        "_names_": (),
        "global_mean_": (),
        "_spread_": (),
        "_known_items_": ("items",),
        "level_inputs_": ("cells", "inputs"),
        "item_factors_": ("items", "item_numbers"),
    }

    _space: ClassVar[dict[str, list[Any]]] = {
        "layers": [[50], [100]],
        "factors": [10, 20],
        "weight_decay": [0.2, 0.3, 0.5],
    }

    def __init__(
        self,
        *,
        based_on: str = "items",
        layers: Any = (100,),
        factors: int | None = 20,
        ordinal_weight: float = 1.0,
        learning_rate: float = 0.004,
        weight_decay: float = 0.3,
        batch_size: int = 256,
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
        check_choice("based_on", self.based_on, ("items", "users"))
        if self.factors is not None:
            check_factors(self.factors)
        check_layers("layers", self.layers)
        check_number("ordinal_weight", self.ordinal_weight, minimum=0, maximum=1)

    def _look_at(self, data: Interactions) -> None:
        look_at_ratings(self, data)
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

    @property
    def _fitted_to_items(self) -> bool:
        """What `based_on` was: it may have been set since."""
        return self._spread_ is not None

    def _pair_cells(self) -> int:
        return int(max(self.item_factors_.shape[1], self.user_factors_.shape[1]))

    def _user_cells(self) -> int:
        return self.n_items_ * len(self.levels_)

    def _score_all(self, factors: Array) -> Array:
        if self._fitted_to_items:
            scores = self._level_scores(self.item_factors_, factors).transpose(1, 0, 2)
        else:
            scores = self._level_scores(factors, self.item_factors_)
        found = self._expected(scores)
        found[:, ~self._known_items_] = self.global_mean_
        return found

    def _level_scores(self, hidden: Array, cells: Array) -> Array:
        """Of each row of `hidden` with each of `cells`, at each level."""
        K = len(self.levels_)
        wide = np.column_stack([np.ones(len(hidden), hidden.dtype), hidden])
        scores = dense(wide, cells.reshape(len(cells) * K, -1), np.zeros(len(cells) * K, np.float32), self._threads)
        return scores.reshape(len(hidden), len(cells), K)

    def _score_pairs(self, factors: Array, items: Indices) -> Array:
        hidden, cells = factors, self.item_factors_[items]
        if self._fitted_to_items:
            hidden, cells = cells, hidden
        cells = cells.reshape(len(items), len(self.levels_), -1)
        scores = np.einsum("nkj,nj->nk", cells[:, :, 1:], hidden) + cells[:, :, 0]
        return np.where(self._known_items_[items], self._expected(scores), self.global_mean_)

    def _expected(self, scores: Array) -> Array:
        """Σ_k r_k p_k along the last axis."""
        first, *others = np.moveaxis(scores, -1, 0)  # NumPy takes six times as long for sums over short rows
        top = first.copy()
        for level in others:
            np.maximum(top, level, out=top)
        p, total, found = np.empty(top.shape), np.zeros(top.shape), np.zeros(top.shape)
        for rating, level in zip(self.levels_, [first, *others], strict=True):
            np.exp(np.subtract(level, top, out=p), out=p)
            total += p
            found += rating * p
        return found / total

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        indptr, items, ratings = rows.entries.to_arrays()
        levels = np.searchsorted(self.levels_, ratings)
        off = np.flatnonzero(self.levels_[np.minimum(levels, len(self.levels_) - 1)].astype(ratings.dtype) != ratings)
        if len(off):
            item = self.item_index_.decode(items[off[:1]].astype(np.int64)).tolist()[0]
            raise ValueError(
                f"item {item!r} of history is rated {ratings[off[0]]}, which is none of the ratings that the model was "
                f"fitted to: {', '.join(map(repr, self.levels_.tolist()))}"
            )
        if self._fitted_to_items:
            factors = self._likeliest(indptr, items, levels)
        else:
            own = np.repeat(np.arange(rows.entries.rows), np.diff(indptr))
            factors = represented(self, own, items, levels, rows.entries.rows)
        return self._ranked(factors, np.full(len(factors), True), n, excluded)

    def _likeliest(self, indptr: Indices, items: npt.NDArray[Any], levels: Indices) -> Array:
        """Rows of `user_factors_` of users with these ratings."""
        assert self._spread_ is not None
        mean, variance = self._spread_.reshape(2, len(self.levels_), -1)
        found = np.empty((len(indptr) - 1, mean.size), self.user_factors_.dtype)
        for row in range(len(found)):
            own = slice(indptr[row], indptr[row + 1])
            hidden = self.item_factors_[items[own]].astype(np.float64)
            x = np.column_stack([np.ones(len(hidden)), hidden])
            steps = likeliest_steps(x, levels[own], mean, variance, float(self.ordinal_weight))
            found[row] = steps.cumsum(axis=0).ravel()
        return found
