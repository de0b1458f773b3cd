"""The contract of every model: fit, recommend, predict, get_params and set_params.

A model implements three methods on positions (rows and columns of the training matrix): `_fit`, `_top_n` and
`_predict_pairs`. Everything else, from ids to argument checks, is done here once.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_indices, check_int, paired
from coals._util.limits import LONGEST_LIST
from coals._util.progress import MANY, working
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.titles import titles_of_ids
from coals.models.parameters import Parameters
from coals.persistence.saving import Saved
from coals.ranking import filters
from coals.ranking.recommendations import Recommendations, TopN, cut_below, padded
from coals.ranking.unknown import answer

__all__ = ["ItemSimilarity", "NotFittedError", "Recommender"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Self = TypeVar("Self", bound="Recommender")

# A score for pairs that no list may hold.
NOT_LISTED = -1e300


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before `fit`."""


class Recommender(Parameters, Saved, ABC):
    """What all models share. Constructor arguments are keyword-only and kept as attributes of the same name.

    Attributes
    ----------
    n_users_, n_items_ : int
        Shape of the matrix the model was fitted with.
    user_index_, item_index_ : IdIndex
        Its ids: ``item_index_.encode(ids)`` gives their places, `decode` the ids at places.
    item_titles_ : ndarray of str, shape (n_items,), or None
    """

    n_users_: int
    n_items_: int
    user_index_: IdIndex
    item_index_: IdIndex
    item_titles_: Array | None
    _seen_: _core.Csr
    _fitted_params_: dict[str, Any]

    _fitted = "n_users_; n_items_; user_index_; item_index_; item_titles_: items; _seen_; _fitted_params_"

    @property
    def predicts_ratings(self) -> bool:
        """Whether `predict` gives values on the scale of the training values, so that RMSE has a meaning."""
        return False

    # --- fitting ---

    def _start_fit(self, X: Any) -> Interactions:
        """Forgets what an earlier fit learned, so that a failed one leaves nothing half done, and checks the data."""
        self._forget_fit()
        self._check_params()
        return as_interactions(X)

    def _forget_fit(self) -> None:
        parameters = self._parameter_names()
        for name in [name for name in vars(self) if name.endswith("_") and name not in parameters]:
            delattr(self, name)

    def _finish_fit(self, data: Interactions, seen: _core.Csr) -> None:
        self.n_users_, self.n_items_ = data.shape
        self.user_index_, self.item_index_ = data.users, data.items
        self.item_titles_ = data.item_titles
        self._seen_ = seen

    def _require_fitted(self) -> None:
        if not hasattr(self, "n_items_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit first")

    def _as_fitted(self) -> Any:
        """The model with the parameters it was fitted with, whatever `set_params` has said since."""
        self._require_fitted()
        twin = copy.copy(self)
        vars(twin).update(self._fitted_params_)
        return twin

    # --- recommending ---

    def recommend(
        self, users: Any, n: int = 10, exclude_seen: bool = True, *, items: Any = None, exclude: Any = None,
        exclude_per_user: Any = None, allow_per_user: Any = None, min_score: float | None = None,
        unknown: str = "raise", progress: bool | None = None,
    ) -> Recommendations:  # fmt: skip
        """The `n` best items for each user.

        Parameters
        ----------
        users : id or sequence of ids, shape (n_queries,)
            As in the data the model was fitted with; plain row numbers if that had none. An unknown one is a
            ValueError that names it.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what the user has in the training data.
        items, exclude : sequence of item ids, or None
            What alone may be on a list, and what must not be.
        exclude_per_user, allow_per_user : mapping of user id to item ids, sequence of such, or sparse matrix, or None
            The same for each user: for those named, for each of `users` in turn, or by the stored entries of a matrix
            of shape (n_queries, n_items). A user that a mapping of `allow_per_user` does not name may get nothing.
        min_score : float or None, default None
            Leave out items of a lower score.
        unknown : {"raise", "skip", "popular"}, default "raise"
            What an id that the model does not know gets: a ValueError that names it, an empty list, or the items that
            most users have, scored by how many do. These, too, must pass the filters; a mapping names no unknown user.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        Recommendations
            Ties go to the item that comes first in the training data. Items that nothing in the training data
            speaks for, neither entries nor features, are never recommended, so lists may be short. An item must pass
            every filter.
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        check_bool("exclude_seen", exclude_seen)
        if unknown != "raise":
            filters.refuse_rows_by_place(exclude_per_user, allow_per_user)

        def ask(rows: Indices) -> TopN:
            wanted = filters.serving_filter(
                self, rows, exclude_seen, items, exclude, exclude_per_user, allow_per_user, min_score
            )
            with working(type(self).__name__, progress if progress is not None or len(rows) >= MANY else False):
                return padded(self._top_n(rows, min(n, self.n_items_), wanted), n)

        may = None if unknown != "popular" else filters.for_strangers(self, items, exclude, allow_per_user, min_score)
        ids, scores, counts = answer(self.user_index_, users, unknown, self._seen_, ask, may)
        return Recommendations(self.item_index_.named(ids), scores, counts, users)

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> TopN:
        """`recommend` by position: rows in, columns out, no ids."""
        self._require_fitted()
        users, n = check_indices("users", users, self.n_users_), check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        wanted = filters.serving_filter(self, users, check_bool("exclude_seen", exclude_seen))
        # No list is longer than the catalogue: rank that far, and pad the rest.
        return padded(self._top_n(users, min(n, self.n_items_), wanted), n)

    def recommend_users(
        self, items: Any, n: int = 10, exclude_seen: bool = True, *, users: Any = None, min_score: float | None = None
    ) -> Recommendations:
        """The `n` users with the best scores for each item: whom to tell of it.

        Parameters
        ----------
        items : id or sequence of ids, shape (n_queries,)
        n : int, default 10
        exclude_seen : bool, default True
            Leave out users who have the item in the training data.
        users : sequence of user ids, or None
            Who alone may be on a list.
        min_score : float or None, default None
            Leave out users of a lower score.

        Returns
        -------
        Recommendations
            Of users, ranked by the scores of `predict`, ties to the user that comes first. Users for whom `recommend`
            would not list the item, whatever its `n`, are left out.
        """
        self._require_fitted()
        columns = self.item_index_.encode(items)
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        least = filters.check_min_score(min_score)
        seen = self._seen_.transpose().select_rows(columns) if check_bool("exclude_seen", exclude_seen) else None
        allow = None if users is None else filters.encode_some(self.user_index_, users)
        wanted = filters.Filter(seen, None, filters.candidate_mask(None, allow, self.n_users_))
        ranked = self._top_users(columns, min(n, self.n_users_), wanted)
        ids, scores, counts = padded(cut_below(ranked, least), n)
        return Recommendations(self.user_index_.named(ids), scores, counts, items)

    def titles(self, ids: Any) -> list[str]:
        """Titles of item ids, a scalar or a 1-D sequence; the id itself as text if the training data had none.

        The padding of a short list, -1 or None, is left out.
        """
        self._require_fitted()
        return titles_of_ids(self.item_index_, self.item_titles_, ids)

    def predict(self, users: Any, items: Any) -> Array:
        """The score that `recommend` ranks by, for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Summed in another order than those of lists, from which they may differ in the last digit of the dtype.
        """
        self._require_fitted()
        return self._predict_pairs(*paired(self.user_index_.encode(users), self.item_index_.encode(items)))

    def predict_indices(self, users: Any, items: Any) -> Array:
        """`predict` by position: rows and columns of the training matrix, no ids.

        Parameters
        ----------
        users, items : int or array-like of int
            Of the same length, or one of them a single position.

        Returns
        -------
        ndarray of shape (n_pairs,)

        Raises
        ------
        TypeError, ValueError
            No whole numbers, or one that is below 0 or not below the number of users (items).
        """
        self._require_fitted()
        rows, columns = check_indices("users", users, self.n_users_), check_indices("items", items, self.n_items_)
        return self._predict_pairs(*paired(rows, columns))

    @abstractmethod
    def fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Learns from users x items data, afresh, and returns self."""

    @abstractmethod
    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        """`predict` by position; both arrays have the same length."""

    @abstractmethod
    def _top_n(self, users: Indices, n: int, excluded: filters.Filter) -> TopN:
        """The n best items of each user that pass a filter, or are not in the user's row (n_queries x n_items)."""

    def _top_users(self, items: Indices, n: int, excluded: filters.Filter) -> TopN:
        """The n best users of each item that pass a filter."""
        everyone = np.arange(self.n_users_)
        scores = np.empty((self.n_users_, len(items)))
        for k, item in enumerate(items):
            scores[:, k] = self._scores_on_lists(everyone, np.full(self.n_users_, item))
        index = _core.ItemIndex(scores, None, "inner_product", self._threads)
        return cut_below(TopN(*index.top_k(np.eye(len(items)), excluded, n, "real", self._threads)), NOT_LISTED / 2)

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        """`_predict_pairs`, but NOT_LISTED where `_top_n` would list an item under no circumstances."""
        scores = self._predict_pairs(users, items).astype(np.float64)
        return np.where(scores == 0, NOT_LISTED, scores)


class ItemSimilarity(Recommender):
    """A model with a notion of similar items."""

    def similar_items(self, items: Any, n: int = 10, *, unknown: str = "raise") -> Recommendations:
        """The `n` items most similar to each given one, which is itself left out.

        Parameters
        ----------
        items : id or sequence of ids, shape (n_queries,)
        n : int, default 10
        unknown : {"raise", "skip", "popular"}, default "raise"
            As in `recommend`.

        Returns
        -------
        Recommendations
            Items that share nothing with the query never appear, so lists may be short.
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        ids, scores, counts = answer(
            self.item_index_,
            items,
            unknown,
            self._seen_,
            lambda known: padded(self._similar(known, min(n, self.n_items_)), n),
        )
        return Recommendations(self.item_index_.named(ids), scores, counts, items)

    @abstractmethod
    def _similar(self, items: Indices, n: int) -> TopN:
        """The n items most similar to each given one, itself left out."""
