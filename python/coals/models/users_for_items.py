"""Users for items: the best users of each item, and scores that lists do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_int
from coals._util.limits import LONGEST_LIST
from coals.data.unknown_ids import known_places, places_of
from coals.ranking.filters import Filter, candidate_mask, check_min_score
from coals.ranking.recommendations import Recommendations, TopN, cut_below
from coals.ranking.unknown import user_lists

__all__ = ["NOT_LISTED", "users_by_pairs", "users_for_items"]

Indices = npt.NDArray[np.int64]

# A score for pairs that no list may hold.
NOT_LISTED = -1e300
# Scores of users for items that are written out at a time.
_CELLS = 1 << 18


def users_for_items(
    model: Any, items: Any, n: int, exclude_seen: bool, users: Any, min_score: float | None, unknown: str
) -> Recommendations:
    """What `Recommender.recommend_users` does."""
    places = places_of(model.item_index_, items, unknown)
    n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
    least = check_min_score(min_score)
    check_bool("exclude_seen", exclude_seen)
    allow = None if users is None else known_places(model.user_index_, users, unknown)
    mask = candidate_mask(None, allow, model.n_users_)

    def ask(at: Indices) -> TopN:
        columns = places[at]
        seen = model._seen_.transpose().select_rows(columns) if exclude_seen else None
        return cut_below(model._top_users(columns, min(n, model.n_users_), Filter(seen, None, mask)), least)

    return user_lists(model, places, n, ask, items)


def users_by_pairs(model: Any, items: Indices, n: int, excluded: Filter) -> TopN:
    """The n best users of each item, from the scores of all users for a few items at a time."""
    everyone, parts = np.arange(model.n_users_), []
    step = max(1, _CELLS // max(model.n_users_, 1))
    for start in range(0, max(len(items), 1), step):
        at = np.arange(start, min(start + step, len(items)))
        scores = np.empty((model.n_users_, len(at)))
        for k, item in enumerate(items[at]):
            scores[:, k] = model._scores_on_lists(everyone, np.full(model.n_users_, item))
        index = _core.ItemIndex(scores, None, "inner_product", model._threads)
        own = None if excluded.excluded is None else excluded.excluded.select_rows(at)
        found = index.top_k(np.eye(len(at)), Filter(own, None, excluded.candidate), n, "real", model._threads)
        parts.append(cut_below(TopN(*found), NOT_LISTED / 2))
    return TopN(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
