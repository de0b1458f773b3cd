"""Ratings as products of embeddings, with biases."""

from __future__ import annotations

from typing import Any

from coals.neural.embedding_model import EmbeddingModel

__all__ = ["EmbeddingDotBias"]


class EmbeddingDotBias(EmbeddingModel):
    r"""Predicts a rating by :math:`f_{ui} = \mu + b_u + c_i + u_u \cdot v_i`, perhaps squashed to a range.

    The model of `SGDFactorization`, fitted in batches by AdamW: weight decay pulls all users and items alike, however
    many ratings they have.

    Parameters
    ----------
    factors : int, default 16
        Length K of each embedding.
    sigmoid_range : {None, "data"} or (float, float), default None
        With (l, h) the prediction is :math:`l + (h - l) \, \sigma(f_{ui})`. "data" is the range of the ratings, widened
        by a tenth of it on either side so that its ends can be reached.
    learning_rate : float, default 0.005
        Of AdamW, > 0; halved whenever half of `patience` epochs have brought nothing better.
    weight_decay : float, default 1.0
        Of AdamW, on embeddings and biases: each step takes `learning_rate` times it off them.
    batch_size : int, default 1024
        Ratings a step.
    iterations : int, default 100
        Most epochs.
    validation_fraction : float, default 0.1
        Share of the ratings that are not trained on, but stopped by. 0 holds out nothing: all `iterations` are run.
    patience : int, default 6
        Epochs without a lower error on ratings held out after which the fit ends. The model is that of the best.
    device : {"cpu", "cuda"} or None, default None
        Where to fit. None is the GPU if torch finds one.
    random_state : int, numpy.random.Generator or None, default None
        Seed of all that is drawn: the start, the order, what is held out, and in other models what is left out.
    num_threads : int or None, default None
        For lists; None takes every processor the process may use. Steps are taken on one. On the CPU results are the
        same bits for any number.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
    user_bias_, item_bias_ : ndarray of shape (n_users,), (n_items,)
    global_mean_ : float
        :math:`\mu`: the mean rating, or what the sigmoid takes to it.
    sigmoid_range_ : (float, float) or None
    rating_range_ : (float, float)
    objective_ : ndarray of float64, shape (epochs,)
        Mean squared error met in each epoch.
    validation_ : ndarray of float64, shape (epochs,), or None
        Root mean squared error of the ratings held out.
    best_epoch_ : int
        From 1: the one the model is of.

    Notes
    -----
    Koren, Bell, Volinsky 2009, with AdamW of Loshchilov, Hutter 2019. Users and items without ratings have embeddings
    and biases of zero. `recommend_for` finds the likeliest bias and embedding of a new user, who is taken to be drawn
    from the same normal distribution as those known. Needs torch to fit (``pip install 'coals[neural]'``), and nothing
    to serve. `similar_items` goes by the angle between embeddings, which few ratings leave near their random start:
    expect rarely rated items in it. Cost of a step: some 20 operations for each number of all embeddings.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import EmbeddingDotBias
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"learning_rate": 0.05, "validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = EmbeddingDotBias(factors=2, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    >>> model.recommend_for({0: 5.0}, n=1).ids
    array([[1]])
    """

    biases = True

    def __init__(
        self,
        *,
        factors: int = 16,
        sigmoid_range: Any = None,
        learning_rate: float = 0.005,
        weight_decay: float = 1.0,
        batch_size: int = 1024,
        iterations: int = 100,
        validation_fraction: float = 0.1,
        patience: int = 6,
        device: str | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())
