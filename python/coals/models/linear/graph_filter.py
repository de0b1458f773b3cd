"""GraphFilter: polynomial and ideal low-pass filters on the graph of items."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice, check_int, check_number, check_random_state
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions
from coals.data.native import structure, values_or_ones
from coals.models.fit_memory import RANKED, Bytes, Shape, csr, itemsize_of, krylov, value_size
from coals.models.linear.filter_polynomials import in_powers, plateau, sharpening_steps
from coals.models.linear.linear_model import LinearModel, refuse_memory, refuse_negative
from coals.ranking.graph_scores import GraphScores
from coals.similarities.neighborhoods import neighbor_options

__all__ = ["DENSE_BYTES", "GraphFilter"]

Floats = npt.NDArray[np.float64]

#: Bytes of the largest items x items matrix that `filter="gfcf"` forms if no limit is set.
DENSE_BYTES = 2 << 30

_MOST_FACTORS = 4096
_OVERSAMPLES = 10
_FILTERS = ("gfcf", "chebyshev", "blurring", "power")
# Options that only some filters have: their defaults, by filter.
_OPTIONS: dict[str, dict[str, float]] = {
    "order": {"chebyshev": 8, "blurring": 4, "power": 1},
    "degree_exponent": {"chebyshev": 0.4, "power": 0.6},
    "flatness": {"chebyshev": 1.5},
    "sharpening": {"blurring": 2.5},
    "entry_exponent": {"power": 0.7},
}
# Coefficients of I, P, P² and P³ in the power filter, by order.
_POWERS = {1: [0.0, 1.0], 2: [0.0, 2.0, -1.0], 3: [0.0, 1 - 0.29, 0.1, -0.01]}


class _Graph(NamedTuple):
    """The normalized matrix, and the sum of the entries of each item."""

    normalized: _core.Csr
    of_items: Floats


class GraphFilter(LinearModel):
    r"""Scores by smoothing the user's row over the graph of items that share users.

    With :math:`\tilde R = D_U^{-1/2} R D_I^{-1/2}`, where :math:`D_U` and :math:`D_I` hold the sums of rows and
    columns, :math:`P = \tilde R^\top \tilde R`, and V the K largest right singular vectors of :math:`\tilde R`, the
    scores of a user with row r are

    .. math::

        \text{gfcf:} \quad & r \, \big( P + \alpha \, D_I^{-1/2} V V^\top D_I^{1/2} \big) \\
        \text{chebyshev:} \quad & r \, D_I^{-\beta} \big( \textstyle\sum_k c_k T_k(I - 2P) + \alpha \, V V^\top \big)
            D_I^{\beta} \\
        \text{blurring:} \quad & r \, \big( P + \alpha \, D_I^{-1/2} V V^\top D_I^{1/2} \big)
            \textstyle\sum_{m \le \text{order}} (-\tau P)^m / m! \\
        \text{power:} \quad & r \, Q, \quad r \, (2Q - Q^2), \quad \text{or} \quad
            r \, (Q + 0.01 (-Q^3 + 10 Q^2 - 29 Q))

    where :math:`T_k` are the Chebyshev polynomials, :math:`c_k` the coefficients of the plateau filter of ChebyCF,
    which passes low frequencies, and :math:`Q_{ij} = (D_I^{b-1} R^\top D_U^{-2b} R D_I^{b-1})_{ij}^s`.

    Parameters
    ----------
    filter : {"gfcf", "chebyshev", "blurring", "power"}, default "gfcf"
        GF-CF, ChebyCF, BSPM, or Turbo-CF.
    factors : int, default 256
        K, up to 4096: the singular vectors that the ideal low-pass filter keeps. The power filter uses none.
    alpha : float, default 0.3
        Weight of the ideal low-pass filter, from 0 to 1e6. With 0 the polynomial acts alone, and no singular vectors
        are computed. The power filter does not use it.
    order : int or None, default None
        chebyshev: degree of the polynomial, from 1 to 100, 8 by default. blurring: order of the Runge-Kutta step that
        sharpens, from 1 (Euler) to 8, 4 by default. power: which of the three formulas, from 1 to 3, 1 by default.
    degree_exponent : float or None, default None
        chebyshev: :math:`\beta`, from 0 to 2, 0.4 by default. power: b, from 0 to 1, 0.6 by default.
    flatness : float or None, default None
        chebyshev: exponent of the plateau, above 0 and up to 100, 1.5 by default.
    sharpening : float or None, default None
        blurring: :math:`\tau`, the time of sharpening, from 0 to 100, 2.5 by default; 0 is GF-CF.
    entry_exponent : float or None, default None
        power: s, above 0 and up to 10, 0.7 by default.
    weighted : bool, default False
        R holds the values of the entries, which must not be negative; otherwise ones.
    neighbors : int or None, default None
        gfcf: of the weights into each item, keep only that many of largest magnitude, ties to the lower index; None
        keeps all. Lists then contain only items that a kept weight leads to.
    power_iterations : int, default 30
        Bounds the search for singular vectors, as in `SVD`.
    tolerance : float, default 1e-3
        Stop criterion of the search for singular vectors, as in `SVD`.
    dtype : {"float32", "float64"}, default "float32"
        Precision of the matrices and of the scores.
    memory_limit : int or None, default None
        Most bytes that an items x items matrix may take. gfcf does not form a larger matrix; with `neighbors`, which
        needs the matrix, this is an error. With power, a larger Q is an error. None lets gfcf form up to 2 GiB.
        chebyshev and blurring form no such matrix.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the search for singular vectors.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    weights_ : ndarray of shape (n_items, n_items), or scipy.sparse.csr_array if `neighbors` is set
        The matrix in parentheses in the formula of gfcf. Other filters, and gfcf above the limit, do not form it.

    Notes
    -----
    GF-CF: Shen et al. 2021. ChebyCF: Kim, Choi, Park 2025, with the interpolation of the authors' code. BSPM: Choi et
    al. 2023, with one Euler step of blurring and early merge. Turbo-CF: Park, Shin, Shin 2024. Cost: the search for
    singular vectors. A list costs two multiply-adds for each entry of the data and degree of the polynomial, and n K
    for n items; users are filtered in blocks, so that users x items scores never exist as a whole. If an n x n matrix
    fits, gfcf forms it, which costs for each user half the square of the number of the user's items, and n² K
    multiply-adds; a list then costs n for each item of the history.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    >>> model = coals.GraphFilter(factors=2, random_state=0).fit(plays)
    >>> model.recommend([0], n=2).ids
    array([[2, 3]])
    """

    filter: str
    factors: int
    alpha: float
    order: int | None
    degree_exponent: float | None
    flatness: float | None
    sharpening: float | None
    entry_exponent: float | None
    power_iterations: int
    tolerance: float
    random_state: Any

    _space: ClassVar[dict[str, list[Any]]] = {"factors": [32, 64, 128, 256], "alpha": [0.0, 0.1, 0.3, 0.6]}

    def __init__(
        self,
        *,
        filter: str = "gfcf",
        factors: int = 256,
        alpha: float = 0.3,
        order: int | None = None,
        degree_exponent: float | None = None,
        flatness: float | None = None,
        sharpening: float | None = None,
        entry_exponent: float | None = None,
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
        check_choice("filter", self.filter, _FILTERS)
        check_int("factors", self.factors, minimum=1, maximum=_MOST_FACTORS)
        check_number("alpha", self.alpha, minimum=0, maximum=1e6)
        check_int("power_iterations", self.power_iterations, minimum=0, maximum=1000)
        check_number("tolerance", self.tolerance, minimum=0)
        check_random_state(self.random_state)
        self._check_options()

    def _check_options(self) -> None:
        for name, defaults in _OPTIONS.items():
            if getattr(self, name) is not None and self.filter not in defaults:
                users = " and ".join(f"filter={filter!r}" for filter in defaults)
                raise ValueError(f"{name} goes with {users}: filter={self.filter!r} has no use for it, so leave it out")
        if self.neighbors is not None and self.filter != "gfcf":
            raise ValueError(f"neighbors goes with filter='gfcf': filter={self.filter!r} has no weights to cut")
        if self.order is not None:
            most = {"chebyshev": 100, "blurring": 8, "power": 3}[self.filter]
            check_int("order", self.order, minimum=1, maximum=most)
        if self.degree_exponent is not None:
            check_number("degree_exponent", self.degree_exponent, minimum=0, maximum=1 if self.filter == "power" else 2)
        for name, most in (("flatness", 100), ("entry_exponent", 10)):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), minimum=0, maximum=most, strict=True)
        if self.sharpening is not None:
            check_number("sharpening", self.sharpening, minimum=0, maximum=100)

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz = shape[:3]
        s, factors = itemsize_of(self), min(self.factors, users, items)
        if self.filter == "power":
            sparse = csr(users, nnz, value_size(self)) + csr(users, nnz, 0) + 40 * nnz + csr(users, nnz, 8)
            products = csr(items, min(shape.pairs + items, items**2), s)
            return sparse, 3 * products, RANKED * csr(items, nnz, 8) + threads * items * 16
        if self._forms_weights(items):
            sparse, learned, _ = self._dense_memory(shape)
        else:
            sparse = csr(users, nnz, value_size(self)) + csr(users, nnz, 0)
            learned = -(-factors // 16) * 16 * items * s if self.alpha > 0 else 0
        sparse += csr(users, nnz, s) + csr(items, nnz, s)
        low_pass = 0
        if self.alpha > 0:
            low_pass = krylov(users, items, factors + _OVERSAMPLES, self.power_iterations, s) + 28 * items * factors
            low_pass += users * factors * s
        # The sums of users and items are computed, and freed, before the model's arrays are allocated.
        return sparse, learned, max(low_pass, 40 * nnz - learned)

    def _option(self, name: str) -> float:
        """An option of the filter, or its default."""
        given = getattr(self, name)
        return float(_OPTIONS[name][self.filter] if given is None else given)

    @property
    def weights_(self) -> Any:
        """The items x items matrix of gfcf, if it was formed. Sparse if `neighbors` is set."""
        self._require_fitted()
        if self._weights_ is None:
            raise AttributeError("this filter is applied to the rows of users: its items x items matrix is not formed")
        return super().weights_

    def _entries(self, data: Interactions) -> _core.Csr:
        if self.weighted:
            refuse_negative(data, "sums of values")
        return super()._entries(data)

    def _fit(self, data: Interactions, progress: bool | None, *given: Any) -> None:
        if self._forms_weights(data.n_items):
            super()._fit(data, progress, *given)
            return
        entries = self._entries(data)
        with progress_bar(self, 1, "pass", progress) as bar:
            self._scores_ = self._find_power(data, entries) if self.filter == "power" else self._find_filter(entries)
            bar.update()
        self._weights_ = None
        self._finish_fit(data, structure(data))

    def _forms_weights(self, items: int) -> bool:
        """Whether an items x items matrix is formed."""
        if self.filter != "gfcf":
            return False
        limit = DENSE_BYTES if self.memory_limit is None else self.memory_limit
        return self.neighbors is not None or items**2 * np.dtype(self.dtype).itemsize <= limit

    # --- gfcf as a matrix ---

    def _find_weights(self, data: Interactions, entries: _core.Csr) -> Any:
        refuse_memory(self, data.n_items)
        graph = _normalize(entries, self.dtype)
        weights = _core.item_gram(graph.normalized, 0.0, self._threads)
        if self.alpha > 0:
            before, after = self._scales(graph.of_items, 0.5)
            right = self._directions(graph.normalized)
            left = np.ascontiguousarray(self.alpha * before[:, None] * right, self.dtype)
            _core.add_low_rank(left, np.ascontiguousarray(after[:, None] * right, self.dtype), weights, self._threads)
        if self.neighbors is None:
            return weights
        return _core.strongest_of_columns(weights, min(self.neighbors, data.n_items), self._threads).transpose()

    def _directions(self, normalized: _core.Csr) -> npt.NDArray[Any]:
        """V, items x K."""
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
        return right

    # --- filters that are applied to rows ---

    def _scales(self, of_items: Floats, exponent: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """D^-β and D^β, zero for items without entries."""
        after = np.where(of_items > 0, of_items, 1.0) ** exponent
        known = of_items > 0
        return (known / after).astype(self.dtype), (known * after).astype(self.dtype)

    def _find_filter(self, entries: _core.Csr) -> GraphScores:
        graph = _normalize(entries, self.dtype)
        first, second = self._polynomials()
        before = after = None
        exponent = 0.5
        if self.filter == "chebyshev":
            exponent = self._option("degree_exponent")
            before, after = self._scales(graph.of_items, exponent)
        low_before = low_after = directions = None
        if self.alpha > 0:
            low_before, low_after = self._scales(graph.of_items, exponent)
            low_after = (self.alpha * low_after).astype(self.dtype)
            directions = _padded(self._directions(graph.normalized))
        return GraphScores(
            entries, graph.normalized, graph.normalized.transpose(), first, second, before, after, directions,
            low_before, low_after, graph.of_items > 0,
        )  # fmt: skip

    def _polynomials(self) -> tuple[Floats, Floats]:
        if self.filter == "chebyshev":
            return plateau(int(self._option("order")), self._option("flatness")), np.zeros(0)
        if self.filter == "blurring":
            return in_powers([0, 1]), sharpening_steps(self._option("sharpening"), int(self._option("order")))
        return in_powers([0, 1]), np.zeros(0)

    def _find_power(self, data: Interactions, entries: _core.Csr) -> GraphScores:
        exponent = self._option("degree_exponent")
        columns, of_items = _scaled(entries, exponent, 1 - exponent, "float64")
        keep = neighbor_options(data, None, None, None, self.memory_limit, diagonal=True)
        products = _core.item_products(columns, False, 0.0, 1, 1, keep, self.dtype, self._threads)
        indptr, indices, values = products.to_arrays()
        values = values ** np.array(self._option("entry_exponent"), self.dtype)
        graph = _core.Csr(indptr, indices, values, products.columns, self.dtype)
        first = in_powers(_POWERS[int(self._option("order"))])
        return GraphScores(
            entries, None, graph, first, np.zeros(0), None, None, None, None, None, of_items > 0
        )  # fmt: skip


def _scaled(entries: _core.Csr, of_user: float, of_item: float, dtype: str) -> tuple[_core.Csr, Floats]:
    """Entries divided by powers of the sums of their users and items, and the sums of items."""
    (indptr, indices, _), x = entries.to_arrays(), values_or_ones(entries)
    rows = np.repeat(np.arange(entries.rows), np.diff(indptr))
    of_users = np.bincount(rows, weights=x, minlength=entries.rows)
    of_items: Floats = np.bincount(indices, weights=x, minlength=entries.columns).astype(np.float64)
    scaled = x / (of_users[rows] ** of_user * of_items[indices] ** of_item)
    return _core.Csr(indptr, indices, scaled, entries.columns, dtype), of_items


def _normalize(entries: _core.Csr, dtype: str) -> _Graph:
    return _Graph(*_scaled(entries, 0.5, 0.5, dtype))


def _padded(right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Adds columns of zeros, up to a multiple of 16."""
    return np.ascontiguousarray(np.pad(right, ((0, 0), (0, -right.shape[1] % 16))))
