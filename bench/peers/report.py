"""The table of a race."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.peers.problem import OBJECTIVES
from bench.peers.runner import Outcome

__all__ = ["LEFT", "TITLES", "table"]

TITLES = [
    "shape", "K", "contender", "version", "s/sweep", "best", "cores", "x coals", "GFLOP/s", "% peak",
    "objective", "sweeps", "load MB", "peak MB",
]  # fmt: skip
LEFT = (0, 2, 3)


def table(shape: str, outcomes: Sequence[Outcome], peak: float) -> list[list[str]]:
    """Rows of cells; that of a missing contender ends with the reason."""
    ours = next((outcome for outcome in outcomes if outcome.name == "coals" and not outcome.missing), None)
    return [_cells(shape, outcome, ours, peak) for outcome in outcomes]


def _cells(shape: str, outcome: Outcome, ours: Outcome | None, peak: float) -> list[str]:
    head = [shape, str(outcome.problem.factors), outcome.name]
    if outcome.missing:
        return [*head, f"missing: {outcome.missing}"]
    ratio = f"{outcome.median / ours.median:.2f}" if ours else ""
    objective = outcome.problem.objective
    mark = "" if objective.exponent == OBJECTIVES[objective.kind].exponent else "*"
    return [
        *head,
        outcome.version,
        f"{outcome.median:.3f}",
        f"{min(outcome.seconds):.3f}",
        f"{statistics.median(outcome.cores):.1f}",
        ratio,
        f"{outcome.gflops:.1f}",
        f"{100 * outcome.gflops / peak:.0f}",
        f"{outcome.objective:.7g}{mark}",
        str(outcome.sweeps),
        f"{outcome.loaded_mb:.0f}",
        f"{outcome.peak_mb:.0f}",
    ]
