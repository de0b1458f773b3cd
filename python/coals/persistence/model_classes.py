"""Names of model classes in files, and their fitted attributes."""

from __future__ import annotations

import functools
import importlib
from typing import Any

__all__ = ["Axes", "class_name", "derived_names", "fitted_names", "known_class"]


#: Attributes, with the names of their axes where they are arrays.
Axes = dict[str, tuple[str, ...]]


def fitted_names(cls: type) -> Axes:
    """Fitted attributes of a class and its bases, with their axes."""
    return _merged(cls, "_fitted")


def derived_names(cls: type) -> dict[str, str]:
    """Attributes that follow from others, and the methods that make them."""
    return _merged(cls, "_derived")


@functools.cache
def _merged(cls: type, attribute: str) -> dict[str, Any]:
    """What a class and its bases say; what is nearer counts."""
    merged: dict[str, Any] = {}
    for base in cls.__mro__:
        for name, more in vars(base).get(attribute, {}).items():
            merged.setdefault(name, more)
    return merged


def class_name(cls: type) -> str:
    """The plain name of a class of ours; others with their module."""
    ours = cls.__module__.partition(".")[0] == "coals"
    return cls.__name__ if ours else f"{cls.__module__}.{cls.__qualname__}"


def known_class(name: str, root: type) -> type | None:
    """The subclass of `root`, of ours or defined by now, that has this name; the one defined last."""
    found = _defined(name, root)
    if found is None:
        # The table of models is that of the public names, which are loaded when first asked for.
        package = importlib.import_module("coals")
        if name not in package.MODELS:
            importlib.import_module("coals.neural")
        getattr(package, name, None)
        found = _defined(name, root)
    return found


def _defined(name: str, root: type) -> type | None:
    found, waiting = None, [root]
    while waiting:
        cls = waiting.pop(0)
        waiting += cls.__subclasses__()
        if class_name(cls) == name:
            found = cls
    return found
