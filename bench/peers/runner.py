"""Runs contenders in turns, each in a process of its own, and judges what they return."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.peers.contender import CONTENDERS, Missing
from bench.peers.objective import objective_value
from bench.peers.problem import Factors, Objective, Problem

__all__ = ["Child", "Outcome", "child_environment", "race"]

ROOT = Path(__file__).resolve().parents[2]
#: Settings of a container's BLAS that would slow peers down, and thread counts that are each contender's own.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


@dataclass
class Outcome:
    """One line of the table. `missing` says why there are no figures."""

    name: str
    problem: Problem
    missing: str = ""
    version: str = ""
    seconds: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    sweeps: int = 0
    objective: float = float("nan")
    kind: str = ""
    loaded_mb: float = float("nan")
    peak_mb: float = float("nan")
    prepare_seconds: float = float("nan")

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def gflops(self) -> float:
        """Of the exact algorithm, whatever the solver does: 2 nnz K^2 for symmetric updates, K^3/3 for each row."""
        shape, K = self.problem, self.problem.factors
        return (2 * shape.entries * K**2 + (shape.users + shape.items) * K**3 / 3) / self.median / 1e9


class Child:
    """A contender's process. Use as a context manager; every call raises `Missing` where the contender gives up."""

    def __init__(self, python: str, task: str, name: str, threads: int) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed in __exit__
        self.process = subprocess.Popen(
            [python, "-m", "bench.peers.child", task, name],
            cwd=ROOT,
            env=child_environment(threads, CONTENDERS[task][name].env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()
        self.errors.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Missing(f"its process ended: {self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "missing" in reply:
            raise Missing(reply["missing"])
        return reply

    def prepare(self, problem: Problem, start: Path | None = None) -> dict[str, Any]:
        return self.ask(do="prepare", problem=problem.to_json(), start=str(start) if start else None)

    def sweep(self, count: int) -> tuple[list[float], float]:
        """Seconds, and CPU time over wall time, intake included: how many processors the contender really had."""
        reply = self.ask(do="sweep", count=count)
        return reply["seconds"], reply["cores"]

    def save(self, path: Path) -> float:
        """Writes the factors; peak memory in MB."""
        return float(self.ask(do="factors", path=str(path))["peak_mb"])

    def _last_words(self) -> str:
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self.process.returncode}"


def child_environment(threads: int, extra: dict[str, str]) -> dict[str, str]:
    """The parent's, with as many threads for every runtime as the contenders get, and what the contender asks for."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    counts = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")}
    return {**kept, **counts, **extra}


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
    outcomes = [Outcome(name, problem) for name in names]
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        children = [stack.enter_context(Child(python, task, name, problem.threads)) for name in names]
        runners = list(zip(outcomes, children, strict=True))
        for outcome, child in runners:
            with _giving_up(outcome, log):
                log(f"  {outcome.name}: ready and warm after {_warm_up(outcome, child):.3g} s")
        for number in range(rounds):
            for outcome, child in runners:
                if not outcome.missing:
                    with _giving_up(outcome, log):
                        _take_turn(outcome, child, sweeps)
            turns = (f"{outcome.name} {outcome.seconds[-1]:.3g}" for outcome in outcomes if outcome.seconds)
            log(f"  round {number + 1} of {rounds}: {', '.join(turns)}")
        for outcome, child in runners:
            if not outcome.missing:
                with _giving_up(outcome, log):
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


@contextlib.contextmanager
def _giving_up(outcome: Outcome, log: Callable[[str], None]) -> Iterator[None]:
    """Turns `Missing` into a line of the log and of the table."""
    try:
        yield
    except Missing as reason:
        outcome.missing = str(reason)
        log(f"  {outcome.name}: missing: {reason}")
