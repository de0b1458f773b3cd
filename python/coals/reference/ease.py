"""EASE (Steck 2019) and its relatives by NumPy's dense inverse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["cosine_support", "ease_weights", "sparse_ease_weights", "strongest", "weighted_gram"]

Array = npt.NDArray[np.float64]


def ease_weights(
    X: Array,
    regularization: float,
    *,
    dropout: float = 0.0,
    max_diagonal: float = 0.0,
    item_exponent: float = 0.0,
    user_exponent: float = 0.0,
) -> Array:
    """B = I - C diag(Λ + μ) with C = (G + Λ)⁻¹ and μ_j = max(0, (1 - ξ) / C_jj - Λ_jj), so that B_jj <= ξ.

    Λ = λI + p / (1 - p) diag(G) (EDLAE: Steck, "Autoencoders that don't overfit towards the identity", 2020).
    The constraint B_jj <= ξ: Moon, Kim and Lee, "It's enough: relaxing diagonal constraints in linear autoencoders for
    recommendation", 2023 (RDLAE; RLAE without dropout). Weights: G = Xᵀ diag(n_u^-β) X, then D^(-α/2) G
    D^(-α/2) with D = diag(G), and D^(-α/2) B D^(α/2): Park et al., "Why is normalization necessary for linear
    recommenders?", 2025. An item without entries has a zero row and column.

    Examples
    --------
    >>> ease_weights(np.array([[1.0, 1.0], [1.0, 0.0]]), 1.0)
    array([[0.        , 0.33333333],
           [0.5       , 0.        ]])
    """
    G = weighted_gram(X, user_exponent)
    D = np.where(np.diag(G) > 0, np.diag(G), 1.0)
    G = G / np.sqrt(np.outer(D, D)) ** item_exponent
    penalty = regularization + dropout / (1 - dropout) * np.diag(G)
    C = np.linalg.inv(G + np.diag(penalty))
    mu = np.maximum(0, (1 - max_diagonal) / np.diag(C) - penalty)
    B: Array = np.eye(len(G)) - C * (penalty + mu)
    if max_diagonal == 0:
        np.fill_diagonal(B, 0)
    B = B / D[:, None] ** (item_exponent / 2) * D ** (item_exponent / 2)
    empty = np.diag(G) == 0
    B[empty] = 0
    B[:, empty] = 0
    return B


def sparse_ease_weights(
    X: Array,
    support: list[list[int]],
    regularization: float,
    *,
    dropout: float = 0.0,
    max_diagonal: float = 0.0,
    item_exponent: float = 0.0,
    user_exponent: float = 0.0,
) -> Array:
    """B_Sj = (G_SS + Λ_S)⁻¹ G_Sj for the items S of ``support[j]``, times max(Λ_j C_jj, 1 - ξ) with C = (G + Λ)⁻¹ on S
    and j; all else as in `ease_weights`.

    Examples
    --------
    >>> sparse_ease_weights(np.array([[1.0, 1.0], [1.0, 0.0]]), [[1], [0]], 1.0)
    array([[0.        , 0.33333333],
           [0.5       , 0.        ]])
    """
    G = weighted_gram(X, user_exponent)
    D = np.where(np.diag(G) > 0, np.diag(G), 1.0)
    G = G / np.sqrt(np.outer(D, D)) ** item_exponent
    penalty = regularization + dropout / (1 - dropout) * np.diag(G)
    B = np.zeros_like(G)
    for j, S in enumerate(support):
        B[S, j] = np.linalg.solve(G[np.ix_(S, S)] + np.diag(penalty[S]), G[S, j])
        both = [*S, j]
        C = np.linalg.inv(G[np.ix_(both, both)] + np.diag(penalty[both]))
        B[:, j] *= max(penalty[j] * C[-1, -1], 1 - max_diagonal)
    weights: Array = B / D[:, None] ** (item_exponent / 2) * D ** (item_exponent / 2)
    return weights


def cosine_support(G: Array, neighbors: int) -> list[list[int]]:
    """For each item the `neighbors` others with the largest G_ij / sqrt(G_ii G_jj), ties to the lower index.

    Examples
    --------
    >>> cosine_support(np.array([[2.0, 2.0, 1.0], [2.0, 2.0, 1.0], [1.0, 1.0, 1.0]]), 1)
    [[1], [0], [0]]
    """
    found = []
    for j in range(len(G)):
        likes = {i: G[i, j] / np.sqrt(G[i, i] * G[j, j]) for i in range(len(G)) if i != j and G[i, j] != 0}
        found.append(sorted(likes, key=lambda i: (-likes[i], i))[:neighbors])
    return found


def weighted_gram(X: Array, user_exponent: float) -> Array:
    """Xᵀ diag(n_u^-β) X, for users with n_u entries.

    Examples
    --------
    >>> weighted_gram(np.array([[1.0, 1.0], [1.0, 0.0]]), 1.0)
    array([[1.5, 0.5],
           [0.5, 0.5]])
    """
    sizes = (X != 0).sum(axis=1)
    G: Array = X.T * np.maximum(sizes, 1.0) ** -user_exponent @ X
    return G


def strongest(B: Array, count: int) -> Array:
    """B with only the `count` entries of largest magnitude of each column, ties to the lower row."""
    out = np.zeros_like(B)
    for j in range(B.shape[1]):
        kept = np.argsort(-np.abs(B[:, j]), kind="stable")[:count]
        out[kept, j] = B[kept, j]
    return out
