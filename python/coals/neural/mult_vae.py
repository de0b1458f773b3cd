"""Mult-VAE: a variational autoencoder of interactions."""

from __future__ import annotations

from typing import Any, ClassVar

from coals._util.checks import check_int, check_number
from coals._util.limits import LARGEST
from coals.neural.multinomial import MultinomialModel

__all__ = ["MultVAE"]


class MultVAE(MultinomialModel):
    r"""Lists from a variational autoencoder with a multinomial likelihood.

    A user's items x, as ones over the root of their number, go through tanh layers to a mean :math:`\mu` and a
    :math:`\log \sigma^2`, both linear; z is drawn from that normal distribution, and goes through the same widths back
    to a logit for each item, of which :math:`\pi` is the softmax. Training lowers, on average over users,

    .. math:: -\sum_i x_i \log \pi_i + \beta \, \tfrac{1}{2} \sum_k (\sigma_k^2 + \mu_k^2 - 1 - \log \sigma_k^2)

    where :math:`\beta` grows in even steps from 0 to its cap. Lists are ranked by the logits for :math:`z = \mu`.

    Parameters
    ----------
    layers : list of int, default (600, 200)
        Widths from the items inwards, the last that of z; the way back has the same ones.
    dropout : float, default 0.5
        Share of a user's items that the encoder is not shown, drawn anew for each batch.
    beta : float, default 0.2
        The cap of :math:`\beta`: below 1 the prior holds z only in part.
    annealing : int, default 20
        Epochs until :math:`\beta` is at its cap; 0 begins there. `patience` counts from its end on.
    learning_rate : float, default 0.001
        Of AdamW, > 0; halved whenever half of `patience` epochs have brought nothing better.
    weight_decay : float, default 0.0
        Of AdamW, on weights, not on biases.
    batch_size : int or None, default None
        Users a step. None: a sixteenth of those trained on, but 16 to 512.
    iterations : int, default 200
        Most epochs.
    validation_fraction : float, default 0.1
        Share of the users, of those with two entries or more, who are held out to stop by; they are served all the
        same. 0 holds out no user: all `iterations` are run.
    patience : int, default 10
        Epochs without a better NDCG@100 on users held out after which the fit ends. The model is that of the best.
    device : {"cpu", "cuda"} or None, default None
        Where to fit. None is the GPU if torch finds one.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start, the order, dropout, z, and who is held out.
    num_threads : int or None, default None
        None takes as many as torch does. On the CPU results are the same bits for any number.

    Attributes
    ----------
    user_factors_, item_factors_ : ndarray of shape (n_users, layers[0]), (n_items, layers[0])
        The last hidden layer of each user (z, if `layers` has one width), and the weights from it to the logits.
    item_bias_ : ndarray of shape (n_items,)
    encoder_, decoder_ : list of ndarray
        Weights and biases of the other layers, in turns.
    objective_ : ndarray of float64, shape (epochs,)
        The loss above, as met in training, of each epoch.
    validation_ : ndarray of float64, shape (epochs,), or None
        NDCG@100 of the users held out, asked by part of their items for the others.
    held_out_loss_ : ndarray of float64, shape (epochs,), or None
        Of the same users: :math:`-\sum_i \log \pi_i` over the items they were not asked by. It has no divergence.
    best_epoch_ : int
        From 1: the one the model is of.

    Notes
    -----
    The method of Liang, Krishnan, Hoffman, Jebara 2018 ("Mult-VAE", partially regularised). Needs torch to fit
    (``pip install 'coals[neural]'``), and nothing to serve. Cost of an epoch: 6 multiply-adds for each user, item and
    unit of the last layer. Memory: the network four times, logits of a batch, and `user_factors_`; a matrix of users
    and items is never made. On a GPU sums are in no fixed order, and results may differ in the last bits.

    Examples
    --------
    >>> from coals.neural import MultVAE
    >>> books = coals.datasets.goodbooks()
    >>> model = MultVAE(layers=[32], iterations=3, device="cpu", random_state=0).fit(books)
    >>> model.recommend([314], n=3).ids.shape, len(model.validation_)
    ((1, 3), 3)
    >>> model.recommend_for([23, 24, 27], n=2).counts  # for a new user
    array([2])
    """

    beta: float
    annealing: int

    _variational = True

    _space: ClassVar[dict[str, list[Any]]] = {
        "layers": [[200], [600, 200]],
        "beta": [0.05, 0.2, 0.5],
        "learning_rate": [0.001, 0.003],
    }

    def __init__(
        self,
        *,
        layers: Any = (600, 200),
        dropout: float = 0.5,
        beta: float = 0.2,
        annealing: int = 20,
        learning_rate: float = 0.001,
        weight_decay: float = 0.0,
        batch_size: int | None = None,
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
        check_number("beta", self.beta, minimum=0, maximum=LARGEST)
        check_int("annealing", self.annealing, minimum=0)
