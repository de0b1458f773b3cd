"""Runs contenders in turns, each in a process of its own, and judges what they return."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.harness import processes
from bench.harness.processes import child_environment, giving_up, take_turns
from bench.peers.contender import CONTENDERS
from bench.peers.objective import objective_value
from bench.peers.problem import Factors, Objective, Problem

__all__ = ["Child", "Outcome", "race"]


@dataclass
class Outcome(processes.Outcome):
    """One line of the table."""

    problem: Problem = field(kw_only=True)
    sweeps: int = 0
    objective: float = float("nan")
    kind: str = ""
    loaded_mb: float = float("nan")
    peak_mb: float = float("nan")
    prepare_seconds: float = float("nan")

    @property
    def gflops(self) -> float:
        """Of the exact algorithm, whatever the solver does: 2 nnz K^2 for symmetric updates, K^3/3 for each row."""
        shape, K = self.problem, self.problem.factors
        return (2 * shape.entries * K**2 + (shape.users + shape.items) * K**3 / 3) / self.median / 1e9


class Child(processes.Child):
    """A contender's process."""

    def __init__(self, python: str, task: str, name: str, threads: int) -> None:
        environment = child_environment(threads, CONTENDERS[task][name].env)
        super().__init__([python, "-m", "bench.peers.child", task, name], environment)

    def __enter__(self) -> Child:
        return self

    def prepare(self, problem: Problem, start: Path | None = None) -> dict[str, Any]:
        return self.ask(do="prepare", problem=problem.to_json(), start=str(start) if start else None)

    def sweep(self, count: int) -> tuple[list[float], float]:
        """Seconds, and CPU time over wall time, intake included: how many processors the contender really had."""
        reply = self.ask(do="sweep", count=count)
        return reply["seconds"], reply["cores"]

    def save(self, path: Path) -> float:
        """Writes the factors; peak memory in MB."""
        return float(self.ask(do="factors", path=str(path))["peak_mb"])


def race(
    task: str,
    names: Sequence[str],
    problem: Problem,
    matrix: Any,
    *,
    python: str,
    rounds: int,
    sweeps: int = 1,
    log: Callable[[str], None] = print,
) -> list[Outcome]:
    """Measures `sweeps` sweeps of each contender in turn, `rounds` times, after one sweep to warm up."""
    outcomes = [Outcome(name, problem=problem) for name in names]
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        children = [stack.enter_context(Child(python, task, name, problem.threads)) for name in names]
        runners = list(zip(outcomes, children, strict=True))
        for outcome, child in runners:
            with giving_up(outcome, log):
                log(f"  {outcome.name}: ready and warm after {_warm_up(outcome, child):.3g} s")
        take_turns(runners, rounds, lambda outcome, child: _take_turn(outcome, child, sweeps), log)
        for outcome, child in runners:
            if not outcome.missing:
                with giving_up(outcome, log):
                    _judge(outcome, child, matrix, Path(folder) / f"{outcome.name}.npz")
    return outcomes


def _warm_up(outcome: Outcome, child: Child) -> float:
    reply = child.prepare(outcome.problem)
    outcome.version = reply["version"]
    outcome.loaded_mb = reply["loaded_mb"]
    outcome.prepare_seconds = reply["prepare_seconds"]
    outcome.problem = _with_objective(outcome.problem, reply["objective"])
    outcome.kind = outcome.problem.objective.kind
    seconds = sum(child.sweep(1)[0])
    outcome.sweeps = 1
    return seconds + outcome.prepare_seconds


def _take_turn(outcome: Outcome, child: Child, sweeps: int) -> None:
    seconds, cores = child.sweep(sweeps)
    outcome.seconds += seconds
    outcome.cores.append(cores)
    outcome.sweeps += sweeps


def _with_objective(problem: Problem, fields: dict[str, Any]) -> Problem:
    return Problem.from_json({**problem.to_json(), "objective": vars(Objective(**fields))})


def _judge(outcome: Outcome, child: Child, matrix: Any, path: Path) -> None:
    outcome.peak_mb = child.save(path)
    outcome.objective = objective_value(matrix, Factors.load(path), outcome.problem.objective)
    path.unlink()
