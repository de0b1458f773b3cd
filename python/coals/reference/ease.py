"""EASE (Steck 2019) by NumPy's dense inverse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ease_weights", "strongest"]

Array = npt.NDArray[np.float64]


def ease_weights(X: Array, regularization: float) -> Array:
    """B = I - P diag(1 / P_jj) with P = (XᵀX + λI)⁻¹: the minimum of |X - XB|² + λ|B|² with a diagonal of zeros.

    Examples
    --------
    >>> ease_weights(np.array([[1.0, 1.0], [1.0, 0.0]]), 1.0)
    array([[0.        , 0.33333333],
           [0.5       , 0.        ]])
    """
    n = X.shape[1]
    P = np.linalg.inv(X.T @ X + regularization * np.eye(n))
    B: Array = -P / np.diag(P)
    np.fill_diagonal(B, 0)
    return B


def strongest(B: Array, count: int) -> Array:
    """B with only the `count` entries of largest magnitude of each column, ties to the lower row."""
    out = np.zeros_like(B)
    for j in range(B.shape[1]):
        kept = np.argsort(-np.abs(B[:, j]), kind="stable")[:count]
        out[kept, j] = B[kept, j]
    return out
