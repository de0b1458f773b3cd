"""CF-NADE: ratings one after the other, each from those before it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice, check_number
from coals._util.limits import LARGEST
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

    .. math:: h = \tanh\Big(c + \tfrac{1}{d + s} \sum_j w_j^{k_j}\Big), \quad
        s_i^k = \sum_{t \le k} b_i^t + v_i^k \cdot h, \quad p_i^k = \frac{e^{s_i^k}}{\sum_t e^{s_i^t}}

    and user i is predicted to rate it :math:`\sum_k r_k \, p_i^k`. Levels share the vector that a user has:
    :math:`w_j^k = w^k + g^k \odot a_j` and :math:`v_i^k = v^k + \gamma^k \odot q_i`, elementwise, where w, g, v and
    :math:`\gamma` are common to all. Further layers take h through tanh layers. Each step of the training takes the
    ratings of some items in a random order, draws how many of the D are known, d, from 0 to D - 1, and counts the cost
    of the others :math:`D / (D - d)` times. Based on users, users and items change places.

    Parameters
    ----------
    based_on : {"items", "users"}, default "items"
        Whose ratings go through the network. Items tend to have more of them, and predict better.
    layers : list of int, default (64,)
        Widths of the hidden layers; more than one is the deep variant.
    factors : int or None, default None
        J, the length of a and q, which maps take to the first layer and from the last: B w and v P. None: those of the
        layers, without maps.
    ordinal_weight : float, default 1.0
        Share of the ordinal cost, 0 to 1; the rest is :math:`-\log p` of the level. The ordinal one is that of ranking
        the levels by how near they are to the right one, below it and above it.
    regularization : float, default 40.0
        :math:`\lambda`: the cost of all ratings grows by :math:`\lambda (\|q_i\|^2 + \|a_i\|^2 / 8 + \|b_i\|^2 / 20)`
        for each user (or item).
    shrinkage : float, default 3.0
        s: with few ratings known the sum counts for less.
    learning_rate : float, default 0.012
        Of Adam, at its highest: it rises over the first twentieth of all steps and falls to 0 by the cosine.
    batch_size : int, default 128
        Items (or users) a step.
    iterations : int, default 32
        Epochs, all of which take place.
    validation_fraction : float, default 0.0
        Of the ratings: held out, so that `validation_` tells how good the model is after each epoch, of which the best
        is kept.
    device : {"cpu", "cuda"} or None, default None
    random_state : int, numpy.random.Generator or None, default None
    num_threads : int or None, default None
        All as in `EmbeddingDotBias`.

    Attributes
    ----------
    levels_ : ndarray of float64, shape (K,)
        The distinct ratings, rising; at most 100.
    user_factors_, item_factors_ : ndarray of shape (n_users, J) or (n_users, K (J + 1)), and so for items
        P h (h without maps) of the side that the model is based on. Of the other, for one level after the other, the
        sum of b up to it and v: :math:`s_i^k` is the first and the product of the rest with P h.
    level_inputs_ : ndarray of shape (n_users * K, J), or (n_items * K, J)
        w of that other side.
    network_ : list of ndarray
        B, c, the further layers and P.
    global_mean_ : float
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        Cost of a rating, as met in training, and the penalty over the number of ratings.
    validation_, best_epoch_
        As `EmbeddingDotBias` has them.

    Notes
    -----
    The model of Zheng, Tang, Ding, Zhou 2016 with changes without which it learns little from few ratings. The sum over
    what is known is a shrunk mean, so that h tells rows of many ratings apart too. All levels share the vectors of a
    user (or item), and a prior draws these to 0: one with few ratings is close to the average. The learning rate
    is annealed.
    Based on items, those without ratings are predicted by what the network makes of nothing, which it was trained for,
    and users without ratings by what is common to all; based on users, by the mean and by what it makes of nothing.
    Needs torch to fit (``pip install 'coals[neural]'``), and nothing to serve. Cost of a step: 6 K J for each
    rating that is predicted, and some 20 operations for each weight. Memory: 2 K J numbers for each user (or item), and
    eight times J while fitting. A list scores all items at all levels: n_items * K * J multiply-adds.
    `recommend_for` puts a new user's ratings through the network where it is based on users; where it is based on items
    it finds the likeliest b and q (or v) by L-BFGS, measured by how those of others are spread: milliseconds a user.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import CFNADE
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"learning_rate": 0.05, "iterations": 200, "device": "cpu", "random_state": 0}
    >>> model = CFNADE(based_on="users", layers=[8], regularization=0.01, **settings).fit(ratings)
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
    regularization: float
    shrinkage: float

    # What other networks have parameters for: here a prior and a schedule take their place.
    weight_decay = 0.0
    patience = 1

    levels_: npt.NDArray[np.float64]
    network_: list[Array]
    level_inputs_: Array
    item_factors_: Array
    global_mean_: float
    _names_: list[str]
    _known_items_: npt.NDArray[np.bool_]
    _spread_: npt.NDArray[np.float64] | None
    _shrinkage_: float = 0.0

    _fitted: ClassVar[Axes] = {
        "levels_": (),
        "network_": (),
        "_names_": (),
        "global_mean_": (),
        "_spread_": (),
        "_shrinkage_": (),
        "_known_items_": ("items",),
        "level_inputs_": ("cells", "inputs"),
        "item_factors_": ("items", "item_numbers"),
    }

    _space: ClassVar[dict[str, list[Any]]] = {
        "layers": [[32], [64]],
        "regularization": [10.0, 20.0, 40.0, 80.0],
    }

    def __init__(
        self,
        *,
        based_on: str = "items",
        layers: Any = (64,),
        factors: int | None = None,
        ordinal_weight: float = 1.0,
        regularization: float = 40.0,
        shrinkage: float = 3.0,
        learning_rate: float = 0.012,
        batch_size: int = 128,
        iterations: int = 32,
        validation_fraction: float = 0.0,
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
        check_number("regularization", self.regularization, minimum=0, maximum=LARGEST)
        check_number("shrinkage", self.shrinkage, minimum=0, maximum=LARGEST)

    def _look_at(self, data: Interactions) -> None:
        look_at_ratings(self, data)
        self.levels_ = np.unique(data.matrix.data).astype(np.float64)
        if len(self.levels_) > _MOST_LEVELS:
            raise ValueError(
                f"CFNADE has a level for each distinct rating, {_MOST_LEVELS} at most, and there are "
                f"{len(self.levels_)}: round the ratings, or use a model that takes any number, such as AutoRec"
            )
        self.global_mean_ = mean_of(data)
        self._shrinkage_ = float(self.shrinkage)

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
