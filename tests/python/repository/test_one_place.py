"""What is written in one place only. Needs the source tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CORE = ROOT / "csrc/src"
PACKAGE = ROOT / "python/coals"

if not CORE.exists():
    pytest.skip("no source tree beside the tests", allow_module_level=True)


def files_with(pattern: str, folder: Path, names: str) -> list[str]:
    """Files below `folder` that `pattern` occurs in, docstrings' code aside; the reference algorithms stand alone."""
    texts = {p.relative_to(folder).as_posix(): re.sub(r"``.*?``", "", p.read_text()) for p in folder.rglob(names)}
    return sorted(name for name, text in texts.items() if re.search(pattern, text) and "reference/" not in name)


def test_the_core_has_one_order_of_ranked_lists():
    ties = r"([\w.]+) > ([\w.]+) \|\|\s+\(\1 == \2 &&"
    assert files_with(ties, CORE, "*.[ch]pp") == ["runtime/ranked.hpp"]


def test_the_package_has_one_order_of_ranked_lists():
    assert files_with(r"argsort\(\s*-|lexsort\(.*-\w+\)\)", PACKAGE, "*.py") == ["_util/order.py"]
