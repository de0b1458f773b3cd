"""Alternating least squares, one row at a time with `numpy.linalg.solve`.

`ratings` and `strengths` are users x items CSR, `weights` a CSR of the same pattern, features dense arrays; every
function returns new arrays and changes none. `coals.reference.rows` solves the single row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals.reference.rows import (
    counts_of,
    feature_penalty,
    feature_weights,
    penalties_of,
    prior_of,
    row_of,
    solve_row,
    weights_of,
)

__all__ = [
    "explicit_objective",
    "explicit_sweep",
    "implicit_objective",
    "implicit_sweep",
]

Array = npt.NDArray[np.float64]
# U (users, K), V (items, K), b (users,), c (items,), and with features W_u (p, K + 1), W_v (q, K + 1); K without biases
ExplicitState = tuple[Array, ...]
ImplicitState = tuple[Array, ...]  # U, V, and with features W_u (p, K), W_v (q, K)
Features = tuple[Any, Any]


def _mean(ratings: Any, weights: Any) -> float:
    return float(np.average(ratings.data.astype(np.float64), weights=None if weights is None else weights.data))


def _solve_bias(
    ratings: Any,
    U: Array,
    V: Array,
    c: Array,
    mean: float,
    lam: float,
    nu: float,
    weights: Any = None,
    prior: Any = 0.0,
) -> Array:
    """b_i = (sum_j w_ij (r_ij - mean - c_j - u_i . v_j) + ridge prior_i) / (sum_j w_ij + ridge), 0 without ratings."""
    b = np.zeros(ratings.shape[0])
    prior = np.broadcast_to(prior, b.shape)
    for i in range(len(b)):
        j, r = row_of(ratings, i)
        if len(j):
            w, ridge = weights_of(weights, i, len(j)), lam * len(j) ** nu
            b[i] = ((w * (r - mean - c[j] - V[j] @ U[i])).sum() + ridge * prior[i]) / (w.sum() + ridge)
    return b


def _solve_factors(
    ratings: Any,
    V: Array,
    b: Array,
    c: Array,
    mean: float,
    lam: float,
    nu: float,
    weights: Any = None,
    prior: Any = 0.0,
    **how: Any,
) -> Array:
    """u_i solves (V_i^T W_i V_i + lam n_i^nu I) u = V_i^T W_i (r_i - mean - b_i - c) + lam n_i^nu prior_i."""
    U = np.zeros((ratings.shape[0], V.shape[1]))
    prior = np.broadcast_to(prior, U.shape)
    for i in range(len(U)):
        j, r = row_of(ratings, i)
        if len(j):
            residual, ridge = r - mean - b[i] - c[j], lam * len(j) ** nu
            w = None if weights is None else weights_of(weights, i, len(j))
            target = residual if w is None else w * residual
            U[i] = solve_row(V[j], w, target, ridge, prior=prior[i], **how)
    return U


def _solve_joint(
    ratings: Any,
    V: Array,
    c: Array,
    mean: float,
    lam: float,
    nu: float,
    weights: Any = None,
    prior: Any = 0.0,
    **how: Any,
) -> tuple[Array, Array]:
    """[u_i b_i] as one ridge regression on [v_j 1]."""
    no_bias = np.zeros(ratings.shape[0])
    both = _solve_factors(
        ratings, np.column_stack([V, np.ones(len(V))]), no_bias, c, mean, lam, nu, weights, prior, **how
    )
    return both[:, :-1], both[:, -1]


def explicit_sweep(
    ratings: Any,
    state: ExplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    biases: bool = True,
    bias_update: str = "joint",
    weights: Any = None,
    features: Features = (None, None),
    feature_regularization: float = 1.0,
    nonnegative: bool = False,
    singular: str = "error",
) -> ExplicitState:
    """One sweep of explicit ALS: b, U, W_u, c, V, W_v in this order, or [U b], W_u, [V c], W_v.

    Parameters
    ----------
    ratings : csr of shape (users, items)
    state : (U, V, b, c), or with features (U, V, b, c, W_u, W_v)
        Of shape (users, K), (items, K), (users,), (items,), (p, K + 1), (q, K + 1); K columns without biases.
    regularization : (float, float)
        Of users and items.
    exponent, biases, bias_update, weights, features, feature_regularization, nonnegative, singular
        As in `coals.ExplicitALS`.

    Returns
    -------
    The new state.

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
    factors, bias = list(state[:2]), list(state[2:4])
    W: list[Any] = list(state[4:] or (None, None))
    K, mean = factors[0].shape[1], _mean(ratings, weights) if biases else 0.0
    how: dict[str, Any] = {"bounded": K if nonnegative else 0, "singular": singular}
    for side in (0, 1):
        data, w = (m if m is None or side == 0 else m.T.tocsr() for m in (ratings, weights))
        lam, fixed, fixed_bias = regularization[side], factors[1 - side], bias[1 - side]
        prior = prior_of(features[side], W[side], (data.shape[0], K + biases))
        shared = mean, lam, exponent, w
        if biases and bias_update == "joint":
            factors[side], bias[side] = _solve_joint(data, fixed, fixed_bias, *shared, prior, **how)
        else:
            if biases:
                bias[side] = _solve_bias(data, factors[side], fixed, fixed_bias, *shared, prior[:, K])
            factors[side] = _solve_factors(data, fixed, bias[side], fixed_bias, *shared, prior[:, :K], **how)
        if features[side] is not None:
            X = np.column_stack([factors[side], bias[side]]) if biases else factors[side]
            penalties = penalties_of(counts_of(data), lam, exponent)
            W[side] = feature_weights(features[side], penalties, feature_regularization, X)
    return (*factors, *bias, *W[: len(state) - 4])


def explicit_objective(
    ratings: Any,
    state: ExplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    biases: bool = True,
    weights: Any = None,
    features: Features = (None, None),
    feature_regularization: float = 1.0,
) -> float:
    """Weighted squared error of the observed ratings and the penalties; x_i is [u_i b_i] or [v_j c_j].

    J = sum w_ij (r_ij - mean - b_i - c_j - u_i . v_j)^2
        + sum over sides and rows of lam n_i^nu |x_i - f_i W|^2 + feature_regularization (|W_u|^2 + |W_v|^2)
    """
    U, V, b, c, *W = state
    mean = _mean(ratings, weights) if biases else 0.0
    total = 0.0
    for i in range(ratings.shape[0]):
        j, r = row_of(ratings, i)
        w = weights_of(weights, i, len(j))
        total += float((w * (r - mean - b[i] - c[j] - V[j] @ U[i]) ** 2).sum())
    for side, counts, factors, bias in ((0, counts_of(ratings), U, b), (1, counts_of(ratings.T.tocsr()), V, c)):
        x = np.column_stack([factors, bias]) if biases else factors
        own = W[side] if W else None
        x = x - prior_of(features[side], own, x.shape)
        total += float(penalties_of(counts, regularization[side], exponent) @ (x**2).sum(axis=1))
        total += feature_penalty(own, feature_regularization)
    return total


def _solve_implicit(
    strengths: Any,
    V: Array,
    alpha: float,
    w0: float,
    objective: str,
    lam: float,
    nu: float,
    prior: Any = 0.0,
    **how: Any,
) -> Array:
    """u_i solves (w0 V^T V + V_i^T diag(alpha |r|) V_i + ridge_i I) u = V_i^T d + ridge_i prior_i.

    hkv: d = w0 + alpha r where r > 0, ridge_i = lam n_i^nu.  ials: d = alpha r, ridge_i = lam (n_i + w0 items)^nu.
    d = 0 where r < 0: such a cell is surely empty.
    """
    U = np.zeros((strengths.shape[0], V.shape[1]))
    prior = np.broadcast_to(prior, U.shape)
    hkv = objective == "hkv"
    shared = w0 * (V.T @ V)
    for i in range(len(U)):
        j, r = row_of(strengths, i)
        if len(j) == 0:
            continue
        ridge = lam * (len(j) + (0.0 if hkv else w0 * len(V))) ** nu
        d = np.where(r > 0, alpha * r + (w0 if hkv else 0.0), 0.0)
        U[i] = solve_row(V[j], alpha * abs(r), d, ridge, base=shared, prior=prior[i], **how)
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
    features: Features = (None, None),
    feature_regularization: float = 1.0,
    nonnegative: bool = False,
    singular: str = "error",
) -> ImplicitState:
    """One sweep of implicit ALS: users, then items, each with its feature weights after it.

    Arguments as in `coals.ImplicitALS`; state is (U, V), or (U, V, W_u, W_v) with features.
    """
    factors = list(state[:2])
    W: list[Any] = list(state[2:] or (None, None))
    how: dict[str, Any] = {"bounded": factors[0].shape[1] if nonnegative else 0, "singular": singular}
    for side in (0, 1):
        data = strengths if side == 0 else strengths.T.tocsr()
        lam, fixed = regularization[side], factors[1 - side]
        prior = prior_of(features[side], W[side], factors[side].shape)
        settings = alpha, unobserved_weight, objective, lam, exponent
        factors[side] = _solve_implicit(data, fixed, *settings, prior, **how)
        if features[side] is not None:
            offset = unobserved_weight * len(fixed) if objective == "ials" else 0.0
            penalties = penalties_of(counts_of(data), lam, exponent, offset)
            W[side] = feature_weights(features[side], penalties, feature_regularization, factors[side])
    return (*factors, *W[: len(state) - 2])


def implicit_objective(
    strengths: Any,
    state: ImplicitState,
    *,
    regularization: tuple[float, float],
    exponent: float = 0.0,
    alpha: float = 1.0,
    unobserved_weight: float = 1.0,
    objective: str = "hkv",
    features: Features = (None, None),
    feature_regularization: float = 1.0,
) -> float:
    """The sum over all cells, written out densely: for small matrices only.

    hkv: sum c (p - u.v)^2 with c = w0 + alpha |r|, p = [r > 0].
    ials: sum over r != 0 of alpha |r| (p - u.v)^2, plus w0 sum over all of (u.v)^2.
    """
    U, V, *W = state
    r = strengths.toarray().astype(np.float64)
    p, size = (r > 0).astype(np.float64), abs(r)
    estimate = U @ V.T
    if objective == "hkv":
        total = ((unobserved_weight + alpha * size) * (p - estimate) ** 2).sum()
        offsets = 0.0, 0.0
    else:
        total = (alpha * size * (p - estimate) ** 2).sum() + unobserved_weight * (estimate**2).sum()
        offsets = unobserved_weight * r.shape[1], unobserved_weight * r.shape[0]
    for side, factors in enumerate((U, V)):
        own = W[side] if W else None
        x = factors - prior_of(features[side], own, factors.shape)
        penalties = penalties_of((r != 0).sum(axis=1 - side), regularization[side], exponent, offsets[side])
        total += penalties @ (x**2).sum(axis=1) + feature_penalty(own, feature_regularization)
    return float(total)
