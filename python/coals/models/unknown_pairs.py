"""Predictions for pairs of which a model does not know the user, the item, or both."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import paired
from coals.data.labels import refuse_other_indexes
from coals.data.native import empty_csr
from coals.data.unknown_ids import IDS, RATINGS, places_of
from coals.models.folded_rows import Rows
from coals.models.rating_means import clipped
from coals.ranking.filters import Filter

__all__ = ["mean_pairs", "predicted"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


def predicted(model: Any, users: Any, items: Any, clip: Any, unknown: str) -> Array:
    """What `Recommender.predict` does: a pair with an unknown id gets NaN, or with "mean" what is known of it."""
    refuse_other_indexes({"users": users, "items": items})
    choices = RATINGS if model.predicts_ratings else IDS
    rows = places_of(model.user_index_, users, unknown, choices)
    rows, columns = paired(rows, places_of(model.item_index_, items, unknown, choices))
    return clipped(model, _pair_scores(model, rows, columns, unknown), clip)


def _pair_scores(model: Any, users: Indices, items: Indices, unknown: str) -> Array:
    known = (users >= 0) & (items >= 0)
    if known.all():
        return model._predict_pairs(users, items)  # type: ignore[no-any-return]
    scores = model._predict_pairs(users[known], items[known])
    found = np.full(len(users), np.nan, scores.dtype if scores.dtype.kind == "f" else np.float64)
    found[known] = scores
    if unknown == "mean":
        found[~known] = model._mean_pairs(users[~known], items[~known])
    return found


def mean_pairs(model: Any, users: Indices, items: Indices) -> Array:
    """For an unknown user what the model says of the item to a user without ratings; else the mean of all ratings."""
    found = np.full(len(users), rating_mean(model))
    strangers = (users < 0) & (items >= 0)
    if strangers.any() and hasattr(model, "_rank_rows"):
        of_items = _to_unknown_users(model)[items[strangers]]
        found[strangers] = np.where(np.isnan(of_items), found[strangers], of_items)
    return found


def rating_mean(model: Any) -> float:
    """The mean of the training ratings; of files of the first version, which lack it, what comes nearest."""
    if "_rating_mean_" in vars(model):
        return float(model._rating_mean_)
    return float(getattr(model, "global_mean_", 0.0)) or float(np.mean(model.rating_range_))


def _to_unknown_users(model: Any) -> Array:
    """Scores of all items for a history without entries, NaN where an item is on no list."""
    empty = empty_csr(1, model.n_items_, model._row_dtype)
    ids, scores, counts = model._as_fitted()._rank_rows(Rows(empty, None, None, empty), model.n_items_, Filter())
    found = np.full(model.n_items_, np.nan)
    found[ids[0, : counts[0]]] = scores[0, : counts[0]]
    return found
