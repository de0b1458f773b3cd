"""The table of a race."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.suites.knn.contender import CONTENDERS
from bench.suites.knn.runner import Outcome

__all__ = ["LEFT", "TITLES", "table"]

TITLES = [
    "shape", "k", "contender", "version", "measure", "s", "best", "cores", "x coals", "Gpairs/s", "B/pair",
    "load MB", "peak MB", "above", "differs", "note",
]  # fmt: skip
LEFT = (0, 2, 3, 4, 15)


def table(shape: str, k: int, outcomes: Sequence[Outcome], pairs: int, bandwidth: float) -> list[list[str]]:
    """Rows of cells; that of a missing contender ends with the reason."""
    medians = {outcome.name: outcome.median for outcome in outcomes if not outcome.missing}
    return [_cells(shape, k, outcome, medians, pairs, bandwidth) for outcome in outcomes]


def _cells(shape: str, k: int, outcome: Outcome, medians: dict[str, float], pairs: int, bandwidth: float) -> list[str]:
    entry = CONTENDERS[outcome.name]
    head = [shape, str(k) if entry.selects else "all", outcome.name]
    if outcome.missing:
        return [*head, f"missing: {outcome.missing}"]
    ours = medians.get(entry.ours)
    rate = pairs / outcome.median / 1e9
    whole = outcome.scale == 1
    memory = [f"{outcome.loaded_mb:.0f}", f"{outcome.peak_mb:.0f}", f"{outcome.peak_mb - outcome.loaded_mb:.0f}"]
    return [
        *head,
        outcome.version,
        entry.measure,
        f"{outcome.median:.3g}",
        f"{min(outcome.seconds):.3g}",
        f"{statistics.median(outcome.cores):.1f}",
        f"{outcome.median / ours:.2f}" if ours else "",
        f"{rate:.3g}",
        f"{bandwidth / rate:.3g}",
        *(memory if whole else [""] * 3),
        "" if outcome.difference is None else f"{outcome.difference:.0e}",
        "; ".join(["no selection"] * (not entry.selects) + [f"extrapolated x {outcome.scale:.3g}"] * (not whole)),
    ]
