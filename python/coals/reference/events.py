"""Co-occurrence in events, a pair at a time: the specification of `coals.event_cooccurrence`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["event_cooccurrence", "event_weight"]


def event_weight(time: float | None, now: float, half_life: float | None) -> float:
    """What an event counts for, by its age."""
    return 1.0 if half_life is None or time is None else 2.0 ** (-(now - time) / half_life)


def event_cooccurrence(
    groups: Sequence[Sequence[tuple[int, float | None]]],
    n_items: int,
    measure: str = "count",
    *,
    window: int | None = None,
    within: float | None = None,
    direction: str = "both",
    half_life: float | None = None,
    now: float = 0.0,
    inverse_distance: bool = False,
    repeats: bool = False,
    shrinkage: float = 0.0,
    min_support: int = 1,
) -> npt.NDArray[np.float64]:
    """Dense items x items; a group is its events in order, each an item and a time."""
    weight = np.zeros((n_items, n_items))
    total = np.zeros(n_items)
    support = np.zeros(n_items, dtype=int)
    of_groups = 0.0
    for events in groups:
        pairs: dict[tuple[int, int], list[float]] = {}
        latest: dict[int, float] = {}
        for a, (i, t) in enumerate(events):
            latest[i] = event_weight(t, now, half_life)
            for b in range(a + 1, len(events)):
                j, u = events[b]
                if i == j or (window is not None and b - a > window):
                    continue
                if within is not None and _apart(t, u) > within:
                    continue
                w = event_weight(t, now, half_life) / (b - a if inverse_distance else 1)
                for pair in _directed(i, j, direction, at_once=t is not None and t == u):
                    pairs.setdefault(pair, []).append(w)
        for pair, weights in pairs.items():
            weight[pair] += math.fsum(weights) if repeats else max(weights)
        for i, w in latest.items():
            total[i] += w
            support[i] += 1
        if events:
            of_groups += event_weight(events[-1][1], now, half_life)
    rare = support < max(1, min_support)
    weight[rare, :] = 0
    weight[:, rare] = 0
    return _similarity(weight, total, of_groups, measure, shrinkage)


def _apart(t: float | None, u: float | None) -> float:
    return 0.0 if t is None or u is None else u - t


def _directed(i: int, j: int, direction: str, at_once: bool) -> list[tuple[int, int]]:
    """The entries that an event of i before one of j counts for."""
    if direction == "both":
        return [(i, j), (j, i)]
    if at_once:
        return []
    return [(i, j)] if direction == "after" else [(j, i)]


def _similarity(weight: Any, total: Any, of_groups: float, measure: str, shrinkage: float) -> npt.NDArray[np.float64]:
    result = np.zeros(weight.shape)
    for i, j in zip(*np.nonzero(weight), strict=True):
        w, n_i, n_j = weight[i, j], total[i], total[j]
        value = {
            "count": w,
            "conditional": w / n_i,
            "jaccard": w / (n_i + n_j - w),
            "cosine": w / math.sqrt(n_i * n_j),
            "dice": 2 * w / (n_i + n_j),
            "lift": w * of_groups / (n_i * n_j),
        }[measure]
        result[i, j] = value * w / (w + shrinkage)
    return result
