"""Side features as a linear prior: the factors of row i are pulled to f_i W instead of to 0.

The part of the objective that W appears in,

    sum_i penalty_i |x_i - f_i W|^2 + mu |W|^2,

is a ridge regression of the factors on the features, solved by conjugate gradients on
(F^T D F + mu I) W = F^T D X in float64. They start from the W at hand and lower the objective in every step, so it
never rises, however few are taken. Cost of a step: 4 nnz(F) K flops. Nothing of size p x p is formed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals.data.native import blocks

__all__ = ["Prior", "fill_cold", "predicted"]

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]

_MOST_STEPS = 50
_TOLERANCE = 1e-10  # of the right-hand side, in the norm that conjugate gradients work in


def predicted(features: Any, weights: Doubles, dtype: Any) -> Array:
    """f_i W for every row, block by block."""
    out = np.empty((features.shape[0], weights.shape[1]), dtype)
    for rows, part in _parts(features, weights.shape[1]):
        out[rows] = part @ weights
    return out


def fill_cold(counts: npt.NDArray[np.int64], factors: Array, prior: Array, bias: Any, bias_prior: Any) -> None:
    """Rows without entries get what their features predict: factors and, where there are both, biases."""
    cold = np.flatnonzero(counts == 0)
    factors[cold] = prior[cold]
    if bias is not None and bias_prior is not None:
        bias[cold] = bias_prior[cold]


class Prior:
    """W of one side, and the factors and biases that it predicts.

    Attributes
    ----------
    features : csr_array of float64, shape (n, p)
    weights : ndarray of float64, shape (p, K), and bias_weights (p,) or None
    rows : ndarray of shape (n, K), and bias (n,) or None
        What the weights predict, in the dtype of the factors.
    """

    def __init__(self, features: Any, penalties: Doubles, mu: float, factors: Array, bias: Array | None) -> None:
        self.features = features
        self.penalties = penalties
        self.mu = mu
        p = features.shape[1]
        self.weights: Doubles = np.zeros((p, factors.shape[1]))
        self.bias_weights: Doubles | None = None if bias is None else np.zeros(p)
        self.rows: Array = np.zeros_like(factors)
        self.bias: Array | None = None if bias is None else np.zeros_like(bias)
        self._parts = _parts(features, factors.shape[1] + 1)
        self._diagonal = (features.multiply(features)).T @ penalties + mu
        self._diagonal[self._diagonal == 0] = 1.0

    def start_from(self, weights: Doubles) -> None:
        """Takes over W, of shape (p, K) or, with a bias, (p, K + 1). In place: a fit works on these arrays."""
        K = self.weights.shape[1]
        self.weights[:] = weights[:, :K]
        if self.bias_weights is not None:
            self.bias_weights[:] = weights[:, K]
        self._predict()

    def update(self, factors: Array, bias: Array | None) -> None:
        """The W that fits the factors best, starting from the present one."""
        K = self.weights.shape[1]
        right = np.zeros((len(self.weights), K + (bias is not None)))
        for rows, part in self._parts:
            x = factors[rows].astype(np.float64)
            if bias is not None:
                x = np.column_stack([x, bias[rows]])
            right += part.T @ (self.penalties[rows, None] * x)
        self.start_from(conjugate_gradients(self._apply, right, self.stacked(), self._diagonal))

    def stacked(self, weights: Doubles | None = None) -> Doubles:
        """(p, K), or (p, K + 1) with the bias last; `weights` in place of its own."""
        weights = self.weights if weights is None else weights
        if self.bias_weights is None:
            return np.array(weights)
        stacked: Doubles = np.column_stack([weights, self.bias_weights])
        return stacked

    def penalty(self) -> float:
        """mu |W|^2"""
        return self.mu * float((self.stacked() ** 2).sum())

    def _apply(self, weights: Doubles) -> Doubles:
        """(F^T D F + mu I) weights"""
        out: Doubles = self.mu * weights
        for rows, part in self._parts:
            out += part.T @ (self.penalties[rows, None] * (part @ weights))
        return out

    def _predict(self) -> None:
        for rows, part in self._parts:
            self.rows[rows] = part @ self.weights
            if self.bias is not None:
                self.bias[rows] = part @ self.bias_weights


def conjugate_gradients(apply: Callable[[Doubles], Doubles], right: Doubles, x: Doubles, diagonal: Doubles) -> Doubles:
    """Solves apply(x) = right for each column, with `diagonal` as the preconditioner, from x on."""
    residual = right - apply(x)
    scaled = residual / diagonal[:, None]
    direction = scaled.copy()
    size = (residual * scaled).sum(axis=0)
    enough = _TOLERANCE**2 * (right * right / diagonal[:, None]).sum(axis=0)
    for _ in range(_MOST_STEPS):
        if not (size > enough).any():
            break
        image = apply(direction)
        curvature = (direction * image).sum(axis=0)
        open_ = (size > enough) & (curvature > 0)
        step = np.where(open_, size / np.where(open_, curvature, 1.0), 0.0)
        x = x + step * direction
        residual -= step * image
        scaled = residual / diagonal[:, None]
        before, size = size, (residual * scaled).sum(axis=0)
        direction = scaled + np.where(open_, size / np.where(open_, before, 1.0), 0.0) * direction
    return x


def _parts(features: Any, width: int) -> list[tuple[slice, Any]]:
    """Row blocks of a csr_array that share its memory, small enough for what `width` columns more need."""
    parts = []
    for rows in blocks(features.shape[0], width):
        indptr = features.indptr[rows.start : rows.stop + 1]
        entries = slice(indptr[0], indptr[-1])
        arrays = features.data[entries], features.indices[entries], indptr - indptr[0]
        parts.append((rows, scipy.sparse.csr_array(arrays, shape=(rows.stop - rows.start, features.shape[1]))))
    return parts
