"""Ratings as products of embeddings, without biases."""

from __future__ import annotations

from typing import Any

from coals.neural.embedding_model import EmbeddingModel

__all__ = ["EmbeddingDot"]


class EmbeddingDot(EmbeddingModel):
    r"""Predicts a rating by :math:`u \cdot v` alone: compare with `EmbeddingDotBias` to see what biases are worth.

    Parameters
    ----------
    factors : int, default 16
        Length of each embedding.
    sigmoid_range : {None, "data"} or (float, float), default None
        As in `EmbeddingDotBias`.
    learning_rate : float, default 0.005
    weight_decay : float, default 0.1
    batch_size : int, default 1024
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
    user_bias_, item_bias_, global_mean_
        Zeros.
    sigmoid_range_, rating_range_, objective_, validation_, best_epoch_
        As `EmbeddingDotBias` has them.

    Notes
    -----
    Users and items without ratings have embeddings of zero: `predict` gives the mean of the training ratings for them,
    nothing is recommended to such a user, and such an item is never recommended.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from coals.neural import EmbeddingDot
    >>> ratings = sp.csr_array(np.array([[5.0, 4, 1], [4, 0, 1], [1, 2, 5], [1, 0, 4]]))
    >>> settings = {"learning_rate": 0.05, "validation_fraction": 0.0, "device": "cpu", "random_state": 0}
    >>> model = EmbeddingDot(factors=2, **settings).fit(ratings)
    >>> low, high = model.predict([3, 1], [0, 0])
    >>> bool(low < 3 < high)
    True
    """

    biases = False

    def __init__(
        self,
        *,
        factors: int = 16,
        sigmoid_range: Any = None,
        learning_rate: float = 0.005,
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
