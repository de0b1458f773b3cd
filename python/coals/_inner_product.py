"""Models that score by the inner product of a user's factors and an item's: lists, pairs, similar items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.base import Array, Indices, ItemSimilarity
from coals.recommendations import TopN

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

    def _targets(self) -> Array:
        return self.item_factors_

    def _user_bias(self, users: Indices) -> Array | None:
        return None

    def _rank(self, queries: Array, n: int, excluded: _core.Csr, known: npt.NDArray[np.bool_]) -> TopN:
        """The n best candidates for each query; an empty list where nothing is known to rank by."""
        ranked = TopN(
            *_core.top_k_inner_product(queries, self._targets(), excluded, self._candidates_, n, self._threads)
        )
        ranked.ids[~known], ranked.scores[~known], ranked.counts[~known] = -1, np.nan, 0
        return ranked

    def _top_n(self, users: Indices, n: int, excluded: _core.Csr) -> TopN:
        queries = self._queries(self.user_factors_[users], self._user_bias(users))
        return self._rank(queries, n, excluded, self._has_evidence(self._known_users_[users]))

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of some users can be ranked for, given which of them have entries or features."""
        return known

    def predict_indices(self, users: Indices, items: Indices) -> Array:
        out = np.empty(len(users), self.user_factors_.dtype)
        for start in range(0, len(users), _PAIRS_AT_A_TIME):
            part = slice(start, start + _PAIRS_AT_A_TIME)
            np.einsum("ij,ij->i", self.user_factors_[users[part]], self.item_factors_[items[part]], out=out[part])
        return out

    def _similar(self, items: Indices, n: int) -> TopN:
        return self._nearest_by_cosine(self.item_factors_, items, n)

    def _nearest_by_cosine(self, rows: Array, items: Indices, n: int) -> TopN:
        """Items by the cosine of their rows. A row of zeros is similar to nothing."""
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        known = self._candidates_ & (norms[:, 0] > 0)
        unit = rows / np.where(norms > 0, norms, 1)
        itself = _core.Csr(np.arange(len(items) + 1), items.astype(np.int32), None, self.n_items_, "float32")
        ranked = TopN(*_core.top_k_inner_product(unit[items], unit, itself, known, n, self._threads))
        blank = ~known[items]
        ranked.ids[blank], ranked.scores[blank], ranked.counts[blank] = -1, np.nan, 0
        return ranked
