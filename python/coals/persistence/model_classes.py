"""Names of model classes in files, and their fitted attributes."""

from __future__ import annotations

import functools
import importlib
from typing import Any

__all__ = ["MODULES", "Axes", "class_name", "derived_names", "fitted_names", "known_class"]


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


#: Where the models are, none of which `import coals` loads: it would take twice as long.
MODULES = {
    "BPR": "coals.models.factors.bpr",
    "ContentKNN": "coals.models.linear.content_knn",
    "EASE": "coals.models.linear.ease",
    "ExplicitALS": "coals.models.als.explicit",
    "GloVe": "coals.models.als.glove",
    "GraphFilter": "coals.models.linear.graph_filter",
    "Hybrid": "coals.models.hybrid",
    "ImplicitALS": "coals.models.als.implicit",
    "ItemCooccurrence": "coals.models.knn.item_cooccurrence",
    "ItemKNN": "coals.models.knn.item_knn",
    "Popularity": "coals.models.popularity",
    "RP3beta": "coals.models.linear.rp3beta",
    "SGDFactorization": "coals.models.factors.sgd_factorization",
    "SVD": "coals.models.factors.svd",
    "UserKNN": "coals.models.knn.user_knn",
}


def known_class(name: str, root: type) -> type | None:
    """The subclass of `root`, of ours or defined by now, that has this name; the one defined last."""
    found = _defined(name, root)
    if found is None:
        importlib.import_module(MODULES.get(name, "coals.neural"))
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
