"""SparseEASE: goodbooks against dense EASE, and a large catalog by seconds and by memory.

    python -m bench.suites.sparse_ease [--ratings data/goodbooks/ratings.csv.gz] [--rounds 3]

Without a file of ratings the first table is left out. Every fit takes a process of its own, in which the module is
loaded and a small fit has been made. Peak is what the process holds at most beyond what it held before the fit. Dense
and sparse take turns; a ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import scipy.sparse as sp

import coals
from bench.harness.data import Size, distinct_ratings, interactions, load_matrix, save_matrix
from bench.harness.processes import ROOT, peak_mb, reset_peak
from coals._util.text_table import aligned

__all__ = ["main"]

#: Check-ins and plays are as sparse as these; popularity falls as the rank.
CATALOGS = {
    "53k users x 92k items": Size(53_000, 92_000, 3_000_000, rounds=1),
    "200k users x 1M items": Size(200_000, 1_000_000, 10_000_000, rounds=1),
}


def measured(matrix: str, model: str) -> dict[str, float]:
    """Seconds and peak of one fit, in a new process."""
    command = [sys.executable, "-m", "bench.suites.sparse_ease", "--child", matrix, model]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def child(matrix: str, model: str) -> None:
    data = coals.Interactions.from_matrix(load_matrix(matrix))
    made: Any = eval(f"coals.{model}", {"coals": coals})
    made.fit(sp.csr_array(np.ones((5, 5))))
    reset_peak()
    held = peak_mb()
    start = time.perf_counter()
    made.fit(data)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "mb": peak_mb() - held, "total_mb": peak_mb()}))


def against_dense(path: str, rounds: int) -> list[list[str]]:
    rows = [["goodbooks", "SparseEASE s", "EASE s", "EASE / SparseEASE", "SparseEASE MB", "EASE MB"]]
    for neighbors in (50, 100):
        found = [
            [measured(path, model) for model in (f"SparseEASE(neighbors={neighbors})", "EASE()")] for _ in range(rounds)
        ]
        seconds = [[turn[k]["seconds"] for turn in found] for k in (0, 1)]
        peaks = [f"{median(turn[k]['mb'] for turn in found):.0f}" for k in (0, 1)]
        ratio = median(dense / sparse for sparse, dense in zip(*seconds, strict=True))
        rows.append([f"k = {neighbors}", *(f"{median(s):.2f}" for s in seconds), f"{ratio:.1f}", *peaks])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.suites.sparse_ease", description=__doc__)
    parser.add_argument("--ratings", type=Path, help="ratings.csv.gz of goodbooks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--catalogs", nargs="*", choices=CATALOGS, default=list(CATALOGS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        if options.ratings is not None:
            save_matrix(path, interactions("goodbooks", options.ratings))
            print("\n".join(aligned(against_dense(str(path), options.rounds))), flush=True)
        rows = [["catalog", "neighbors", "s", "MB of the fit", "MB of the process"]]
        for name in options.catalogs:
            save_matrix(path, distinct_ratings(CATALOGS[name]))
            for neighbors in (50, 100):
                found = measured(str(path), f"SparseEASE(neighbors={neighbors})")
                rows.append([name, str(neighbors), *(f"{found[k]:.1f}" for k in ("seconds", "mb", "total_mb"))])
        print("\n".join(aligned(rows)))


if __name__ == "__main__":
    main()
