"""Factors and bias of new users, from what they rated and from how those of others are spread."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals.models.base import Array
from coals.models.factors.sigmoid_range import Range
from coals.models.folded_rows import Rows
from coals.neural.training.training import Training

__all__ = ["Spread", "likeliest_raters", "most_likely", "noise_of"]

Floats = npt.NDArray[np.float64]

_STEPS = 20
_HALVINGS = 10
_CLOSE = 1e-9


class Spread(NamedTuple):
    """Means and variances of the numbers of a user, and the variance of ratings about what is predicted."""

    mean: Floats
    variance: Floats
    noise: float


def noise_of(training: Training, epoch: int) -> float:
    """How far ratings are from what is predicted, squared."""
    # On data held out, where there are some: on its own data a network errs less than it will.
    return float(training.values[epoch - 1] ** 2 if training.values else training.losses[epoch - 1])


def likeliest_raters(model: Any, rows: Rows) -> tuple[Array, Array]:
    """Factors and biases of people with these ratings, while the items stay as they are."""
    indptr, indices, values = rows.entries.to_arrays()
    mean, variance = model._spread_
    spread = Spread(mean, variance, model._noise_)
    found = np.tile(mean, (rows.entries.rows, 1))
    for row in range(len(found)):
        own = slice(indptr[row], indptr[row + 1])
        items = indices[own]
        if len(items):
            x = np.column_stack([model.item_factors_[items], np.ones(len(items))]).astype(np.float64)
            offset = model.global_mean_ + model.item_bias_[items].astype(np.float64)
            found[row] = most_likely(x, offset, values[own].astype(np.float64), spread, model.sigmoid_range_)
    numbers = found.astype(model.item_factors_.dtype)
    return np.ascontiguousarray(numbers[:, :-1]), numbers[:, -1].copy()


def most_likely(x: Floats, offset: Floats, ratings: Floats, spread: Spread, limits: Range) -> Floats:
    """The t that lowers Σ (r - f(offset + x t))² / noise + Σ (t - mean)² / variance, by damped Gauss-Newton steps.

    f is the sigmoid to the limits, or nothing, where the first step is there. Numbers that do not vary stay.

    Examples
    --------
    One rating, 2 above what is expected, as sure as the prior: half of it is believed.

    >>> one, zero = np.ones(1), np.zeros(1)
    >>> most_likely(np.ones((1, 1)), np.array([3.0]), np.array([5.0]), Spread(zero, one, 1.0), None)
    array([1.])
    """
    moving = spread.variance > 0
    weight = np.where(moving, 1 / np.where(moving, spread.variance, 1), 0)
    noise = spread.noise or np.finfo(np.float64).tiny

    def look(t: Floats) -> tuple[float, Floats, Floats]:
        score = offset + x @ t
        slope: Floats = np.ones_like(score)
        if limits is not None:
            low, high = limits
            share = 1 / (1 + np.exp(-np.clip(score, -500, 500)))
            score, slope = low + (high - low) * share, (high - low) * share * (1 - share)
        errors = ratings - score
        return float(errors @ errors / noise + weight @ (t - spread.mean) ** 2), errors, slope[:, None] * x

    t: Floats = spread.mean.copy()
    loss, errors, slopes = look(t)
    for _ in range(_STEPS):
        slopes = slopes[:, moving]
        gradient = slopes.T @ errors / noise - (weight * (t - spread.mean))[moving]
        step = np.zeros_like(t)
        step[moving] = np.linalg.lstsq(slopes.T @ slopes / noise + np.diag(weight[moving]), gradient, rcond=None)[0]
        for _ in range(_HALVINGS):
            new = look(t + step)
            if new[0] <= loss:
                break
            step /= 2
        else:
            break
        before, t = loss, t + step
        loss, errors, slopes = new
        if before - loss <= _CLOSE * before:
            break
    return t
