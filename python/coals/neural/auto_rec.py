"""AutoRec: an autoencoder of ratings."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice, check_number
from coals._util.limits import LARGEST
from coals.data.interactions import Interactions
from coals.models.base import Array
from coals.models.factors.biased_factors import BiasedFactors
from coals.models.folded_rows import Rows
from coals.neural.neural_model import NeuralModel, check_factors, check_share, look_at_ratings
from coals.neural.training.autorec_task import AutoRecTask, hidden_of
from coals.neural.training.rating_task import mean_of
from coals.neural.training.training import Training
from coals.neural.unseen_raters import likeliest_raters, noise_of
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["AutoRec"]


class AutoRec(NeuralModel, BiasedFactors):
    r"""Predicts ratings by an autoencoder of the known ratings of an item, or of a user.

    With x the known ratings of one item (or user) less the overall mean, and nothing elsewhere,

    .. math:: h = \sigma\Big(\sum_{j \text{ known}} x_j w_j + b\Big), \quad \hat r_j = \text{mean} + c_j + v_j \cdot h

    Training lowers the squared error of the known ratings, and of these alone. One that is equal to the mean is known
    like any other.

    Parameters
    ----------
    based_on : {"items", "users"}, default "items"
        Whose ratings go through the network. Items tend to have more of them, and predict better.
    factors : int, default 50
        Width of h.
    dropout : float, default 0.0
        Share of the known ratings that h is not shown, drawn anew for each batch, while all are to be predicted (the
        denoising variant).
    activity_penalty : float, default 0.0
        :math:`\alpha`: adds :math:`\alpha \sum_k h_k` for each item (or user), which makes h sparse.
    learning_rate : float, default 0.002
    weight_decay : float, default 4.0
        Of AdamW, on w and v: each step takes `learning_rate` times it off them. With little the network soon knows the
        ratings by heart.
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
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
        h of the side that the model is based on, v of the other.
    user_bias_, item_bias_ : ndarray of shape (n_users,), (n_items,)
        c, and zeros for the side that the model is based on.
    global_mean_ : float
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        Mean squared error of known ratings as met in training, and the penalty, over the number of ratings.
    validation_, best_epoch_
        As `EmbeddingDotBias` has them.

    Notes
    -----
    The model of Sedhain, Menon, Sanner, Xie 2015. Batches are written out as lists of known ratings, never as rows with
    all that is unknown. Needs torch to fit (``pip install 'coals[neural]'``), and nothing to serve. Cost of an epoch:
    some 12 K operations for each rating, and a step of AdamW on all weights for each batch.
    `recommend_for` puts a new user's ratings through the network where it is based on users; where it is based on items
    it finds the likeliest v and c, as `EmbeddingDotBias` does. Users without ratings get lists too: by c and what the
    network makes of nothing where it is based on users, and by the mean v and c of other users where it is based on
    items.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import AutoRec
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = AutoRec(factors=4, learning_rate=0.05, weight_decay=0.1, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    """

    #: There is something to rank by for users without ratings.
    biases = True

    based_on: str
    factors: int
    dropout: float
    activity_penalty: float

    _encoder_: Array
    _encoder_bias_: Array
    _spread_: npt.NDArray[np.float64]
    _noise_: float

    _fitted: ClassVar[Axes] = {"_encoder_": (), "_encoder_bias_": (), "_spread_": (), "_noise_": ()}

    _space: ClassVar[dict[str, list[Any]]] = {
        "based_on": ["items", "users"],
        "factors": [50, 100],
        "weight_decay": [1.0, 2.0, 4.0],
    }

    def __init__(
        self,
        *,
        based_on: str = "items",
        factors: int = 50,
        dropout: float = 0.0,
        activity_penalty: float = 0.0,
        learning_rate: float = 0.002,
        weight_decay: float = 4.0,
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
        check_factors(self.factors)
        check_share("dropout", self.dropout)
        check_number("activity_penalty", self.activity_penalty, minimum=0, maximum=LARGEST)

    def _look_at(self, data: Interactions) -> None:
        look_at_ratings(self, data)
        self.global_mean_ = mean_of(data)
        self.sigmoid_range_ = None

    def _task(self, torch: Any, device: str, data: Interactions) -> AutoRecTask:
        return AutoRecTask(self, torch, device, data)

    def _finish(self, data: Interactions, fitted: dict[str, Any], training: Training, epoch: int) -> None:
        super()._finish(data, fitted, training, epoch)
        self._noise_ = noise_of(training, epoch)

    def _has_evidence(self, known: Any) -> Any:
        return np.full(len(known), True)

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        known = self._has_evidence(rows.entries.row_sizes() > 0)
        if self.based_on == "items":
            return self._ranked(*likeliest_raters(self, rows), n, excluded, known)
        indptr, indices, values = rows.entries.to_arrays()
        entries = _core.Csr(indptr, indices, values - np.float32(self.global_mean_), rows.entries.columns, "float32")
        hidden = hidden_of(entries, self._encoder_, self._encoder_bias_, self._threads)
        return self._ranked(hidden, np.zeros(len(hidden), hidden.dtype), n, excluded, known)
