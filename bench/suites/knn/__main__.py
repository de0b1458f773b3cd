"""Command line:
`python -m bench.suites.knn --shapes medium wide --neighbors 100 --rounds 3 --python PEERS_ENV/bin/python`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.harness.data import SHAPES, interactions, save_matrix
from bench.suites.knn.agreement import compare
from bench.suites.knn.bandwidth import copy_bandwidth
from bench.suites.knn.contender import CONTENDERS, Problem
from bench.suites.knn.report import LEFT, TITLES, table
from bench.suites.knn.runner import Outcome, race
from coals._util.text_table import aligned

__all__: list[str] = []

SAMPLE = 50


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.suites.knn", description=__doc__)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["medium"])
    parser.add_argument("--neighbors", nargs="+", type=int, default=[100], help="kept of each item (100)")
    parser.add_argument("--contenders", nargs="+", help="all when left out", metavar="NAME", choices=CONTENDERS)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender (3)")
    parser.add_argument("--threads", type=int, default=2, help="of each contender (2)")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers and coals")
    parser.add_argument("--ratings", type=Path, help="goodbooks' ratings.csv.gz, for the shape goodbooks")
    parser.add_argument("--json", type=Path, help="append every figure to this file, one line a contender")
    options = parser.parse_args(argv)
    options.contenders = options.contenders or list(CONTENDERS)
    return options


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    bandwidth = copy_bandwidth(options.threads)
    load = os.getloadavg()[0]
    print(f"copy: {bandwidth:.1f} GB/s read and written on {options.threads} threads; load {load:.1f} at start")
    rows: list[list[str]] = []
    complaints: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            matrix = interactions(shape, options.ratings)
            path = Path(folder) / f"{shape}.npz"
            save_matrix(path, matrix)
            for k in options.neighbors:
                outcomes = one_race(options, shape, k, matrix, path)
                complaints += [f"{shape}, {k} neighbors: {text}" for text in compare(outcomes)]
                rows += table(shape, k, outcomes, count_pairs(matrix), bandwidth)
                write_json(options.json, shape, k, outcomes, (count_pairs(matrix), bandwidth))
    print("\n".join(aligned([TITLES, *rows], LEFT, rule=True)))
    print(
        "x coals: seconds over those of coals with that measure. B/pair: bytes that a copy moves in the time of a pair."
    )
    print("above: peak over load, memory above the input. differs: from the first of its measure, on sampled items.")
    if complaints:
        raise SystemExit("\n".join(complaints))


def one_race(options: argparse.Namespace, shape: str, k: int, matrix: Any, path: Path) -> list[Outcome]:
    """Contenders that do not select would do the same for every k: they run for the first."""
    names = [name for name in options.contenders if CONTENDERS[name].selects or k == options.neighbors[0]]
    print(f"{shape}, {k} neighbors, {count_pairs(matrix) / 1e9:.3g} G pairs", flush=True)
    problem = Problem(str(path), k, options.threads, sampled_items(matrix))
    return race(names, problem, python=options.python, rounds=options.rounds, log=lambda line: print(line, flush=True))


def count_pairs(matrix: Any) -> int:
    """What a row-by-row product adds up: the square of every user's number of items."""
    return int((np.diff(matrix.indptr).astype(np.int64) ** 2).sum())


def sampled_items(matrix: Any) -> list[int]:
    """Evenly in order of popularity, the most popular among them."""
    by_size = np.argsort(np.bincount(matrix.indices, minlength=matrix.shape[1]), kind="stable")
    chosen = np.linspace(0, len(by_size) - 1, min(SAMPLE, len(by_size))).astype(int)
    return [int(item) for item in by_size[chosen]]


def write_json(path: Path | None, shape: str, k: int, outcomes: Sequence[Outcome], machine: tuple[int, float]) -> None:
    if path is None:
        return
    with path.open("a") as file:
        for outcome in outcomes:
            fields = {name: value for name, value in vars(outcome).items() if name != "values"}
            pairs, bandwidth = machine
            print(json.dumps({"shape": shape, "k": k, **fields, "pairs": pairs, "bandwidth": bandwidth}), file=file)


if __name__ == "__main__":
    main()
