"""Do contenders minimise what their files say? `python -m bench.peers.parity --python PEERS_ENV/bin/python`.

A contender does one sweep, hands its factors over and does two more. Exact coals continues from the same factors with
the mapped hyperparameters, for as many sweeps. Both objectives, computed by one function, must be the same to 1e-4.
This works for libraries that choose their own start too. Those that solve items first are held against coals on the
transposed matrix. CG and block solvers do not solve exactly and so differ by more; their line shows by how much.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from bench.harness.data import interactions, save_matrix
from bench.harness.processes import Missing
from bench.peers.__main__ import task_of
from bench.peers.contender import CONTENDERS
from bench.peers.objective import objective_value
from bench.peers.problem import OBJECTIVES, Factors, Objective, Problem
from bench.peers.runner import Child

__all__ = ["compare"]

TARGET = 1e-4
SWEEPS = 2


def compare(python: str, task: str, name: str, problem: Problem, matrix: Any, folder: Path) -> tuple[float, float]:
    """Objectives of the contender and of coals, `SWEEPS` sweeps after common factors."""
    first, last, ours = (folder / f"{name}-{part}.npz" for part in ("first", "last", "ours"))
    with Child(python, task, name, problem.threads) as child:
        reply = child.prepare(problem)
        child.sweep(1)
        child.save(first)
        child.sweep(SWEEPS)
        child.save(last)
    objective = Objective(**reply["objective"])
    theirs = objective_value(matrix, Factors.load(last), objective)
    start = Factors.load(first)
    data, fields = _without_biases(matrix, start, objective)
    same = replace(problem, objective=objective)
    path = folder / f"{name}.npz"
    if reply["items_first"]:
        data, fields, same = data.T.tocsr(), fields.transposed(), same.transposed(str(path))
    save_matrix(path, data)
    fields.save(first)
    with Child(python, task, "coals", problem.threads) as child:
        child.prepare(replace(same, matrix=str(path)), first)
        child.sweep(SWEEPS)
        child.save(ours)
    # Biases that are given were taken off the ratings, so this objective has none.
    return theirs, objective_value(data, Factors.load(ours), same.objective)


def _without_biases(matrix: Any, factors: Factors, objective: Objective) -> tuple[Any, Factors]:
    """Biases that a library does not learn are taken off the ratings; coals then fits factors alone."""
    if objective.bias_penalty or factors.user_bias is None or factors.item_bias is None:
        return matrix, factors
    data = matrix.copy()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    data.data = (matrix.data - factors.mean - factors.user_bias[rows] - factors.item_bias[matrix.indices]).astype("f4")
    return data, Factors(factors.users, factors.items)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers.parity", description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--factors", type=int, default=32)
    parser.add_argument("--contenders", nargs="+", metavar="NAME")
    options = parser.parse_args(argv)
    matrix = scipy.sparse.csr_matrix(interactions("small"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.npz"
        save_matrix(path, matrix)
        for kind, objective in OBJECTIVES.items():
            problem = Problem.of(matrix, path, options.factors, objective)
            for name in CONTENDERS[task_of(kind)]:
                if name in (options.contenders or [name]):
                    print(_line(options.python, kind, name, problem, matrix, Path(folder)), flush=True)


def _line(python: str, kind: str, name: str, problem: Problem, matrix: Any, folder: Path) -> str:
    try:
        theirs, ours = compare(python, task_of(kind), name, problem, matrix, folder)
    except Missing as reason:
        return f"{kind:9} {name:14} missing: {reason}"
    difference = theirs / ours - 1
    verdict = "same" if abs(difference) < TARGET else "differs"
    return f"{kind:9} {name:14} {theirs:14.8g} coals {ours:14.8g}  {difference:+.1e}  {verdict}"


if __name__ == "__main__":
    main()
