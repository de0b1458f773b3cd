"""Evaluation against what others start from: `python -m bench.suites.evaluation --ratings ratings.csv.gz`.

Two races, in turns: all of the way from a fitted model (K = 64) to NDCG@10, recall@20, precision@10 and MAP@10 of every
user with test ratings, against the lists alone, irspack's Evaluator and implicit's ranking_metrics_at_k (which gives
its metrics at one k); and the same metrics of ready lists of 20, against vectorised NumPy and ranx.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import coals
from bench.harness.data import SHAPES, interactions
from bench.harness.processes import Child, Outcome, child_environment, giving_up
from bench.suites.evaluation.agreement import write
from bench.suites.evaluation.numpy_metrics import compute
from coals._util.text_table import aligned

__all__: list[str] = []

METRICS = ["ndcg@10", "recall@20", "precision@10", "map@10"]
LONGEST = 20


@dataclass
class Runner(Outcome):
    """A contender's line, and how it takes a turn."""

    turn: Callable[[], float] = field(kw_only=True)


def timed(run: Callable[[], Any]) -> Callable[[], float]:
    def turn() -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return turn


def from_model(train: Any, test: Any, threads: int) -> list[Runner]:
    model = coals.ImplicitALS(factors=64, iterations=1, num_threads=threads, random_state=0).fit(train, progress=False)
    users = np.flatnonzero(np.diff(test.matrix.indptr))
    return [
        Runner("coals, evaluate", turn=timed(lambda: coals.evaluate(model, test, METRICS, num_threads=threads))),
        Runner("coals, lists alone", turn=timed(lambda: model.recommend_indices(users, LONGEST))),
    ]


def of_lists(ids: Any, test: Any, threads: int) -> list[Runner]:
    relevant, counts = test.matrix, np.full(len(ids), ids.shape[1])
    ours = timed(lambda: coals.metrics.compute(ids, relevant, METRICS, num_threads=threads))
    numpy = timed(lambda: compute(ids, counts, relevant, METRICS))
    return [Runner("coals, ready lists", turn=ours), Runner("NumPy", turn=numpy)]


def race(runners: list[Runner], children: list[Runner], rounds: int) -> list[Runner]:
    """Turns of each, after one that does not count."""
    for number in range(rounds + 1):
        for runner in runners + children:
            if not runner.missing:
                with giving_up(runner, print):
                    seconds = runner.turn()
                    if number:
                        runner.seconds.append(seconds)
    return runners + children


def peer(stack: ExitStack, name: str, python: str, path: Path, threads: int) -> Runner:
    child = stack.enter_context(
        Child(
            [python, "-m", "bench.suites.evaluation.child", name],
            child_environment(threads, {"NUMBA_NUM_THREADS": "2"}),
        )
    )
    runner = Runner(name, turn=lambda: float(child.ask(do="evaluate")["seconds"]))
    with giving_up(runner, print):
        child.ask(do="load", path=str(path), threads=threads)
    return runner


def show(runners: list[Runner]) -> None:
    ours = runners[0]
    rows = []
    for runner in runners:
        if runner.missing:
            rows.append([runner.name, f"missing: {runner.missing}"])
            continue
        ratios = [theirs / mine for theirs, mine in zip(runner.seconds, ours.seconds, strict=True)]
        milliseconds = [f"{1e3 * seconds:.1f}" for seconds in (runner.median, min(runner.seconds))]
        rows.append([runner.name, *milliseconds, f"{statistics.median(ratios):.2f}"])
    print("\n".join(aligned([["", "ms", "best", "x coals"], *rows], rule=True)) + "\n")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.suites.evaluation", description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="goodbooks")
    parser.add_argument("--ratings", type=Path, help="goodbooks' ratings.csv.gz, for the shape goodbooks")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has irspack and implicit")
    parser.add_argument("--ranx-python", default=sys.executable, help="interpreter that has ranx")
    options = parser.parse_args(argv)
    train, test = coals.split.random(interactions(options.shape, options.ratings), test_fraction=0.2, random_state=0)
    n_evaluated = np.count_nonzero(np.diff(test.matrix.indptr))
    print(f"{train.n_users:,} users ({n_evaluated:,} evaluated) x {train.n_items:,} items; {options.threads} threads;")
    print(f"load {os.getloadavg()[0]:.1f} at start; 'x coals' is the median of each round's ratio\n")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        parts, lists = Path(folder) / "parts.npz", Path(folder) / "lists.npz"
        arrays = {f"{name}data": part.matrix.data for name, part in (("train_", train), ("", test))}
        for name, part in (("train_", train), ("", test)):
            arrays |= {f"{name}indices": part.matrix.indices, f"{name}indptr": part.matrix.indptr}
        np.savez(parts, shape=train.shape, **arrays)
        peers = [peer(stack, name, options.python, parts, options.threads) for name in ("irspack", "implicit")]
        show(race(from_model(train, test, options.threads), peers, options.rounds))
        rng = np.random.default_rng(0)
        ids = np.array([rng.choice(train.n_items, LONGEST, replace=False, shuffle=True) for _ in range(train.n_users)])
        write(lists, ids, test.matrix)
        peers = [peer(stack, "ranx", options.ranx_python, lists, options.threads)]
        show(race(of_lists(ids, test, options.threads), peers, options.rounds))


if __name__ == "__main__":
    main()
