"""Command line: `python -m bench.peers --shapes medium --factors 64 128 --rounds 3 --python PEERS_ENV/bin/python`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.harness.data import SHAPES, interactions, save_matrix
from bench.peers.contender import CONTENDERS
from bench.peers.peak import measure_peak
from bench.peers.problem import OBJECTIVES, Problem
from bench.peers.report import LEFT, TITLES, table
from bench.peers.runner import Outcome, race
from coals._util.text_table import aligned

__all__: list[str] = []


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--objective", choices=OBJECTIVES, default="hkv", help="explicit has biases")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["medium"])
    parser.add_argument("--factors", nargs="+", type=int, default=[64])
    parser.add_argument("--contenders", nargs="+", help="all but reference when left out", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender (3)")
    parser.add_argument("--sweeps", type=int, default=1, help="sweeps in a turn (1)")
    parser.add_argument("--threads", type=int, default=2, help="of each contender (2)")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the peers and coals")
    parser.add_argument("--ratings", type=Path, help="goodbooks' ratings.csv.gz, for the shape goodbooks")
    parser.add_argument("--peak", type=float, help="GFLOP/s of the idle machine, where measuring it now would be wrong")
    parser.add_argument("--json", type=Path, help="append every figure to this file, one line a contender")
    options = parser.parse_args(argv)
    known = CONTENDERS[task_of(options.objective)]
    options.contenders = options.contenders or [name for name in known if name != "reference"]
    if unknown := set(options.contenders) - set(known):
        parser.error(f"no contender {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return options


def task_of(objective: str) -> str:
    return "explicit" if objective == "explicit" else "implicit"


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    peak, label = (options.peak, "given peak") if options.peak else measure_peak(options.python, options.threads)
    load = os.getloadavg()[0]
    print(f"{label}: {peak:.0f} GFLOP/s on {options.threads} threads; load {load:.1f} at start", flush=True)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shapes:
            matrix = interactions(shape, options.ratings)
            path = Path(folder) / f"{shape}.npz"
            save_matrix(path, matrix)
            for K in options.factors:
                outcomes = one_race(options, shape, K, matrix, path)
                rows += table(shape, outcomes, peak)
                write_json(options.json, shape, outcomes, (peak, label))
    print("\n".join(aligned([TITLES, *rows], LEFT, rule=True)))
    print("x coals: seconds over those of coals. GFLOP/s and % of the " + label + ": of the exact algorithm, for all.")
    print("objective after so many sweeps, lower is better; * marks a penalty that is not the one of the others.")


def one_race(options: argparse.Namespace, shape: str, K: int, matrix: Any, path: Path) -> list[Outcome]:
    print(f"{shape}, K = {K}, {options.objective}", flush=True)
    problem = Problem.of(matrix, path, K, OBJECTIVES[options.objective], options.threads)
    return race(
        task_of(options.objective),
        options.contenders,
        problem,
        matrix,
        python=options.python,
        rounds=options.rounds,
        sweeps=options.sweeps,
        log=lambda line: print(line, flush=True),
    )


def write_json(path: Path | None, shape: str, outcomes: Sequence[Outcome], peak: tuple[float, str]) -> None:
    if path is None:
        return
    with path.open("a") as file:
        for outcome in outcomes:
            fields = {**vars(outcome), "problem": {**outcome.problem.to_json(), "matrix": shape}, "peak": peak}
            print(json.dumps(fields), file=file)


if __name__ == "__main__":
    main()
