"""Runs contenders in turns, each in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.harness import processes
from bench.harness.processes import child_environment, giving_up, take_turns
from bench.suites.knn.contender import Problem

__all__ = ["Outcome", "race"]


@dataclass
class Outcome(processes.Outcome):
    """One line of the table. `scale` above 1 says that the figures are extrapolated.

    `values` are the best of the sampled rows. `difference` is the largest relative one to the first of its measure.
    """

    scale: float = 1.0
    loaded_mb: float = float("nan")
    peak_mb: float = float("nan")
    values: list[list[float]] = field(default_factory=list)
    difference: float | None = None


class Child(processes.Child):
    """A contender's process."""

    def __init__(self, python: str, name: str, threads: int) -> None:
        super().__init__([python, "-m", "bench.suites.knn.child", name], child_environment(threads, {}))

    def __enter__(self) -> Child:
        return self


def race(
    names: Sequence[str],
    problem: Problem,
    *,
    python: str,
    rounds: int,
    log: Callable[[str], None] = print,
) -> list[Outcome]:
    """Measures every contender `rounds` times in turn, after one run to warm up."""
    outcomes = [Outcome(name) for name in names]
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(python, name, problem.threads)) for name in names]
        runners = list(zip(outcomes, children, strict=True))
        for outcome, child in runners:
            with giving_up(outcome, log):
                _warm_up(outcome, child, problem)
                log(f"  {outcome.name}: warm after {outcome.seconds.pop():.3g} s")
                outcome.cores.clear()
        take_turns(runners, rounds, _take_turn, log)
    return outcomes


def _warm_up(outcome: Outcome, child: Child, problem: Problem) -> None:
    reply = child.ask(do="prepare", problem=problem.to_json())
    outcome.version, outcome.scale, outcome.loaded_mb = reply["version"], reply["scale"], reply["loaded_mb"]
    _take_turn(outcome, child)


def _take_turn(outcome: Outcome, child: Child) -> None:
    reply = child.ask(do="run")
    outcome.seconds.append(reply["seconds"])
    outcome.cores.append(reply["cores"])
    outcome.peak_mb, outcome.values = reply["peak_mb"], reply["values"]
