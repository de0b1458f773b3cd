"""The contract of every model: fit, recommend, predict, get_params and set_params.

A model implements three methods on positions (rows and columns of the training matrix): `_fit`, `_top_n` and
`predict_indices`. Everything else, from ids to argument checks, is done here once.
"""

from __future__ import annotations

import copy
import functools
import inspect
from abc import ABC, abstractmethod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from coals import _core
from coals._checks import check_bool, check_indices, check_int, foreign_name_error
from coals._constructors import explaining
from coals._ids import IdIndex
from coals._model_titles import titles_of_ids
from coals._native import empty_csr
from coals._saving import Saved
from coals._unknown import answer
from coals.interactions import Interactions, as_interactions
from coals.recommendations import Recommendations, TopN, padded

__all__ = ["ItemSimilarity", "NotFittedError", "Recommender"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Self = TypeVar("Self", bound="Recommender")

# The core never starts more.
_MOST_THREADS = 1024
# Counts of items are 32-bit numbers.
LONGEST_LIST = 2**31 - 1


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before `fit`."""


class Recommender(Saved, ABC):
    """What all models share. Constructor arguments are keyword-only and kept as attributes of the same name.

    Attributes
    ----------
    n_users_, n_items_ : int
        Shape of the matrix the model was fitted with.
    user_index_, item_index_ : IdIndex
        Its ids: ``item_index_.encode(ids)`` gives their places, `decode` the ids at places.
    item_titles_ : ndarray of str, shape (n_items,), or None
    predicts_ratings : bool
        Whether `predict` gives values on the scale of the training values, so that RMSE has a meaning.
    """

    num_threads: int | None
    n_users_: int
    n_items_: int
    user_index_: IdIndex
    item_index_: IdIndex
    item_titles_: Array | None
    _seen_: _core.Csr
    _fitted_params_: dict[str, Any]

    _fitted = "n_users_; n_items_; user_index_; item_index_; item_titles_: items; _seen_; _fitted_params_"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = explaining(cls.__init__)  # type: ignore[method-assign]

    # --- parameters ---

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor arguments as a dict. `deep` is there for scikit-learn and changes nothing."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self: Self, **params: Any) -> Self:
        """Changes constructor arguments; takes effect at the next `fit`. Returns self.

        An unknown name is a TypeError, a bad value a TypeError or ValueError; either leaves the model as it was.
        """
        before = self.get_params()
        for name in params:
            if name not in before:
                raise foreign_name_error(type(self).__name__, name, list(before))
        vars(self).update(params)
        try:
            self._check_params()
        except (TypeError, ValueError):
            vars(self).update(before)
            raise
        return self

    def _check_params(self) -> None:
        """Raises on constructor arguments of wrong type or value. Models extend it."""
        _ = self._threads

    @property
    def _threads(self) -> int:
        """For the core, where 0 means all that the process may use."""
        if self.num_threads is None:
            return 0
        return check_int("num_threads", self.num_threads, minimum=1, maximum=_MOST_THREADS)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({arguments})"

    @property
    def predicts_ratings(self) -> bool:
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
        self, users: Any, n: int = 10, exclude_seen: bool = True, *, unknown: str = "raise"
    ) -> Recommendations:
        """The `n` best items for each user.

        Parameters
        ----------
        users : id or sequence of ids, shape (n_queries,)
            As in the data the model was fitted with; plain row numbers if that had none.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what the user has in the training data.
        unknown : {"raise", "skip", "popular"}, default "raise"
            What an id that the model does not know gets: a ValueError that names it, an empty list, or the items that
            most users have, scored by how many do.

        Returns
        -------
        Recommendations
            Ties go to the item that comes first in the training data. Items that nothing in the training data
            speaks for, neither entries nor features, are never recommended, so lists may be short.
        """
        self._require_fitted()
        ask = functools.partial(self.recommend_indices, n=n, exclude_seen=exclude_seen)
        if self.user_index_.ids is None and unknown == "raise":
            ids, scores, counts = ask(users)  # which checks them itself
        else:
            ids, scores, counts = answer(self.user_index_, users, unknown, self._seen_, ask)
        return Recommendations(self.item_index_.named(ids), scores, counts)

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> TopN:
        """`recommend` by position: rows in, columns out, no ids."""
        self._require_fitted()
        users = check_indices("users", users, self.n_users_)
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        if check_bool("exclude_seen", exclude_seen):
            excluded = self._seen_.select_rows(users)
        else:
            excluded = empty_csr(len(users), self.n_items_)
        # No list is longer than the catalogue: rank that far, and pad the rest.
        ranked = self._top_n(users, min(n, self.n_items_), excluded)
        return padded(ranked, n)

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
        """
        self._require_fitted()
        return self.predict_indices(*self._encode_pairs(users, items))

    def _encode_pairs(self, users: Any, items: Any) -> tuple[Indices, Indices]:
        rows, columns = self.user_index_.encode(users), self.item_index_.encode(items)
        if len(rows) != len(columns) and 1 not in (len(rows), len(columns)):
            raise ValueError(
                f"users and items must have the same length, got {len(rows)} users and {len(columns)} items"
            )
        size = 0 if 0 in (len(rows), len(columns)) else max(len(rows), len(columns))
        return np.broadcast_to(rows, size), np.broadcast_to(columns, size)

    def _encode_pair(self, user: Any, item: Any) -> tuple[int, int]:
        rows, columns = self.user_index_.encode(user), self.item_index_.encode(item)
        if len(rows) != 1 or len(columns) != 1:
            raise ValueError(f"explain takes one user and one item, got {len(rows)} and {len(columns)}")
        return int(rows[0]), int(columns[0])

    @abstractmethod
    def fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Learns from users x items data, afresh, and returns self."""

    @abstractmethod
    def predict_indices(self, users: Indices, items: Indices) -> Array:
        """`predict` by position; both arrays have the same length."""

    @abstractmethod
    def _top_n(self, users: Indices, n: int, excluded: _core.Csr) -> TopN:
        """The n best items of each user, never one of the user's row in `excluded` (n_queries x n_items)."""


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
        return Recommendations(self.item_index_.named(ids), scores, counts)

    @abstractmethod
    def _similar(self, items: Indices, n: int) -> TopN:
        """The n items most similar to each given one, itself left out."""


def progress_bar(model: Recommender, steps: int, unit: str, progress: bool | None) -> Any:
    """A tqdm bar. By default it appears only on a terminal, and only when there is time to look at it."""
    if progress is not None:
        check_bool("progress", progress)
    return tqdm(
        total=steps,
        desc=type(model).__name__,
        unit=unit,
        disable=None if progress is None else not progress,
        delay=1.0 if progress is None else 0.0,
    )
