"""What one row costs by each method, beside the model that chooses: `python -m bench.suites.row_costs`.

The constants of csrc/src/als/row_cost.hpp were fitted by eye to such a table. Times are CPU time of one thread, which
other processes disturb little, and the least of some repetitions.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from coals import _core

ITEMS = 10_000
METHODS: dict[str, dict[str, Any]] = {
    "primal": {"method": "primal"},
    "dual": {"method": "dual"},
    "cg": {"solver": "cg", "method": "primal"},
    "block": {"solver": "block", "method": "primal"},
}
LENGTHS = (4, 8, 16, 32, 48, 64, 100, 128, 200, 256, 600)


def rows_of(entries: int, rows: int) -> _core.Csr:
    """Rows of `entries` random, ascending, different columns."""
    random = np.random.default_rng(0)
    columns = np.sort(random.integers(0, ITEMS - entries, (rows, entries)), axis=1) + np.arange(entries)
    values = random.integers(1, 6, columns.size).astype(np.float32)
    return _core.Csr(np.arange(rows + 1) * entries, columns.ravel().astype(np.int32), values, ITEMS, "float32")


def microseconds(data: _core.Csr, factors: int, options: dict[str, Any], repeat: int) -> float:
    random = np.random.default_rng(1)
    fixed = (random.standard_normal((ITEMS, factors)) / np.sqrt(factors)).astype(np.float32)
    gram = np.sort(1 + random.random(factors))[::-1] * ITEMS / factors
    found = np.zeros((data.rows, factors), np.float32)
    best = np.inf
    for _ in range(repeat):
        start = time.process_time()
        _core.solve_implicit(
            data, fixed, gram, "hkv", 1.0, 0.1, _core.Penalty(5.0), None, _core.SolverOptions(**options), found, 1
        )
        best = min(best, time.process_time() - start)
    return 1e6 * best / data.rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factors", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print("microseconds a row, measured / by the model")
    print(f"{'K':>5} {'n':>5}  " + "  ".join(f"{name:>17}" for name in METHODS))
    for K in arguments.factors:
        for n in arguments.lengths:
            # Batches of short rows need many; long ones take their time.
            data = rows_of(n, 4096 if n <= 64 and K <= 256 else int(np.clip(2e9 / (n * K * K), 32, 4000)))
            cells = []
            for name, options in METHODS.items():
                measured = microseconds(data, K, options, arguments.repeat)
                chosen = {**options, "method": "dual"} if name == "dual" else options
                model = 1e6 * _core.half_sweep_cost(data, K, _core.SolverOptions(**chosen)) / data.rows
                cells.append(f"{measured:8.2f}/{model:8.2f}")
            print(f"{K:5} {n:5}  " + "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
