"""Filters on the graph of items, on dense matrices: ChebyCF, BSPM and Turbo-CF. GF-CF is in `walks`.

All are items x items matrices W; the scores of a row r are r W.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["blurring_weights", "chebyshev_coefficients", "chebyshev_weights", "power_weights"]

Array = npt.NDArray[np.float64]


def _normalized(X: Array, user_exponent: float = 0.5, item_exponent: float = 0.5) -> Array:
    """D_U^-a X D_I^-b, zero where a degree is."""
    users, items = X.sum(axis=1), X.sum(axis=0)
    R: Array = X / np.where(users > 0, users, 1)[:, None] ** user_exponent
    R = R / np.where(items > 0, items, 1) ** item_exponent
    return R


def _low_pass(X: Array, factors: int, exponent: float) -> Array:
    """D^-β V Vᵀ D^β, with V the largest right singular vectors of the normalised matrix."""
    items = X.sum(axis=0)
    degree = np.where(items > 0, items, 1) ** exponent * (items > 0)
    inverse = np.divide(1, degree, out=np.zeros_like(degree), where=degree > 0)
    _, s, Vt = np.linalg.svd(_normalized(X), full_matrices=False)
    V = Vt[:factors][s[:factors] > 1e-12].T  # those of 0 are arbitrary
    W: Array = (inverse[:, None] * V) @ (V.T * degree)
    return W


def chebyshev_coefficients(order: int, flatness: float) -> Array:
    """c_0, ..., c_K of the plateau filter, by interpolation on [-1, 1].

    The plateau is h(x) = 1/2 + |x|^φ / 2 for x < 0 and 1/2 - x^φ / 2 otherwise: it passes low frequencies and stays
    near 1/2 between. As in the authors' code (github.com/chanwoo0806/ChebyCF, module.py) its values are taken at
    cos(kπ / K), both rounded to three digits, and interpolated as those at the K + 1 roots of T_(K+1).

    Kim, Choi and Park, "Graph spectral filtering with Chebyshev interpolation for recommendation", 2025, section 4.

    Examples
    --------
    >>> chebyshev_coefficients(2, 1.0).round(4)
    array([ 0.5   , -0.5774,  0.    ])
    """
    k = np.arange(order + 1)
    at = np.round(np.cos((order - k) / max(order, 1) * np.pi), 3)
    plateau = np.round(0.5 - 0.5 * np.sign(at) * np.abs(at) ** flatness, 3)
    roots = np.cos((order + 0.5 - k) / (order + 1) * np.pi)
    c = np.array([2 / (order + 1) * (np.cos(m * np.arccos(roots)) * plateau).sum() for m in k])
    c[0] /= 2
    return c


def chebyshev_weights(
    X: Array, order: int, flatness: float, degree_exponent: float, factors: int, alpha: float
) -> Array:
    """D^-β (Σ c_k T_k(L̃) + α V Vᵀ) D^β with L̃ = I - 2 R̃ᵀR̃: ChebyCF, Kim, Choi and Park 2025, section 4."""
    items = X.sum(axis=0)
    R = _normalized(X)
    L = np.eye(X.shape[1]) - 2 * R.T @ R
    terms = [np.eye(len(L)), L]
    while len(terms) <= order:
        terms.append(2 * L @ terms[-1] - terms[-2])
    c = chebyshev_coefficients(order, flatness)
    H = sum(weight * term for weight, term in zip(c, terms, strict=False))
    degree = np.where(items > 0, items, 1) ** degree_exponent
    W: Array = H / degree[:, None] * degree + alpha * _low_pass(X, factors, degree_exponent)
    return W


def blurring_weights(X: Array, factors: int, alpha: float, sharpening: float, order: int) -> Array:
    """(P + α D^-½ V Vᵀ D^½) S: blurring by one Euler step, then sharpening dB/dt = -B P over the time T.

    S = Σ_m (-T P)^m / m! up to `order` is one Runge-Kutta step of that order, 1 being Euler's. BSPM with early merge:
    Choi, Hong, Park and Cho, "Blurring-sharpening process models for collaborative filtering", 2023, section 3;
    github.com/jeongwhanchoi/BSPM, model.py, with K_b = T_b = K_s = 1.
    """
    R = _normalized(X)
    P = R.T @ R
    S, term = np.eye(len(P)), np.eye(len(P))
    for m in range(1, order + 1):
        term = term @ (-sharpening * P) / m
        S = S + term
    W: Array = (P + alpha * _low_pass(X, factors, 0.5)) @ S
    return W


def power_weights(X: Array, order: int, degree_exponent: float, entry_exponent: float) -> Array:
    """P, 2P - P², or P + (-P³ + 10P² - 29P) / 100, for P = (RᵀR)^s entry by entry with R = D_U^-a X D_I^(a-1).

    Turbo-CF: Park, Shin and Shin, "Turbo-CF: matrix decomposition-free graph filtering for fast recommendation", 2024,
    section 3; github.com/jindeok/Turbo-CF, main.py.
    """
    R = _normalized(X, degree_exponent, 1 - degree_exponent)
    G = R.T @ R
    P = np.where(G > 0, np.where(G > 0, G, 1) ** entry_exponent, 0)
    W: Array = {1: P, 2: 2 * P - P @ P, 3: P + 0.01 * (-P @ P @ P + 10 * P @ P - 29 * P)}[order]
    return W
