"""Where the time of a command goes: parts count their seconds for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["measured", "spend"]

_spent: ContextVar[dict[str, float] | None] = ContextVar("spent", default=None)


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Seconds by name of what is done meanwhile."""
    seconds: dict[str, float] = {}
    before = _spent.set(seconds)
    try:
        yield seconds
    finally:
        _spent.reset(before)


def spend(what: str, seconds: float) -> None:
    counted = _spent.get()
    if counted is not None:
        counted[what] = counted.get(what, 0.0) + seconds
