"""Mult-DAE: a denoising autoencoder of interactions."""

from __future__ import annotations

from typing import Any, ClassVar

from coals.neural.multinomial import MultinomialModel

__all__ = ["MultDAE"]


class MultDAE(MultinomialModel):
    r"""Lists from a denoising autoencoder with a multinomial likelihood.

    A user's items x, as ones over the root of their number and some of them left out, go through tanh layers to a logit
    for each item, of which :math:`\pi` is the softmax. Training lowers :math:`-\sum_i x_i \log \pi_i` on average over
    users; lists are ranked by the logits of all that the user has.

    Parameters
    ----------
    layers : list of int, default (200,)
        Widths from the items inwards; the way back has the same ones.
    dropout : float, default 0.5
        As in `MultVAE`.
    learning_rate : float, default 0.001
    weight_decay : float, default 0.01
    batch_size : int or None, default None
    iterations : int, default 200
    validation_fraction : float, default 0.1
    patience : int, default 10
    device : {"cpu", "cuda"} or None, default None
    random_state : int, numpy.random.Generator or None, default None
    num_threads : int or None, default None
        All as in `MultVAE`.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, layers[0]), (n_items, layers[0])
        The last hidden layer of each user, and the weights from it to the logits.
    item_bias_ : ndarray of shape (n_items,)
    encoder_, decoder_ : list of ndarray
        Weights and biases of the other layers, in turns.
    objective_, validation_, held_out_loss_, best_epoch_
        As `MultVAE` has them.

    Notes
    -----
    The method of Liang, Krishnan, Hoffman, Jebara 2018 ("Mult-DAE"). Cost, memory and what torch is needed for: as
    `MultVAE`.

    Examples
    --------
    >>> from coals.neural import MultDAE
    >>> books = coals.datasets.goodbooks()
    >>> model = MultDAE(layers=[32], iterations=3, device="cpu", random_state=0).fit(books)
    >>> model.recommend([314], n=3).counts
    array([3])
    """

    _variational = False

    _space: ClassVar[dict[str, list[Any]]] = {
        "layers": [[100], [200], [400]],
        "weight_decay": [0.001, 0.01, 0.1],
        "dropout": [0.3, 0.5],
    }

    def __init__(
        self,
        *,
        layers: Any = (200,),
        dropout: float = 0.5,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        batch_size: int | None = None,
        iterations: int = 200,
        validation_fraction: float = 0.1,
        patience: int = 10,
        device: str | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())
