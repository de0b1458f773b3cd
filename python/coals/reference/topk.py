"""Top-N lists by sorting everything, and what may be on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["allowed_pairs", "scores_of", "top_k"]


def top_k(
    scores: npt.NDArray[np.float64], n: int, allowed: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The n best allowed items of every row: (ids, scores, counts).

    Sorted by score, descending, ties to the lower index; a short row is padded with id -1 and score NaN.

    Parameters
    ----------
    scores : ndarray of shape (queries, items)
    n : int
    allowed : ndarray of bool, shape (queries, items)

    Examples
    --------
    >>> import numpy as np
    >>> ids, scores, counts = top_k(np.array([[0.5, 2.0, 0.5]]), 3, np.array([[True, False, True]]))
    >>> ids, counts
    (array([[ 0,  2, -1]]), array([2]))
    """
    ids = np.full((len(scores), n), -1, np.int64)
    best = np.full((len(scores), n), np.nan)
    counts = np.zeros(len(scores), np.int64)
    for q, row in enumerate(scores):
        order = np.argsort(-row, kind="stable")
        chosen = order[allowed[q, order]][:n]
        ids[q, : len(chosen)], best[q, : len(chosen)], counts[q] = chosen, row[chosen], len(chosen)
    return ids, best, counts


def scores_of(queries: npt.ArrayLike, items: npt.ArrayLike, metric: str = "inner") -> npt.NDArray[np.float64]:
    """Scores of all pairs: q · v, q · v / (‖q‖ ‖v‖), or −‖q − v‖². The cosine of a row of zeros is NaN."""
    q, v = np.asarray(queries, np.float64), np.asarray(items, np.float64)
    if metric == "euclidean":
        distances: npt.NDArray[np.float64] = -((q[:, None, :] - v[None, :, :]) ** 2).sum(axis=2)
        return distances
    products: npt.NDArray[np.float64] = q @ v.T
    if metric == "cosine":
        with np.errstate(invalid="ignore"):
            products = products / (np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(v, axis=1)[None, :])
    return products


def allowed_pairs(
    scores: npt.NDArray[np.float64],
    exclude: Sequence[int] | None = None,
    allow: Sequence[int] | None = None,
    exclude_per_query: Sequence[Any] | None = None,
    allow_per_query: Sequence[Any] | None = None,
    min_score: float | None = None,
) -> npt.NDArray[np.bool_]:
    """Which pairs pass every filter: lists of items for all queries, a list for each, a least score."""
    allowed = ~np.isnan(scores)
    everything = set(range(scores.shape[1]))
    for q in range(len(scores)):
        kept = everything - set(() if exclude is None else exclude)
        if allow is not None:
            kept &= set(allow)
        if exclude_per_query is not None:
            kept -= set(exclude_per_query[q])
        if allow_per_query is not None:
            kept &= set(allow_per_query[q])
        allowed[q] &= np.isin(np.arange(scores.shape[1]), list(kept))
    return allowed if min_score is None else allowed & (scores >= min_score)
