"""GraphFilter: a linear and an ideal low-pass filter on the graph of items."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals._util.checks import check_int, check_number, check_random_state
from coals.data.interactions import Interactions
from coals.data.native import values_or_ones
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of, krylov
from coals.models.linear.linear_model import LinearModel, refuse_memory, refuse_negative

__all__ = ["GraphFilter"]

_MOST_FACTORS = 4096
_OVERSAMPLES = 10


class GraphFilter(LinearModel):
    r"""Scores by smoothing the user's row over the graph of items that share users.

    With :math:`\tilde R = D_U^{-1/2} R D_I^{-1/2}`, D holding the sums of rows and columns, and V the K largest right
    singular vectors of :math:`\tilde R`, the scores of a user with row r are

    .. math:: r \, \big( \tilde R^\top \tilde R + \alpha \, D_I^{-1/2} V V^\top D_I^{1/2} \big)

    Parameters
    ----------
    factors : int, default 256
        K, up to 4096: directions that the ideal low-pass filter lets through.
    alpha : float, default 0.3
        Its share, from 0 to 1e6. 0 leaves the linear filter alone, and needs no singular vectors.
    weighted : bool, default False
        R holds the values of the entries, which must not be negative; otherwise ones.
    neighbors : int or None, default None
        Keep, of the weights into each item, that many of largest magnitude, ties to the lower index; None keeps all.
        Lists are then of items that a kept weight leads to.
    power_iterations : int, default 30
        Most steps of the search for singular vectors, as in `SVD`.
    tolerance : float, default 1e-3
        As in `SVD`.
    dtype : {"float32", "float64"}, default "float32"
    memory_limit : int or None, default None
        Most bytes that the items x items matrix may take; more is an error.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the search.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : ndarray of shape (n_items, n_items), or scipy.sparse.csr_array if `neighbors` is set
        The matrix in brackets.

    Notes
    -----
    GF-CF of Shen et al. 2021. Cost: for each user half the square of the row's entries, the search, and n² K
    multiply-adds for n items; a list costs n for each item of the history. Memory: one n x n matrix.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    >>> model = coals.GraphFilter(factors=2, random_state=0).fit(plays)
    >>> model.recommend([0], n=2).ids
    array([[2, 3]])
    """

    factors: int
    alpha: float
    power_iterations: int
    tolerance: float
    random_state: Any

    _space: ClassVar[dict[str, list[Any]]] = {"factors": [32, 64, 128, 256], "alpha": [0.0, 0.1, 0.3, 0.6]}

    def __init__(
        self,
        *,
        factors: int = 256,
        alpha: float = 0.3,
        weighted: bool = False,
        neighbors: int | None = None,
        power_iterations: int = 30,
        tolerance: float = 1e-3,
        dtype: str = "float32",
        memory_limit: int | None = None,
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self._keep(locals())

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=_MOST_FACTORS)
        check_number("alpha", self.alpha, minimum=0, maximum=1e6)
        check_int("power_iterations", self.power_iterations, minimum=0, maximum=1000)
        check_number("tolerance", self.tolerance, minimum=0)
        check_random_state(self.random_state)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        sparse, learned, _ = self._dense_memory(shape)
        users, items, nnz = shape[:3]
        s, factors = itemsize_of(self), min(self.factors, users, items)
        normalized = 40 * nnz + csr(users, nnz, s) + csr(items, nnz, s)
        if self.alpha == 0:
            return sparse + normalized, learned, 0
        low_pass = krylov(users, items, factors + _OVERSAMPLES, self.power_iterations, s) + 28 * items * factors
        return sparse + normalized, learned, low_pass + users * factors * s

    def _entries(self, data: Interactions) -> _core.Csr:
        if self.weighted:
            refuse_negative(data, "sums of values")
        return super()._entries(data)

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> Any:
        refuse_memory(self, data.n_items)
        (indptr, indices, _), x = entries.to_arrays(), values_or_ones(entries)
        rows = np.repeat(np.arange(entries.rows), np.diff(indptr))
        of_users = np.bincount(rows, weights=x, minlength=entries.rows)
        of_items = np.bincount(indices, weights=x, minlength=entries.columns)
        scaled = x / np.sqrt(of_users[rows] * of_items[indices])
        normalized = _core.Csr(indptr, indices, scaled, entries.columns, self.dtype)
        weights = _core.item_gram(normalized, 0.0, self._threads)
        if self.alpha > 0:
            self._add_low_pass(normalized, of_items, weights)
        if self.neighbors is None:
            return weights
        return _core.strongest_of_columns(weights, min(self.neighbors, data.n_items), self._threads).transpose()

    def _add_low_pass(self, normalized: _core.Csr, of_items: Any, weights: Any) -> None:
        shorter = min(normalized.rows, normalized.columns)
        factors = min(self.factors, shorter)
        start = check_random_state(self.random_state).standard_normal((shorter, factors + _OVERSAMPLES))
        *_, right = _core.truncated_svd(
            normalized,
            start.astype(self.dtype),
            factors,
            self.power_iterations,
            float(self.tolerance),
            self._threads,
        )
        root = np.sqrt(of_items)[:, None]
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        left = np.ascontiguousarray(self.alpha * inverse * right, self.dtype)
        _core.add_low_rank(left, np.ascontiguousarray(root * right, self.dtype), weights, self._threads)
