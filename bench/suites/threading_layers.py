"""Times the threading layers against each other, alone and right after a matrix product of NumPy's.

    python bench/suites/threading_layers.py [ROW ...]

Starts one process for each layer and has them do the same work in turn, so that noise affects all alike. A product
leaves the threads of NumPy's BLAS spinning for a while, so that they compete for the processors with the work that
follows. Prints a Markdown table of median seconds, and of ratios to `pool`. "omp" is the default, in which calls use
the pool while processors are busy; "strict" is COALS_THREADING_LAYER=omp, in which they do not. Takes about four
minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

LAYERS = {"omp": "", "strict": "omp", "pool": "pool"}  # the value of COALS_THREADING_LAYER
# Row -> how often it is repeated.
ROWS = {
    "fold-in of 1 user": 40,
    "fit, 2k x 1k, 40k entries, K = 16": 15,
    "fit, 2k x 1k, 40k entries, K = 64": 15,
    "fit, 10k x 3k, 500k entries, K = 64": 9,
    "fit, 50k x 10k, 3M entries, K = 64": 5,
    "fit, 200k x 30k, 8M entries, K = 64": 3,
    "lists of 10 for 2k users": 15,
    "lists of 10 for 50k users": 5,
    "co-occurrence, 2k x 1k": 15,
    "co-occurrence, 50k x 10k": 5,
}


def random_matrix(users: int, items: int, entries: int) -> Any:
    import numpy as np
    import scipy.sparse as sp

    rng = np.random.default_rng(0)
    columns = (items * rng.random(entries) ** 2).astype(np.int64)  # some items are popular
    matrix = sp.csr_array((np.ones(entries, np.float32), (rng.integers(0, users, entries), columns)), (users, items))
    matrix.sum_duplicates()
    return matrix


def make(row: str) -> Callable[[], object]:
    import numpy as np

    import coals

    def als(factors: int, iterations: int) -> coals.ImplicitALS:
        return coals.ImplicitALS(factors=factors, iterations=iterations, random_state=0)

    sizes = {"2k": (2_000, 1_000, 40_000), "10k": (10_000, 3_000, 500_000), "50k": (50_000, 10_000, 3_000_000)}
    kind, *words = row.replace(",", "").split()
    size = next((sizes[word] for word in words if word in sizes), (200_000, 30_000, 8_000_000))
    data = random_matrix(*(sizes["2k"] if kind == "fold-in" else size))
    if kind == "fit":
        factors = int(words[-1])
        iterations = 10 if size[0] == 2_000 else 1
        return lambda: als(factors, iterations).fit(data, progress=False)
    if kind == "co-occurrence":
        return lambda: coals.cooccurrence(data)
    model = als(64, 1).fit(data, progress=False)
    if kind == "fold-in":
        return lambda: model.recommend_for({3: 1.0, 50: 2.0}, n=10)
    users = np.arange(size[0])
    return lambda: model.recommend(users, n=10)


def serve() -> None:
    """Of one layer: reads rows from stdin, prints the seconds of each run."""
    import numpy as np

    import coals

    square = np.random.default_rng(0).random((1500, 1500))
    works: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        row, product = json.loads(line)
        if row not in works:
            works = {row: make(row)}
            works[row]()
        if product:
            square @ square
        start = time.perf_counter()
        works[row]()
        print(json.dumps([time.perf_counter() - start, coals.show_config()["threading_layer"]]), flush=True)


class Process:
    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            env={**os.environ, "COALS_THREADING_LAYER": LAYERS[layer]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, row: str, product: bool) -> float:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps([row, product]), file=self._process.stdin, flush=True)
        seconds, layer = json.loads(self._process.stdout.readline())
        assert layer == ("pool" if self._layer == "pool" else "omp")
        if product:
            time.sleep(0.25)  # until the threads of the BLAS sleep, which would disturb the other process
        return float(seconds)

    def end(self) -> None:
        self._process.communicate()


def main(rows: list[str]) -> None:
    columns = [f"{when}{layer}" for when in ("alone: ", "after a product: ") for layer in (*LAYERS, "omp / pool")]
    print(f"| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}", flush=True)
    processes = {layer: Process(layer) for layer in LAYERS}
    for row in rows:
        cells = []
        for product in (False, True):
            seconds: dict[str, list[float]] = {layer: [] for layer in LAYERS}
            for number in range(ROWS[row]):
                for layer in LAYERS if number % 2 else reversed(LAYERS):
                    seconds[layer].append(processes[layer].run(row, product))
            medians = {layer: statistics.median(seconds[layer]) for layer in LAYERS}
            cells += [f"{median:.4f}" for median in medians.values()]
            cells.append(f"{medians['omp'] / medians['pool']:.2f}")
        print(f"| {row} | {' | '.join(cells)} |", flush=True)
    for process in processes.values():
        process.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows of the table: " + "; ".join(ROWS))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = [row for row in given.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {unknown[0]!r}; the rows are: {'; '.join(ROWS)}")
    serve() if given.serve else main(given.rows or list(ROWS))
