"""Prints what numbers are computed with here: processor, level of coals, BLAS kernels of NumPy and SciPy.

With `--other` it prints the environment of the pair of BLAS kernel and level that differs most from this machine's own
and runs on it: `env $(python .ci/blas_pair.py --other) pytest -m numeric`.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import scipy.linalg
import threadpoolctl

import coals

# OPENBLAS_CORETYPE by machine, from old processors to new ones. Other names stand for one of these kernels.
CORES = {
    "x86_64": ("Prescott", "Nehalem", "Sandybridge", "Haswell", "SkylakeX"),
    "aarch64": ("ARMV8", "CORTEXA57", "NEOVERSEN1"),
}
# Computes something first: a kernel may be there that this processor cannot run.
TRIAL = f"""
import json, runpy, numpy as np, scipy.linalg
a = np.random.default_rng(0).standard_normal((60, 40))
for svd in (np.linalg.svd, scipy.linalg.svd):
    left, values, right = svd(a, full_matrices=False)
    assert np.allclose(left * values @ right, a)
print(json.dumps(runpy.run_path({str(Path(__file__))!r})["kernels"]()))
"""


def processor() -> str:
    """The model, as the system names it."""
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else ():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def kernels() -> dict[str, str]:
    """BLAS and the kernel it picked, of NumPy and of SciPy; by file name where neither brought it along."""
    scipy.linalg.get_blas_funcs("gemm")  # loaded only by now, if it has a BLAS of its own
    found = {}
    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "blas":
            path = Path(library["filepath"])
            owner = next((name for name in ("numpy", "scipy") if f"{name}.libs" in str(path)), path.name)
            found[owner] = f"{library['internal_api']} {library.get('architecture', '')}".strip()
    return dict(sorted(found.items()))


def farthest(places: list[int], own: int) -> int:
    """Of two at the same distance the lower one."""
    return max(places, key=lambda place: (abs(place - own), -place))


def other_core(own: dict[str, str]) -> str | None:
    """The value of OPENBLAS_CORETYPE farthest from what is in use, of those that run here."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    picked = {}
    for place, core in enumerate(CORES.get(machine, ())):
        environment = {**os.environ, "OPENBLAS_CORETYPE": core}
        done = subprocess.run([sys.executable, "-c", TRIAL], env=environment, capture_output=True, text=True)
        if done.returncode == 0:
            picked[place] = json.loads(done.stdout)
    others = [place for place, found in picked.items() if found != own]
    mine = next((place for place, found in picked.items() if found == own), len(CORES.get(machine, ())))
    return CORES[machine][farthest(others, mine)] if others else None


def main() -> None:
    config, own = coals.show_config(), kernels()
    levels = config["detected_isas"]
    if "--other" in sys.argv[1:]:
        level = levels[farthest(list(range(len(levels))), levels.index(config["isa"]))]
        pair = {"OPENBLAS_CORETYPE": other_core(own), "COALS_ISA": level}
        print(*(f"{name}={value}" for name, value in pair.items() if value))
        return
    picked = ", ".join(f"{name}: {kernel}" for name, kernel in own.items()) or "unknown"
    threads = ", ".join(f"{key}: {config[key]}" for key in config if key.startswith(("num_threads", "threading")))
    print(f"{processor()} | level: {config['isa']} of {', '.join(levels)} | BLAS of {picked} | {threads}")


if __name__ == "__main__":
    main()
