"""RP3beta: random walks of three steps between users and items, with lower scores for popular items."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_number
from coals.data.interactions import Interactions
from coals.data.native import values_or_ones
from coals.models.fit_memory import RANKED, Bytes, Shape, csr, neighbor_lists, value_size
from coals.models.linear.linear_model import LinearModel, refuse_negative
from coals.similarities.neighborhoods import neighbor_options

__all__ = ["RP3beta"]

Floats = npt.NDArray[np.float64]


class RP3beta(LinearModel):
    r"""Scores items by how often random walks from the user end there, and reduces the scores of popular items.

    A walk goes from user u to an item i of u, then to a user v of item i, then to an item j of v. The probability of a
    step is in proportion to the entries :math:`x`. With :math:`d_u` the sum of the entries of user u and :math:`d_i`
    that of item i, the score is

    .. math:: s_{uj} = \frac{1}{d_j^\beta} \sum_{i, v} \Big(\frac{x_{ui}}{d_u}\Big)^\alpha
        \Big(\frac{x_{vi}}{d_i}\Big)^\alpha \Big(\frac{x_{vj}}{d_v}\Big)^\alpha

    Parameters
    ----------
    alpha : float, default 1.0
        Exponent of the probability of each step, from 0 to 10; above 1 it favors likely steps.
    beta : float, default 0.4
        From 0 to 10: how much the scores of popular items are reduced. 0 is the model P3alpha.
    weighted : bool, default False
        x holds the values of the entries, which must not be negative; otherwise ones.
    neighbors : int or None, default 200
        Keep the `neighbors` largest weights from each item, ties to the lower index; None keeps all.
    dtype : {"float32", "float64"}, default "float32"
        Precision of weights. Scores are float64.
    memory_limit : int or None, default None
        Most bytes that finding weights may take; more is an error.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : scipy.sparse.csr_array of shape (n_items, n_items)
        Row i, column j: the sum over the last two steps, from item i to item j, divided by :math:`d_j^\beta`. The
        diagonal is empty.

    Notes
    -----
    The method of Paudel et al. 2017 (with :math:`\beta = 0`, of Cooper et al. 2014). Weights are products of columns;
    only the largest are kept, while they are counted. Cost: for each user the square of the number of the user's items;
    a list costs the number of weights from the user's items.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    >>> model = coals.RP3beta(beta=0).fit(plays)
    >>> ids, scores = model.recommend([0], n=2)
    >>> ids, scores.round(3)
    (array([[2, 3]]), array([[0.194, 0.083]]))
    """

    alpha: float
    beta: float

    _space: ClassVar[dict[str, list[Any]]] = {
        "alpha": [0.6, 0.8, 1.0, 1.2],
        "beta": [0.2, 0.4, 0.6, 0.8],
        "neighbors": [50, 200],
    }

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        beta: float = 0.4,
        weighted: bool = False,
        neighbors: int | None = 200,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_number("alpha", self.alpha, minimum=0, maximum=10)
        check_number("beta", self.beta, minimum=0, maximum=10)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz, pairs = shape[:4]
        sparse = csr(users, nnz, value_size(self)) + 40 * nnz + 2 * csr(users, nnz, 8) + csr(users, nnz, 0)
        learned = 3 * neighbor_lists(items, self.neighbors, pairs, 8)
        return sparse, learned, RANKED * csr(items, nnz, 8) + threads * items * 16

    def _entries(self, data: Interactions) -> _core.Csr:
        if self.weighted:
            refuse_negative(data, "walks")
        return super()._entries(data)

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> _core.Csr:
        (indptr, indices, _), x = entries.to_arrays(), values_or_ones(entries)
        of_users = _sums(np.repeat(np.arange(entries.rows), np.diff(indptr)), x, entries.rows)
        of_items = _sums(indices, x, entries.columns)
        # The products of these columns are symmetric. Each row has the order of the weights, from which it differs by a
        # factor that is constant in the row.
        of_entries = np.repeat(of_users ** (-self.alpha / 2), np.diff(indptr))
        scaled = x**self.alpha * of_entries * of_items[indices] ** -self.beta
        columns = _core.Csr(indptr, indices, scaled, entries.columns, "float64")
        keep = neighbor_options(data, self.neighbors, None, None, self.memory_limit)
        products = _core.item_products(columns, False, 0.0, 1, 1, keep, "float64", self._threads)
        begin, targets, values = products.to_arrays()
        values = values * np.repeat(of_items ** (self.beta - self.alpha), np.diff(begin))
        return _core.Csr(begin, targets, values, products.columns, self.dtype)

    def _queries(self, entries: _core.Csr) -> _core.Csr:
        """The factors of the first step of the walk."""
        (indptr, indices, _), x = entries.to_arrays(), values_or_ones(entries)
        rows = np.repeat(np.arange(entries.rows), np.diff(indptr))
        steps = (x / _sums(rows, x, entries.rows)[rows]) ** self.alpha
        return _core.Csr(indptr, indices, steps, entries.columns, "float64")


def _sums(of: npt.NDArray[Any], x: Floats, size: int) -> Floats:
    """Sum of x for each number in `of`; 1 where a sum is 0, so that its powers are finite. Those are never used."""
    sums = np.bincount(of, weights=x, minlength=size)
    return np.where(sums > 0, sums, 1.0)
