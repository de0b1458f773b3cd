"""The process of one contender: `python -m bench.suites.knn.child NAME`, driven by `runner.Child`."""

from __future__ import annotations

import gc
import sys
from typing import Any

from bench.harness.contender import clocked
from bench.harness.data import load_matrix
from bench.harness.processes import peak_mb, reset_peak, serve
from bench.suites.knn.contender import CONTENDERS, Contender, Problem, best_values

__all__: list[str] = []


def main() -> None:
    contender: Contender | None = None

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        nonlocal contender
        if request["do"] == "prepare":
            contender, reply = prepare(sys.argv[1], Problem(**request["problem"]))
            return reply
        assert contender is not None
        return run(contender)

    serve(answer)


def prepare(name: str, problem: Problem) -> tuple[Contender, dict[str, Any]]:
    """The peak after it is the library and its input, without what it took to read and convert that."""
    contender = CONTENDERS[name].make(problem)
    contender.prepare(load_matrix(problem.matrix))
    gc.collect()
    reset_peak()
    return contender, {"version": contender.version(), "scale": contender.scale, "loaded_mb": peak_mb()}


def run(contender: Contender) -> dict[str, Any]:
    """Keeps of the result only what is compared: the other contenders need the memory."""
    result, seconds, cores = clocked(contender.run)
    peak = peak_mb()
    problem = contender.problem
    values = best_values(contender.rows(result), problem.sample, problem.neighbors) if contender.scale == 1 else []
    return {"seconds": seconds * contender.scale, "cores": cores, "peak_mb": peak, "values": values}


if __name__ == "__main__":
    main()
