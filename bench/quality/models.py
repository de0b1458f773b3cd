"""All models for one table: how each is made, what a search tries, and why some rank no better than popularity."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import coals

__all__ = ["BELOW_POPULARITY", "Entry", "contenders"]

RATINGS = "rmse"
RANKS = "ndcg@10"


class Entry(NamedTuple):
    """A line of the table: a model with seed and threads set, and the values that a search draws from."""

    make: Callable[..., Any]
    space: Mapping[str, list[Any]] = MappingProxyType({})
    metric: str = RANKS
    #: Models of these lines, by the name they have in it: for hybrids.
    members: tuple[str, ...] = ()


#: Why a line may be below popularity: what it is fitted to is not what people pick.
BELOW_POPULARITY = {
    RATINGS: "is fitted to ratings and ranks by them: it has learned how things are rated, never which are picked",
    "ContentKNN": "knows titles and the like alone, not who has what",
}


def contenders() -> dict[str, Entry]:
    """The lines of the table, those of `coals.neural` only where PyTorch is installed."""
    lines = {name: _entry(getattr(coals, name)) for name in coals.MODELS}
    lines |= {
        "Popularity": Entry(coals.Popularity),
        "ItemKNN, ratings": Entry(
            lambda **p: coals.ItemKNN(similarity="centered_cosine", scoring="rating", **p),
            {"shrinkage": [5, 20, 100], "used_neighbors": [20, 40, 80], "min_overlap": [1, 3]},
            RATINGS,
        ),
        "EASE, users weighted": Entry(
            lambda **p: coals.EASE(user_exponent=0.5, **p),
            {"regularization": [3.0, 10.0, 30.0, 100.0, 300.0], "max_diagonal": [0.0, 0.2, 0.5]},
        ),
        "GraphFilter, chebyshev": Entry(
            lambda **p: coals.GraphFilter(filter="chebyshev", **p),
            {"factors": [64, 256], "alpha": [0.0, 0.2, 0.5], "degree_exponent": [0.0, 0.2, 0.4, 0.6],
             "flatness": [1.5, 3.0, 6.0]},
        ),
        "GraphFilter, blurring": Entry(
            lambda **p: coals.GraphFilter(filter="blurring", **p),
            {"factors": [64, 256], "alpha": [0.0, 0.2, 0.5], "sharpening": [0.5, 1.0, 2.0, 2.5]},
        ),
        "GraphFilter, power": Entry(
            lambda **p: coals.GraphFilter(filter="power", **p),
            {"order": [1, 2], "degree_exponent": [0.4, 0.5, 0.6, 0.7], "entry_exponent": [0.7, 1.0, 1.4]},
        ),
        "Hybrid": Entry(
            coals.Hybrid,
            {"weights": [{"EASE": 1.0, "ImplicitALS": a, "RP3beta": b} for a in (0.3, 1.0) for b in (0.0, 0.3, 1.0)]},
            members=("EASE", "ImplicitALS", "RP3beta"),
        ),
    }  # fmt: skip
    # Members before the hybrid.
    lines["Hybrid"] = lines.pop("Hybrid")
    return lines | (_neural() if importlib.util.find_spec("torch") else {})


def _entry(cls: Any) -> Entry:
    """A line with the model's own search space; its parameters with one value are set."""
    space = cls.search_space()
    fixed = {name: values[0] for name, values in space.items() if len(values) == 1}
    tried = {name: values for name, values in space.items() if name not in fixed}
    make = functools.partial(cls, **fixed) if fixed else cls
    return Entry(make, tried, RATINGS if make().predicts_ratings else RANKS)


def _neural() -> dict[str, Entry]:
    try:
        neural: Any = importlib.import_module("coals.neural")
    except ImportError:
        return {}
    return {name: _entry(getattr(neural, name)) for name in neural.__all__}
