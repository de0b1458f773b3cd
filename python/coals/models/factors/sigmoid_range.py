"""Scores squashed to a range by a sigmoid: the range, and what takes scores there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_number

__all__ = ["Range", "check_sigmoid_range", "sigmoid_range", "squashed", "unsquashed"]

Range = tuple[float, float] | None

# How far beyond the ratings the range goes on either side, as a share of it: a sigmoid never reaches its ends.
_MARGIN = 0.1


def check_sigmoid_range(given: Any) -> None:
    if given is None or (isinstance(given, str) and given == "data"):
        return
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"sigmoid_range must be None, 'data' or a (low, high) pair, got {given!r}")
    low, high = (check_number("sigmoid_range", end) for end in given)
    if low >= high:
        raise ValueError(f"sigmoid_range must be (low, high) with low < high, got {given!r}")


def sigmoid_range(given: Any, low: float, high: float) -> Range:
    """The range that `given` means for ratings from `low` to `high`."""
    if given is None:
        return None
    if given == "data":
        margin = _MARGIN * (high - low) or max(1.0, _MARGIN * abs(high))
        return low - margin, high + margin
    return float(given[0]), float(given[1])


def unsquashed(mean: float, limits: Range) -> float:
    """What becomes `mean`, or nearly so where that is at an end."""
    if limits is None:
        return mean
    low, high = limits
    share = float(np.clip((mean - low) / (high - low), 0.01, 0.99))
    return float(np.log(share / (1 - share)))


def squashed(scores: npt.NDArray[Any], limits: Range) -> npt.NDArray[Any]:
    if limits is None:
        return scores
    low, high = limits
    with np.errstate(over="ignore"):
        within: npt.NDArray[Any] = low + (high - low) / (1 + np.exp(-scores.astype(np.float64)))
    return within
