"""The contract of every model: fit, recommend, predict, get_params and set_params.

A model is its constructor and three methods on positions (rows and columns of the training matrix): `_fit`, `_top_n`
and `_predict_pairs`. Everything else, from ids to argument checks, is done here once. A model may have more, each of
which gives it a public method: `_rank_rows` (`recommend_for`), `_parts` (`explain`), `_nearest_items` (`similar_items`)
and `_nearest_users` (`similar_users`).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_indices, check_int, check_threads, foreign_name_error, paired
from coals._util.limits import LONGEST_LIST
from coals._util.memory import out_of_memory
from coals._util.progress import MANY, working
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.labels import by_query
from coals.data.titles import titles_of_ids
from coals.data.unknown_ids import LISTS, places_of
from coals.models.constructors import explaining, parameters_of
from coals.models.errors import NotFittedError
from coals.models.explanation import Explanation, Parts, explained_pair, one_pair
from coals.models.fit_memory import Bytes, Shape
from coals.models.folded_rows import Rows, given_rows, users_of
from coals.models.offered import offered_with
from coals.models.unknown_pairs import mean_pairs, predicted
from coals.models.users_for_items import NOT_LISTED, users_by_pairs, users_for_items
from coals.persistence import saving
from coals.persistence.model_classes import Axes
from coals.persistence.stored_values import Encoder
from coals.persistence.tensor_file import Place
from coals.ranking import filters
from coals.ranking.filters import Filter
from coals.ranking.recommendations import Recommendations, TopN, padded
from coals.ranking.unknown import history_lists, item_lists, user_lists

__all__ = ["NotFittedError", "Recommender"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]
Self = TypeVar("Self", bound="Recommender")


class Recommender(ABC):
    """What all models share. Constructor arguments are keyword-only and kept as attributes of the same name.

    Attributes
    ----------
    n_users_, n_items_ : int
        Shape of the matrix the model was fitted with.
    user_index_, item_index_ : IdIndex
        Its ids: ``item_index_.encode(ids)`` gives their positions, `decode` the ids at positions.
    item_titles_ : ndarray of str, shape (n_items,), or None
    """

    n_users_: int
    n_items_: int
    user_index_: IdIndex
    item_index_: IdIndex
    item_titles_: Array | None
    num_threads: int | None
    rating_range_: tuple[float, float]
    _rating_mean_: float
    _seen_: _core.Csr
    _fitted_params_: dict[str, Any]
    _pending_: dict[str, saving.Once]

    #: What `save` keeps, with the axes of arrays, whose lengths must agree; some may be absent. Those of bases are kept
    #: too.
    _fitted: ClassVar[Axes] = {
        "n_users_": (),
        "n_items_": (),
        "user_index_": (),
        "item_index_": (),
        "item_titles_": ("items",),
        "_seen_": (),
        "_fitted_params_": (),
        "rating_range_": (),
        "_rating_mean_": (),
    }
    _space: ClassVar[dict[str, list[Any]]] = {}
    #: Attributes that follow from others, each with the method that makes it.
    _derived: ClassVar[dict[str, str]] = {}
    #: Parameters that may be any object: they matter to `fit` alone, and None is saved in their place.
    _not_saved: ClassVar[tuple[str, ...]] = ()
    #: With which parameters scores are ratings, of models that override `predicts_ratings`.
    _ratings_with: ClassVar[str] = ""
    #: Whether a zero in a history does not count as an entry.
    _drops_zeros: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = explaining(cls.__init__)  # type: ignore[method-assign]

    def _keep(self, given: dict[str, Any]) -> None:
        """The first and only line of a constructor that does nothing else: ``self._keep(locals())``."""
        vars(self).update({name: value for name, value in given.items() if name not in ("self", "__class__")})

    @classmethod
    def _parameter_names(cls) -> tuple[str, ...]:
        return parameters_of(cls.__init__)

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
        return check_threads(self.num_threads)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({arguments})"

    @property
    def predicts_ratings(self) -> bool:
        """Whether `predict` gives values on the scale of the training values, so that RMSE has a meaning."""
        return False

    @classmethod
    def search_space(cls) -> dict[str, list[Any]]:
        """Parameters worth tuning, with values to try for thousands to millions of entries: a space for `coals.search`.

        A parameter with a single value is set to what the others are tuned for. The dict is new each time: change it.

        >>> coals.EASE.search_space()
        {'regularization': [10.0, 30.0, 100.0, 300.0, 1000.0]}
        """
        return copy.deepcopy(cls._space)

    # --- fitting ---

    def fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Learns from users x items data, from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        The model itself. If `fit` raises or is interrupted, it is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data that cannot be used, with the row and column of the first entry that cannot.
        """
        return self._fit_or_forget(self._start_fit(X), progress)

    def _fit_or_forget(self: Self, data: Interactions, *args: Any, **kwargs: Any) -> Self:
        """`_fit`, which leaves nothing behind where it fails."""
        try:
            self._fit(data, *args, **kwargs)
        except BaseException as error:
            self._forget_fit()
            if isinstance(error, MemoryError):
                raise out_of_memory(error, f"fitting {type(self).__name__}", data.shape) from error
            raise
        return self

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
        self._rating_mean_ = float(data.matrix.data.mean(dtype=np.float64))
        self._fitted_params_ = self.get_params()

    def _require_fitted(self) -> None:
        if not hasattr(self, "n_items_"):
            raise NotFittedError(f"this {type(self).__name__} is not fitted yet: call fit first")

    def _as_fitted(self) -> Any:
        """The model with the parameters it was fitted with, whatever `set_params` has said since."""
        self._require_fitted()
        twin = copy.copy(self)
        vars(twin).update(getattr(self, "_fitted_params_", {}))
        return twin

    def save(self, path: Place) -> None:
        """Writes the fitted model to a file that `coals.load` reads.

        Parameters
        ----------
        path : str, path, or file open for writing in binary mode
            A path is written atomically: to a temporary file next to it, which is then renamed.

        Raises
        ------
        NotFittedError
        OSError
            No such folder, no permission, no space. What was at `path` before is still there.
        TypeError
            Ids or parameters of a kind that files cannot hold: other than numbers, strings, bytes, UUIDs, dates,
            decimals, fractions, and tuples of these.

        Notes
        -----
        The file is a safetensors file: a JSON header and flat arrays. It holds all that the model knows, with ids,
        titles and training entries, so that the loaded model gives the same bits from every method. Cost: the disk's.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "plays.coals")
        ...     coals.Popularity().fit(plays).save(path)
        ...     coals.load(path).recommend("bob", n=1).ids
        array([['y']], dtype='<U1')
        """
        saving.save(self, path)

    def _stored(self, encoder: Encoder, prefix: str) -> dict[str, Any]:
        """Of a model that is part of another."""
        return saving.stored(self, encoder, prefix)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Attributes of a loaded model that have not been made yet."""
            pending = vars(self).get("_pending_")
            if pending is None or name not in pending:
                return object.__getattribute__(self, name)  # raises again, as a property may have done
            vars(self)[name] = pending[name].of(self)
            return vars(self)[name]

    def _make_all(self) -> None:
        for name in vars(self).get("_pending_", {}):
            getattr(self, name)

    def __copy__(self) -> Any:
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        self._make_all()
        return {name: value for name, value in vars(self).items() if name != "_pending_"}

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
            As in the data the model was fitted with; plain row numbers if that had none.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what the user has in the training data.
        items, exclude : sequence of item ids, or None
            The only items that may be on a list, and items that must not be.
        exclude_per_user, allow_per_user : mapping of user id to item ids, sequence of such, or sparse matrix, or None
            The same for each user: for those named by a mapping, `Interactions`, earlier `Recommendations` or the index
            of a Series, for each of `users` in turn, or by the stored entries of a matrix of shape (n_queries,
            n_items). A user that `allow_per_user` does not name may get nothing.
        min_score : float or None, default None
            Leave out items of a lower score.
        unknown : {"raise", "skip", "popular"}, default "raise"
            What a user that the model does not know gets: a ValueError that names it, an empty list, or the items that
            most users have, scored by how many do and filtered like the others. Unknown items in filters are an error
            too, or else left out. The result's `unknown` is the number of unknown users.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        Recommendations
            Ties go to the item that comes first in the training data. Items with neither training entries nor features
            are never recommended, so lists may be short. An item must pass every filter.
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        check_bool("exclude_seen", exclude_seen)
        asked = filters.Asked(users, places_of(self.user_index_, users, unknown, LISTS))
        per_user = by_query(users, exclude_per_user, allow_per_user)
        wanted = filters.ServingFilters(self, asked, unknown, items, exclude, *per_user, min_score)

        def ask(at: Indices) -> TopN:
            rows = asked.places[at]
            may = wanted.of(at, self._seen_.select_rows(rows) if exclude_seen else None)
            with working(type(self).__name__, progress if progress is not None or len(rows) >= MANY else False):
                return self._top_n(rows, min(n, self.n_items_), may)

        return item_lists(self, asked.places, n, ask, unknown, users, wanted.of)

    @offered_with("_rank_rows")
    def recommend_for(
        self, history: Any, n: int = 10, *, exclude_seen: bool = True, unknown: str = "raise"
    ) -> Recommendations:
        """The `n` best items for a user the model was not fitted with.

        Parameters
        ----------
        history : mapping of item id to value, sequence of item ids, sparse matrix or Interactions
            What the new user did: ``{item: value}`` (or a pandas Series with items as its index), or, unless ratings
            are predicted, just the items, each of value 1. A matrix of shape (n_queries, n_items), or `Interactions`
            with item ids, asks for many users at once. May be empty. Ratings far outside the range of the training data
            give scores far outside it, which ``np.clip(scores, *model.rating_range_)`` brings back.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what is in the history.
        unknown : {"raise", "skip", "popular"}, default "raise"
            An item that the model does not know is a ValueError, or is left out; with "popular" histories of which
            nothing is left get the items that most users have.

        Returns
        -------
        Recommendations
            As `recommend` gives. Without a history a list ranks by what remains, such as item biases, or is empty.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> coals.Popularity().fit(plays).recommend_for(["x"], n=1).ids
        array([['y']], dtype='<U1')
        """
        return self._as_fitted()._recommend_for(history, n, exclude_seen, unknown)  # type: ignore[no-any-return]

    def _recommend_for(self, history: Any, n: int, exclude_seen: bool, unknown: str, **more: Any) -> Recommendations:
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        rows = self._rows_of(history, unknown, **more)
        wanted = Filter(rows.seen if check_bool("exclude_seen", exclude_seen) else None)
        found = self._rank_rows(rows, min(n, self.n_items_), wanted)
        return history_lists(self, rows, found, n, unknown, users_of(history))

    def _rows_of(self, history: Any, unknown: str) -> Rows:
        return given_rows(
            history, self.item_index_, self._row_dtype, drop_zeros=self._drops_zeros, ratings=self.predicts_ratings,
            advise="dtype" in self.get_params(), unknown=unknown,
        )  # fmt: skip

    @property
    def _row_dtype(self) -> str:
        """Of histories that are not in the training data."""
        return "float64"

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> TopN:
        """`recommend` by position: rows in, columns out, no ids."""
        self._require_fitted()
        users, n = check_indices("users", users, self.n_users_), check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        wanted = filters.seen_filter(self, users, check_bool("exclude_seen", exclude_seen))
        return padded(self._top_n(users, min(n, self.n_items_), wanted), n)

    def recommend_users(
        self, items: Any, n: int = 10, exclude_seen: bool = True, *, users: Any = None,
        min_score: float | None = None, unknown: str = "raise",
    ) -> Recommendations:  # fmt: skip
        """The `n` users with the best scores for each item: which users to recommend it to.

        Parameters
        ----------
        items : id or sequence of ids, shape (n_queries,)
        n : int, default 10
        exclude_seen : bool, default True
            Leave out users who have the item in the training data.
        users : sequence of user ids, or None
            The only users that may be on a list.
        min_score : float or None, default None
            Leave out users of a lower score.
        unknown : {"raise", "skip"}, default "raise"
            What an item that the model does not know gets: a ValueError that names it, or an empty list.

        Returns
        -------
        Recommendations
            Of users, ranked by the scores of `predict`, ties to the user that comes first. Users for whom `recommend`
            would not list the item, whatever its `n`, are left out.
        """
        self._require_fitted()
        return users_for_items(self, items, n, exclude_seen, users, min_score, unknown)

    def titles(self, ids: Any, *, unknown: str = "raise") -> list[str]:
        """Titles of item ids, as `Interactions.titles` gives them; the id as text if the training data had none."""
        self._require_fitted()
        return titles_of_ids(self.item_index_, self.item_titles_, ids, unknown)

    def predict(
        self, users: Any, items: Any, *, clip: bool | tuple[float, float] = False, unknown: str = "raise"
    ) -> Array:
        """The score that `recommend` ranks by, for pairs of a user and an item.

        Parameters
        ----------
        users, items : id or sequence of ids
            Of the same length, or one of them a single id. A pair that the model knows too little of gets what is
            left: the mean and the biases that it does know, or 0 where scores are not ratings.
        clip : bool or (float, float), default False
            Keep predicted ratings within the training ratings' range, or within the given one.
        unknown : {"raise", "skip", "mean"}, default "raise"
            What a pair with an id that the model does not know gets: a ValueError that names it, NaN, or, where ratings
            are predicted, what is known of the pair: means and biases of the one that is known, or the overall mean.

        Returns
        -------
        ndarray of shape (n_pairs,)
            Summed in another order than those of lists, from which they may differ in the last digit of the dtype.

        Raises
        ------
        TypeError, ValueError
            An unknown id, lengths that do not go together, or `clip` where scores are not ratings.
        """
        self._require_fitted()
        return predicted(self, users, items, clip, unknown)

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

    # --- what is like what, and why ---

    @offered_with("_nearest_items")
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
            Items that share nothing with the query never appear, so lists may be short. Of models with factors, by
            the cosine of these; factors of zero are similar to nothing.
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)

        places = places_of(self.item_index_, items, unknown, LISTS)
        most = min(n, self.n_items_)
        return item_lists(self, places, n, lambda at: self._nearest_items(places[at], most), unknown, items)

    @offered_with("_nearest_users")
    def similar_users(self, users: Any, n: int = 10, *, unknown: str = "raise") -> Recommendations:
        """The `n` users most similar to each given one, who is left out.

        Parameters
        ----------
        users : id or sequence of ids, shape (n_queries,)
        n : int, default 10
        unknown : {"raise", "skip"}, default "raise"
            What a user that the model does not know gets: a ValueError that names it, or an empty list.

        Returns
        -------
        Recommendations
            Of users, as `similar_items` gives items.
        """
        self._require_fitted()
        places = places_of(self.user_index_, users, unknown)
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        return user_lists(self, places, n, lambda at: self._nearest_users(places[at], min(n, self.n_users_)), users)

    @offered_with("_parts")
    def explain(self, user: Any, item: Any, n: int | None = None, *, unknown: str = "raise") -> Explanation:
        """How much each item of a user's history contributes to the score of an item.

        Parameters
        ----------
        user, item : id
            A user of the training data, and an item.
        n : int or None, default None
            Keep the `n` largest contributions only; None keeps all. What is cut is not summed up anywhere.
        unknown : {"raise", "skip"}, default "raise"
            What an id that the model does not know gets: a ValueError that names it, or no contributions and NaN.

        Returns
        -------
        Explanation
            ``(ids, contributions, baseline, score)``. The ids are items of the user's history, or for `UserKNN`
            neighbors of the user that have the item. The baseline is what does not come from them: means, item biases
            and what features predict. The score is that of `predict` without `clip`.

        Notes
        -----
        In models fitted by alternating least squares the user's factors are A⁻¹ Σ d_e y_e over the entries e of the
        history, so entry e has the share d_e v · A⁻¹ y_e of the score (Hu, Koren, Volinsky 2008, section 5). The row is
        solved again with the final item factors, in float64: the score is that of `recommend_for` for the same history,
        and of `predict` at convergence. With ``nonnegative=True`` A is that of the factors above 0. Cost: m K² + K³/3.
        """
        fitted = self._as_fitted()
        return explained_pair(fitted, one_pair(fitted, user, item, unknown), n)

    # --- what a model has to do, on positions ---

    @abstractmethod
    def _fit(self, data: Interactions, *args: Any, **kwargs: Any) -> None:
        """Sets the fitted attributes, `_finish_fit` last. Takes `progress`, and what the model's own `fit` gives it."""

    @abstractmethod
    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        """`predict` by position; both arrays have the same length."""

    @abstractmethod
    def _top_n(self, users: Indices, n: int, excluded: filters.Filter) -> TopN:
        """The n best items of each user that pass a filter, or are not in the user's row (n_queries x n_items)."""

    def _mean_pairs(self, users: Indices, items: Indices) -> Array:
        """Ratings of pairs of which one or both are unknown, -1: what ``unknown="mean"`` gives."""
        return mean_pairs(self, users, items)

    def _top_users(self, items: Indices, n: int, excluded: filters.Filter) -> TopN:
        """The n best users of each item that pass a filter."""
        return users_by_pairs(self, items, n, excluded)

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        """`_predict_pairs`, but NOT_LISTED where `_top_n` would list an item under no circumstances."""
        scores = self._predict_pairs(users, items).astype(np.float64)
        return np.where(scores == 0, NOT_LISTED, scores)

    if TYPE_CHECKING:  # what a model may have, and which of the methods above it then has

        def _memory(self, shape: Shape, threads: int) -> Bytes:
            """Bytes that a fit takes: `coals.estimate_memory`."""

        def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
            """The n best items of each row that the model was not fitted with, never one of that row of `excluded`."""

        def _parts(self, row: int, column: int) -> Parts:
            """What the score of a user and an item is made of."""

        def _nearest_items(self, items: Indices, n: int) -> TopN:
            """The n items most similar to each given one, itself left out."""

        def _nearest_users(self, users: Indices, n: int) -> TopN:
            """The n users most similar to each given one, who is left out."""
