"""Hybrid: several models together, by weights, by turns, or one after the other."""

from __future__ import annotations

import copy
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number, type_word
from coals._util.limits import LONGEST_LIST
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import structure
from coals.evaluation.evaluation import evaluate
from coals.metrics.names import parse_metric
from coals.models.base import Array, Indices, Recommender
from coals.models.folded_rows import users_of
from coals.models.users_for_items import NOT_LISTED
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.list_blocks import blended, empty_lists, positions_of, stacked
from coals.ranking.recommendations import Recommendations, TopN
from coals.ranking.unknown import history_lists
from coals.tuning.space import one_by_one

__all__ = ["Hybrid"]

_USERS_AT_A_TIME = 512
# What a fit raises about what it was given.
_ERRORS = TypeError, ValueError, ImportError, MemoryError


class Hybrid(Recommender):
    r"""Lists from several models.

    With :math:`z_m(u, i)` from 1, for the best item of the list of model m for user u, down to 0, for the last of the
    best `depth` (in proportion to their scores; seen items take part), and nothing for items beyond,

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
        :math:`w_m`, 0 or more; None: 1 each.
    min_history : int, default 5
    depth : int, default 1000
        Items beyond that place in a model's list do not count.
    num_threads : int or None, default None
        Where it is not None it is set for all models.

    Attributes
    ----------
    models_ : dict of name to fitted model
    weights_ : dict of name to number
        Those given, or found by `search_weights`.

    Notes
    -----
    The kinds of hybrids of Burke 2002. Cost of a list: one of `depth` items from each model. `coals.search` reaches the
    parameters of the hybrid, not those of its models: search for these one model at a time. All models are fitted to X
    alone, so that a `ContentKNN` among them goes by the titles of X: it cannot be given features or other texts. What
    `fit` of one of them raises is passed on with its name.

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

    _fitted: ClassVar[Axes] = {"models_": (), "weights_": (), "_sizes_": ("users",)}

    _space: ClassVar[dict[str, list[Any]]] = {"how": ["weighted", "cascade"]}

    def __init__(
        self,
        *,
        models: Mapping[str, Any] | None = None,
        how: str = "weighted",
        weights: Mapping[str, float] | None = None,
        min_history: int = 5,
        depth: int = 1000,
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

    def _fit(self, data: Interactions, progress: bool | None) -> None:
        if self.models is None:
            raise ValueError("there is nothing to fit: give Hybrid models={'name': model, …}")
        fitted = {}
        with progress_bar(self, len(self.models), "model", progress) as bar:
            for name, model in self.models.items():
                own = copy.deepcopy(model)
                if self.num_threads is not None:
                    own.set_params(num_threads=self.num_threads)
                fitted[name] = _fitted_member(name, own, data)
                bar.update()
        self.models_ = fitted
        self.weights_ = {name: float((self.weights or {}).get(name, 1.0)) for name in fitted}
        self._sizes_ = np.diff(data.matrix.indptr).astype(np.int64)
        self._finish_fit(data, structure(data))

    def search_weights(
        self, held_out: Any, metric: str = "ndcg@10", grid: tuple[float, ...] = (0, 0.1, 0.2, 0.5, 1, 2, 5), *,
        progress: bool | None = None,
    ) -> Hybrid:  # fmt: skip
        """Finds weights that are good for held-out data, and returns self.

        Parameters
        ----------
        held_out : Interactions or scipy sparse matrix
            As `coals.split` makes it; it should take no part in a later evaluation.
        metric : str, default "ndcg@10"
            As `coals.evaluate` takes it; more is better.
        grid : tuple of numbers >= 0
            Weights tried. The first model keeps its own.
        progress : bool or None, default None
            As for `fit`.

        Raises
        ------
        ValueError
            If `how` is not "weighted", or the metric is better when lower.

        Notes
        -----
        From the weights at hand one weight at a time goes to the best of the grid until none changes: at a cost of an
        evaluation for each one tried.
        """
        self._require_fitted()
        if self._as_fitted().how != "weighted":
            raise ValueError(f"how={self._as_fitted().how!r} has no weights to search for: fit with how='weighted'")
        if parse_metric(metric).definition.falling:
            raise ValueError(f"metric must be one of which more is better, such as 'ndcg@10', got {metric!r}")
        if not isinstance(grid, Iterable):
            raise TypeError(f"grid must be a sequence of numbers, got {grid!r}")
        data = as_interactions(held_out)
        grid = tuple(check_number("each weight of grid", weight, minimum=0) for weight in grid)
        tried: dict[tuple[float, ...], float] = {}

        def value(weights: dict[str, float]) -> float:
            key = tuple(weights.values())
            if key not in tried:
                twin = copy.copy(self)
                twin.weights_ = weights
                tried[key] = evaluate({"hybrid": twin}, data, [metric], progress=False).mean["hybrid"][metric]
                bar.update()
            return tried[key]

        with progress_bar(self, None, "trial", progress) as bar:
            self.weights_ = one_by_one(self.weights_, list(self.weights_)[1:], grid, value)
        return self

    # --- serving ---

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        if self._as_fitted().how == "switching":
            return self._switched(users, n, excluded)
        parts = []
        for start in range(0, len(users), _USERS_AT_A_TIME):
            at = np.arange(start, min(start + _USERS_AT_A_TIME, len(users)))
            parts.append(self._best_of_blend(self._lists(users[at]), excluded.select_rows(at), n))
        return stacked(parts, n)

    def _best_of_blend(self, lists: list[TopN], excluded: Filter, n: int) -> TopN:
        given = [
            (found.ids.astype(np.int64, copy=False), found.scores.astype(np.float64, copy=False), found.counts)
            for found in lists
        ]
        how = self._blend_weights(), self._as_fitted().how == "cascade"
        return TopN(*_core.top_k_blended(given, *how, self.n_items_, excluded, n, self._threads))

    def _blend_weights(self) -> list[float]:
        return [self.weights_[name] for name in self.models_]

    def _lists(self, users: Indices) -> list[TopN]:
        depth = min(self._as_fitted().depth, self.n_items_)
        return [model._top_n(users, depth, Filter()) for model in self.models_.values()]

    def _switched(self, users: Indices, n: int, excluded: Filter) -> TopN:
        out = empty_lists(len(users), n)
        for model, at in self._shared_out(users):
            if len(at):
                out.ids[at], out.scores[at], out.counts[at] = model._top_n(users[at], n, excluded.select_rows(at))
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
            scores[mine] = blended(self._lists(part), *how, self.n_items_)[place[mine] - start, items[mine]]
        return np.where(scores > -np.inf, scores, NOT_LISTED)

    def _of_either(self, method: str, users: Indices, items: Indices) -> Array:
        out = np.empty(len(users))
        for model, at in self._shared_out(users):
            if len(at):
                out[at] = getattr(model, method)(users[at], items[at])
        return out

    def _shared_out(self, users: Indices) -> list[tuple[Any, Indices]]:
        """For switching: each model and the places of its users."""
        many = self._sizes_[users] >= self._as_fitted().min_history
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
        rows = self._rows_of(history, unknown)
        less = "raise" if unknown == "raise" else "skip"
        width, skip, fitted = min(n, self.n_items_), check_bool("exclude_seen", exclude_seen), self._as_fitted()

        def lists(depth: int, skip: bool) -> list[TopN]:
            options: dict[str, Any] = {"exclude_seen": skip, "unknown": less}
            found = [model.recommend_for(history, depth, **options) for model in self.models_.values()]
            return [positions_of(self.item_index_, each) for each in found]

        if fitted.how == "switching":
            first, second = lists(width, skip)
            many = rows.entries.row_sizes() >= fitted.min_history
            ids, scores = (np.where(many[:, None], a, b) for a, b in zip(first[:2], second[:2], strict=True))
            found = TopN(ids, scores, np.where(many, first.counts, second.counts))
        else:
            wanted = Filter(rows.seen if skip else None)
            found = self._best_of_blend(lists(min(fitted.depth, self.n_items_), False), wanted, width)
        return history_lists(self, rows, found, n, unknown, users_of(history))


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


def _fitted_member(name: str, model: Any, data: Any) -> Any:
    """The model, fitted; an error names it."""
    try:
        return model.fit(data, progress=False)
    except _ERRORS as error:
        kind = next(kind for kind in _ERRORS if isinstance(error, kind))
        raise kind(f"model {name!r}: {error}") from error
