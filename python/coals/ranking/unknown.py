"""Lists for users and items of which a model may not know all: an empty one, or the popular items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.order import best_first
from coals.data.titles import title_finder
from coals.ranking.filters import Filter
from coals.ranking.recommendations import Recommendations, TopN, padded

__all__ = ["history_lists", "item_lists", "popular_lists", "user_lists", "with_unknown"]

Indices = npt.NDArray[np.int64]
Ask = Callable[[Indices], TopN]


def with_unknown(
    places: Indices, ask: Callable[[Indices], TopN], popular: Callable[[Indices, int], TopN] | None = None
) -> TopN:
    """A list for each of `places`, in their order: what `ask` has for those >= 0, and for the rest an empty one.

    `ask` and `popular` are given the indices of the queries that they are for; `popular` the length of lists too. It
    makes those of unknown ids, where they are not to be empty.
    """
    known = np.flatnonzero(places >= 0)
    ranked = ask(known)
    if len(known) == len(places):
        return ranked
    shape = len(places), ranked.ids.shape[1]
    whole = TopN(np.full(shape, -1), np.full(shape, np.nan, ranked.scores.dtype), np.zeros(len(places), np.int64))
    strangers = np.flatnonzero(places < 0)
    for at, part in ((known, ranked), (strangers, popular(strangers, shape[1]) if popular else None)):
        for array, values in zip(whole, part or (), strict=False):
            array[at] = values
    return whole


def popular_lists(seen: _core.Csr, queries: int, n: int, wanted: Filter, threads: int) -> TopN:
    """For each query the items that most users have, scored by their number, ties to the item that comes first."""
    users = np.bincount(seen.to_arrays()[1], minlength=seen.columns).astype(np.float64)
    ranking = best_first(users)
    ranking = ranking[users[ranking] > 0]
    return TopN(*_core.top_k_from_ranking(ranking, users, queries, wanted, n, threads))


def item_lists(
    model: Any, places: Indices, n: int, ask: Ask, unknown: str, asked: Any,
    wanted: Callable[[Indices], Filter] = lambda at: Filter(),
) -> Recommendations:  # fmt: skip
    """Lists of items for `places`, of which -1 is unknown: `ask` makes those of the others, given by their index."""

    def popular(at: Indices, n: int) -> TopN:
        return popular_lists(model._seen_, len(at), n, wanted(at), model._threads)

    found = with_unknown(places, ask, popular if unknown == "popular" else None)
    ids, scores, counts = padded(found, n)
    return Recommendations(
        model.item_index_.named(ids), scores, counts, asked, title_finder(model), int((places < 0).sum())
    )


def user_lists(model: Any, places: Indices, n: int, ask: Ask, asked: Any) -> Recommendations:
    """The same of users, with empty lists for unknown ids."""
    ids, scores, counts = padded(with_unknown(places, ask), n)
    return Recommendations(model.user_index_.named(ids), scores, counts, asked, None, int((places < 0).sum()))


def history_lists(model: Any, rows: Any, found: TopN, n: int, unknown: str, asked: Any) -> Recommendations:
    """Lists for histories; with "popular", popular ones where all items of a history are unknown."""
    lost = np.zeros(0, np.int64) if rows.unknown is None else rows.unknown
    if unknown == "popular" and lost.any():
        at = np.flatnonzero((lost > 0) & (rows.seen.row_sizes() == 0))
        popular = popular_lists(model._seen_, len(at), found.ids.shape[1], Filter(), model._threads)
        for array, values in zip(found, popular, strict=True):
            array[at] = values
    ids, scores, counts = padded(found, n)
    named = model.item_index_.named(ids)
    return Recommendations(named, scores, counts, asked, title_finder(model), int(lost.sum()))
