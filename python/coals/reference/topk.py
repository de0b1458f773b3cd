"""Top-N lists by sorting everything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["top_k"]


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
