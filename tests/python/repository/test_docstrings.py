"""Every example in a docstring runs and shows what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import coals

# Importing __main__ would run it.
NAMES = [m.name for m in pkgutil.walk_packages(coals.__path__, "coals.") if not m.name.endswith("__main__")]


@pytest.mark.parametrize("name", ["coals", *NAMES])
def test_examples_run(name):
    if name.startswith("coals.plot"):
        pytest.importorskip("matplotlib")
    if name.startswith("coals.neural"):
        pytest.importorskip("torch", reason="torch is not installed")
    module = importlib.import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    result = doctest.testmod(module, extraglobs={"coals": coals, "np": np}, optionflags=flags, raise_on_error=False)
    assert result.failed == 0, f"run python -m doctest on {name} to see"


def public_objects():
    things = {name: getattr(coals, name) for name in coals.__all__ if not name.startswith("_")}
    things |= {f"neural.{name}": getattr(coals.neural, name) for name in coals.neural.__all__}
    for module in (coals.metrics, coals.split, coals.datasets, coals.plot):
        functions = [name for name in module.__all__ if inspect.isfunction(getattr(module, name))]
        things |= {f"{module.__name__}.{name}": getattr(module, name) for name in functions}
    return {name: thing for name, thing in things.items() if inspect.isclass(thing) or inspect.isfunction(thing)}


# Contracts and plain records, which their users' examples show.
WITHOUT_EXAMPLE = {"Recommender", "NotFittedError", "Comparison", "Curve", "Evaluation", "SearchResult", "Trial"}


@pytest.mark.parametrize("name", sorted(public_objects().keys() - WITHOUT_EXAMPLE))
def test_public_objects_have_an_example(name):
    assert ">>>" in (public_objects()[name].__doc__ or ""), name
