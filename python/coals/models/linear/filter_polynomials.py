"""Polynomials of P, the matrix of the item graph, as coefficients of the Chebyshev polynomials of I - 2P."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numpy.polynomial import Polynomial, chebyshev

__all__ = ["in_powers", "plateau", "sharpening_steps"]

Floats = npt.NDArray[np.float64]


def in_powers(coefficients: Sequence[float]) -> Floats:
    """Chebyshev coefficients of c_0 + c_1 P + c_2 P² and so on.

    >>> in_powers([0, 1])  # P = (I - (I - 2P)) / 2
    array([ 0.5, -0.5])
    """
    shifted = Polynomial(coefficients)(Polynomial([0.5, -0.5]))
    return np.asarray(chebyshev.poly2cheb(shifted.coef), np.float64)


def plateau(order: int, flatness: float) -> Floats:
    """Chebyshev coefficients of the filter of ChebyCF: see `coals.reference.graph_filters.chebyshev_coefficients`.

    >>> plateau(2, 1.0).round(4)
    array([ 0.5   , -0.5774,  0.    ])
    """
    k = np.arange(order + 1)
    at = np.cos((order - k) / order * np.pi).round(3)
    target = (0.5 - 0.5 * np.sign(at) * np.abs(at) ** flatness).round(3)
    roots = np.cos((order + 0.5 - k) / (order + 1) * np.pi)
    found = chebyshev.chebvander(roots, order).T @ target * (2 / (order + 1))
    found[0] /= 2
    return np.asarray(found, np.float64)


def sharpening_steps(time: float, order: int) -> Floats:
    """Chebyshev coefficients of one Runge-Kutta step of dB/dt = -B P over `time`.

    >>> sharpening_steps(1.0, 1)  # I - P
    array([0.5, 0.5])
    """
    return in_powers([(-time) ** m / math.factorial(m) for m in range(order + 1)])
