"""What the classes of models say of themselves: names for files, fitted attributes."""

from __future__ import annotations

import importlib

__all__ = ["class_name", "derived_names", "fitted_names", "known_class"]


def fitted_names(cls: type) -> dict[str, list[str]]:
    """Fitted attributes of a class and its bases, with their axes."""
    return {name: axes.split(", ") if axes else [] for name, axes in named(cls, "_fitted")}


def derived_names(cls: type) -> dict[str, str]:
    """Attributes that follow from others, and the methods that make them."""
    return dict(named(cls, "_derived"))


def named(cls: type, attribute: str) -> list[tuple[str, str]]:
    texts = [vars(base).get(attribute, "").replace(";", "\n") for base in cls.__mro__]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    parts = [line.partition(": ") for line in lines if line]
    return [(name, more) for name, _, more in parts]


def class_name(cls: type) -> str:
    """The plain name of a class of ours; others with their module."""
    ours = cls.__module__.partition(".")[0] == "coals"
    return cls.__name__ if ours else f"{cls.__module__}.{cls.__qualname__}"


#: Parts of coals with models that `import coals` leaves out.
_LAZY = ("coals.neural",)


def known_class(name: str, root: type) -> type | None:
    """The subclass of `root`, of ours or defined by now, that has this name; the one defined last."""
    found = _defined(name, root)
    if found is None:
        for module in _LAZY:
            importlib.import_module(module)
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
