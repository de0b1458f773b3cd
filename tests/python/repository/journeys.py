"""Counts the Python files of coals that a call passes through, and how often it changes files.

A stay is a run of calls in one file; coming back to a file is another stay. A native call is one of a function or a
method of the core. Every call runs once before it is counted, so that imports do not count.

    python tests/python/repository/journeys.py [NAME]    prints the table; with a name, also each stay of that call
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import scipy.sparse as sp

import coals
import coals.cli

PACKAGE = str(Path(coals.__file__).parent) + os.sep


class Journey:
    """What `sys.setprofile` saw of one call."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.stays: list[str] = []
        self.native = 0
        call()
        sys.setprofile(self._see)
        try:
            call()
        finally:
            sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            self.native += str(getattr(called, "__module__", "")).startswith("coals._core")
        elif event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            file = frame.f_code.co_filename.removeprefix(PACKAGE).replace(os.sep, "/")
            if not self.stays or self.stays[-1] != file:
                self.stays.append(file)


def tiny() -> sp.csr_array:
    """Three users, four items."""
    return sp.csr_array([[1.0, 2.0, 0.0, 0.0], [0.0, 1.0, 3.0, 0.0], [1.0, 0.0, 0.0, 2.0]])


def calls(folder: Path) -> dict[str, Callable[[], Any]]:
    """Name -> call, on data of three users and four items."""
    table, saved = folder / "plays.csv", folder / "model.coals"
    table.write_text("user,item,value\na,x,1\na,y,2\nb,y,1\nb,z,3\nc,x,1\nc,w,2\n", encoding="utf-8")
    test = coals.Interactions.from_matrix(tiny()[:, [1, 2, 3, 0]])
    model = coals.ImplicitALS(factors=2, iterations=1, random_state=0)
    model.fit(tiny()).save(saved)
    fitted = coals.load(saved)

    def command() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            options = "--factors 2 --iterations 1 --user user --item item --value value"
            arguments = ["fit", str(table), *options.split(), "--save", str(folder / "new.coals")]
            coals.cli.main(arguments, standalone_mode=False)

    return {
        "ImplicitALS.fit": lambda: model.fit(tiny()),
        "recommend": lambda: fitted.recommend([2]),
        "from_csv": lambda: coals.Interactions.from_csv(table, user="user", item="item", value="value"),
        "coals fit --save": command,
        "load, recommend": lambda: coals.load(saved).recommend([2]),
        "save": lambda: fitted.save(folder / "copy.coals"),
        "ItemKNN.fit": lambda: coals.ItemKNN().fit(tiny()),
        "EASE.fit": lambda: coals.EASE().fit(tiny()),
        "evaluate": lambda: coals.evaluate(fitted, test, exclude_seen=False),
    }


def counted() -> dict[str, Journey]:
    with tempfile.TemporaryDirectory() as folder:
        return {name: Journey(call) for name, call in calls(Path(folder)).items()}


def main(names: list[str]) -> None:
    found = counted()
    print(f"{'call':18} {'files':>5} {'stays':>5} {'native calls':>12}")
    for name, journey in found.items():
        print(f"{name:18} {len(set(journey.stays)):5} {len(journey.stays):5} {journey.native:12}")
    for name in names:
        print(f"\n{name}:", *found[name].stays, sep="\n  ")


if __name__ == "__main__":
    main(sys.argv[1:])
