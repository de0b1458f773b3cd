"""`python -m bench.suites.models.svd_shapes`: CPU seconds of truncated decompositions by coals and by SciPy's svds, at
equal residual, over shapes and spectra of different kinds.

The residual is the largest of |A v - s u| + |A^T u - s v| over the largest singular value. svds gets the loosest of
some tolerances with which it is no farther off than coals, or 0 where none is (in float32 its own rounding may lie
above what coals leaves). Both run on one thread, in the same precision, in turns."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

import coals
from coals import _core
from coals._util.text_table import aligned

TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-5, 1e-8, 0.0)


def sample() -> Any:
    return sp.csr_array(coals.datasets.goodbooks().matrix)


def random(rows: int, columns: int, density: float) -> Any:
    return sp.random_array((rows, columns), density=density, format="csr", rng=np.random.default_rng(0))


def deficient() -> Any:
    """Rank 40."""
    return sp.csr_array(random(4000, 40, 0.1) @ random(40, 3000, 0.1))


SHAPES = {
    "sample": sample,
    "tall": lambda: random(50_000, 400, 0.02),
    "wide": lambda: random(300, 30_000, 0.02),
    "flat": lambda: random(5000, 4000, 0.01),
    "deficient": deficient,
}


def ratings(path: Path) -> Any:
    table = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1, 2))
    users, items = (np.unique(table[:, c], return_inverse=True)[1] for c in (0, 1))
    return sp.csr_array((table[:, 2], (users, items)))


def residual(matrix: Any, left: Any, values: Any, right: Any) -> float:
    image, back = matrix @ right - left * values, matrix.T @ left - right * values
    return float((np.linalg.norm(image, axis=0) + np.linalg.norm(back, axis=0)).max() / values.max())


def by_coals(matrix: Any, factors: int) -> tuple[float, Any]:
    own = _core.Csr(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, matrix.shape[1], str(matrix.dtype))
    start = np.random.default_rng(0).standard_normal((min(matrix.shape), factors + 10)).astype(matrix.dtype)
    begin = time.process_time()
    found = _core.truncated_svd(own, start, factors, 30, 1e-5, 1)
    return time.process_time() - begin, found


def by_scipy(matrix: Any, factors: int, tolerance: float) -> tuple[float, Any]:
    begin = time.process_time()
    left, values, right = scipy.sparse.linalg.svds(matrix, k=factors, tol=tolerance, random_state=0)
    return time.process_time() - begin, (left, values, right.T)


def compared(name: str, matrix: Any, factors: int, rounds: int) -> list[str]:
    exact = matrix.astype(np.float64)
    seconds, found = by_coals(matrix, factors)
    ours = residual(exact, *(a.astype(np.float64) for a in found))
    own, others, theirs, used = [seconds], [], np.inf, 0.0
    for used in TOLERANCES:
        seconds, found = by_scipy(matrix, factors, used)
        theirs = residual(exact, *(a.astype(np.float64) for a in found))
        if theirs <= ours:
            break
    others.append(seconds)
    for _ in range(rounds - 1):
        own.append(by_coals(matrix, factors)[0])
        others.append(by_scipy(matrix, factors, used)[0])
    ratio = statistics.median(b / a for a, b in zip(own, others, strict=True))
    shown = [statistics.median(own), statistics.median(others), ratio]
    return [name, str(factors), *(f"{x:.3g}" for x in shown), f"{ours:.0e}", f"{theirs:.0e}", f"{used:g}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="*", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--ratings", nargs="*", type=Path, default=[], help="ratings.csv.gz of other data sets")
    parser.add_argument("--factors", nargs="+", type=int, default=[16, 64, 256, 512])
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        parser.error("set OPENBLAS_NUM_THREADS=1, so that CPU seconds are those of one thread")
    rows = [["shape", "K", "coals, s", "svds, s", "over coals", "residual", "of svds", "its tol"]]
    makers = {name: SHAPES[name] for name in arguments.shapes}
    makers |= {path.parent.name: (lambda path=path: ratings(path)) for path in arguments.ratings}
    for name, make in makers.items():
        matrix = make().astype(arguments.dtype)
        matrix.sort_indices()
        rows += [compared(name, matrix, k, arguments.rounds) for k in arguments.factors if k < min(matrix.shape)]
    print("\n".join(aligned(rows, (0,), rule=True)))


if __name__ == "__main__":
    main()
