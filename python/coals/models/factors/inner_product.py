"""Models that score by the inner product of a user's factors and an item's: lists, pairs, what is alike, exports."""

from __future__ import annotations

import os
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.base import Array, Indices, Recommender
from coals.models.factors import exports
from coals.models.factors.alike import most_alike
from coals.models.users_for_items import NOT_LISTED
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import TopN, blanked

__all__ = ["InnerProductModel"]

# Pairs predicted at a time: bounds the gathered rows to a few MB.
_PAIRS_AT_A_TIME = 65536


class InnerProductModel(Recommender):
    """A model with factors of users and items."""

    user_factors_: Array
    item_factors_: Array
    _candidates_: npt.NDArray[np.bool_]
    _known_users_: npt.NDArray[np.bool_]

    _fitted: ClassVar[Axes] = {
        "user_factors_": ("users", "factors"),
        "item_factors_": ("items", "factors"),
        "_known_users_": ("users",),
        "_candidates_": ("items",),
    }

    #: Whether users are found for an item by one product with the vectors of all, or else pair by pair.
    _users_by_product: ClassVar[bool] = True

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        """Rows whose inner products with `_targets` are the scores."""
        return factors

    def _all_queries(self) -> Array:
        """Those of every user."""
        return self._queries(self.user_factors_, self._user_bias(np.arange(self.n_users_)))

    def _targets(self) -> Array:
        return self.item_factors_

    def _user_bias(self, users: Indices) -> Array | None:
        return None

    def _target_sources(self) -> tuple[Array, ...]:
        """The arrays that `_targets` are made of."""
        return (self.item_factors_,)

    def _user_sources(self) -> tuple[Array, ...]:
        return (self.user_factors_,)

    def _item_index(self) -> _core.ItemIndex:
        def make() -> _core.ItemIndex:
            return _core.ItemIndex(self._targets(), self._candidates_, "inner_product", self._threads)

        return packed(self, "items", (*self._target_sources(), self._candidates_), make)

    def _rank(self, queries: Array, n: int, excluded: Filter, known: npt.NDArray[np.bool_]) -> TopN:
        """The n best candidates for each query; an empty list where nothing is known to rank by."""
        ranked = TopN(*self._item_index().top_k(queries, excluded, n, "automatic", self._threads))
        return ranked if known.all() else blanked(ranked, ~known)

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        known = self._has_evidence(self._known_users_[users])
        return self._ranked(self.user_factors_[users], self._user_bias(users), n, excluded, known)

    def _ranked(self, users: Array, bias: Array | None, n: int, excluded: Filter, known: npt.NDArray[np.bool_]) -> TopN:
        """`_rank` for factors, and perhaps biases, of users."""
        return self._rank(self._queries(users, bias), n, excluded, known)

    def _top_users(self, items: Indices, n: int, excluded: Filter) -> TopN:
        if not self._users_by_product:
            return super()._top_users(items, n, excluded)

        def make() -> _core.ItemIndex:
            queries = self._all_queries()
            return _core.ItemIndex(queries, self._has_evidence(self._known_users_), "inner_product", self._threads)

        index = packed(self, "users", (*self._user_sources(), self._known_users_), make)
        targets = self._targets()[items]
        ranked = TopN(*index.top_k(targets, excluded, n, "automatic", self._threads))
        known = self._candidates_[items]
        return ranked if known.all() else blanked(ranked, ~known)

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of some users can be ranked for, given which of them have entries or features."""
        return known

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        listed = self._candidates_[items] & self._has_evidence(self._known_users_[users])
        return np.where(listed, self._predict_pairs(users, items).astype(np.float64), NOT_LISTED)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        return self._products(users, items, self.item_factors_)

    def _products(self, users: Indices, items: Indices, item_vectors: Array) -> Array:
        """Inner products of the factors of users and the vectors of items, pair by pair."""
        out = np.empty(len(users), self.user_factors_.dtype)
        for start in range(0, len(users), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            np.einsum("ij,ij->i", self.user_factors_[users[part]], item_vectors[items[part]], out=out[part])
        return out

    def _nearest_items(self, items: Indices, n: int) -> TopN:
        return most_alike(self, "alike items", self.item_factors_, self._candidates_, items, n)

    def _nearest_users(self, users: Indices, n: int) -> TopN:
        return most_alike(self, "alike users", self.user_factors_, self._known_users_, users, n)

    @property
    def _row_dtype(self) -> str:
        return str(self.user_factors_.dtype.name)

    # --- for other programs ---

    def to_numpy(self) -> exports.Vectors:
        """Vectors of all users and items, whose inner products are the scores that `recommend` ranks by.

        Returns
        -------
        Vectors
            ``(user_ids, users, item_ids, items)``. Biases and means are one or two more columns. Ids are the positions
            where the training data had none. Arrays may share the model's memory and be read-only.

        Raises
        ------
        ValueError
            `SVD` with ``neighbors="user"``, whose scores are not inner products.

        Notes
        -----
        Users and items with neither training entries nor features, which `recommend` leaves out, have vectors too:
        zeros, and the biases. (`predict` of a model without biases gives them the mean rating.) `SGDFactorization` with
        a `sigmoid_range` squashes the inner products into it, which leaves their order.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> model = coals.ImplicitALS(factors=2, random_state=0).fit(plays)
        >>> vectors = model.to_numpy()
        >>> vectors.item_ids, (vectors.users @ vectors.items.T).shape
        (array(['x', 'y'], dtype='<U1'), (2, 2))
        """
        return exports.vectors_of(self)

    def to_faiss(self) -> Any:
        """Items as a `faiss.IndexFlatIP`: ``index.search(vectors.users[rows], n)`` finds the best n of all items.

        Searches know nothing of what a user has seen, and give positions, not ids: ``item_index_.decode(positions)``.
        Vectors of users are those of `to_numpy`. Needs faiss (``pip install faiss-cpu``). Vectors become float32.
        """
        return exports.faiss_index(self)

    def to_arrow(self, side: str = "items") -> Any:
        """Factors of users or items as a `pyarrow.Table`.

        Parameters
        ----------
        side : {"items", "users"}, default "items"

        Returns
        -------
        pyarrow.Table
            Columns "id" (of other kinds than numbers, strings and bytes: as text), "title" for items that have titles,
            "bias" for models with biases, "mean" for `SVD` with a `center` of this side, and "factors", lists of K
            numbers. Needs pyarrow.

        Raises
        ------
        ImportError
            Without pyarrow.
        """
        return exports.arrow_table(self, side)

    def to_parquet(self, path: str | os.PathLike[str], side: str = "items") -> None:
        """Writes the table of `to_arrow` to a Parquet file, as a whole or not at all. Needs pyarrow."""
        exports.write_parquet(self, path, side)
