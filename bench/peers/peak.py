"""What the machine can do at most: `python -m bench.peers.peak THREADS`, in a process of its own like a contender."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np

from bench.harness.processes import ROOT, child_environment

__all__ = ["measure_peak"]

SIDE = 2048


def measure_peak(python: str, threads: int) -> tuple[float, str]:
    """GFLOP/s of float32 on all threads together, and what they were measured with."""
    done = subprocess.run(
        [python, "-m", "bench.peers.peak", str(threads)],
        cwd=ROOT,
        env=child_environment(threads, {}),
        capture_output=True,
        text=True,
        check=True,
    )
    gflops, label = json.loads(done.stdout.splitlines()[-1])
    return float(gflops), str(label)


def fma_peak(threads: int) -> float | None:
    """By coals' own kernel of independent multiply-adds, one thread's rate times threads; None where it has none."""
    try:
        from coals import _core

        kernel = _core.measure_peak_flops
    except (ImportError, AttributeError):
        return None
    return float(kernel(0.5, threads)) / 1e9


def sgemm_peak() -> float:
    """The best of ten products of two square float32 matrices by NumPy's BLAS."""
    left, right = (np.random.default_rng(seed).random((SIDE, SIDE), dtype=np.float32) for seed in (0, 1))
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - start)
    return 2 * SIDE**3 / best / 1e9


def main() -> None:
    peak = fma_peak(int(sys.argv[1]))
    print(json.dumps((sgemm_peak(), "sgemm peak") if peak is None else (peak, "fma peak")))


if __name__ == "__main__":
    main()
