"""The ratio table printed after the benchmarks."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy

import coals
from coals._util.text_table import aligned

__all__ = ["Row", "format_table", "load_average"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "COALS_ISA")


@dataclass(frozen=True)
class Row:
    """One comparison. Without a baseline it only says how long coals takes.

    `cores` is the CPU time of coals over its wall time. Well below the number of threads it means that other processes
    took the rest, or that coals left processors idle.
    """

    benchmark: str
    size: str
    seconds: float
    cores: float
    baseline: str = ""
    baseline_seconds: float | None = None
    target: float | None = None
    extrapolated: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times faster coals is."""
        return None if self.baseline_seconds is None else self.baseline_seconds / self.seconds

    def cells(self) -> list[str]:
        seconds, ratio, target = "", "", ""
        if self.baseline_seconds is not None and self.ratio is not None:
            seconds = f"{self.baseline_seconds:.4g}"
            ratio = f"{self.ratio:.3g}x"
            if self.target is not None:
                target = f">= {self.target:g}x {'met' if self.ratio >= self.target else 'missed'}"
        note = "extrapolated" if self.extrapolated else ""
        ours = f"{self.seconds:.4g}"
        return [self.benchmark, self.size, self.baseline, seconds, ours, f"{self.cores:.1f}", ratio, target, note]


TITLES = ["benchmark", "size", "baseline", "baseline s", "coals s", "cores", "ratio", "target", "baseline is"]
NUMBERS = (3, 4, 5, 6)


def format_table(rows: Sequence[Row], load: float) -> list[str]:
    """Lines of the table, columns aligned, under two about the machine and its load when the benchmarks began."""
    left = [k for k in range(len(TITLES)) if k not in NUMBERS]
    lines = aligned([TITLES, *(row.cells() for row in rows)], left, rule=True)
    return [_machine_line(), _conditions_line(load), *lines]


def load_average() -> float:
    """Processes that wanted to run during the last minute, or NaN where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def _machine_line() -> str:
    config = coals.show_config()
    return (
        f"{_cpu_model()}, {config['num_threads']} threads, isa {config['isa']}, coals {config['version']}, "
        f"numpy {np.__version__}, scipy {scipy.__version__}, Python {platform.python_version()}"
    )


def _conditions_line(load: float) -> str:
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    set_variables = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    parts = [f"NumPy's BLAS: {blas['name']} {blas['version']}", *set_variables, f"load {load:.1f} at start"]
    if load > 0.5:
        parts.append("BUSY MACHINE: do not quote")
    return ", ".join(parts)


def _cpu_model() -> str:
    """From Linux's list of processors; elsewhere whatever Python knows."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
