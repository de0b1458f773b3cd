"""How the time of an ALS sweep grows with threads, instruction sets, entries, factors:
`python -m bench.suites.als_scaling`.

Sweeps are those of `coals.ImplicitALS` (hkv) on generated data, as its callbacks see them, objective included. What is
compared is measured in turns, and medians are shown. Flops are counted as nnz K² 2 + (users + items) K³ / 3, whatever
the solver does instead, and held against the multiply-add peak measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import coals
from bench.harness.data import part_of_rows, ratings
from coals import _core

ROOT = Path(__file__).parents[2]
SWEEPS = 2
SETTINGS = {"regularization": 5.0, "regularization_exponent": 0.5, "unobserved_weight": 0.1}
Point = tuple[str, float, float]  # curve, x, seconds


def sweep_seconds(matrix: Any, factors: int, threads: int | None, solver: str) -> float:
    """The median sweep after a first one."""
    ends: list[float] = [0.0]
    model = coals.ImplicitALS(
        factors=factors, solver=solver, num_threads=threads, iterations=SWEEPS + 1, random_state=0, **SETTINGS
    )
    model.fit(matrix, progress=False, callback=lambda sweep: ends.append(sweep.seconds))
    return statistics.median(np.diff(ends)[1:])


def in_turns(rounds: int, contenders: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Medians of `rounds` rounds over all contenders."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            found[name].append(run())
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def gflops(matrix: Any, factors: int, seconds: float) -> float:
    flops = matrix.nnz * factors**2 * 2 + sum(matrix.shape) * factors**3 / 3
    return float(flops / seconds / 1e9)


def show_threads(size: str, factors: Sequence[int], rounds: int) -> None:
    matrix = ratings(size)
    print(f"\nThreads, {size}, exact: seconds per sweep")
    for K in factors:
        runs = {str(t): lambda K=K, t=t: sweep_seconds(matrix, K, t, "cholesky") for t in (1, 2)}
        peak = _core.measure_peak_flops(0.5, 0) / 1e9
        found = in_turns(rounds, runs)
        speed = gflops(matrix, K, found["2"])
        print(
            f"  K = {K:4}  one {found['1']:.3f}  two {found['2']:.3f}  ratio {found['1'] / found['2']:.2f}  "
            f"{speed:.0f} GFLOP/s, {100 * speed / peak:.0f} % of the peak of {peak:.0f}"
        )


def show_levels(size: str, K: int, rounds: int) -> None:
    """Each level in a process of its own, on one thread; the level is chosen when the core is loaded."""
    code = (
        "import json, sys, bench.suites.als_scaling as b; "
        "print(json.dumps([b.sweep_seconds(b.ratings(sys.argv[1]), int(sys.argv[2]), 1, 'cholesky'), "
        "b._core.measure_peak_flops(0.3, 1)]))"
    )

    def run(isa: str) -> float:
        environment = {**os.environ, "COALS_ISA": isa}
        done = subprocess.run(
            [sys.executable, "-c", code, size, str(K)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, peak = json.loads(done.stdout)
        peaks[isa] = peak
        return float(seconds)

    peaks: dict[str, float] = {}
    levels = _core.detected_isas()
    found = in_turns(rounds, {isa: lambda isa=isa: run(isa) for isa in levels})
    best = levels[-1]
    print(f"\nInstruction sets, {size}, K = {K}, exact, one thread")
    for isa in levels:
        print(
            f"  {isa:9} {found[isa]:.3f} s, {found[isa] / found[best]:.2f} x {best}; its peak {peaks[isa] / 1e9:.0f} "
            f"GFLOP/s, {peaks[best] / peaks[isa]:.2f} times less"
        )


def growth_with_entries(size: str, K: int) -> list[Point]:
    matrix = ratings(size)
    points: list[Point] = []
    print(f"\nEntries, parts of {size}, K = {K}, exact")
    for every in (16, 8, 4, 2, 1):
        part = matrix[np.sort(part_of_rows(matrix, every))] if every > 1 else matrix
        seconds = sweep_seconds(part, K, None, "cholesky")
        points.append((size, part.nnz, seconds))
        print(f"  {part.nnz:10,} entries, {part.shape[0]:7,} users: {seconds:.3f} s")
    return points


def growth_with_factors(size: str, factors: Sequence[int], solvers: dict[str, int]) -> list[Point]:
    """`solvers` gives the largest K to try with each."""
    matrix = ratings(size)
    points: list[Point] = []
    print(f"\nFactors, {size}: seconds per sweep (growth from the K before)")
    for solver, most in solvers.items():
        before = 0.0
        for K in factors:
            if most < K:
                continue
            seconds = sweep_seconds(matrix, K, None, solver)
            points.append((f"{size}, {solver}", K, seconds))
            growth = f"{seconds / before:.2f} x" if before else ""
            print(f"  {solver:9} K = {K:4}: {seconds:7.3f}  {growth}")
            before = seconds
    return points


def show_gil(size: str) -> None:
    """How fast a Python thread counts while `fit` runs on one other core, against counting alone."""
    matrix = ratings(size)
    model = coals.ImplicitALS(factors=128, iterations=4, num_threads=1, random_state=0)

    def count_while(running: Callable[[], bool]) -> float:
        start, counted = time.perf_counter(), 0
        while running():
            for _ in range(10_000):
                counted += 1
        return counted / (time.perf_counter() - start)

    end = time.perf_counter() + 2
    alone = count_while(lambda: time.perf_counter() < end)
    thread = threading.Thread(target=lambda: model.fit(matrix, progress=False))
    thread.start()
    beside = count_while(thread.is_alive)
    print(f"\nA Python thread beside fit counts at {100 * beside / alone:.0f} % of its speed alone")


def plot(entries: list[Point], factors: list[Point], path: str) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for axis, points, label in zip(axes, (entries, factors), ("entries", "factors K"), strict=True):
        for curve in dict.fromkeys(name for name, _, _ in points):
            xs, ys = zip(*[(x, y) for name, x, y in points if name == curve], strict=True)
            axis.loglog(xs, ys, marker="o", label=curve)
        axis.set_xlabel(label)
        axis.set_ylabel("seconds per sweep")
        axis.grid(True, which="both", alpha=0.3)
        axis.legend()
    for axis, points in zip(axes, (entries, factors), strict=True):
        ticks = sorted({x for _, x, _ in points})
        axis.set_xticks(ticks, [f"{x / 1e6:.2g} M" if x >= 1e5 else f"{x:.0f}" for x in ticks])
        axis.tick_params(axis="x", which="minor", labelbottom=False)
    figure.savefig(path, dpi=120)
    print(f"\nplot: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data, to see that it runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", help="write the growth curves to this file (needs matplotlib)")
    arguments = parser.parse_args()
    size, short = ("small", "small") if arguments.quick else ("medium", "short")
    rounds = 1 if arguments.quick else arguments.rounds
    ks = (32, 64, 128, 256, 512, 1024)
    show_threads(size, (64, 128, 256), rounds)
    show_levels(size, 64, rounds)
    show_gil(size)
    entries = growth_with_entries(size, 64)
    factors = growth_with_factors(size, ks, {"cholesky": 512, "cg": 1024, "block": 1024})
    if not arguments.quick:
        factors += growth_with_factors(short, ks, {"cholesky": 512})
    if arguments.plot:
        plot(entries, factors, arguments.plot)


if __name__ == "__main__":
    main()
