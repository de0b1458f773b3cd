"""Ranked lists put together, and their scores brought to one scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coals._util.order import best_first
from coals.ranking.recommendations import TopN

__all__ = ["best_of", "blended", "empty_lists", "extended", "followed_by", "shares", "shortened", "stacked"]


def shares(found: TopN) -> npt.NDArray[np.float64]:
    """From 1 for the first of a list to 0 for the last; 1 where all are equal."""
    scores = found.scores.astype(np.float64)
    last = np.maximum(found.counts - 1, 0)
    high, low = scores[:, :1], np.take_along_axis(scores, last[:, None], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(high > low, (scores - low) / (high - low), 1.0)


def best_of(scores: npt.NDArray[np.float64], n: int) -> TopN:
    """The n best of each row, ties to the lower index, -inf left out."""
    order = best_first(scores)[:, :n]
    best = np.take_along_axis(scores, order, axis=1)
    real = best > -np.inf
    return TopN(np.where(real, order, -1), np.where(real, best, np.nan), real.sum(axis=1))


def blended(lists: list[TopN], weights: list[float], cascade: bool, n_items: int) -> npt.NDArray[np.float64]:
    """Scores of all items, -inf for those in no list: what `_core.top_k_blended` ranks by."""
    scores = np.full((len(lists[0].ids), n_items), -np.inf)
    for place, (weight, found) in enumerate(zip(weights, lists, strict=True)):
        if weight == 0 and not cascade:
            continue
        listed = found.ids >= 0
        rows = np.nonzero(listed)[0]
        items, z = found.ids[listed], shares(found)[listed]
        before = scores[rows, items]
        if cascade:
            scores[rows, items] = np.where(before > -np.inf, before, 2 * (len(lists) - 1 - place) + z)
        else:
            scores[rows, items] = np.where(before > -np.inf, before, 0) + weight * z
    return scores


def empty_lists(rows: int, n: int) -> TopN:
    return TopN(np.full((rows, n), -1), np.full((rows, n), np.nan), np.zeros(rows, np.int64))


def stacked(parts: list[TopN], n: int) -> TopN:
    if not parts:
        return empty_lists(0, n)
    return TopN(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def shortened(found: TopN, lengths: npt.NDArray[np.int64]) -> TopN:
    """The first so many of each list."""
    beyond = np.arange(found.ids.shape[1]) >= lengths[:, None]
    if not (beyond & (found.ids >= 0)).any():
        return found
    ids, scores = np.where(beyond, -1, found.ids), np.where(beyond, np.nan, found.scores)
    return TopN(ids, scores, np.minimum(found.counts, lengths))


def extended(found: TopN, scale: TopN, weight: float) -> TopN:
    """Lists with scores on the scale on which those of `scale` go from `weight` to 0: lower ones are below 0."""
    last = np.maximum(scale.counts - 1, 0)[:, None]
    # Half of each, since a difference of whole ones may be beyond double.
    half, ends = found.scores.astype(np.float64) / 2, scale.scores.astype(np.float64) / 2
    high, low = ends[:, :1], np.take_along_axis(ends, last, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(high > low, (half - low) / (high - low), 1 + half - low)
    return TopN(found.ids, weight * z, found.counts)


def followed_by(found: TopN, rows: npt.NDArray[np.int64], rest: TopN, below: float) -> None:
    """Fills the lists of `rows`, in place, with those of `rest`, a row for each; their scores go down by `below`."""
    n = found.ids.shape[1]
    for row, ids, scores, count in zip(rows, *rest, strict=True):
        start = found.counts[row]
        more = min(count, n - start)
        found.ids[row, start : start + more] = ids[:more]
        found.scores[row, start : start + more] = scores[:more] - below
        found.counts[row] += more
