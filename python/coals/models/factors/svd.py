"""PureSVD: the largest singular vectors of the whole matrix, what is not there counting as zero or as a mean."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice, check_int, check_number, check_random_state
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions
from coals.data.native import columns_where, entry_name, one_a_row, structure, with_values
from coals.models.base import Array, Indices
from coals.models.factors.alike import most_alike
from coals.models.factors.centering import CENTERS, Centering
from coals.models.factors.inner_product import InnerProductModel
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of, krylov
from coals.models.folded_rows import Rows
from coals.models.users_for_items import NOT_LISTED
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import NeighborScores
from coals.ranking.recommendations import TopN

__all__ = ["SVD"]

_MOST_FACTORS = 4096


class SVD(InnerProductModel):
    r"""Scores by the best approximation of the matrix of a given rank.

    With :math:`R \approx U S V^\top` of rank K, cells without entry being 0 in R, the score of user u for item i is
    :math:`u_u S^e \cdot v_i`, with ``exponent`` e; e = 1 is the approximation itself. With `center`, a mean is taken
    from the entries first, so that cells without entry count as that mean, and is added to the scores.

    Parameters
    ----------
    factors : int, default 64
        K, up to 4096. Beyond the rank of the matrix the remaining factors are zero.
    n_oversamples : int, default 10
        Additional columns of the start of the search.
    power_iterations : int, default 30
        Bounds the search to (`power_iterations` + 1) (K + `n_oversamples`) directions. One or two are usually enough
        for good lists.
    tolerance : float, default 1e-5
        Stop when :math:`|R v - s u| + |R^\top u - s v|` is at most this share of the largest singular value for all K;
        0 takes all directions. Values are nearer to the true ones than that, by about the square.
    center : {None, "global", "user", "item"}, default None
        The mean to take from entries: of all, of the user's, or of the item's. Scores are predicted ratings then.
    exponent : float, default 1.0
        e, from 0 to 2. 0 weighs all directions alike; between 0 and 1 tames the strongest (Nikolakopoulos et al. 2019).
    neighbors : {None, "user"}, default None
        "user" recommends what the nearest users have: an item's score is the sum of the cosines, in the space of the
        :math:`u S^e`, of those of the `used_neighbors` nearest users who have it; users that are not similar (cosine
        of 0 or less) are not counted.
    used_neighbors : int, default 50
    dtype : {"float32", "float64"}, default "float32"
        Precision of factors and arithmetic. Singular values below 9e-5 (float64: 4e-9) of the largest count as zero.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the start of the search.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    singular_values_ : ndarray of float64, shape (K,)
        Descending.
    user_factors_, item_factors_ : ndarray of shape (n_users, K), (n_items, K)
        :math:`U S^e` and V. The component of largest magnitude of a column of V (the first, if several) is positive.
    global_mean_ : float
        0 unless centred.
    user_mean_, item_mean_ : ndarray of float64, or None
        Where they are what `center` names.
    rating_range_ : (float, float)
        Lowest and highest entry, if centred.

    Notes
    -----
    The method of Cremonesi, Koren, Turrin 2010. The vectors come from block Lanczos (Golub, Underwood 1977) with full
    reorthogonalisation, or from the dense n x n Gram matrix of the shorter side, which has n rows or columns, by
    Householder reduction, bisection and inverse iteration. With m directions that hold the wanted ones (2 to 3 K as a
    rule) the dense matrix is used if n³ / 15 + n² K / 7 is less than m² n / 20 + m nnz / 3, or if Lanczos finds
    values below a thousandth of the largest and n is at most 4096. Cost: 2 m nnz + m² n multiply-adds by Lanczos,
    2/3 n³ + n² K by the dense matrix. Memory: m n numbers and 2 m² doubles, or 2 n² doubles, and twice the factors.
    Similar items are by cosine of the rows of :math:`V S^e`: for e = 1, of the columns of the approximation.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> plays = sp.csr_array(np.array([[2.0, 2, 0, 0], [1, 1, 0, 0], [0, 0, 3, 3], [0, 0, 0, 1]]))
    >>> model = coals.SVD(factors=2, random_state=0).fit(plays)
    >>> model.singular_values_.round(3)
    array([4.303, 3.162])
    >>> model.recommend([3], n=1).ids
    array([[2]])
    """

    singular_values_: npt.NDArray[np.float64]
    global_mean_: float
    user_mean_: npt.NDArray[np.float64] | None
    item_mean_: npt.NDArray[np.float64] | None
    _user_terms_: npt.NDArray[np.float64]

    _fitted: ClassVar[Axes] = {
        "singular_values_": ("factors",),
        "global_mean_": (),
        "user_mean_": ("users",),
        "item_mean_": ("items",),
        "_user_terms_": ("users",),
    }

    _space: ClassVar[dict[str, list[Any]]] = {"factors": [16, 32, 64, 128], "exponent": [0.0, 0.5, 1.0]}

    def __init__(
        self,
        *,
        factors: int = 64,
        n_oversamples: int = 10,
        power_iterations: int = 30,
        tolerance: float = 1e-5,
        center: str | None = None,
        exponent: float = 1.0,
        neighbors: str | None = None,
        used_neighbors: int = 50,
        dtype: str = "float32",
        random_state: Any = None,
        num_threads: int | None = None,
    ) -> None:
        self.factors = factors
        self.n_oversamples = n_oversamples
        self.power_iterations = power_iterations
        self.tolerance = tolerance
        self.center = center
        self.exponent = exponent
        self.neighbors = neighbors
        self.used_neighbors = used_neighbors
        self.dtype = dtype
        self.random_state = random_state
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=_MOST_FACTORS)
        check_int("n_oversamples", self.n_oversamples, minimum=0, maximum=_MOST_FACTORS)
        check_int("power_iterations", self.power_iterations, minimum=0, maximum=1000)
        check_number("tolerance", self.tolerance, minimum=0)
        if self.center is not None:
            check_choice("center", self.center, CENTERS)
        check_number("exponent", self.exponent, minimum=0, maximum=2)
        if self.neighbors is not None:
            check_choice("neighbors", self.neighbors, ("user",))
        check_int("used_neighbors", self.used_neighbors, minimum=1)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        check_random_state(self.random_state)

    _ratings_with = "center is set and neighbors is None"

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz = shape[:3]
        s = itemsize_of(self)
        copies = 2 if self.center else 1
        sparse = copies * csr(users, nnz, s) + csr(items, nnz, s) + csr(users, nnz, 0)
        width = self.factors + self.n_oversamples
        return sparse, (2 * users + items) * self.factors * s, krylov(users, items, width, self.power_iterations, s)

    @property
    def predicts_ratings(self) -> bool:
        fitted: dict[str, Any] = getattr(self, "_fitted_params_", {})
        center, neighbors = (fitted.get(name, getattr(self, name)) for name in ("center", "neighbors"))
        return center is not None and neighbors is None

    def _fit(self, data: Interactions, progress: bool | None) -> None:
        entries = with_values(data, self.dtype)
        with progress_bar(self, 1, "decomposition", progress) as bar:
            centering = Centering.of(entries, self.center)
            centered = centering.apply(entries, self.dtype) if self.center else entries
            width = self.factors + self.n_oversamples
            start = check_random_state(self.random_state).standard_normal((min(data.shape), width))
            limits = self.factors, self.power_iterations, float(self.tolerance)
            try:
                left, values, right = _core.truncated_svd(centered, start.astype(self.dtype), *limits, self._threads)
            except OverflowError:
                raise ValueError(self._too_large(data)) from None
            bar.update()
        self.singular_values_ = values
        self.user_factors_, self.item_factors_ = left * self._scale(self.exponent), right
        self.global_mean_, self.user_mean_, self.item_mean_ = centering.overall, centering.of_users, centering.of_items
        self.rating_range_, self._user_terms_ = centering.extent, centering.user_terms(entries)
        self._known_users_ = entries.row_sizes() > 0
        self._candidates_ = columns_where(entries, positive=False)
        self._finish_fit(data, structure(data))

    def _too_large(self, data: Interactions) -> str:
        largest = int(np.argmax(np.abs(data.matrix.data)))
        advice = "" if self.dtype == "float64" else ", or use dtype='float64'"
        value = f"{entry_name(data, largest)}: {data.matrix.data[largest]}"
        return f"{value} is too large for a decomposition in {self.dtype}: bring the values nearer to 1{advice}"

    def _scale(self, exponent: float) -> Array:
        """Powers of the singular values, zero for those that are zero."""
        values, scale = self.singular_values_, np.zeros(len(self.singular_values_))
        np.power(values, exponent, out=scale, where=values > 0)
        return scale.astype(self.dtype)

    # --- scores from factors ---

    def _queries_with(self, factors: Array, terms: npt.NDArray[np.float64]) -> Array:
        """Means become two more factors, so that lists are ranked by the very scores they show."""
        if self.center is None:
            return factors
        columns = factors, np.ones((len(factors), 1), factors.dtype), terms[:, None].astype(factors.dtype)
        return np.concatenate(columns, axis=1)

    def _all_queries(self) -> Array:
        twin: SVD = self._as_fitted()
        return twin._queries_with(self.user_factors_, self._user_terms_)

    def _targets(self) -> Array:
        if self._fitted_params_["center"] is None:
            return self.item_factors_
        terms = np.zeros(self.n_items_) if self.item_mean_ is None else self.item_mean_
        terms = terms[:, None].astype(self.item_factors_.dtype)
        return np.concatenate([self.item_factors_, terms, np.ones_like(terms)], axis=1)

    def _target_sources(self) -> tuple[Array, ...]:
        return (self.item_factors_,) if self.item_mean_ is None else (self.item_factors_, self.item_mean_)

    _users_by_product = False

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        if self._as_fitted().neighbors is None:
            return super()._scores_on_lists(users, items)
        scores = self._predict_pairs(users, items).astype(np.float64)
        return np.where(scores == 0, NOT_LISTED, scores)

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        twin: SVD = self._as_fitted()
        if twin.neighbors == "user":
            near = twin._neighbors_of(self.user_factors_[users], users)
            return near.top_n(np.arange(len(users)), n, excluded, self._threads)
        queries = twin._queries_with(self.user_factors_[users], self._user_terms_[users])
        return self._rank(queries, n, excluded, self._known_users_[users])

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        twin: SVD = self._as_fitted()
        if twin.neighbors == "user":
            asked, place = np.unique(users, return_inverse=True)
            return twin._neighbors_of(self.user_factors_[asked], asked).of_pairs(place, items, self._threads)
        scores = super()._predict_pairs(users, items)
        if twin.center is not None:
            scores += self._user_terms_[users].astype(scores.dtype)
            if self.item_mean_ is not None:
                scores += self.item_mean_[items].astype(scores.dtype)
        return scores

    def _mean_pairs(self, users: Indices, items: Indices) -> Array:
        found = super()._mean_pairs(users, items)
        for means, own in ((self.user_mean_, users), (self.item_mean_, items)):
            if means is not None:
                found[own >= 0] = means[own[own >= 0]]
        return found

    def _nearest_items(self, items: Indices, n: int) -> TopN:
        scale = self._as_fitted()._scale(self._fitted_params_["exponent"])
        return most_alike(self, "alike items", self.item_factors_ * scale, self._candidates_, items, n)

    # --- scores from neighbors ---

    def _neighbors_of(self, factors: Array, own: Indices | None) -> NeighborScores:
        count, threads = self.used_neighbors, self._threads
        similar = _latent_neighbors(factors, self.user_factors_, self._known_users_, count, own, threads)
        return NeighborScores(similar, self._seen_)

    # --- new users ---

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        factors, terms = self._folded(rows.entries)
        known = rows.entries.row_sizes() > 0
        if self.neighbors == "user":
            return self._neighbors_of(factors, None).top_n(np.arange(len(factors)), n, excluded, self._threads)
        return self._rank(self._queries_with(factors, terms), n, excluded, known)

    def _folded(self, entries: _core.Csr) -> tuple[Array, npt.NDArray[np.float64]]:
        """What `fit` would give these rows if V stayed as it is: x V S^(e - 1), and their means."""
        centering = Centering(self.center, self.global_mean_, self.user_mean_, self.item_mean_, self.rating_range_)
        centered = centering.apply(entries, self.dtype)
        image = _core.multiply_sparse(centered, self.item_factors_, self._threads)
        return image * self._scale(self.exponent - 1), centering.user_terms(entries)


def _latent_neighbors(
    queries: Array, factors: Array, known: npt.NDArray[np.bool_], count: int, own: Indices | None, threads: int
) -> _core.Csr:
    """Row q holds the `count` rows of `factors` nearest to query q by cosine, those above 0 among the known ones.

    `own` is what each query is itself, and is left out.
    """
    size = len(factors)
    itself = None if own is None else one_a_row(own, size)
    rows, some = _unit_rows(factors)
    asked, _ = _unit_rows(queries)
    n = min(count, size)
    ids, scores, _ = _core.top_k_inner_product(asked, rows, Filter(itself), known & some, n, threads)
    near = scores > 0  # not true of padding
    indptr = np.append(0, np.cumsum(near.sum(axis=1)))
    by_column = np.argsort(np.where(near, ids, size), axis=1, kind="stable")
    kept = np.take_along_axis(near, by_column, axis=1)
    columns, values = (np.take_along_axis(array, by_column, axis=1)[kept] for array in (ids, scores))
    return _core.Csr(indptr, columns.astype(np.int32), values.astype(np.float64), size, "float64")


def _unit_rows(factors: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """As in `coals.ranking.unit_rows`, but in the dtype of the factors: scores of fitted models keep its rounding."""
    norms = np.linalg.norm(factors, axis=1, keepdims=True)
    return factors / np.where(norms > 0, norms, 1), norms[:, 0] > 0
