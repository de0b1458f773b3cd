"""What `GloVe` does with its vectors: means of users, scores, analogies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_int
from coals._util.limits import LONGEST_LIST
from coals.models.base import Array, Indices
from coals.models.factors.inner_product import InnerProductModel
from coals.models.folded_rows import Rows
from coals.models.unseen_users import UnseenUsers
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import Recommendations, TopN, padded
from coals.ranking.unit_rows import unit_rows

__all__ = ["TwoSidedVectors"]


class TwoSidedVectors(UnseenUsers, InnerProductModel):
    """Items with vectors of their own and as contexts of others. See `GloVe`."""

    dtype: str

    main_factors_: Array
    context_factors_: Array

    _fitted = "main_factors_: items, factors; context_factors_: items, factors"

    # --- scores: the mean vector of a user's items times the context vectors of all ---

    def _means(self, entries: _core.Csr) -> tuple[Array, npt.NDArray[np.bool_]]:
        """The mean vector of the items of each row, and which rows have an item that occurs with others."""
        indptr, indices, _ = entries.to_arrays()
        sizes = np.diff(indptr)
        shares = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(self.dtype)
        rows = _core.Csr(indptr, indices, shares, entries.columns, self.dtype)
        paired = np.append(0, np.cumsum(self._candidates_[indices]))[indptr]
        return _core.multiply_sparse(rows, self.main_factors_, self._threads), np.diff(paired) > 0

    def _targets(self) -> Array:
        return self.context_factors_

    def _target_sources(self) -> tuple[Array, ...]:
        return (self.context_factors_,)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        scores: Array = np.einsum("ij,ij->i", self.user_factors_[users], self.context_factors_[items])
        return scores

    @property
    def _row_dtype(self) -> str:  # type: ignore[override]
        return str(self.dtype)

    def _top_n_unseen(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        means, known = self._means(rows.entries)
        return self._rank(means, n, excluded, known)

    # --- analogies ---

    def analogy(self, positive: Any, negative: Any = (), n: int = 10) -> Recommendations:
        """The `n` items nearest to the sum of some items' directions less that of others.

        Parameters
        ----------
        positive, negative : id or sequence of ids
            ``analogy(["king", "woman"], ["man"])`` asks what is to king as woman is to man.
        n : int, default 10

        Returns
        -------
        Recommendations
            One list, by cosine, without the items given.

        Raises
        ------
        ValueError
            For an unknown id, or an item that occurs with no other and so has no vector.

        Notes
        -----
        Mikolov et al. 2013, on vectors of length 1. Cost: one pass over the vectors.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays([1, 1, 1, 2, 2, 3, 3], ["a", "b", "c", "a", "b", "b", "c"])
        >>> model = coals.GloVe(factors=2, random_state=0).fit(plays)
        >>> model.analogy(["a", "b"], n=5).counts
        array([1])
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        places = [self.item_index_.encode(given) for given in (positive, negative)]
        if len(places[0]) + len(places[1]) == 0:
            raise ValueError("positive and negative are empty: give at least one item")
        given = np.unique(np.concatenate(places))
        blank = given[~self._candidates_[given]]
        if len(blank):
            item = self.item_index_.decode(blank[:1]).tolist()[0]
            raise ValueError(f"item {item!r} has no vector: it occurs with no other item")
        parts = [unit_rows(self.item_factors_[at].astype(np.float64))[0].sum(axis=0) for at in places]
        return self._near(parts[0] - parts[1], given, n)

    def _near(self, vector: npt.NDArray[np.float64], without: Indices, n: int) -> Recommendations:
        def make() -> _core.ItemIndex:
            return _core.ItemIndex(unit_rows(self.item_factors_)[0], self._candidates_, "inner_product", self._threads)

        index = packed(self, "directions", (self.item_factors_, self._candidates_), make)
        query = unit_rows(vector[None])[0].astype(self.item_factors_.dtype)
        excluded = _core.Csr(np.array([0, len(without)]), without.astype(np.int32), None, self.n_items_, "float32")
        ids, scores, counts = padded(
            TopN(*index.top_k(query, Filter(excluded), min(n, self.n_items_), "automatic", self._threads)), n
        )
        return Recommendations(self.item_index_.named(ids), scores, counts)
