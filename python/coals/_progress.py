"""The bar that long work shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coals._checks import check_bool

__all__ = ["MANY", "progress_bar", "working"]

#: Fewer rows than this are answered at once: nothing shall be spent on a bar.
MANY = 1024

_TICK = 0.5  # seconds


@contextmanager
def progress_bar(what: Any, steps: int | None, unit: str, progress: bool | None) -> Iterator[Any]:
    """A tqdm bar for a model, or what is named. By default it appears only on a terminal, and only when there is time
    to look at it.
    """
    if progress is not None:
        check_bool("progress", progress)
    from tqdm import tqdm  # `import coals` need not wait for it

    with tqdm(
        total=steps,
        desc=what if isinstance(what, str) else type(what).__name__,
        unit=unit,
        disable=None if progress is None else not progress,
        delay=1.0 if progress is None else 0.0,
    ) as bar:
        if bar.disable:
            yield bar
            return
        done = threading.Event()
        ticker = threading.Thread(target=_tick, args=(bar, done, progress is None), daemon=True)
        ticker.start()
        try:
            yield bar
        finally:
            done.set()
            ticker.join()


def _tick(bar: Any, done: threading.Event, late: bool) -> None:
    """Lets the time go by on a bar whose next step is one long call of native code."""
    if late and done.wait(1.0):
        return
    while not done.wait(_TICK):
        bar.refresh()
        bar.last_print_t = time.time()  # a bar that thinks it was never seen would not end its line


@contextmanager
def working(what: str, progress: bool | None) -> Iterator[None]:
    """A bar for a single call of native code: the time it takes."""
    with progress_bar(what, 1, "pass", progress) as bar:
        yield
        bar.update()
