"""The process of one contender: `python -m bench.peers.child TASK NAME`, driven by `runner.Child`.

Requests and replies are lines of JSON on stdin and stdout. Peers that print go to stderr instead.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench.peers.contender import CONTENDERS, Contender, Missing
from bench.peers.problem import Factors, Problem, load_matrix

__all__: list[str] = []


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    task, name = sys.argv[1:]
    contender: Contender | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                contender, reply = prepare(task, name, request)
            else:
                assert contender is not None
                reply = answer(contender, request)
        except Missing as reason:
            reply = {"missing": str(reason)}
        except Exception as error:
            reply = {"missing": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies)


def prepare(task: str, name: str, request: dict[str, Any]) -> tuple[Contender, dict[str, Any]]:
    problem = Problem.from_json(request["problem"])
    contender = CONTENDERS[task][name].make(problem)
    matrix = load_matrix(problem.matrix)
    start = Factors.load(Path(request["start"])) if request.get("start") else Factors(*problem.start())
    before, began = peak_mb(), time.perf_counter()
    contender.prepare(matrix, start)
    return contender, {
        "version": contender.version(),
        "objective": vars(contender.objective()),
        "items_first": contender.items_first,
        "loaded_mb": before,
        "prepare_seconds": time.perf_counter() - began,
    }


def answer(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "sweep":
        start, cpu_start = time.perf_counter(), time.process_time()
        seconds = contender.sweep(request["count"])
        return {"seconds": seconds, "cores": (time.process_time() - cpu_start) / (time.perf_counter() - start)}
    contender.factors().save(Path(request["path"]))
    return {"peak_mb": peak_mb()}


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


if __name__ == "__main__":
    main()
