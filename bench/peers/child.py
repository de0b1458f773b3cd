"""The process of one contender: `python -m bench.peers.child TASK NAME`, driven by `runner.Child`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from bench.harness.contender import clocked
from bench.harness.data import load_matrix
from bench.harness.processes import peak_mb, serve
from bench.peers.contender import CONTENDERS, Contender
from bench.peers.problem import Factors, Problem

__all__: list[str] = []


def main() -> None:
    task, name = sys.argv[1:]
    contender: Contender | None = None

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        nonlocal contender
        if request["do"] == "prepare":
            contender, reply = prepare(task, name, request)
            return reply
        assert contender is not None
        return go_on(contender, request)

    serve(answer)


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


def go_on(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    if request["do"] == "sweep":
        seconds, _, cores = clocked(lambda: contender.sweep(request["count"]))
        return {"seconds": seconds, "cores": cores}
    contender.factors().save(Path(request["path"]))
    return {"peak_mb": peak_mb()}


if __name__ == "__main__":
    main()
