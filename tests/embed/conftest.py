"""One wheel, installed into one clean environment, for all consumers.

COALS_WHEEL names a wheel to take; without it one is built, which takes minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(*command: object, **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    given = os.environ.get("COALS_WHEEL")
    if given:
        return Path(given).resolve()
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", out, HERE.parents[1])
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def python(wheel, tmp_path_factory):
    """The interpreter of an environment with the wheel, Cython and what builds extensions."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", home)
    python = home / "bin" / "python"
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    run(*pip, wheel, "cython>=3.1", "setuptools>=70", "cmake>=3.25,<5", "ninja")
    return python


@pytest.fixture(scope="session")
def site(python):
    """The installed package."""
    return Path(run(python, "-c", "import coals; print(coals.__path__[0])", cwd="/").strip())


@pytest.fixture(scope="session")
def folder(python, tmp_path_factory):
    """The data, and what Python makes of it."""
    folder = tmp_path_factory.mktemp("data")
    run(python, HERE / "scripts" / "problem.py", folder, cwd=folder)
    return folder
