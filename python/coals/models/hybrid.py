"""Hybrid: several models together, by weights, by turns, or one after the other."""

from __future__ import annotations

import copy
import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import scipy

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number, type_word
from coals._util.limits import LONGEST_LIST
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import structure
from coals.data.sparse import canonical_csr
from coals.evaluation.evaluation import evaluate
from coals.metrics.names import parse_metric
from coals.models.base import Array, Indices, Recommender
from coals.models.folded_rows import Rows, users_of
from coals.models.users_for_items import NOT_LISTED
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.list_blocks import blended, empty_lists, extended, followed_by, shortened
from coals.ranking.recommendations import Recommendations, TopN, cut_below, padded
from coals.ranking.unknown import history_lists
from coals.tuning.space import one_by_one

__all__ = ["Hybrid"]

_USERS_AT_A_TIME = 512
# Bytes of lists that a search for weights keeps between its trials.
_KEPT = 1 << 30
# Lists of some of the rows asked for, from each model that counts: (rows, length, what may be on them or all).
Ask = Callable[[Indices, int, Filter | None], list[TopN]]
# What a fit raises about what it was given.
_ERRORS = TypeError, ValueError, ImportError, MemoryError


class Hybrid(Recommender):
    r"""Lists from several models.

    With :math:`z_m(u, i)` from 1, for the best item of the list of model m for user u, down to 0, for the last of the
    best `depth` plus as many as the user has in the training data (in proportion to their scores; seen items take
    part), and nothing for items beyond,

    - ``how="weighted"`` scores by :math:`\sum_m w_m z_m(u, i)`;
    - ``"cascade"`` lists what the first model has, then what the second has besides, and so on: by :math:`2 (M - m) +
      z_m(u, i)` for the first of M models that lists the item;
    - ``"switching"`` asks the first model for users with at least `min_history` entries, and the second for others.

    Parameters
    ----------
    models : mapping of name to model, or None
        In order. `fit` works on copies. None, the default, is for `set_params`, and cannot be fitted.
    how : {"weighted", "cascade", "switching"}, default "weighted"
    weights : mapping of name to number, or None
        :math:`w_m`, 0 or more; None: 1 each. Models of weight 0 take no part.
    min_history : int, default 5
    depth : int, default 200
        Items of a model's list that count, besides those that the user has.
    num_threads : int or None, default None
        Where it is not None it is set for all models.

    Attributes
    ----------
    models_ : dict of name to fitted model
    weights_ : dict of name to number
        Those given, or found by `search_weights`.

    Notes
    -----
    The kinds of hybrids of Burke 2002. Filters apply to the models' own lists: where too few of the items above pass,
    the list goes on with the best that pass in each model, blended in the same way, with scores below 0. With all
    weight on one model a list is that of the model. Cost of a list: one of `depth` items, and those that the user has,
    from each model. `coals.search` reaches the parameters of the hybrid, not those of its models: search for these
    one model at a time. What `fit` of one of them raises is passed on with its name.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0]])
    >>> models = {"knn": coals.ItemKNN(), "popular": coals.Popularity()}
    >>> coals.Hybrid(models=models, how="switching", min_history=1).fit(plays).recommend([0, 3], n=2).ids
    array([[2, 3],
           [1, 0]])
    """

    models_: dict[str, Any]
    weights_: dict[str, float]
    _sizes_: Indices
    # Of the fit, for another by `search_weights`; a file holds neither.
    _fitted_to_: tuple[Interactions, dict[str, Any]] | None
    # Of a search for weights: lists that models gave.
    _kept_: _KeptLists | None

    _fitted: ClassVar[Axes] = {"models_": (), "weights_": (), "_sizes_": ("users",)}

    _space: ClassVar[dict[str, list[Any]]] = {"how": ["weighted", "cascade"]}

    def __init__(
        self,
        *,
        models: Mapping[str, Any] | None = None,
        how: str = "weighted",
        weights: Mapping[str, float] | None = None,
        min_history: int = 5,
        depth: int = 200,
        num_threads: int | None = None,
    ) -> None:
        self.models = models
        self.how = how
        self.weights = weights
        self.min_history = min_history
        self.depth = depth
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("how", self.how, ("weighted", "cascade", "switching"))
        check_int("min_history", self.min_history, minimum=0)
        check_int("depth", self.depth, minimum=1, maximum=LONGEST_LIST)
        if self.models is not None:
            _check_members(self.models, self.how, self.weights)

    def fit(
        self, X: Any, *, user_features: Any = None, item_features: Any = None, item_text: Any = None,
        progress: bool | None = None,
    ) -> Hybrid:  # fmt: skip
        """Fits a copy of each model from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
        user_features, item_features, item_text : optional
            Each goes to all models whose `fit` takes it, which says what it must be: texts to `ContentKNN`, features
            also to models by alternating least squares.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        Hybrid
            Itself. If `fit` raises or is interrupted, it is left unfitted.

        Raises
        ------
        TypeError
            Features or texts that no model takes.
        ValueError
            What a model raises, with its name; without models.
        """
        given = {"user_features": user_features, "item_features": item_features, "item_text": item_text}
        given = {name: value for name, value in given.items() if value is not None}
        return self._fit_or_forget(self._start_fit(X), progress, given)

    def _fit(self, data: Interactions, progress: bool | None, given: Mapping[str, Any] | None = None) -> None:
        if self.models is None:
            raise ValueError("there is nothing to fit: give Hybrid models={'name': model, …}")
        arguments = _shared_out_arguments(self.models, given or {})
        fitted = {}
        with progress_bar(self, len(self.models), "model", progress) as bar:
            for name, model in self.models.items():
                own = copy.deepcopy(model)
                if self.num_threads is not None:
                    own.set_params(num_threads=self.num_threads)
                fitted[name] = _fitted_member(name, own, data, arguments[name])
                bar.update()
        self.models_ = fitted
        self.weights_ = {name: float((self.weights or {}).get(name, 1.0)) for name in fitted}
        self._sizes_ = np.diff(data.matrix.indptr).astype(np.int64)
        self._fitted_to_ = data, dict(given or {})
        self._finish_fit(data, structure(data))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name not in ("_fitted_to_", "_kept_")}

    def search_weights(
        self, held_out: Any, metric: str = "ndcg@10", grid: tuple[float, ...] = (0, 0.1, 0.2, 0.5, 1, 2, 5), *,
        refit: bool = True, progress: bool | None = None,
    ) -> Hybrid:  # fmt: skip
        """Finds weights that are good for held-out data, fits the models to all data, and returns self.

        Parameters
        ----------
        held_out : Interactions or scipy sparse matrix
            As `coals.split` makes it; it should take no part in a later evaluation.
        metric : str, default "ndcg@10"
            As `coals.evaluate` takes it; more is better.
        grid : tuple of numbers >= 0
            Weights tried. The first model keeps its own.
        refit : bool, default True
            Fit the models again, to what `fit` was given and `held_out` together. A pair in both has the value of
            `held_out`.
        progress : bool or None, default None
            As for `fit`.

        Raises
        ------
        ValueError
            If `how` is not "weighted", or the metric is better when lower; if `refit` is True for a model that was
            loaded or copied between processes, which does not have its training data.

        Notes
        -----
        From the weights at hand one weight at a time goes to the best of the grid until none changes: at a cost of an
        evaluation for each one tried. The models are asked for their lists once: these are kept between trials, in up
        to 1 GB; lists beyond are asked for again.
        """
        self._require_fitted()
        self._check_search(metric, grid, check_bool("refit", refit))
        data = as_interactions(held_out)
        grid = tuple(check_number("each weight of grid", weight, minimum=0) for weight in grid)
        tried: dict[tuple[float, ...], float] = {}
        kept = _KeptLists(_KEPT)

        def value(weights: dict[str, float]) -> float:
            key = tuple(weights.values())
            if key not in tried:
                twin = copy.copy(self)
                twin.weights_, twin._kept_ = weights, kept
                tried[key] = evaluate({"hybrid": twin}, data, [metric], progress=False).mean["hybrid"][metric]
                bar.update()
            return tried[key]

        with progress_bar(self, None, "trial", progress) as bar:
            self.weights_ = one_by_one(self.weights_, list(self.weights_)[1:], grid, value)
        if refit:
            self._fit_again(data, progress)
        return self

    def _check_search(self, metric: str, grid: Any, refit: bool) -> None:
        if self._as_fitted().how != "weighted":
            raise ValueError(f"how={self._as_fitted().how!r} has no weights to search for: fit with how='weighted'")
        if parse_metric(metric).definition.falling:
            raise ValueError(f"metric must be one of which more is better, such as 'ndcg@10', got {metric!r}")
        if not isinstance(grid, Iterable):
            raise TypeError(f"grid must be a sequence of numbers, got {grid!r}")
        if refit and getattr(self, "_fitted_to_", None) is None:
            raise ValueError(
                "refit=True needs the training data, which a loaded or copied hybrid does not have: give refit=False, "
                "or fit it again first"
            )

    def _fit_again(self, held_out: Interactions, progress: bool | None) -> None:
        """With the parameters of the last fit, to its data and `held_out`; the weights stay."""
        assert self._fitted_to_ is not None
        (data, given), weights, fitted = self._fitted_to_, self.weights_, self._as_fitted()
        fitted._fit_or_forget(fitted._start_fit(_together(data, held_out)), progress, given)
        current = self.get_params()
        vars(self).update(vars(fitted))
        vars(self).update(current)
        self.weights_ = weights

    # --- serving ---

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        if self._as_fitted().how == "switching":
            return self._switched(users, n, excluded)

        def ask(rows: Indices, length: int, wanted: Filter | None) -> list[TopN]:
            return self._lists(users[rows], length, wanted)

        return self._blended(ask, self._sizes_[users], n, excluded)

    def _blended(self, ask: Ask, sizes: Indices, n: int, excluded: Filter) -> TopN:
        """A list for each row, whose user has that many items."""
        out = empty_lists(len(sizes), n)
        order = np.argsort(sizes, kind="stable")  # users with many items do not make the lists of others long
        unbounded = Filter(excluded.excluded, excluded.allowed, excluded.candidate)  # models score on other scales
        for start in range(0, len(order), _USERS_AT_A_TIME):
            at = order[start : start + _USERS_AT_A_TIME]
            best = self._best_of_block(ask, at, sizes[at], n, unbounded.select_rows(at))
            out.ids[at], out.scores[at], out.counts[at] = best
        return cut_below(out, excluded.min_score)

    def _best_of_block(self, ask: Ask, rows: Indices, sizes: Indices, n: int, wanted: Filter) -> TopN:
        lists, more = self._deep(lambda length: ask(rows, length, None), sizes)
        weights = self._blend_weights()
        if len(lists) == 1:
            (best,) = ask(rows, n, wanted)
            return extended(best, lists[0], weights[0] if self._as_fitted().how == "weighted" else 1.0)
        found = self._best_of_blend(lists, wanted, n)
        short = np.flatnonzero((found.counts < n) & more)
        if len(short):
            left = wanted.select_rows(short)
            left = Filter(_both(left.excluded, found.ids[short], self.n_items_), left.allowed, left.candidate)
            rest = self._best_of_blend(ask(rows[short], n, left), left, n)
            below = 2 * sum(weights) if self._as_fitted().how == "weighted" else 2.0 * len(lists)
            followed_by(found, short, rest, below)
        return found

    def _deep(self, ask: Callable[[int], list[TopN]], sizes: Indices) -> tuple[list[TopN], Any]:
        """The items of each model that count, and for which rows a model has others."""
        depths = np.minimum(self._as_fitted().depth + sizes, self.n_items_)
        lists = ask(int(depths.max(initial=1)))
        more = np.any([found.counts >= depths for found in lists], axis=0) & (depths < self.n_items_)
        return [shortened(found, depths) for found in lists], more

    def _best_of_blend(self, lists: list[TopN], excluded: Filter, n: int) -> TopN:
        given = [
            (found.ids.astype(np.int64, copy=False), found.scores.astype(np.float64, copy=False), found.counts)
            for found in lists
        ]
        how = self._blend_weights(), self._as_fitted().how == "cascade"
        return TopN(*_core.top_k_blended(given, *how, self.n_items_, excluded, n, self._threads))

    def _counting(self) -> list[str]:
        """Names of the models that take part."""
        return [name for name in self.models_ if self._as_fitted().how == "cascade" or self.weights_[name] > 0]

    def _blend_weights(self) -> list[float]:
        return [self.weights_[name] for name in self._counting()]

    def _lists(self, users: Indices, length: int, wanted: Filter | None) -> list[TopN]:
        kept = getattr(self, "_kept_", None)
        if kept is None or wanted is not None:
            return [self.models_[name]._top_n(users, length, wanted or Filter()) for name in self._counting()]
        return [
            kept.of((name, length, users.tobytes()), lambda m=self.models_[name]: m._top_n(users, length, Filter()))
            for name in self._counting()
        ]

    def _switched(self, users: Indices, n: int, excluded: Filter) -> TopN:
        out = empty_lists(len(users), n)
        for model, at in self._shared_out(self._sizes_[users]):
            if len(at):
                best = padded(model._top_n(users[at], n, excluded.select_rows(at)), n)
                out.ids[at], out.scores[at], out.counts[at] = best
        return out

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        """0 for an item that no list holds."""
        if self._as_fitted().how == "switching":
            return self._of_either("_predict_pairs", users, items)
        scores = self._scores_on_lists(users, items)
        return np.where(scores == NOT_LISTED, 0.0, scores)

    def _scores_on_lists(self, users: Indices, items: Indices) -> Array:
        if self._as_fitted().how == "switching":
            return self._of_either("_scores_on_lists", users, items)
        asked, place = np.unique(users, return_inverse=True)
        scores, how = np.empty(len(users)), (self._blend_weights(), self._as_fitted().how == "cascade")
        for start in range(0, len(asked), _USERS_AT_A_TIME):
            part = asked[start : start + _USERS_AT_A_TIME]
            mine = (place >= start) & (place < start + len(part))
            lists, _ = self._deep(lambda length, part=part: self._lists(part, length, None), self._sizes_[part])  # type: ignore[misc]
            scores[mine] = blended(lists, *how, self.n_items_)[place[mine] - start, items[mine]]
        return np.where(scores > -np.inf, scores, NOT_LISTED)

    def _of_either(self, method: str, users: Indices, items: Indices) -> Array:
        out = np.empty(len(users))
        for model, at in self._shared_out(self._sizes_[users]):
            if len(at):
                out[at] = getattr(model, method)(users[at], items[at])
        return out

    def _shared_out(self, sizes: Indices) -> list[tuple[Any, Indices]]:
        """For switching: each model and the places of its users, who have that many items."""
        many = sizes >= self._as_fitted().min_history
        return list(zip(self.models_.values(), (np.flatnonzero(many), np.flatnonzero(~many)), strict=True))

    def recommend_for(
        self, history: Any, n: int = 10, *, exclude_seen: bool = True, unknown: str = "raise"
    ) -> Recommendations:
        """The `n` best items for a user the models were not fitted with; each must have `recommend_for`.

        `history` is what each of the models takes, and `unknown` says what becomes of items that they do not know, as
        in `Recommender.recommend_for`; the answer is as that of `recommend`.
        """
        self._require_fitted()
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        missing = [name for name, model in self.models_.items() if not hasattr(model, "recommend_for")]
        if missing:
            raise TypeError(f"model {missing[0]!r} cannot recommend for new users: it has no recommend_for")
        fitted, width = self._as_fitted(), min(n, self.n_items_)
        less = "raise" if unknown == "raise" else "skip"
        models = {name: model._as_fitted() for name, model in self.models_.items()}
        rows = {name: model._rows_of(history, less) for name, model in models.items()}
        own = self._rows_of(history, unknown)
        sizes = np.diff(own.seen.to_arrays()[0])
        wanted = Filter(own.seen if check_bool("exclude_seen", exclude_seen) else None)

        def of(name: str, at: Indices, length: int, left: Filter | None) -> TopN:
            return models[name]._rank_rows(_some(rows[name], at), length, left or Filter())  # type: ignore[no-any-return]

        if fitted.how == "switching":
            found = empty_lists(len(sizes), width)
            for name, (_, at) in zip(models, self._shared_out(sizes), strict=True):
                if len(at):
                    best = padded(of(name, at, width, wanted.select_rows(at)), width)
                    found.ids[at], found.scores[at], found.counts[at] = best
        else:
            names = self._counting()
            found = self._blended(
                lambda at, length, left: [of(name, at, length, left) for name in names], sizes, width, wanted
            )
        return history_lists(self, own, found, n, unknown, users_of(history))


class _KeptLists:
    """Lists of models, asked for once, as long as they take no more than so many bytes."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lists: dict[Any, TopN] = {}

    def of(self, key: Any, make: Callable[[], TopN]) -> TopN:
        if key not in self._lists:
            made = make()
            found = TopN(made.ids.astype(np.int32), made.scores, made.counts)
            size = sum(array.nbytes for array in found)
            if size > self._left:
                return made
            self._left -= size
            self._lists[key] = found
        return self._lists[key]


def _together(data: Interactions, more: Interactions) -> Interactions:
    """The entries of both, which have the same ids. A pair in both has the value of `more`; times stay if both have."""
    parts = [each.matrix.tocoo() for each in (data, more)]
    place = tuple(np.concatenate([getattr(part, axis) for part in parts]) for axis in ("row", "col"))
    numbered = scipy.sparse.coo_array((np.arange(len(place[0]), dtype=np.float64), place), shape=data.shape)
    ordered, _ = canonical_csr(numbered, duplicates="last")
    kept = ordered.data.astype(np.int64)

    def joined(name: str) -> Any:
        both = [getattr(each, name) for each in (data, more)]
        if name == "row_counts" and any(array is not None for array in both):
            both = [np.ones(each.nnz, np.int64) if a is None else a for a, each in zip(both, (data, more), strict=True)]
        return None if any(array is None for array in both) else np.concatenate(both)[kept]

    values = np.concatenate([part.data for part in parts])[kept]
    matrix, _ = canonical_csr(scipy.sparse.csr_array((values, ordered.indices, ordered.indptr), shape=data.shape))
    return Interactions(matrix, data.users, data.items, data.item_titles, joined("row_counts"), joined("times"))


def _some(rows: Rows, at: Indices) -> Rows:
    """Some of several rows, without weights and features."""
    return Rows(rows.entries.select_rows(at), None, None, rows.seen.select_rows(at))


def _both(excluded: _core.Csr | None, listed: Indices, n_items: int) -> _core.Csr:
    """Rows of items to leave out, and the items that are on lists already."""
    real = listed >= 0
    row, item = np.nonzero(real)[0], listed[real]
    if excluded is not None:
        indptr, indices, _ = excluded.to_arrays()
        row = np.concatenate([np.repeat(np.arange(len(listed)), np.diff(indptr)), row])
        item = np.concatenate([indices, item])
    order = np.lexsort((item, row))
    begin = np.append(0, np.cumsum(np.bincount(row, minlength=len(listed)))).astype(np.int64)
    return _core.Csr(begin, item[order].astype(np.int32), None, n_items, "float32")


def _check_members(models: Any, how: str, weights: Any) -> None:
    if not isinstance(models, Mapping) or not models:
        raise TypeError(f"models must be a mapping of name to model, got {reprlib.repr(models)}")
    for name, model in models.items():
        if not isinstance(name, str):
            raise TypeError(f"the names of models must be strings, got {name!r}")
        if not isinstance(model, Recommender):
            raise TypeError(f"models must hold models of coals, got {type_word(model)} for {name!r}")
    if how == "switching" and len(models) != 2:
        raise ValueError(f"how='switching' takes two models, got {len(models)}")
    if weights is None:
        return
    if not isinstance(weights, Mapping) or weights.keys() != models.keys():
        raise ValueError(f"weights must be a mapping with the names of the models, {list(models)}")
    for name, weight in weights.items():
        check_number(f"weight of {name!r}", weight, minimum=0)
    if how == "weighted" and not any(weights.values()):
        raise ValueError("weights are all 0, so that no model has a say: give one of them more")


def _shared_out_arguments(models: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each model, those that its `fit` takes."""
    takes = {name: set(inspect.signature(model.fit).parameters) for name, model in models.items()}
    for argument in given:
        if not any(argument in names for names in takes.values()):
            raise TypeError(f"{argument} was given, but no model of the hybrid takes it: leave it out")
    return {name: {k: v for k, v in given.items() if k in takes[name]} for name in models}


def _fitted_member(name: str, model: Any, data: Any, given: dict[str, Any]) -> Any:
    """The model, fitted; an error names it."""
    try:
        return model.fit(data, progress=False, **given)
    except _ERRORS as error:
        kind = next(kind for kind in _ERRORS if isinstance(error, kind))
        raise kind(f"model {name!r}: {error}") from error
