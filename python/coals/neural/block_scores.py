"""Models whose scores are not inner products: all items are scored, for a few users at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.base import Array, Indices, Recommender
from coals.models.users_for_items import NOT_LISTED
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.list_blocks import best_of, stacked
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
        step, parts = max(1, _CELLS // self._user_cells()), []
        for start in range(0, len(factors), step):
            rows = np.arange(start, min(start + step, len(factors)))
            scores = self._score_all(factors[rows]).astype(np.float64)
            scores[:, ~self._candidates_] = -np.inf
            scores[~known[rows]] = -np.inf
            _leave_out(scores, excluded.select_rows(rows))
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


def _leave_out(scores: npt.NDArray[np.float64], wanted: Filter) -> None:
    """Sets scores of items that must not be on a list to -inf."""
    if wanted.candidate is not None:
        scores[:, ~wanted.candidate] = -np.inf
    if wanted.allowed is not None:
        kept = np.full_like(scores, -np.inf)
        kept[_cells(wanted.allowed)] = scores[_cells(wanted.allowed)]
        scores[:] = kept
    if wanted.excluded is not None:
        scores[_cells(wanted.excluded)] = -np.inf
    scores[scores < wanted.min_score] = -np.inf


def _cells(matrix: _core.Csr) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    indptr, indices, _ = matrix.to_arrays()
    return np.repeat(np.arange(matrix.rows), np.diff(indptr)), indices
