"""EASE: each item from all others by one regression in closed form."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_number
from coals._util.limits import LARGEST
from coals.data.interactions import Interactions
from coals.models.fit_memory import Bytes, Shape, itemsize_of
from coals.models.linear.linear_model import LinearModel, refuse_memory

__all__ = ["EASE"]


class EASE(LinearModel):
    r"""Scores by the best linear model from items to items that does not see the item itself.

    .. math:: \min_B \|X - X B\|^2 + \lambda \|B\|^2 \quad \text{with} \quad B_{jj} = 0

    has the solution :math:`B_{ij} = -P_{ij} / P_{jj}` for :math:`i \ne j`, with :math:`P = (X^\top X + \lambda
    I)^{-1}`. A user's scores are the row x of the user times B.

    Parameters
    ----------
    regularization : float, default 200.0
        :math:`\lambda`, > 0. What is best grows with the number of users an item has.
    weighted : bool, default False
        x holds the values of the entries; otherwise ones, whatever the values.
    neighbors : int or None, default None
        Keep, of the weights into each item, that many of largest magnitude, ties to the lower index; None keeps all.
        Lists are then of items that a kept weight leads to.
    dtype : {"float32", "float64"}, default "float32"
        Precision of the matrix and its inverse.
    memory_limit : int or None, default None
        Most bytes that the items x items matrix may take; more is an error.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : ndarray of shape (n_items, n_items), or scipy.sparse.csr_array if `neighbors` is set
        B. Items without users, and items that the same users have with the same values, have equal weights.

    Notes
    -----
    The method of Steck 2019. Cost: for each user half the square of the row's entries, and n³ / 2 multiply-adds for
    n items, in the register tile; a list costs n for each item of the history. Memory: one n x n matrix, inverted in
    place.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> baskets = sp.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]]))
    >>> model = coals.EASE(regularization=1).fit(baskets)
    >>> model.weights_.round(3)
    array([[ 0.   ,  0.5  , -0.167],
           [ 0.571,  0.   ,  0.333],
           [-0.286,  0.5  ,  0.   ]], dtype=float32)
    >>> model.recommend([3], n=1).ids
    array([[1]])
    """

    regularization: float

    _space: ClassVar[dict[str, list[Any]]] = {"regularization": [10.0, 30.0, 100.0, 300.0, 1000.0]}

    def __init__(
        self,
        *,
        regularization: float = 200.0,
        weighted: bool = False,
        neighbors: int | None = None,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_number("regularization", self.regularization, minimum=0, strict=True, maximum=LARGEST)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        sparse, learned, _ = self._dense_memory(shape)
        return sparse, learned, 256 * shape.items * itemsize_of(self) + 400 * shape.items

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> Any:
        refuse_memory(self, data.n_items)
        inverse = _core.item_gram(entries, float(self.regularization), self._threads)
        try:
            _core.invert_definite(inverse, self._threads)
        except _core.SingularSystemError as error:
            item = data.items.decode(np.array([error.row])).tolist()[0]
            raise ValueError(
                f"item {item!r}: rounding of {self.dtype} leaves the system of the items without a solution. Set a "
                "larger regularization, bring values nearer to 1, or use dtype='float64'"
            ) from None
        _equate_twins(inverse, entries)
        diagonal = np.diagonal(inverse).copy()
        inverse /= -diagonal
        np.fill_diagonal(inverse, 0)
        if self.neighbors is None:
            return inverse
        return _core.strongest_of_columns(inverse, min(self.neighbors, data.n_items), self._threads).transpose()


def _equate_twins(inverse: npt.NDArray[Any], entries: _core.Csr) -> None:
    """Gives items with equal columns the equal numbers that rounding has kept from them, so that their ties hold."""
    for twins in _twins(entries):
        first, others = twins[0], twins[1:]
        own, across = inverse[first, first], inverse[first, others[0]]
        inverse[others] = inverse[first]
        inverse[:, others] = inverse[:, [first]]
        inverse[np.ix_(twins, twins)] = across
        inverse[twins, twins] = own


def _twins(entries: _core.Csr) -> list[npt.NDArray[np.int64]]:
    """Groups of two and more items with the same users and values."""
    columns = entries.transpose()
    indptr, indices, values = columns.to_arrays()
    groups: dict[bytes, list[int]] = {}
    for item in range(columns.rows):
        part = slice(indptr[item], indptr[item + 1])
        groups.setdefault(indices[part].tobytes() + values[part].tobytes(), []).append(item)
    return [np.array(group) for group in groups.values() if len(group) > 1]
