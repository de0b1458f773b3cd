"""Did contenders of the same measure find the same neighbors?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.suites.knn.contender import CONTENDERS
from bench.suites.knn.runner import Outcome

__all__ = ["compare"]

#: Some libraries add up in float32, where sums of ten thousand equal terms are off by that.
TOLERANCE = 2e-3
#: Smaller values are sums that cancel; they are compared absolutely, as this.
SMALL = 0.01


def compare(outcomes: Sequence[Outcome]) -> list[str]:
    """Fills in each contender's difference to the first of its measure; returns complaints about the large ones.

    Values are compared and not items, as which of several equal neighbors is kept is up to each library. The variants
    in brackets, contenders that are missing, and those that ran on a part are left out.
    """
    first: dict[str, Outcome] = {}
    complaints = []
    for outcome in outcomes:
        measure = CONTENDERS[outcome.name].measure
        if outcome.missing or not outcome.values or measure.startswith("("):
            continue
        expected = first.setdefault(measure, outcome)
        outcome.difference = _difference(expected.values, outcome.values)
        if outcome.difference > TOLERANCE:
            complaints.append(f"{outcome.name} differs from {expected.name} by {outcome.difference:.1e}")
    return complaints


def _difference(expected: list[list[float]], found: list[list[float]]) -> float:
    """The largest relative difference; a neighbor that is in one only counts as one of value 0 in the other."""
    worst = 0.0
    for pair in zip(expected, found, strict=True):
        length = max(map(len, pair))
        a, b = (np.pad(row, (0, length - len(row))) for row in pair)
        worst = max(worst, float(np.max(np.abs(a - b) / np.maximum(np.abs(a), SMALL), initial=0)))
    return worst
