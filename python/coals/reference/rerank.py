"""Reordered candidate lists, one at a time, straight from the definitions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["cap_categories", "mmr"]


def mmr(scores: Sequence[float], similarity: npt.NDArray[Any], n: int, diversity: float) -> list[int]:
    """Places of the chosen candidates: each is the one with the largest

        (1 − diversity) · relevance − diversity · (largest similarity to one chosen already, 0 for the first)

    where relevance is the score scaled to 0 … 1 over the list, 1 if all scores are equal; ties go to the candidate that
    comes first (Carbonell, Goldstein 1998).

    Examples
    --------
    >>> mmr([3.0, 2.9, 1.0], np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), 2, 0.5)
    [0, 2]
    """
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    relevance = [1.0 if low == high else (score - low) / (high - low) for score in scores]
    chosen: list[int] = []
    while len(chosen) < min(n, len(scores)):
        best, best_value = -1, -np.inf
        for c in range(len(scores)):
            if c in chosen:
                continue
            nearest = max((float(similarity[c, other]) for other in chosen), default=0.0)
            value = (1 - diversity) * relevance[c] - diversity * nearest
            if value > best_value:
                best, best_value = c, value
        chosen.append(best)
    return chosen


def cap_categories(categories: Sequence[Sequence[Hashable]], n: int, limit: int | Mapping[Hashable, int]) -> list[int]:
    """Places of the first n candidates such that no category has more than its limit of them.

    A candidate may be of several categories, or of none. Categories that a mapping does not name have no limit.

    Examples
    --------
    >>> cap_categories([["a"], ["a"], ["a", "b"], [], ["b"]], 3, 1)
    [0, 3, 4]
    """
    taken: dict[Hashable, int] = {}
    chosen: list[int] = []
    for place, own in enumerate(categories):
        if len(chosen) == n:
            break
        limits = {c: limit.get(c) if isinstance(limit, Mapping) else limit for c in set(own)}
        if all(most is None or taken.get(c, 0) < most for c, most in limits.items()):
            chosen.append(place)
            for c in set(own):
                taken[c] = taken.get(c, 0) + 1
    return chosen
