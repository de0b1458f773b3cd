"""Models that score by the inner product of a user's factors and an item's: lists, pairs, similar items."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_int
from coals._util.limits import LONGEST_LIST
from coals.models.base import NOT_LISTED, Array, Indices, ItemSimilarity
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import Recommendations, TopN, padded
from coals.ranking.unit_rows import unit_rows

__all__ = ["InnerProductModel"]

# Pairs predicted at a time: bounds the gathered rows to a few MB.
_PAIRS_AT_A_TIME = 65536


class InnerProductModel(ItemSimilarity):
    """A model with factors of users and items. See its subclasses."""

    user_factors_: Array
    item_factors_: Array
    _candidates_: npt.NDArray[np.bool_]
    _known_users_: npt.NDArray[np.bool_]

    _fitted = """
        user_factors_: users, factors
        item_factors_: items, factors
        _known_users_: users
        _candidates_: items
    """

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
        return ranked if known.all() else _blanked(ranked, ~known)

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        queries = self._queries(self.user_factors_[users], self._user_bias(users))
        return self._rank(queries, n, excluded, self._has_evidence(self._known_users_[users]))

    def _top_users(self, items: Indices, n: int, excluded: Filter) -> TopN:
        def make() -> _core.ItemIndex:
            queries = self._all_queries()
            return _core.ItemIndex(queries, self._has_evidence(self._known_users_), "inner_product", self._threads)

        index = packed(self, "users", (*self._user_sources(), self._known_users_), make)
        targets = self._targets()[items]
        ranked = TopN(*index.top_k(targets, excluded, n, "automatic", self._threads))
        known = self._candidates_[items]
        return ranked if known.all() else _blanked(ranked, ~known)

    def similar_users(self, users: Any, n: int = 10) -> Recommendations:
        """The `n` users most similar to each given one, who is left out.

        Parameters
        ----------
        users : id or sequence of ids, shape (n_queries,)
        n : int, default 10

        Returns
        -------
        Recommendations
            Of users, by the cosine of their factors. Factors of zero are similar to nothing.
        """
        self._require_fitted()
        positions = self.user_index_.encode(users)
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        ranked = self._most_alike("alike users", self.user_factors_, self._known_users_, positions, n)
        ids, scores, counts = padded(ranked, n)
        return Recommendations(self.user_index_.named(ids), scores, counts, users)

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of some users can be ranked for, given which of them have entries or features."""
        return known

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        listed = self._candidates_[items] & self._has_evidence(self._known_users_[users])
        return np.where(listed, self._predict_pairs(users, items).astype(np.float64), NOT_LISTED)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        out = np.empty(len(users), self.user_factors_.dtype)
        for start in range(0, len(users), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            np.einsum("ij,ij->i", self.user_factors_[users[part]], self.item_factors_[items[part]], out=out[part])
        return out

    def _similar(self, items: Indices, n: int) -> TopN:
        """By cosine of the item factors. Factors of zero are similar to nothing."""
        return self._most_alike("alike items", self.item_factors_, self._candidates_, items, n)

    def _most_alike(
        self, name: str, factors: Array, candidates: npt.NDArray[np.bool_], positions: Indices, n: int
    ) -> TopN:
        def make() -> _core.ItemIndex:
            unit, known = unit_rows(factors)
            return _core.ItemIndex(unit, known & candidates, "inner_product", self._threads)

        index = packed(self, name, (factors, candidates), make)
        queries, known = unit_rows(factors[positions])
        known &= candidates[positions]
        size = len(factors)
        itself = _core.Csr(np.arange(len(positions) + 1), positions.astype(np.int32), None, size, "float32")
        ranked = TopN(*index.top_k(queries, Filter(itself), min(n, size), "automatic", self._threads))
        return ranked if known.all() else _blanked(ranked, ~known)


def _blanked(ranked: TopN, rows: npt.NDArray[np.bool_]) -> TopN:
    """The same with empty lists in some rows."""
    ranked.ids[rows], ranked.scores[rows], ranked.counts[rows] = -1, np.nan, 0
    return ranked
