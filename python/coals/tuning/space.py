"""What a search tries: every combination of a grid, or draws from lists and distributions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from coals._util.checks import foreign_name_error

__all__ = ["checked_space", "draws", "grid", "one_by_one", "with_params"]


def checked_space(model: Any, space: Any) -> dict[str, Any]:
    """Parameter name -> list of values, or distribution with a method `rvs`, as SciPy's have."""
    if not isinstance(space, Mapping) or not space:
        raise TypeError(
            f"space must be a dict of parameter name to values, such as {{'factors': [32, 64]}}, got {space!r}"
        )
    if isinstance(model, type) or not hasattr(model, "get_params"):
        raise TypeError(f"model must be a model, such as coals.ItemKNN(), got {model!r}")
    known = model.get_params()
    checked: dict[str, Any] = {}
    for name, values in space.items():
        if not isinstance(name, str):
            raise TypeError(f"space must have names of parameters for keys, got {name!r}")
        if name not in known:
            raise foreign_name_error(type(model).__name__, name, list(known))
        if hasattr(values, "rvs"):
            checked[name] = values
            continue
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise TypeError(f"space[{name!r}] must be a list of values or a scipy.stats distribution, got {values!r}")
        checked[name] = [_plain(value) for value in values]
        if not checked[name]:
            raise ValueError(f"space[{name!r}] is empty: give at least one value")
    return checked


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, so that they print and can be written down."""
    return value.item() if isinstance(value, np.generic) else value


def grid(space: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All combinations; the last name varies fastest."""
    for name, values in space.items():
        if hasattr(values, "rvs"):
            raise ValueError(f"space[{name!r}] is a distribution: give n_trials=, how many draws to try")
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]


def draws(space: Mapping[str, Any], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Independent draws without end."""
    while True:
        yield {
            name: _plain(values.rvs(random_state=rng)) if hasattr(values, "rvs") else values[rng.integers(len(values))]
            for name, values in space.items()
        }


def with_params(model: Any, params: Mapping[str, Any]) -> Any:
    """A new, unfitted model of the same class and parameters but for `params`."""
    return type(model)(**{**model.get_params(), **params})


def one_by_one(
    start: Mapping[str, float],
    names: Iterable[str],
    values: Iterable[float],
    worth: Callable[[dict[str, float]], float],
) -> dict[str, float]:
    """From `start`, one name after the other takes the best of the values, until none changes."""
    best, choices, changed = dict(start), [float(value) for value in values], True
    if not choices:
        raise ValueError("grid is empty: give at least one weight to try")
    while changed:
        changed = False
        for name in names:
            found = max(({**best, name: value} for value in choices), key=worth)
            if worth(found) > worth(best):
                best, changed = found, True
    return best
