"""Ranked lists: what `recommend` and `similar_items` return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Recommendations", "TopN", "padded"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


class TopN(NamedTuple):
    """Ranked lists by position: ids and scores of shape (n_queries, n), padded with -1 and NaN, and counts."""

    ids: Indices
    scores: Array
    counts: Indices


class Recommendations:
    """Ranked lists, one row for each query, best first.

    Attributes
    ----------
    ids : ndarray of shape (n_queries, n)
        Item ids of the data the model was fitted with. A list that cannot be filled is padded with -1 where
        ids are integers, with None elsewhere.
    scores : ndarray of shape (n_queries, n)
        Descending within each row, NaN in the padding.
    counts : ndarray of int64, shape (n_queries,)
        How many entries of each row are real.

    Examples
    --------
    It unpacks as ``ids, scores``:

    >>> import scipy.sparse as sp
    >>> model = coals.Popularity().fit(sp.csr_array([[1, 1, 0], [1, 0, 0]]))
    >>> ids, scores = model.recommend([1], n=2)
    >>> ids, scores
    (array([[ 1, -1]]), array([[ 1., nan]]))
    """

    __slots__ = ("counts", "ids", "scores")

    def __init__(self, ids: Array, scores: Array, counts: Indices) -> None:
        self.ids = ids
        self.scores = scores
        self.counts = counts

    def __iter__(self) -> Iterator[Array]:
        return iter((self.ids, self.scores))

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        n = self.ids.shape[1]
        return f"Recommendations({len(self)} lists of up to {n}, {int(self.counts.sum())} entries)"


def padded(ranked: TopN, n: int) -> TopN:
    """The same lists, n columns wide."""
    missing = n - ranked.ids.shape[1]
    if missing == 0:
        return ranked
    widths = ((0, 0), (0, missing))
    ids = np.pad(ranked.ids, widths, constant_values=-1)
    return TopN(ids, np.pad(ranked.scores, widths, constant_values=np.nan), ranked.counts)
