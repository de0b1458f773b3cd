"""Methods that a model has only if it has what they need, as in scikit-learn's `available_if`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar, cast

__all__ = ["offered_with"]

Method = TypeVar("Method", bound=Callable[..., Any])


class _Offered:
    """A method of those models alone that have another one: `hasattr` is False for others."""

    def __init__(self, method: Callable[..., Any], needed: str) -> None:
        functools.update_wrapper(self, method)  # type: ignore[arg-type]
        self._method, self._needed = method, needed

    def __get__(self, model: Any, cls: type) -> Any:
        if not hasattr(cls, self._needed):
            raise AttributeError(f"{cls.__name__!r} object has no attribute {self._method.__name__!r}")
        return self._method if model is None else MethodType(self._method, model)


def offered_with(needed: str) -> Callable[[Method], Method]:
    """For a method that models have if they have the method `needed`."""

    def offered(method: Method) -> Method:
        return cast(Method, _Offered(method, needed))

    return offered
