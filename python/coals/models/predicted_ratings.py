"""Models whose scores are ratings, always or with some parameters: `predict` keeps them in a range where asked to."""

from __future__ import annotations

from typing import Any, ClassVar

from coals.models.base import Array, Recommender
from coals.models.rating_means import clipped

__all__ = ["PredictedRatings"]


class PredictedRatings(Recommender):
    """See its subclasses."""

    rating_range_: tuple[float, float]

    _fitted = "rating_range_"

    #: With which parameters scores are ratings, of models that override `predicts_ratings`.
    _ratings_with: ClassVar[str] = ""

    @property
    def predicts_ratings(self) -> bool:
        return True

    def predict(self, users: Any, items: Any, *, clip: bool | tuple[float, float] = False) -> Array:
        """The score that `recommend` ranks by, for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id. A pair that the model knows too little of gets what is
            left: the mean and the biases that it does know, or 0 where scores are no ratings.
        clip : bool or (float, float), default False
            Keep predicted ratings within the training ratings' range, or within the given one.

        Returns
        -------
        ndarray of shape (n_pairs,)

        Raises
        ------
        TypeError, ValueError
            An unknown id, lengths that do not go together, or `clip` where scores are no ratings.
        """
        scores = super().predict(users, items)
        if clip is False:
            return scores
        if not self.predicts_ratings:
            raise ValueError(
                f"clip goes with predicted ratings: scores have no range to keep to unless {self._ratings_with}"
            )
        return clipped(scores, clip, self.rating_range_)
