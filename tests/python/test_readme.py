"""The example in the README runs and prints what a reader expects."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_ten_lines_run():
    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(README), "exec"), {})
    titles, table = printed.getvalue().split("\n", 1)
    assert titles.count("'") + titles.count('"') >= 10  # five quoted titles
    rows = dict(re.findall(r"^(als|popular) +([\d.]+)", table, re.MULTILINE))
    assert float(rows["als"]) > float(rows["popular"])
