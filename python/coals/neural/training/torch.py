"""torch, for those who fit: imported when a fit begins, and left as it was found."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["DEVICES", "Workers", "import_torch", "pick_device"]

DEVICES = ("cpu", "cuda")

Given = TypeVar("Given")


def import_torch(name: str) -> Any:
    """The module, or an ImportError that names the extra."""
    try:
        return importlib.import_module("torch")
    except ModuleNotFoundError as error:
        if error.name != "torch":  # it is there, and lacks something itself: its own error says what
            raise
        raise ImportError(
            f"fitting {name} needs torch, which is not installed: pip install 'coals[neural]' (a fitted one needs none)"
        ) from None


def pick_device(torch: Any, device: str | None) -> str:
    """None: the GPU where there is one."""
    there = bool(torch.cuda.is_available())
    if device == "cuda" and not there:
        raise ValueError("device='cuda', but torch finds no GPU here: use device='cpu' or None")
    return device or ("cuda" if there else "cpu")


class Workers:
    """Threads in each of which torch uses that one alone.

    Products of matrices by several threads give other bits than by one, and by another number others again. What is
    shared out in parts that do not depend on the number of threads, and summed in their order, does not.
    """

    def __init__(self, torch: Any, num_threads: int) -> None:
        self._torch, self._before = torch, torch.get_num_threads()
        self.threads = num_threads or self._before
        self._pool = ThreadPoolExecutor(self.threads, initializer=torch.set_num_threads, initargs=(1,))

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._torch.set_num_threads(self._before)

    def map(self, function: Callable[[Given], Any], parts: Sequence[Given]) -> list[Any]:
        """Results in the order of the parts."""
        return list(self._pool.map(function, parts))
