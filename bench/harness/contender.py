"""A contender: one library at one task, and how to make it in a process of its own."""

from __future__ import annotations

import importlib
import importlib.metadata
import time
from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bench.harness.processes import Missing

__all__ = ["Contender", "Entry", "clocked"]


class Contender(ABC):
    """One library with one way to do the task. The subclasses of a benchmark say what it must be able to do."""

    #: The distribution that is installed.
    package: ClassVar[str]

    def __init__(self, problem: Any = None, **options: Any) -> None:
        self.problem = problem
        self.options = options

    def version(self) -> str:
        """Of the library."""
        return importlib.metadata.version(self.package)


@dataclass(frozen=True)
class Entry:
    """How to make a contender. `env` is set for its process before anything is imported."""

    #: The package that its module is in.
    folder: ClassVar[str]

    module: str
    cls: str
    options: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def make(self, problem: Any) -> Any:
        """The contender. Raises `Missing` where its library is not installed."""
        try:
            module = importlib.import_module(f"{self.folder}.{self.module}")
        except ImportError as error:
            raise Missing(str(error)) from error
        return getattr(module, self.cls)(problem, **self.options)


def clocked(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """What the call returns, its seconds, and CPU time over wall time: how many processors it really had."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    seconds = time.perf_counter() - wall
    return result, seconds, (time.process_time() - cpu) / seconds
