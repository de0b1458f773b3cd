"""GloVe (Pennington, Socher, Manning 2014): counts in windows, and the least squares that vectors are fitted by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from coals.reference.als import explicit_objective, explicit_sweep

__all__ = ["directions", "glove_counts", "glove_objective", "glove_sweep", "glove_weights", "item_scores"]

Array = npt.NDArray[np.float64]
State = tuple[Array, ...]  # w, context vectors, b, c


def glove_counts(groups: Sequence[Sequence[int]], n_items: int, window: int | None) -> Array:
    """Each pair at most `window` places apart counts 1 / distance, once in each direction; none with itself.

    Examples
    --------
    >>> glove_counts([[0, 1, 2]], 3, window=2)
    array([[0. , 1. , 0.5],
           [1. , 0. , 1. ],
           [0.5, 1. , 0. ]])
    """
    counts = np.zeros((n_items, n_items))
    for group in groups:
        for a, i in enumerate(group):
            for b in range(a + 1, len(group) if window is None else min(a + window + 1, len(group))):
                j = group[b]
                if i != j:
                    counts[i, j] += 1 / (b - a)
                    counts[j, i] += 1 / (b - a)
    return counts


def glove_weights(counts: Array, x_max: float, exponent: float = 0.75) -> Array:
    """f(x) = min(1, (x / x_max)^exponent), and 0 for pairs that never occur.

    Examples
    --------
    >>> glove_weights(np.array([0.0, 1.0, 16.0, 100.0]), x_max=16)
    array([0.   , 0.125, 1.   , 1.   ])
    """
    weights: Array = np.where(counts > 0, np.minimum(1, (counts / x_max) ** exponent), 0)
    return weights


def _problem(counts: Array, x_max: float, exponent: float) -> tuple[Any, Any]:
    """log x as ratings of the pairs that occur, stored zeros for x = 1 included, and their weights."""
    i, j = np.nonzero(counts)
    begin = np.searchsorted(i, np.arange(len(counts) + 1))
    weights = glove_weights(counts, x_max, exponent)[i, j]
    return tuple(sp.csr_array((data, j, begin), shape=counts.shape) for data in (np.log(counts[i, j]), weights))


def glove_sweep(counts: Array, state: State, *, x_max: float, regularization: float, exponent: float = 0.75) -> State:
    """[w b] of each item as one weighted ridge regression on [w~ 1], then [w~ c] on [w 1]."""
    logs, weights = _problem(counts, x_max, exponent)
    return explicit_sweep(logs, state, regularization=(regularization, regularization), weights=weights)


def glove_objective(
    counts: Array, state: State, *, x_max: float, regularization: float, exponent: float = 0.75
) -> float:
    """Sum of f(x) (log x - mean - b - c - w . w~)² and of the squares of all that is learned, times regularization."""
    logs, weights = _problem(counts, x_max, exponent)
    return float(explicit_objective(logs, state, regularization=(regularization, regularization), weights=weights))


def directions(vectors: Array) -> Array:
    """Rows of length 1; rows of zeros stay.

    Examples
    --------
    >>> directions(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def item_scores(history: Sequence[int], state: State) -> Array:
    """Of each item, the mean of w_i . w~_j over the items i of a history."""
    scores: Array = state[1] @ state[0][list(history)].mean(axis=0)
    return scores
