"""The models that every shared test runs over, small and seeded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import coals

MODELS: dict[str, Callable[..., Any]] = {
    "popularity": lambda **p: coals.Popularity(**p),
    "popularity-sum": lambda **p: coals.Popularity(by="sum", **p),
    "cooccurrence": lambda **p: coals.ItemCooccurrence(**p),
    "cooccurrence-cut": lambda **p: coals.ItemCooccurrence(similarity="cosine", neighbors=5, **p),
    "explicit": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, **p),
    "explicit-separate": lambda **p: coals.ExplicitALS(
        factors=5, iterations=3, random_state=0, bias_update="separate", **p
    ),
    "explicit-plain": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, biases=False, **p),
    "explicit-64": lambda **p: coals.ExplicitALS(factors=5, iterations=3, random_state=0, dtype="float64", **p),
    "implicit": lambda **p: coals.ImplicitALS(factors=5, iterations=3, random_state=0, **p),
    "implicit-ials": lambda **p: coals.ImplicitALS(
        factors=5, iterations=3, random_state=0, objective="ials", regularization_exponent=1.0, **p
    ),
}
