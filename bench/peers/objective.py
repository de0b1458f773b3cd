"""The objective of any contender's factors, in float64, without ever forming users x items.

This is the definition in `coals.reference.als` rearranged: the sum over all cells of (u.v)^2 is the inner product of
the two Gram matrices, and observed cells add what they differ by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.peers.problem import Factors, Objective

__all__ = ["objective_value"]

Array = npt.NDArray[np.float64]
# Entries at a time: bounds the gathered rows to a few dozen MB.
CHUNK = 1 << 16


def objective_value(matrix: Any, factors: Factors, objective: Objective) -> float:
    """The objective's value; lower is better, and equal for contenders that do the same."""
    U, V = (np.asarray(side, np.float64) for side in (factors.users, factors.items))
    estimate, r = _estimates(matrix, U, V), matrix.data.astype(np.float64)
    sizes = [np.diff(matrix.indptr).astype(np.float64), np.bincount(matrix.indices, minlength=len(V)).astype(float)]
    if objective.kind == "explicit":
        return _explicit(matrix, factors, objective, estimate, r, sizes)
    weight = objective.unobserved_weight
    total = weight * float(((U.T @ U) * (V.T @ V)).sum())
    if objective.kind == "hkv":
        observed = (weight + objective.alpha * r) * (1 - estimate) ** 2 - weight * estimate**2
    else:
        observed = objective.alpha * r * (1 - estimate) ** 2
        sizes = [sizes[0] + weight * len(V), sizes[1] + weight * len(U)]
    return total + float(observed.sum()) + _penalty(objective, sizes, [(U**2).sum(axis=1), (V**2).sum(axis=1)])


def _explicit(
    matrix: Any, factors: Factors, objective: Objective, estimate: Array, r: Array, sizes: list[Array]
) -> float:
    squares = [(np.asarray(side, np.float64) ** 2).sum(axis=1) for side in (factors.users, factors.items)]
    estimate += factors.mean
    if factors.user_bias is not None and factors.item_bias is not None:
        b, c = (np.asarray(bias, np.float64) for bias in (factors.user_bias, factors.item_bias))
        estimate += np.repeat(b, np.diff(matrix.indptr)) + c[matrix.indices]
        if objective.bias_penalty:
            squares = [squares[0] + b**2, squares[1] + c**2]
    return float(((r - estimate) ** 2).sum()) + _penalty(objective, sizes, squares)


def _penalty(objective: Objective, sizes: list[Array], squares: list[Array]) -> float:
    return objective.regularization * sum(
        float(size**objective.exponent @ square) for size, square in zip(sizes, squares, strict=True)
    )


def _estimates(matrix: Any, U: Array, V: Array) -> Array:
    """u.v of each stored entry."""
    rows = np.repeat(np.arange(len(U), dtype=np.int32), np.diff(matrix.indptr))
    out = np.empty(matrix.nnz)
    for start in range(0, matrix.nnz, CHUNK):
        part = slice(start, start + CHUNK)
        np.einsum("ij,ij->i", U[rows[part]], V[matrix.indices[part]], out=out[part])
    return out
