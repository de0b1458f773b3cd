"""PureSVD (Cremonesi, Koren, Turrin 2010) from NumPy's dense singular value decomposition."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Decomposition", "fold_in", "neighbor_scores", "scores", "svd"]

Array = npt.NDArray[np.float64]


class Decomposition(NamedTuple):
    """R - means ≈ left diag(values) rightᵀ. means is what `center` takes from each cell, 0 without it."""

    left: Array
    values: Array
    right: Array
    means: Array


def svd(matrix: Any, factors: int, center: str | None = None) -> Decomposition:
    """The best approximation of rank `factors`, where cells without an entry are 0 once the mean is taken from others.

    center: None, or the mean of all entries ("global"), of the row's ("user") or of the column's ("item"); of all where
    there are none. The component of largest magnitude of each right vector is positive. Beyond the rank
    all is exactly 0, and so are the vectors of rows and columns of zeros, where LAPACK may leave rounding.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> svd(sp.csr_array([[3.0, 0.0], [0.0, 4.0]]), 1).values
    array([4.])
    """
    entries = matrix.tocoo()
    has = np.zeros(matrix.shape, bool)
    has[entries.row, entries.col] = True
    R = np.zeros(matrix.shape)
    R[has] = matrix.toarray()[has]
    means = _means(R, has, center)
    centered = np.where(has, R - means, 0.0)
    left, values, right = np.linalg.svd(centered, full_matrices=False)
    left, values, right = left[:, :factors], values[:factors], right[:factors].T
    beyond = values <= values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    left[:, beyond], values[beyond], right[:, beyond] = 0, 0, 0
    left[~centered.any(axis=1)], right[~centered.any(axis=0)] = 0, 0
    largest = np.abs(right).argmax(axis=0)
    sign = np.where(right[largest, np.arange(len(values))] < 0, -1.0, 1.0)
    return Decomposition(left * sign, values, right * sign, means)


def _means(R: Array, has: npt.NDArray[np.bool_], center: str | None) -> Array:
    means = np.zeros_like(R)
    if center is None:
        return means
    means[:] = R[has].mean()
    if center == "user":
        for u in np.flatnonzero(has.any(axis=1)):
            means[u] = R[u, has[u]].mean()
    elif center == "item":
        for i in np.flatnonzero(has.any(axis=0)):
            means[:, i] = R[has[:, i], i].mean()
    return means


def scores(found: Decomposition, exponent: float = 1.0) -> Array:
    """means + U S^e Vᵀ, users x items."""
    out: Array = found.means + (found.left * found.values**exponent) @ found.right.T
    return out


def fold_in(found: Decomposition, row: Array, exponent: float = 1.0) -> Array:
    """x V S^(e - 1): the factors of a row (less its means) that was not there."""
    scale = np.zeros_like(found.values)
    np.power(found.values, exponent - 1, out=scale, where=found.values > 0)
    factors: Array = row @ found.right * scale
    return factors


def neighbor_scores(matrix: Any, found: Decomposition, used: int, exponent: float = 1.0) -> Array:
    """score[u, i]: the cosines, as far as above 0, of those of the `used` users nearest to u who have i, added up."""
    factors = found.left * found.values**exponent
    norms = np.linalg.norm(factors, axis=1)
    unit = factors / np.where(norms > 0, norms, 1)[:, None]
    has = matrix.toarray() != 0
    out = np.zeros(matrix.shape)
    for u in range(len(unit)):
        cosine = unit @ unit[u]
        cosine[u] = -np.inf
        for v in np.argsort(-cosine, kind="stable")[:used]:
            out[u] += max(cosine[v], 0.0) * has[v]
    return out
