"""One row's system in every variant that `coals.reference.als` solves, and the regression on side features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "counts_of",
    "feature_penalty",
    "feature_weights",
    "nonnegative_solve",
    "penalties_of",
    "prior_of",
    "row_of",
    "solve_row",
    "weights_of",
]

Array = npt.NDArray[np.float64]


def row_of(matrix: Any, i: int) -> tuple[npt.NDArray[Any], Array]:
    """Columns and values stored in row i."""
    entries = slice(matrix.indptr[i], matrix.indptr[i + 1])
    return matrix.indices[entries], matrix.data[entries].astype(np.float64)


def weights_of(weights: Any, i: int, size: int) -> Array:
    """Of the entries of row i; 1 each without weights."""
    return np.ones(size) if weights is None else row_of(weights, i)[1]


def counts_of(matrix: Any) -> Array:
    counts: Array = np.diff(matrix.indptr).astype(np.float64)
    return counts


def penalties_of(counts: Array, lam: float, nu: float, offset: float = 0.0) -> Array:
    """lam (n_i + offset)^nu, and 0 for rows without entries, which take no part."""
    penalties: Array = np.where(counts > 0, lam * (np.maximum(counts, 1) + offset) ** nu, 0.0)
    return penalties


def solve_row(
    Y: Array,
    weight: Array | None,
    target: Array,
    ridge: float,
    *,
    base: Array | float = 0.0,
    prior: Array | float = 0.0,
    bounded: int = 0,
    singular: str = "error",
) -> Array:
    """(base + Y^T diag(weight) Y + ridge I) x = Y^T target + ridge prior.

    `weight`: None for ones. `bounded`: so many of the first elements of x must not be negative.
    `singular="minimum_norm"`: the shortest solution.

    >>> solve_row(np.eye(2), np.ones(2), np.array([3.0, -1.0]), 0.0)
    array([ 3., -1.])
    >>> solve_row(np.eye(2), np.ones(2), np.array([3.0, -1.0]), 0.0, bounded=2)
    array([3., 0.])
    """
    A = Y.T @ (Y if weight is None else weight[:, None] * Y) + base + ridge * np.eye(Y.shape[1])
    right = Y.T @ target + ridge * prior
    if bounded:
        return nonnegative_solve(A, right, bounded)
    if singular == "minimum_norm":
        return np.asarray(np.linalg.pinv(A, rcond=1e-12, hermitian=True) @ right)
    return np.asarray(np.linalg.solve(A, right))


def nonnegative_solve(A: Array, right: Array, bounded: int) -> Array:
    """Minimises x^T A x / 2 - right^T x by coordinate descent, with the first `bounded` elements of x >= 0."""
    x = np.zeros(len(right))
    for _ in range(100_000):
        before = x.copy()
        for k in range(len(x)):
            x[k] += (right[k] - A[k] @ x) / A[k, k]
            if k < bounded:
                x[k] = max(x[k], 0.0)
        if abs(x - before).max() <= 1e-13 * abs(x).max():
            break
    return x


def prior_of(features: Any, weights: Array | None, shape: tuple[int, ...]) -> Array:
    """f_i W, or zeros without features; `features` is a dense (n, p) array."""
    if features is None or weights is None:
        return np.zeros(shape)
    prior: Array = features @ weights
    return prior


def feature_weights(features: Any, penalties: Array, mu: float, X: Array) -> Array:
    """W that minimises sum_i penalty_i |x_i - f_i W|^2 + mu |W|^2: (F^T D F + mu I) W = F^T D X."""
    left = features.T @ (penalties[:, None] * features) + mu * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(left, features.T @ (penalties[:, None] * X)))


def feature_penalty(weights: Array | None, mu: float) -> float:
    """mu |W|^2"""
    return 0.0 if weights is None else mu * float((weights**2).sum())
