"""The bar that long work shows."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from coals._checks import check_bool

__all__ = ["progress_bar"]


def progress_bar(model: Any, steps: int, unit: str, progress: bool | None) -> Any:
    """A tqdm bar. By default it appears only on a terminal, and only when there is time to look at it."""
    if progress is not None:
        check_bool("progress", progress)
    return tqdm(
        total=steps,
        desc=type(model).__name__,
        unit=unit,
        disable=None if progress is None else not progress,
        delay=1.0 if progress is None else 0.0,
    )
