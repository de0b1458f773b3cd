"""Evaluates models on new users, given their histories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals.data.interactions import Interactions, as_interactions
from coals.data.unknown_ids import check_unknown
from coals.evaluation.evaluation import evaluate
from coals.evaluation.placement import same_kind_places
from coals.evaluation.result import Evaluation

__all__ = ["evaluate_fold_in"]

_SKIP = "unknown='skip' leaves them out"


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
    unknown: str = "skip",
    batch_size: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> Evaluation:
    """Metrics of fitted models on new users: lists of ``recommend_for(history)``, compared with `held_out`.

    Parameters
    ----------
    models : fitted model, or dict of name to fitted model
        With a method `recommend_for`: ALS, neighborhoods, popularity.
    history, held_out : Interactions or sparse matrix, (n_new_users, n_items)
        What the models are given of each new user, and what they should find; rows are the same users, and items those
        the models were fitted with, or both are matched by id. `coals.split.by_user` makes both.
    metrics, exclude_seen, relevance_threshold, ties, gain, batch_size, num_threads, progress
        As for `evaluate`; by default the metrics of Liang et al. 2018. Seen is what is in the history. rmse and mae
        cannot be had.
    unknown : {"skip", "raise"}, default "skip"
        What becomes of users without a history, who are left out and counted in ``unknown_users``, and of items that a
        model does not know, which are left out of histories, and missed where they are held out. "raise": a ValueError.

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
    check_unknown(unknown)
    told, wanted = as_interactions(history), as_interactions(held_out)
    if told.shape != wanted.shape and all(index.ids is None for index in (told.users, wanted.users)):
        raise ValueError(
            f"history is {told.n_users} users x {told.n_items} items and held_out {wanted.n_users} x {wanted.n_items}, "
            "without ids of users to match them by: give both the same users and items, as coals.split.by_user does"
        )
    if not (same_kind_places("user ids", wanted.users, told.users, "held_out", "history") >= 0).any():
        ours, theirs = (part.users.decode([0]).tolist()[0] for part in (wanted, told))
        raise ValueError(
            f"no user of held_out has a history: held_out has ids such as {ours!r}, history such as {theirs!r}; both "
            "must be of the same users, as coals.split.by_user gives them"
        )
    named = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    asked = {name: _NewUsers(name, model, told, unknown) for name, model in named.items()}
    return evaluate(
        asked,
        wanted,
        metrics,
        exclude_seen=exclude_seen,
        relevance_threshold=relevance_threshold,
        ties=ties,
        gain=gain,
        train=told,
        unknown=unknown,
        batch_size=batch_size,
        num_threads=num_threads,
        progress=progress,
    )


class _NewUsers:
    """A model as one of the users of `history`, which `evaluate` can ask."""

    predicts_ratings = False

    def __init__(self, name: str, model: Any, history: Interactions, unknown: str) -> None:
        if getattr(model, "n_items_", None) is None:
            raise ValueError(f"model {name!r} is not fitted: call fit(train) first")
        if not hasattr(model, "recommend_for"):
            raise TypeError(f"model {name!r}, a {type(model).__name__}, has no recommend_for: it knows its users alone")
        self._model = model
        self.n_users_, self.n_items_ = history.n_users, model.n_items_
        self.user_index_, self.item_index_ = history.users, model.item_index_
        self._seen_ = self._placed(name, history, unknown)

    def _placed(self, name: str, history: Interactions, unknown: str) -> _core.Csr:
        """The history by the positions of the model's items."""
        matrix, width = history.matrix, int(self.n_items_)
        places = same_kind_places("item ids", history.items, self.item_index_, "history", f"model {name!r}")
        known = places[matrix.indices] >= 0
        if unknown == "raise" and not known.all():
            first = history.items.decode(matrix.indices[~known][:1].astype(np.int64)).tolist()[0]
            raise ValueError(f"history has items that model {name!r} does not know, {first!r} for one: {_SKIP}")
        indptr = np.append(0, np.cumsum(known))[matrix.indptr]
        columns = places[matrix.indices[known]]
        rows = scipy.sparse.csr_array((matrix.data[known], columns, indptr), shape=(history.n_users, width))
        rows.sort_indices()
        self._history = rows
        return _core.Csr(rows.indptr, rows.indices, None, width, "float64")

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> tuple[Any, Any, NDArray[np.int64]]:
        lists = self._model.recommend_for(self._history[users], n, exclude_seen=exclude_seen)
        ids = np.full(lists.ids.shape, -1, np.int64)
        real = np.arange(n) < lists.counts[:, None]
        ids[real] = self.item_index_.encode(lists.ids[real])
        return ids, lists.scores, lists.counts
