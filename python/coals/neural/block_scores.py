"""Models whose scores are not inner products: all items are scored, for a few users at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.base import NOT_LISTED, Array, Indices, Recommender
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.list_blocks import best_of, stacked
from coals.ranking.plain_filters import with_plain_rows
from coals.ranking.recommendations import TopN

__all__ = ["BlockScores"]

# Numbers written out at a time.
_CELLS = 1 << 22


class BlockScores(Recommender):
    """A model of ratings that says what items score for rows of `user_factors_`: all of them, or pair by pair."""

    user_factors_: Array
    _candidates_: npt.NDArray[np.bool_]
    _known_users_: npt.NDArray[np.bool_]

    _fitted: ClassVar[Axes] = {
        "user_factors_": ("users", "factors"),
        "_candidates_": ("items",),
        "_known_users_": ("users",),
    }

    @property
    def predicts_ratings(self) -> bool:
        return True

    @abstractmethod
    def _score_all(self, factors: Array) -> Array:
        """Scores of all items, a row for each row of factors."""

    @abstractmethod
    def _score_pairs(self, factors: Array, items: Indices) -> Array:
        """Scores of an item for each row of factors."""

    @abstractmethod
    def _pair_cells(self) -> int:
        """How many numbers the score of one pair takes while it is worked out."""

    def _user_cells(self) -> int:
        """How many the scores of one user take."""
        return self.n_items_ * self._pair_cells()

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        return self._ranked(self.user_factors_[users], self._known_users_[users], n, excluded)

    def _ranked(self, factors: Array, known: npt.NDArray[np.bool_], n: int, excluded: Filter) -> TopN:
        def ask(rows: Indices, left_out: _core.Csr) -> TopN:
            return self._lists(factors[rows], known[rows], n, left_out)

        return with_plain_rows(ask, np.arange(len(factors)), excluded, self.n_items_)

    def _lists(self, factors: Array, known: npt.NDArray[np.bool_], n: int, left_out: _core.Csr) -> TopN:
        indptr, indices, _ = left_out.to_arrays()
        step, parts = max(1, _CELLS // self._user_cells()), []
        for start in range(0, len(factors), step):
            rows = slice(start, min(start + step, len(factors)))
            scores = self._score_all(factors[rows]).astype(np.float64)
            scores[:, ~self._candidates_] = -np.inf
            scores[~known[rows]] = -np.inf
            begin = indptr[rows.start : rows.stop + 1]
            own = np.repeat(np.arange(rows.stop - rows.start), np.diff(begin))
            scores[own, indices[begin[0] : begin[-1]]] = -np.inf
            parts.append(best_of(scores, n))
        return stacked(parts, n)

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        listed = self._candidates_[items] & self._known_users_[users]
        return np.where(listed, self._predict_pairs(users, items).astype(np.float64), NOT_LISTED)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        step, out = max(1, _CELLS // self._pair_cells()), np.empty(len(users))
        for start in range(0, len(users), step):
            part = slice(start, start + step)
            out[part] = self._score_pairs(self.user_factors_[users[part]], items[part])
        return out
