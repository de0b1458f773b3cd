"""The bar that long work shows."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coals._util.checks import check_bool

__all__ = ["MANY", "new_bar", "progress_bar", "working"]

#: Fewer rows than this are answered at once: nothing shall be spent on a bar.
MANY = 1024

_TICK = 0.5  # seconds


class NoBar:
    """Takes the place of a bar that is not shown.

    tqdm would make a hidden one, under a lock of all threads and processes: who forks while another thread holds it
    leaves it locked for ever in the child.
    """

    disable = True

    def __init__(self) -> None:
        self.n = 0

    def update(self, n: int = 1) -> None:
        self.n += n

    def set_postfix(self, *_: Any, **__: Any) -> None:
        pass

    def set_postfix_str(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> NoBar:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def new_bar(progress: bool | None, **settings: Any) -> Any:
    """A tqdm bar. By default it appears only on a terminal, and only when there is time to look at it."""
    if progress is not None:
        check_bool("progress", progress)
    if not (_on_a_terminal() if progress is None else progress):
        return NoBar()
    from tqdm import tqdm  # `import coals` need not wait for it

    return tqdm(**settings, delay=1.0 if progress is None else 0.0)


def _on_a_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False


@contextmanager
def progress_bar(what: Any, steps: int | None, unit: str, progress: bool | None) -> Iterator[Any]:
    """`new_bar` for a model, or what is named, on which the time goes by."""
    with new_bar(progress, total=steps, desc=what if isinstance(what, str) else type(what).__name__, unit=unit) as bar:
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
