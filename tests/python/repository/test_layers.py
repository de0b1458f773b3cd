"""The arrows between layers point one way. Needs the source tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CSRC = ROOT / "csrc"

if not CSRC.exists():
    pytest.skip("no source tree beside the tests", allow_module_level=True)

# Folder -> what its files may include in quotes or from beyond the standard library.
ALLOWED = {
    "include/coals": [r'"coals/\w+\.(hpp|def)"'],
    "src": [
        r'"coals/\w+\.(hpp|def)"',
        r'"coals/c_api\.h"',
        r'"(als|c_api|checks|cooccurrence|intake|linalg|linear|metrics|runtime|sgd|threading|topk)/\w+\.hpp"',
        r'"kernels/kernel_table\.hpp"',
    ],
    "kernels": [r'"\w+\.hpp"', r"<cstdint>", r"<\w+intrin\.h>", r"<arm_neon\.h>"],
    "bindings": [
        r'"coals/(\w+\.(hpp|def)|c_api\.h)"',
        r'"(\.\./)?(\w+/)?(common|optional_arrays|enums|for_type|id_arrays|top_k_lists)\.hpp"',
        r"<pybind11/.*>",
    ],
}
# The bindings of single kernels reach below the public API, for the tests' sake.
EXCEPTIONS = {
    "bindings/runtime/bind_eigen.cpp": [r'"src/linalg/(symmetric|leading)_eigen\.hpp"'],
    "bindings/runtime/bind_kernels.cpp": [r'"src/(runtime/dispatch|linalg/padding)\.hpp"'],
}


def sources(folder: str) -> list[Path]:
    return sorted(p for p in (CSRC / folder).rglob("*") if p.suffix in (".cpp", ".hpp"))


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#include\s+([<"].+[>"])', path.read_text(), re.MULTILINE)


def is_standard(include: str) -> bool:
    return (
        re.fullmatch(r"<[a-z_]+>|<(cpuid|dlfcn|fcntl|omp|pthread|sched|sys/(mman|syscall)|unistd)\.h>", include)
        is not None
    )


@pytest.mark.parametrize("folder", ALLOWED)
def test_includes_point_one_way(folder):
    assert sources(folder)
    for path in sources(folder):
        allowed = ALLOWED[folder] + EXCEPTIONS.get(str(path.relative_to(CSRC)), [])
        for include in includes(path):
            if folder != "kernels" and is_standard(include):
                continue
            assert any(re.fullmatch(pattern, include) for pattern in allowed), f"{path}: {include}"


def test_each_threading_layer_starts_its_threads_in_one_file():
    starts = {
        "omp_team.cpp": r"#\s*pragma omp|<omp\.h>",
        "thread_pool.cpp": r"std::j?thread\b(?!::)|std::async|pthread_create",
    }
    for file, pattern in starts.items():
        assert [p.name for p in CSRC.rglob("*.[ch]pp") if re.search(pattern, p.read_text())] == [file]


def test_intrinsics_are_in_one_file():
    users = [p.name for p in CSRC.rglob("*.[ch]pp") if re.search(r"\b_mm\d*_|\bv\w+q_[fu]\d+\(", p.read_text())]
    assert users == ["simd.hpp"]


def test_kernels_use_no_standard_library():
    for path in sources("kernels"):
        assert "std::" not in path.read_text(), path


def test_python_reaches_the_core_through_its_module_alone():
    for path in (ROOT / "python").rglob("*.py"):
        assert "ctypes" not in path.read_text(), path
    for path in (ROOT / "python/coals/reference").glob("*.py"):
        assert "_core" not in path.read_text(), f"{path}: the reference stands on NumPy alone"
