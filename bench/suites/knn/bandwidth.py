"""What the machine's memory can do: `copy_bandwidth(2)`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

__all__ = ["copy_bandwidth"]

MEGABYTES = 512
TIMES = 7


def copy_bandwidth(threads: int) -> float:
    """GB/s read and written together by copies far larger than the caches, each thread its part; the best of some."""
    source = np.ones(MEGABYTES << 17)
    target = np.zeros_like(source)
    parts = [(a, b) for a, b in zip(np.array_split(target, threads), np.array_split(source, threads), strict=True)]
    best = float("inf")
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(TIMES):
            start = time.perf_counter()
            list(pool.map(lambda part: np.copyto(*part), parts))
            best = min(best, time.perf_counter() - start)
    return 2 * source.nbytes / best / 1e9
