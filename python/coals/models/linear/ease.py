"""EASE and its variants: predicts each item from all others by one regression in closed form."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_number
from coals._util.limits import LARGEST
from coals.data.interactions import Interactions
from coals.data.native import blocks
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of
from coals.models.linear.linear_model import LinearModel, refuse_memory, unsolvable

__all__ = ["EASE", "check_ease_options", "item_scale", "penalties", "weighted_entries"]

Floats = npt.NDArray[np.float64]


class EASE(LinearModel):
    r"""Scores by a linear model from items to items that cannot copy the item itself.

    .. math:: \min_B \|X - X B\|^2 + \|\Lambda^{1/2} B\|^2 \quad \text{with} \quad B_{jj} \le \xi

    Let :math:`G = X^\top X`, :math:`\Lambda = \lambda I + \frac{p}{1-p} \operatorname{diag}(G)` and :math:`C = (G +
    \Lambda)^{-1}`. The solution is

    .. math:: B = I - C \, \operatorname{diag}(\Lambda_{jj} + \mu_j), \qquad
        \mu_j = \max\big(0, (1 - \xi) / C_{jj} - \Lambda_{jj}\big)

    With the defaults this is EASE: :math:`B_{ij} = -C_{ij} / C_{jj}` off the diagonal, and zeros on it. A user's scores
    are the row x of the user times B.

    Parameters
    ----------
    regularization : float, default 200.0
        :math:`\lambda`, > 0. The best value grows with the number of users an item has.
    dropout : float, default 0.0
        p, at least 0 and below 1 (EDLAE). It has the effect of random dropout that hides this share of each history
        from the model while it learns: a penalty in proportion to the popularity of an item.
    max_diagonal : float, default 0.0
        :math:`\xi`, from 0 to 1: the largest :math:`B_{jj}`. 0 forbids items to predict themselves; 1 sets no limit,
        which is ridge regression; values between relax the constraint (RLAE, and RDLAE with `dropout`).
    item_exponent : float, default 0.0
        :math:`\alpha`, from 0 to 2. With :math:`D = \operatorname{diag}(G)` the formulas use :math:`D^{-\alpha/2} G
        D^{-\alpha/2}` in place of G, and scores use :math:`D^{-\alpha/2} B D^{\alpha/2}`. 1 treats popular and rare
        items alike. Good values of `regularization` are then far smaller: below 10 with an exponent of 1.
    user_exponent : float, default 0.0
        :math:`\beta`, from 0 to 2: a user with n items has the weight :math:`n^{-\beta}` in G. 0 gives all users
        the same weight.
    weighted : bool, default False
        x holds the values of the entries; otherwise ones, whatever the values.
    neighbors : int or None, default None
        Of the weights into each item, keep only that many of largest magnitude, ties to the lower index; None keeps
        all. Lists then contain only items that a kept weight leads to.
    dtype : {"float32", "float64"}, default "float32"
        Precision of the matrix and its inverse.
    memory_limit : int or None, default None
        Most bytes that the items x items matrix may take; more is an error. None allows the memory that is available.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : ndarray of shape (n_items, n_items), or scipy.sparse.csr_array if `neighbors` is set
        B. Items with the same users and the same values have equal weights. The row and the column of an item without
        entries are zero.

    Notes
    -----
    EASE: Steck 2019. `dropout`: Steck 2020 (EDLAE). `max_diagonal`: Moon, Kim and Lee 2023 (RLAE, RDLAE). The
    exponents: Park et al. 2025 (DAN). Cost: for each user half the square of the number of the user's items, and n³ / 2
    multiply-adds for n items, in the register tile; a list costs n for each item of the history. Memory: one n x n
    matrix, inverted in place.

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
    dropout: float
    max_diagonal: float
    item_exponent: float
    user_exponent: float

    _space: ClassVar[dict[str, list[Any]]] = {"regularization": [10.0, 30.0, 100.0, 300.0, 1000.0]}

    def __init__(
        self,
        *,
        regularization: float = 200.0,
        dropout: float = 0.0,
        max_diagonal: float = 0.0,
        item_exponent: float = 0.0,
        user_exponent: float = 0.0,
        weighted: bool = False,
        neighbors: int | None = None,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_ease_options(self)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        sparse, learned, _ = self._dense_memory(shape)
        if self.user_exponent > 0 or self.item_exponent > 0:
            sparse += csr(shape.users, shape.nnz, itemsize_of(self)) + 3 * shape.nnz * itemsize_of(self)
        return sparse, learned, 256 * shape.items * itemsize_of(self) + 400 * shape.items

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> Any:
        refuse_memory(self, data.n_items)
        scaled, strength = weighted_entries(entries, self.user_exponent, self.item_exponent)
        scale = item_scale(strength, self.item_exponent)
        penalty = penalties(self, strength)
        inverse = self._inverse(data, scaled, penalty)
        _equate_twins(inverse, entries)
        self._to_weights(inverse, penalty, scale, strength > 0)
        if self.neighbors is None:
            return inverse
        return _core.strongest_of_columns(inverse, min(self.neighbors, data.n_items), self._threads).transpose()

    def _inverse(self, data: Interactions, scaled: _core.Csr, penalty: Floats) -> npt.NDArray[Any]:
        inverse: npt.NDArray[Any] = _core.item_gram(scaled, float(self.regularization), self._threads)
        if self.dropout > 0:
            inverse.flat[:: data.n_items + 1] += penalty - self.regularization
        try:
            _core.invert_definite(inverse, self._threads)
        except _core.SingularSystemError as error:
            raise unsolvable(self, data, error) from None
        return inverse

    def _to_weights(self, inverse: npt.NDArray[Any], penalty: Floats, scale: Floats, known: Any) -> None:
        """B from C, in place."""
        diagonal = np.diagonal(inverse).astype(np.float64)
        divisor = diagonal if self.max_diagonal == 0 else np.minimum(1 / penalty, _ratio(diagonal, self.max_diagonal))
        inverse /= (-divisor * scale).astype(inverse.dtype)
        if self.item_exponent > 0:
            inverse *= scale[:, None].astype(inverse.dtype)
        np.fill_diagonal(inverse, np.clip(1 - diagonal * penalty, 0, self.max_diagonal))
        inverse[~known] = 0
        inverse[:, ~known] = 0


def _ratio(diagonal: Floats, max_diagonal: float) -> Floats:
    """C_jj / (1 - ξ)."""
    return diagonal / (1 - max_diagonal) if max_diagonal < 1 else np.full_like(diagonal, np.inf)


def _equate_twins(inverse: npt.NDArray[Any], entries: _core.Csr) -> None:
    """Gives items with equal columns equal weights, which rounding may have made different, so that they tie."""
    for twins in _twins(entries):
        first, others = twins[0], twins[1:]
        own, across = inverse[first, first], inverse[first, others[0]]
        inverse[others] = inverse[first]
        inverse[:, others] = inverse[:, [first]]
        inverse[np.ix_(twins, twins)] = across
        inverse[twins, twins] = own


def _twins(entries: _core.Csr) -> list[npt.NDArray[np.int64]]:
    """Groups of at least two items with the same users and values."""
    columns = entries.transpose()
    indptr, indices, values = columns.to_arrays()
    groups: dict[bytes, list[int]] = {}
    for item in range(columns.rows):
        part = slice(indptr[item], indptr[item + 1])
        groups.setdefault(indices[part].tobytes() + values[part].tobytes(), []).append(item)
    return [np.array(group) for group in groups.values() if len(group) > 1]


# --- shared with SparseEASE ---


def check_ease_options(model: Any) -> None:
    """Raises a TypeError or ValueError that names an invalid argument."""
    check_number("regularization", model.regularization, minimum=0, strict=True, maximum=LARGEST)
    if check_number("dropout", model.dropout, minimum=0) >= 1:
        raise ValueError(f"dropout must be >= 0 and < 1, got {model.dropout}")
    check_number("max_diagonal", model.max_diagonal, minimum=0, maximum=1)
    check_number("item_exponent", model.item_exponent, minimum=0, maximum=2)
    check_number("user_exponent", model.user_exponent, minimum=0, maximum=2)


def penalties(model: Any, strength: Floats) -> Floats:
    """The diagonal of Λ: λ + p / (1 - p) times the diagonal of G, after items are weighted."""
    weighted = strength * item_scale(strength, model.item_exponent) ** 2
    penalty: Floats = model.regularization + model.dropout / (1 - model.dropout) * weighted
    return penalty


def weighted_entries(entries: _core.Csr, user_exponent: float, item_exponent: float) -> tuple[_core.Csr, Floats]:
    """Scaled entries, whose Gram matrix is the weighted G, and the diagonal of G before items are weighted.

    A user with n entries has the weight n to the power of ``-user_exponent`` in G. Rows and columns of G are then
    divided by its diagonal to the power of ``item_exponent / 2``.
    """
    indptr, indices, values = entries.to_arrays()
    if user_exponent == 0 and item_exponent == 0:
        return entries, _squares(indices, values, entries.columns)
    sizes = np.diff(indptr)
    of_users = np.maximum(sizes, 1.0) ** (-user_exponent / 2)
    x = np.repeat(of_users.astype(values.dtype), sizes)
    if len(values):
        x *= values
    strength = _squares(indices, x, entries.columns)
    if item_exponent > 0:
        scale = item_scale(strength, item_exponent).astype(x.dtype)
        for block in blocks(len(x)):
            x[block] *= scale[indices[block]]
    return _core.Csr(indptr, indices, x, entries.columns, x.dtype.name), strength


def _squares(columns: npt.NDArray[np.int32], x: npt.NDArray[Any], size: int) -> Floats:
    """Sum of squares of each column. Without values, entries count as ones."""
    sums = np.zeros(size)
    for block in blocks(len(columns)):
        squares = x[block].astype(np.float64) ** 2 if len(x) else None
        sums += np.bincount(columns[block], weights=squares, minlength=size)
    return sums


def item_scale(strength: Floats, item_exponent: float) -> Floats:
    """The diagonal of G to the power of ``-item_exponent / 2``; 1 for items without entries."""
    return np.where(strength > 0, strength, 1.0) ** (-item_exponent / 2)
