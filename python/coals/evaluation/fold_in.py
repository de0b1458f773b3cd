"""Evaluates models on new users, given their histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals.data.interactions import Interactions, as_interactions
from coals.evaluation.evaluation import evaluate
from coals.evaluation.result import Evaluation

__all__ = ["evaluate_fold_in"]


def evaluate_fold_in(
    models: Any,
    history: Any,
    held_out: Any,
    metrics: str | Iterable[str] = ("ndcg@100", "recall_min@20", "recall_min@50"),
    *,
    exclude_seen: bool = True,
    relevance_threshold: float | None = None,
    ties: str = "listed",
    gain: str = "binary",
    batch_size: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Metrics of fitted models on new users: lists of ``recommend_for(history)``, compared with `held_out`.

    Parameters
    ----------
    models : fitted model, or dict of name to fitted model
        With a method `recommend_for`: ALS, neighbourhoods, popularity.
    history, held_out : Interactions or sparse matrix, (n_new_users, n_items)
        What the models are given of each new user, and what they should find; rows are the same users, and items those
        the models were fitted with. `coals.split.by_user` makes both.
    metrics, exclude_seen, relevance_threshold, ties, gain, batch_size, num_threads, progress
        As for `evaluate`; by default the metrics of Liang et al. 2018. Seen is what is in the history. rmse and mae
        cannot be had.

    Returns
    -------
    Evaluation
        With the ids of the new users. Novelty and diversity are by the histories of new users.

    Raises
    ------
    ValueError, TypeError
        As `evaluate`, and if a model has no `recommend_for` or history and held_out are not the same people.

    Notes
    -----
    Cost beyond `evaluate`: a row solve, or what else the model does, for each new user.

    Examples
    --------
    >>> parts = coals.split.by_user(coals.datasets.goodbooks(), validation_users=200, test_users=300)
    >>> models = {"knn": coals.ItemKNN().fit(parts.train), "popular": coals.Popularity().fit(parts.train)}
    >>> found = coals.evaluate_fold_in(models, *parts.test)
    >>> found.mean["knn"]["recall_min@20"] > found.mean["popular"]["recall_min@20"]
    True
    """
    told, wanted = as_interactions(history), as_interactions(held_out)
    if told.shape != wanted.shape or not told.users.same_as(wanted.users) or not told.items.same_as(wanted.items):
        raise ValueError(
            f"history is {told.n_users} users x {told.n_items} items and held_out {wanted.n_users} x {wanted.n_items}, "
            "or their ids differ: both must have the same users and items, as coals.split.by_user gives them"
        )
    named = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    asked = {name: _NewUsers(name, model, told) for name, model in named.items()}
    return evaluate(
        asked,
        wanted,
        metrics,
        exclude_seen=exclude_seen,
        relevance_threshold=relevance_threshold,
        ties=ties,
        gain=gain,
        train=told,
        batch_size=batch_size,
        num_threads=num_threads,
        progress=progress,
    )


class _NewUsers:
    """A model as one of the users of `history`, which `evaluate` can ask."""

    predicts_ratings = False

    def __init__(self, name: str, model: Any, history: Interactions) -> None:
        if getattr(model, "n_items_", None) is None:
            raise ValueError(f"model {name!r} is not fitted: call fit(train) first")
        if not hasattr(model, "recommend_for"):
            raise TypeError(f"model {name!r}, a {type(model).__name__}, has no recommend_for: it knows its users alone")
        self._model, self._history = model, history
        self.n_users_, self.n_items_ = history.n_users, model.n_items_
        self.user_index_, self.item_index_ = history.users, model.item_index_

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> tuple[Any, Any, NDArray[np.int64]]:
        lists = self._model.recommend_for(self._history.matrix[users], n, exclude_seen=exclude_seen)
        ids = np.full(lists.ids.shape, -1, np.int64)
        real = np.arange(n) < lists.counts[:, None]
        ids[real] = self.item_index_.encode(lists.ids[real])
        return ids, lists.scores, lists.counts
