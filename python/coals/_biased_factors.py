"""Ratings as mean + user bias + item bias + u · v, perhaps squashed to a range: lists and pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._filters import Filter
from coals._inner_product import InnerProductModel
from coals._rating_means import clipped
from coals._sigmoid_range import Range, squashed
from coals.base import Array, Indices, Recommender
from coals.recommendations import TopN, cut_below

__all__ = ["BiasedFactors"]


class BiasedFactors(InnerProductModel):
    """See its subclasses, which find the factors and biases."""

    user_bias_: Array
    item_bias_: Array
    global_mean_: float
    sigmoid_range_: Range
    rating_range_: tuple[float, float]

    _fitted = "user_bias_: users; item_bias_: items; global_mean_; sigmoid_range_; rating_range_"

    @property
    def predicts_ratings(self) -> bool:
        return True

    def _user_bias(self, users: Indices) -> Array:
        bias: Array = self.user_bias_[users]
        return bias

    def _queries(self, factors: Array, bias: Array | None) -> Array:
        constant = np.full(len(factors), self.global_mean_, factors.dtype)
        if bias is not None:
            constant += bias
        return np.column_stack([factors, np.ones_like(constant), constant])

    def _targets(self) -> Array:
        return np.column_stack([self.item_factors_, self.item_bias_, np.ones_like(self.item_bias_)])

    def _target_sources(self) -> tuple[Array, ...]:
        return self.item_factors_, self.item_bias_

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        known = self._has_evidence(self._known_users_[users])
        return self._ranked(self.user_factors_[users], self._user_bias(users), n, excluded, known)

    _top_users = Recommender._top_users

    def _ranked(self, users: Array, bias: Array | None, n: int, excluded: Filter, known: npt.NDArray[np.bool_]) -> TopN:
        queries = self._queries(users, bias)
        if self.sigmoid_range_ is None:
            return self._rank(queries, n, excluded, known)
        least = -np.inf
        if isinstance(excluded, _core.TopKFilter):  # its least score is one after squashing
            least = excluded.min_score
            excluded = _core.TopKFilter(excluded.excluded, excluded.allowed, excluded.candidate)
        found = self._rank(queries, n, excluded, known)
        # Far out the sigmoid may round different scores to one: among these the lower item comes first.
        scores = squashed(found.scores, self.sigmoid_range_)
        order = np.lexsort((found.ids, -scores))
        ids, scores = (np.take_along_axis(array, order, axis=1) for array in (found.ids, scores))
        return cut_below(TopN(ids, scores, found.counts), least)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        scores = super()._predict_pairs(users, items)
        scores += self.user_bias_[users] + np.asarray(self.global_mean_, scores.dtype)
        scores += self.item_bias_[items]
        return squashed(scores, self.sigmoid_range_)

    def predict(self, users: Any, items: Any, *, clip: bool | tuple[float, float] = False) -> Array:
        """Predicted ratings for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id.
        clip : bool or (float, float), default False
            Keep predictions within the training ratings' range, or within the given one.

        Returns
        -------
        ndarray of shape (n_pairs,)
        """
        return clipped(super().predict(users, items), clip, self.rating_range_)
