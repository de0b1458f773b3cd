"""Scores and ratings from neighbors, one pair of a user and an item at a time, from dense similarities.

Row i of a similarity matrix holds the neighbors of i; a zero is no neighbor.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["item_ratings", "item_scores", "user_ratings", "user_scores"]

Array = npt.NDArray[np.float64]


def item_scores(matrix: Any, similarities: Array, scoring: str = "sum", weighted: bool = False) -> Array:
    """What similar items say: score[u, j] over the items i of user u.

    sum: Σ_i w_ui s_ij;  mean: the same / Σ_i |w_ui|;  normalized: Σ_i w_ui s_ji / Σ |s_ji| over all neighbors i of j.
    w is 1, or the value if `weighted`. Without any i the score is 0.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> item_scores(sp.csr_array([[1, 1, 0]]), np.array([[0, 0, 0.5], [0, 0, 0.2], [0.5, 0.2, 0]]))
    array([[0. , 0. , 0.7]])
    """
    has, values = _dense(matrix)
    scores = np.zeros(matrix.shape)
    for u, j in np.ndindex(*scores.shape):
        for i in np.flatnonzero(has[u]):
            s = similarities[j, i] if scoring == "normalized" else similarities[i, j]
            scores[u, j] += s * (values[u, i] if weighted else 1)
        if scoring == "mean":
            scores[u, j] = _ratio(scores[u, j], np.abs(values[u]).sum() if weighted else has[u].sum())
        elif scoring == "normalized":
            scores[u, j] = _ratio(scores[u, j], np.abs(similarities[j]).sum())
    return scores


def user_scores(matrix: Any, similarities: Array, scoring: str = "sum", weighted: bool = False) -> Array:
    """What similar users say: score[u, j] over the neighbors v of user u who have item j.

    sum: Σ_v s_uv w_vj;  mean: the same / number of neighbors;  normalized: the same / Σ |s_uv| over all neighbors.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> user_scores(sp.csr_array([[1, 0], [1, 1]]), np.array([[0, 0.5], [0.5, 0]]))
    array([[0.5, 0.5],
           [0.5, 0. ]])
    """
    has, values = _dense(matrix)
    scores = np.zeros(matrix.shape)
    for u, j in np.ndindex(*scores.shape):
        for v in np.flatnonzero(has[:, j]):
            scores[u, j] += similarities[u, v] * (values[v, j] if weighted else 1)
        if scoring == "mean":
            scores[u, j] = _ratio(scores[u, j], float(np.count_nonzero(similarities[u])))
        elif scoring == "normalized":
            scores[u, j] = _ratio(scores[u, j], np.abs(similarities[u]).sum())
    return scores


def item_ratings(matrix: Any, similarities: Array, used: int | None = None) -> Array:
    """mean_j + Σ_i s_ji (r_ui - mean_i) / Σ_i |s_ji| over the neighbors i of item j that user u has rated.

    `used` takes the most similar of them alone, ties to the lower index. Without any it is mean_j; an item without
    ratings has the mean of all.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> item_ratings(sp.csr_array([[4.0, 2.0], [2.0, 0.0]]), np.array([[0, 0.5], [0.5, 0]])).tolist()
    [[3.0, 3.0], [3.0, 1.0]]
    """
    has, values = _dense(matrix)
    means = _means(has.T, values.T)
    ratings = np.tile(means, (matrix.shape[0], 1))
    for u, j in np.ndindex(*ratings.shape):
        neighbors = _most_similar(similarities[j], has[u], used)
        ratings[u, j] += _average(similarities[j, neighbors], (values[u] - means)[neighbors])
    return ratings


def user_ratings(matrix: Any, similarities: Array, used: int | None = None) -> Array:
    """mean_u + Σ_v s_uv (r_vj - mean_v) / Σ_v |s_uv| over the neighbors v of user u who have rated item j.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> user_ratings(sp.csr_array([[4.0, 2.0], [2.0, 0.0]]), np.array([[0, 0.5], [0.5, 0]])).tolist()
    [[3.0, 3.0], [3.0, 1.0]]
    """
    has, values = _dense(matrix)
    means = _means(has, values)
    ratings = np.tile(means[:, None], (1, matrix.shape[1]))
    for u, j in np.ndindex(*ratings.shape):
        neighbors = _most_similar(similarities[u], has[:, j], used)
        ratings[u, j] += _average(similarities[u, neighbors], (values[:, j] - means)[neighbors])
    return ratings


def _dense(matrix: Any) -> tuple[npt.NDArray[np.bool_], Array]:
    """Where there are entries, zeros included, and their values."""
    entries = matrix.tocoo()
    has = np.zeros(matrix.shape, bool)
    has[entries.row, entries.col] = True
    return has, matrix.toarray().astype(np.float64)


def _means(has: npt.NDArray[np.bool_], values: Array) -> Array:
    """Mean of each row; where it has none, the mean of all."""
    overall = values[has].mean()
    return np.array([row[there].mean() if there.any() else overall for there, row in zip(has, values, strict=True)])


def _most_similar(similarities: Array, available: npt.NDArray[np.bool_], used: int | None) -> npt.NDArray[np.int64]:
    there = np.flatnonzero((similarities != 0) & available)
    return there[np.argsort(-similarities[there], kind="stable")[:used]]


def _average(weights: Array, values: Array) -> float:
    return float(weights @ values / np.abs(weights).sum()) if len(weights) else 0.0


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else 0.0
