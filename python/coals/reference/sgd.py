"""Stochastic gradient steps on factors and biases, one rating or one pair of items at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Stepper", "pair_step", "rating_step"]

Array = npt.NDArray[np.float64]


@dataclass
class Stepper:
    """Moves an array along gradients. state holds squared gradients (adagrad) or velocities, and starts at zero."""

    rate: float
    momentum: float | None = None  # None: adagrad

    def move(self, value: Array, state: Array, at: Any, gradient: Any) -> None:
        """adagrad: value += rate g / sqrt(sum of g²);  momentum: v = momentum v + g, value += rate v.

        Examples
        --------
        >>> value, state = np.zeros(1), np.zeros(1)
        >>> Stepper(0.5).move(value, state, 0, 4.0)  # the first step is as long as the rate
        >>> value
        array([0.5])
        """
        if self.momentum is None:
            state[at] += np.square(gradient)
            value[at] += self.rate * gradient / (np.sqrt(state[at]) + 1e-10)
        else:
            state[at] = self.momentum * state[at] + gradient
            value[at] += self.rate * state[at]


def rating_step(
    step: Stepper,
    arrays: list[Array],
    state: list[Array],
    u: int,
    i: int,
    rating: float,
    penalty: float,
    mean: float = 0.0,
    limits: tuple[float, float] | None = None,
) -> float:
    """One step down ½ (r - f)² + ½ λ (|u|² + |v|² + b² + c²), f = mean + b + c + u·v, squashed to `limits` if given.

    arrays are users, items and, with biases, b and c. Returns the squared error before the step.
    """
    users, items, *biases = arrays
    score = mean + users[u] @ items[i] + (biases[0][u] + biases[1][i] if biases else 0.0)
    slope = 1.0
    if limits is not None:
        low, high = limits
        share = 1 / (1 + np.exp(-score))
        score, slope = low + (high - low) * share, (high - low) * share * (1 - share)
    error = rating - score
    gradients = [error * slope * items[i] - penalty * users[u], error * slope * users[u] - penalty * items[i]]
    gradients += [error * slope - penalty * bias[at] for bias, at in zip(biases, (u, i), strict=False)]
    for array, own, at, gradient in zip(arrays, state, (u, i, u, i), gradients, strict=False):
        step.move(array, own, at, gradient)
    return float(error**2)


def pair_step(step: Stepper, arrays: list[Array], state: list[Array], u: int, i: int, j: int, penalty: float) -> float:
    """One step of BPR (Rendle et al. 2009): down -log σ(s_ui - s_uj) + ½ λ |…|² with s = c + u·v.

    arrays are users, items and, with biases, c. Returns the margin s_ui - s_uj before the step.
    """
    users, items, *biases = arrays
    margin = users[u] @ (items[i] - items[j]) + (biases[0][i] - biases[0][j] if biases else 0.0)
    g = 1 / (1 + np.exp(margin))
    own, first, second = users[u].copy(), items[i].copy(), items[j].copy()
    step.move(users, state[0], u, g * (first - second) - penalty * own)
    step.move(items, state[1], i, g * own - penalty * first)
    step.move(items, state[1], j, -g * own - penalty * second)
    if biases:
        step.move(biases[0], state[2], i, g - penalty * biases[0][i])
        step.move(biases[0], state[2], j, -g - penalty * biases[0][j])
    return float(margin)
