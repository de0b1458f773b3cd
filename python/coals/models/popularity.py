"""Popularity: the same list for everybody, less what each one has."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice
from coals._util.order import best_first
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions
from coals.data.native import structure
from coals.models.base import Array, Indices, Recommender
from coals.models.folded_rows import Rows
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["Popularity"]


class Popularity(Recommender):
    """Recommends what most people have.

    Parameters
    ----------
    by : {"users", "rows", "sum"}, default "users"
        Count distinct users, input rows (which differ where `Interactions` merged duplicates), or add up the
        values.
    num_threads : int or None, default None
        None takes every processor the process may use.

    Attributes
    ----------
    popularity_ : ndarray of float64, shape (n_items,)

    Notes
    -----
    An item without users, or whose sum is not positive, is never recommended. Cost: one pass over the data and
    one sort of the items; a list costs the items walked past.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> model = coals.Popularity().fit(sp.csr_array([[1, 0, 5], [1, 0, 0], [1, 2, 0]]))
    >>> model.popularity_
    array([3., 1., 1.])
    >>> model.recommend([1], n=2).ids
    array([[1, 2]])
    """

    popularity_: npt.NDArray[np.float64]
    _ranking_: Indices

    _fitted: ClassVar[Axes] = {"popularity_": ("items",), "_ranking_": ("ranked items",)}

    _space: ClassVar[dict[str, list[Any]]] = {"by": ["users", "sum"]}

    def __init__(self, *, by: str = "users", num_threads: int | None = None) -> None:
        self.by = by
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("by", self.by, ("users", "rows", "sum"))

    def _fit(self, data: Interactions, progress: bool | None) -> None:
        with progress_bar(self, 1, "pass", progress) as bar:
            counts = np.bincount(data.matrix.indices, weights=self._weights(data), minlength=data.n_items)
            bar.update()
        popularity = counts.astype(np.float64)
        if not np.isfinite(popularity).all():
            item = data.items.decode(np.flatnonzero(~np.isfinite(popularity))[:1]).tolist()[0]
            raise ValueError(f"item {item!r}: its values add up to infinity; bring the values nearer to 1")
        ranking = best_first(popularity)
        self._ranking_ = ranking[popularity[ranking] > 0]
        self.popularity_ = popularity
        self._finish_fit(data, structure(data))

    def _weights(self, data: Interactions) -> Array | None:
        if self.by == "sum":
            values: Array = data.matrix.data
            return values
        return data.row_counts if self.by == "rows" else None

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        return TopN(*_core.top_k_from_ranking(self._ranking_, self.popularity_, len(users), excluded, n, self._threads))

    def _top_users(self, items: Indices, n: int, excluded: Filter) -> TopN:
        everyone = np.arange(self.n_users_)
        ids, _, _ = _core.top_k_from_ranking(everyone, np.zeros(self.n_users_), len(items), excluded, n, self._threads)
        # One score for all, so that the first of them come first; items without users get no list.
        popularity = self.popularity_[items][:, None]
        ids[popularity[:, 0] <= 0] = -1
        listed = ids >= 0
        return TopN(ids, np.where(listed, popularity, np.nan), listed.sum(axis=1))

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        return self._top_n(np.arange(rows.entries.rows), n, excluded)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        popularity: Array = self.popularity_[items]
        return popularity
