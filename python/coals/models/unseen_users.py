"""Lists for people a model was not fitted with."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from coals._util.checks import check_bool, check_int
from coals._util.limits import LONGEST_LIST
from coals.models.base import Recommender
from coals.models.folded_rows import Rows, given_rows
from coals.ranking.filters import Filter
from coals.ranking.recommendations import Recommendations, TopN, padded

__all__ = ["UnseenUsers"]


class UnseenUsers(Recommender):
    """A model that scores rows it has not seen by what it learned about items. See its subclasses."""

    #: Of the rows that `recommend_for` makes.
    _row_dtype = "float64"

    def recommend_for(self, history: Any, n: int = 10, *, exclude_seen: bool = True) -> Recommendations:
        """The `n` best items for someone the model was not fitted with.

        Parameters
        ----------
        history : mapping of item id to value, sequence of item ids, sparse matrix or Interactions
            What the new user did: ``{item: value}`` (or a pandas Series with items as its index), or, unless ratings
            are predicted, just the items, each of value 1. A matrix of shape (n_queries, n_items), or `Interactions`
            with item ids that the model knows, asks for many users at once. May be empty.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what is in the history.

        Returns
        -------
        Recommendations
            As `recommend` gives. Empty lists for empty histories, but of models with item biases, which rank by these.
        """
        return self._as_fitted()._recommend_for(history, n, exclude_seen)  # type: ignore[no-any-return]

    def _recommend_for(self, history: Any, n: int, exclude_seen: bool) -> Recommendations:
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        rows = given_rows(
            history, self.item_index_, self._row_dtype, drop_zeros=False, ratings=self.predicts_ratings,
            advise="dtype" in self.get_params(),
        )  # fmt: skip
        wanted = Filter(rows.seen if check_bool("exclude_seen", exclude_seen) else None)
        ids, scores, counts = padded(self._top_n_unseen(rows, min(n, self.n_items_), wanted), n)
        return Recommendations(self.item_index_.decode(ids), scores, counts)

    @abstractmethod
    def _top_n_unseen(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        """The n best items of each row, of those that pass a filter."""
