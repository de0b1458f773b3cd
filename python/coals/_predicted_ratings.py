"""Models whose scores are ratings: pairs are predicted, within a range where asked for."""

from __future__ import annotations

from typing import Any

from coals._rating_means import clipped
from coals.base import Array, Recommender

__all__ = ["PredictedRatings"]


class PredictedRatings(Recommender):
    """See its subclasses."""

    rating_range_: tuple[float, float]

    _fitted = "rating_range_"

    @property
    def predicts_ratings(self) -> bool:
        return True

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
