"""Ratings as mean + user bias + item bias + u · v, perhaps squashed to a range: lists and pairs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from coals._util.order import best_first
from coals.models.base import Array, Indices
from coals.models.factors.inner_product import InnerProductModel
from coals.models.factors.sigmoid_range import Range, squashed
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN, cut_below

__all__ = ["BiasedFactors"]


class BiasedFactors(InnerProductModel):
    """A model that predicts ratings from a mean, biases and factors.

    Biases become two more factors, so that lists are ranked by the very scores they show: a constant added afterwards
    could round two scores to a tie in the wrong order.
    """

    user_bias_: Array
    item_bias_: Array
    global_mean_: float
    sigmoid_range_: Range = None
    #: Predicted for users and items without ratings, of models that have nothing else to say of them.
    _fallback_: float | None = None

    _fitted: ClassVar[Axes] = {
        "user_bias_": ("users",),
        "item_bias_": ("items",),
        "global_mean_": (),
        "sigmoid_range_": (),
        "_fallback_": (),
    }

    _users_by_product = False

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

    def _user_sources(self) -> tuple[Array, ...]:
        return self.user_factors_, self.user_bias_

    def _ranked(self, users: Array, bias: Array | None, n: int, excluded: Filter, known: npt.NDArray[np.bool_]) -> TopN:
        queries = self._queries(users, bias)
        if self.sigmoid_range_ is None:
            return self._rank(queries, n, excluded, known)
        least = excluded.min_score  # after squashing
        unbounded = Filter(excluded.excluded, excluded.allowed, excluded.candidate)
        found = self._rank(queries, n, unbounded, known)
        # Far out the sigmoid may round different scores to one: among these the lower item comes first.
        scores = squashed(found.scores, self.sigmoid_range_)
        order = best_first(scores, found.ids)
        ids, scores = (np.take_along_axis(array, order, axis=1) for array in (found.ids, scores))
        return cut_below(TopN(ids, scores, found.counts), least)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        scores = super()._predict_pairs(users, items)
        scores += self.user_bias_[users] + np.asarray(self.global_mean_, scores.dtype)
        scores += self.item_bias_[items]
        ratings = squashed(scores, self.sigmoid_range_)
        if self._fallback_ is not None:
            ratings[~(self._known_users_[users] & self._candidates_[items])] = self._fallback_
        return ratings

    def _mean_pairs(self, users: Indices, items: Indices) -> Array:
        """Of an unknown item the mean and the user's bias, where the model has biases."""
        found = super()._mean_pairs(users, items)
        if self._fitted_params_.get("biases", getattr(self, "biases", True)):
            known = (users >= 0) & (items < 0)
            found[known] = squashed(self.global_mean_ + self.user_bias_[users[known]], self.sigmoid_range_)
        return found
