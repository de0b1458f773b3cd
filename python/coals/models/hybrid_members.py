"""The models that a `Hybrid` is made of: what they must be, and how each is fitted."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from coals._util.checks import check_number
from coals.models.base import Recommender

__all__ = ["check_members", "fitted_member"]

# What a fit raises about what it was given.
_ERRORS = TypeError, ValueError, ImportError, MemoryError


def check_members(models: Any, how: str, weights: Any) -> None:
    if not isinstance(models, Mapping) or not models:
        raise TypeError(f"models must be a mapping of name to model, got {reprlib.repr(models)}")
    for name, model in models.items():
        if not isinstance(name, str):
            raise TypeError(f"the names of models must be strings, got {name!r}")
        if not isinstance(model, Recommender):
            raise TypeError(f"models must hold models of coals, got {type(model).__name__} for {name!r}")
    if how == "switching" and len(models) != 2:
        raise ValueError(f"how='switching' takes two models, got {len(models)}")
    if weights is None:
        return
    if not isinstance(weights, Mapping) or weights.keys() != models.keys():
        raise ValueError(f"weights must be a mapping with the names of the models, {list(models)}")
    for name, weight in weights.items():
        check_number(f"weight of {name!r}", weight, minimum=0)
    if how == "weighted" and not any(weights.values()):
        raise ValueError("weights are all 0, so that no model has a say: give one of them more")


def fitted_member(name: str, model: Any, data: Any) -> Any:
    """The model, fitted; an error names it."""
    try:
        return model.fit(data, progress=False)
    except _ERRORS as error:
        kind = next(kind for kind in _ERRORS if isinstance(error, kind))
        raise kind(f"model {name!r}: {error}") from error
