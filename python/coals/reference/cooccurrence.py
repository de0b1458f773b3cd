"""Item co-occurrence by comparing the users of every two items."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["item_similarity", "mean_similarity_scores"]

Array = npt.NDArray[np.float64]


def item_similarity(matrix: Any, similarity: str = "jaccard", neighbors: int | None = None) -> Array:
    """Similarity of every two items by who has them, dense, zero on the diagonal.

    count: c;  jaccard: c / (n_i + n_j - c);  cosine: c / sqrt(n_i n_j), where c is the number of users with both
    items and n_i, n_j the numbers with each. `neighbors` keeps the largest of each row, ties to the lower index.

    Parameters
    ----------
    matrix : sparse matrix of shape (users, items)
    similarity : {"count", "jaccard", "cosine"}
    neighbors : int, optional

    Returns
    -------
    ndarray of shape (items, items)

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> item_similarity(sp.csr_array([[1, 1, 0], [1, 1, 1]]), "count")
    array([[0., 2., 1.],
           [2., 0., 1.],
           [1., 1., 0.]])
    """
    columns = matrix.tocsc()
    users = [set(columns.indices[columns.indptr[j] : columns.indptr[j + 1]].tolist()) for j in range(matrix.shape[1])]
    out = np.zeros((len(users), len(users)))
    for i, of_i in enumerate(users):
        for j, of_j in enumerate(users):
            both = len(of_i & of_j)
            if i == j or both == 0:
                continue
            if similarity == "count":
                out[i, j] = both
            elif similarity == "jaccard":
                out[i, j] = both / len(of_i | of_j)
            else:
                out[i, j] = both / np.sqrt(len(of_i) * len(of_j))
        if neighbors is not None:
            out[i, np.argsort(-out[i], kind="stable")[neighbors:]] = 0.0
    return out


def mean_similarity_scores(matrix: Any, similarities: Array) -> Array:
    """score[u, j] = mean over the items i of user u of similarities[i, j]; 0 for a user without items."""
    rows = matrix.tocsr()
    scores = np.zeros(matrix.shape)
    for u in range(matrix.shape[0]):
        items = rows.indices[rows.indptr[u] : rows.indptr[u + 1]]
        if len(items):
            scores[u] = similarities[items].mean(axis=0)
    return scores
