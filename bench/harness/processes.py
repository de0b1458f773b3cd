"""Contenders in processes of their own, and their turns: what `bench.peers` and `bench.suites.knn` have in common.

A parent asks and a child answers, a line of JSON each, on the child's stdin and stdout. What libraries print goes to
the child's stderr, and is read only to say why a child died.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

__all__ = [
    "ROOT", "Child", "Missing", "Outcome", "child_environment", "giving_up", "peak_mb", "reset_peak", "serve",
    "take_turns",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[2]
#: Settings of a container's BLAS that would slow peers down, and thread counts that are each contender's own.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


class Missing(Exception):
    """This contender cannot run here; the text says why."""


class Child:
    """A contender's process. Use as a context manager; every call raises `Missing` where the contender gives up."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed in __exit__
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
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


@dataclass
class Outcome:
    """One line of a table. `missing` says why there are no figures."""

    name: str
    missing: str = ""
    version: str = ""
    seconds: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)
AnyChild = TypeVar("AnyChild", bound=Child)
Log = Callable[[str], None]


def take_turns(
    runners: Sequence[tuple[AnyOutcome, AnyChild]],
    rounds: int,
    take_turn: Callable[[AnyOutcome, AnyChild], None],
    log: Log,
) -> None:
    """One turn of each that is not missing, `rounds` times, so that a slow minute hits all of them."""
    for number in range(rounds):
        for outcome, child in runners:
            if not outcome.missing:
                with giving_up(outcome, log):
                    take_turn(outcome, child)
        turns = (f"{outcome.name} {outcome.seconds[-1]:.3g}" for outcome, _ in runners if outcome.seconds)
        log(f"  round {number + 1} of {rounds}: {', '.join(turns)}")


@contextlib.contextmanager
def giving_up(outcome: Outcome, log: Log) -> Iterator[None]:
    """Turns `Missing` into a line of the log and of the table."""
    try:
        yield
    except Missing as reason:
        outcome.missing = str(reason)
        log(f"  {outcome.name}: missing: {reason}")


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The child's side: answers requests until there are no more. An error is a reason to be missing."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Missing as reason:
            reply = {"missing": str(reason)}
        except Exception as error:
            reply = {"missing": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies)


def peak_mb() -> float:
    """Peak resident memory of this process and those it started (Spark's). Linux's rusage would count the parent's."""
    if not Path("/proc/self/status").exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    pids, total = [os.getpid()], 0.0
    while pids:
        folder = Path(f"/proc/{pids.pop()}")
        lines = (folder / "status").read_text().splitlines()
        total += sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
        for listing in folder.glob("task/*/children"):
            pids += [int(pid) for pid in listing.read_text().split()]
    return total


def reset_peak() -> None:
    """Starts `peak_mb` of this process again from what it holds now; does nothing where the system cannot."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
