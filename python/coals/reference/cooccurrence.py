"""Scores of item co-occurrence, one user at a time; `coals.reference.similarity` has the similarities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["mean_similarity_scores"]

Array = npt.NDArray[np.float64]


def mean_similarity_scores(matrix: Any, similarities: Array) -> Array:
    """score[u, j] = mean over the items i of user u of similarities[i, j]; 0 for a user without items."""
    rows = matrix.tocsr()
    scores = np.zeros(matrix.shape)
    for u in range(matrix.shape[0]):
        items = rows.indices[rows.indptr[u] : rows.indptr[u + 1]]
        if len(items):
            scores[u] = similarities[items].mean(axis=0)
    return scores
