"""Alternating least squares, one row at a time with `numpy.linalg.solve`.

`ratings` and `strengths` are users x items CSR; every function returns new arrays and changes none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "explicit_objective",
    "explicit_sweep",
    "implicit_objective",
    "implicit_sweep",
]

Array = npt.NDArray[np.float64]
ExplicitState = tuple[Array, Array, Array, Array]  # U (users, K), V (items, K), b (users,), c (items,)
ImplicitState = tuple[Array, Array]  # U, V


def _row(matrix: Any, i: int) -> tuple[npt.NDArray[Any], Array]:
    """Columns and values stored in row i."""
    entries = slice(matrix.indptr[i], matrix.indptr[i + 1])
    return matrix.indices[entries], matrix.data[entries].astype(np.float64)


def _counts(matrix: Any) -> Array:
    counts: Array = np.diff(matrix.indptr).astype(np.float64)
    return counts


def _ridge_solve(Y: Array, target: Array, ridge: float) -> Array:
    """x that minimises |target - Y x|^2 + ridge |x|^2:  (Y^T Y + ridge I) x = Y^T target."""
    x: Array = np.linalg.solve(Y.T @ Y + ridge * np.eye(Y.shape[1]), Y.T @ target)
    return x


def _solve_bias(ratings: Any, U: Array, V: Array, c: Array, mean: float, lam: float, nu: float) -> Array:
    """b_i = sum_j (r_ij - mean - c_j - u_i . v_j) / (n_i + lam n_i^nu), 0 without ratings."""
    b = np.zeros(ratings.shape[0])
    for i in range(len(b)):
        j, r = _row(ratings, i)
        if len(j):
            b[i] = (r - mean - c[j] - V[j] @ U[i]).sum() / (len(j) + lam * len(j) ** nu)
    return b


def _solve_factors(ratings: Any, V: Array, b: Array, c: Array, mean: float, lam: float, nu: float) -> Array:
    """u_i solves (V_i^T V_i + lam n_i^nu I) u = V_i^T (r_i - mean - b_i - c), V_i the rows it rated."""
    U = np.zeros((ratings.shape[0], V.shape[1]))
    for i in range(len(U)):
        j, r = _row(ratings, i)
        if len(j):
            U[i] = _ridge_solve(V[j], r - mean - b[i] - c[j], lam * len(j) ** nu)
    return U


def _solve_joint(ratings: Any, V: Array, c: Array, mean: float, lam: float, nu: float) -> tuple[Array, Array]:
    """[u_i b_i] as one ridge regression on [v_j 1]."""
    U, b = np.zeros((ratings.shape[0], V.shape[1])), np.zeros(ratings.shape[0])
    for i in range(len(U)):
        j, r = _row(ratings, i)
        if len(j):
            Y = np.column_stack([V[j], np.ones(len(j))])
            x = _ridge_solve(Y, r - mean - c[j], lam * len(j) ** nu)
            U[i], b[i] = x[:-1], x[-1]
    return U, b


def explicit_sweep(
    ratings: Any,
    state: ExplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    biases: bool = True,
    bias_update: str = "joint",
) -> ExplicitState:
    """One sweep of explicit ALS: b, U, c, V in this order, or [U b] and [V c].

    Parameters
    ----------
    ratings : csr of shape (users, items)
    state : (U, V, b, c)
        Of shape (users, K), (items, K), (users,), (items,).
    regularization : (float, float)
        Of users and items.
    exponent, biases, bias_update
        As in `coals.ExplicitALS`.

    Returns
    -------
    (U, V, b, c)

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> ratings = sp.csr_array(np.array([[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]))
    >>> start = np.ones((2, 1)), np.ones((3, 1)), np.zeros(2), np.zeros(3)
    >>> U, V, b, c = explicit_sweep(ratings, start, regularization=(1e-8, 1e-8), biases=False)
    >>> (U @ V.T).round(6)
    array([[ 3.,  4.,  5.],
           [ 6.,  8., 10.]])
    """
    U, V, b, c = state
    by_item = ratings.T.tocsr()
    (lam_u, lam_v), nu = regularization, exponent
    mean = float(ratings.data.mean(dtype=np.float64)) if biases else 0.0
    if biases and bias_update == "joint":
        U, b = _solve_joint(ratings, V, c, mean, lam_u, nu)
        V, c = _solve_joint(by_item, U, b, mean, lam_v, nu)
        return U, V, b, c
    if biases:
        b = _solve_bias(ratings, U, V, c, mean, lam_u, nu)
    U = _solve_factors(ratings, V, b, c, mean, lam_u, nu)
    if biases:
        c = _solve_bias(by_item, V, U, b, mean, lam_v, nu)
    V = _solve_factors(by_item, U, c, b, mean, lam_v, nu)
    return U, V, b, c


def explicit_objective(
    ratings: Any,
    state: ExplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    biases: bool = True,
) -> float:
    """Squared error of the observed ratings and the penalties.

    J = sum (r_ij - mean - b_i - c_j - u_i . v_j)^2
        + lam_u sum_i n_i^nu (|u_i|^2 + b_i^2) + lam_v sum_j m_j^nu (|v_j|^2 + c_j^2)
    """
    U, V, b, c = state
    mean = float(ratings.data.mean(dtype=np.float64)) if biases else 0.0
    total = 0.0
    for i in range(ratings.shape[0]):
        j, r = _row(ratings, i)
        total += float(((r - mean - b[i] - c[j] - V[j] @ U[i]) ** 2).sum())
    for lam, counts, factors, bias in (
        (regularization[0], _counts(ratings), U, b),
        (regularization[1], _counts(ratings.T.tocsr()), V, c),
    ):
        total += lam * float(counts**exponent @ ((factors**2).sum(axis=1) + bias**2))
    return total


def _solve_implicit(strengths: Any, V: Array, alpha: float, w0: float, objective: str, lam: float, nu: float) -> Array:
    """u_i solves (w0 V^T V + V_i^T diag(alpha r) V_i + ridge_i I) u = V_i^T d.

    hkv: d = w0 + alpha r, ridge_i = lam n_i^nu.  ials: d = alpha r, ridge_i = lam (n_i + w0 items)^nu.
    """
    K = V.shape[1]
    shared = w0 * (V.T @ V)
    U = np.zeros((strengths.shape[0], K))
    for i in range(len(U)):
        j, r = _row(strengths, i)
        if len(j) == 0:
            continue
        size = len(j) + (w0 * len(V) if objective == "ials" else 0.0)
        A = shared + (V[j] * (alpha * r)[:, None]).T @ V[j] + lam * size**nu * np.eye(K)
        U[i] = np.linalg.solve(A, V[j].T @ (alpha * r + (w0 if objective == "hkv" else 0.0)))
    return U


def implicit_sweep(
    strengths: Any,
    state: ImplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    alpha: float = 1.0,
    unobserved_weight: float = 1.0,
    objective: str = "hkv",
) -> ImplicitState:
    """One sweep of implicit ALS: users, then items. Arguments as in `coals.ImplicitALS`; state is (U, V)."""
    U, V = state
    shared = (alpha, unobserved_weight, objective)
    U = _solve_implicit(strengths, V, *shared, regularization[0], exponent)
    V = _solve_implicit(strengths.T.tocsr(), U, *shared, regularization[1], exponent)
    return U, V


def implicit_objective(
    strengths: Any,
    state: ImplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    alpha: float = 1.0,
    unobserved_weight: float = 1.0,
    objective: str = "hkv",
) -> float:
    """The sum over all cells, written out densely: for small matrices only.

    hkv: sum c (p - u.v)^2 with c = w0 + alpha r, p = [r > 0].
    ials: sum over r > 0 of alpha r (1 - u.v)^2, plus w0 sum over all of (u.v)^2.
    """
    U, V = state
    r = strengths.toarray().astype(np.float64)
    p = (r > 0).astype(np.float64)
    estimate = U @ V.T
    if objective == "hkv":
        total = ((unobserved_weight + alpha * r) * (p - estimate) ** 2).sum()
        sizes = p.sum(axis=1), p.sum(axis=0)
    else:
        total = (alpha * r * (1 - estimate) ** 2).sum() + unobserved_weight * (estimate**2).sum()
        sizes = (
            p.sum(axis=1) + unobserved_weight * p.shape[1],
            p.sum(axis=0) + unobserved_weight * p.shape[0],
        )
    for lam, size, factors in zip(regularization, sizes, (U, V), strict=True):
        total += lam * (size**exponent @ (factors**2).sum(axis=1))
    return float(total)
