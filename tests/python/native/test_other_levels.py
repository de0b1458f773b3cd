"""Tests marked `isa` once more, at every instruction-set level of this machine but the one in use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coals import _core


def others() -> list[Any]:
    """The lowest level takes longest, and where it is not alone goes with the long tests."""
    isas = [isa for isa in _core.detected_isas() if isa != _core.active_isa()]
    return [pytest.param(isa, marks=pytest.mark.long if isa == "baseline" and len(isas) > 1 else ()) for isa in isas]


@pytest.mark.parametrize("isa", others())
def test_other_levels_pass_the_same_tests(isa):
    """The level is chosen at import, so each takes a process."""
    folder = Path(__file__).parents[1]
    marked = sorted(str(path) for path in folder.rglob("test_*.py") if "mark.isa" in path.read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "isa", *marked],
        env={**os.environ, "COALS_ISA": isa},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
