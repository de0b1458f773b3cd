"""RP3beta (Paudel et al. 2017) and GF-CF (Shen et al. 2021) on dense matrices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["graph_filter_weights", "rp3beta_scores", "rp3beta_weights"]

Array = npt.NDArray[np.float64]


def _shares(X: Array) -> Array:
    """Each row divided by its sum."""
    sums = X.sum(axis=1, keepdims=True)
    shares: Array = np.divide(X, sums, out=np.zeros_like(X), where=sums > 0)
    return shares


def rp3beta_weights(X: Array, alpha: float, beta: float, neighbors: int | None = None) -> Array:
    """W_ij = Σ_v (x_vi / d_i)^α (x_vj / d_v)^α / d_j^β for i ≠ j, the `neighbors` largest of each row.

    Examples
    --------
    >>> rp3beta_weights(np.array([[1.0, 1.0], [1.0, 0.0]]), 1, 0)  # from item 0 to 1: half the users, half of his items
    array([[0.  , 0.25],
           [0.5 , 0.  ]])
    """
    to_users = np.where(X.T > 0, _shares(X.T) ** alpha, 0.0)
    to_items = np.where(X > 0, _shares(X) ** alpha, 0.0)
    popularity = X.sum(axis=0)
    W = to_users @ to_items / np.where(popularity > 0, popularity, 1) ** beta
    np.fill_diagonal(W, 0)
    if neighbors is not None:
        for row in W:
            row[np.argsort(-row, kind="stable")[neighbors:]] = 0
    return W


def rp3beta_scores(X: Array, W: Array, alpha: float) -> Array:
    """The first step of the walk, and the others."""
    scores: Array = np.where(X > 0, _shares(X) ** alpha, 0.0) @ W
    return scores


def graph_filter_weights(X: Array, factors: int, alpha: float) -> Array:
    """R̃ᵀR̃ + α D_I^(-1/2) V Vᵀ D_I^(1/2) with R̃ = D_U^(-1/2) X D_I^(-1/2) and V its largest right singular vectors."""
    users, items = X.sum(axis=1), X.sum(axis=0)
    scale = np.sqrt(np.outer(users, items))
    R = np.divide(X, scale, out=np.zeros_like(X), where=scale > 0)
    V = np.linalg.svd(R)[2][:factors].T
    root = np.sqrt(items)
    inverse = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
    W: Array = R.T @ R + alpha * (inverse[:, None] * V) @ (V.T * root)
    return W
