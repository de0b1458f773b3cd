"""The similarity measures: their names, their options and what they make of values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number
from coals._util.limits import LARGEST, LARGEST_INT32
from coals.data.interactions import Interactions
from coals.data.native import entry_name

__all__ = [
    "COUNTED",
    "FORMULAS",
    "MEASURES",
    "Formula",
    "Measure",
    "check_measure",
    "refuse_extreme",
    "refuse_idle",
    "values_of",
]

# A sum of squared deviations this far below that of the values is rounding.
_NOTHING = 1e-12

Array = Any  # one float64 per entry


class Measure(NamedTuple):
    """A similarity measure and its options, checked."""

    name: str = "cosine"
    weighted: bool = False
    alpha: float = 0.5
    beta: float = 0.5
    shrinkage: float = 0.0
    min_support: int = 1
    min_overlap: int = 1
    k1: float = 1.2
    b: float = 0.75

    @property
    def counted(self) -> bool:
        """Whether it follows from counts alone."""
        return FORMULAS[self.name].kind == "counts" and not self.weighted

    def native(self) -> _core.SimilarityOptions:
        return _core.SimilarityOptions(
            self.name, self.alpha, self.beta, self.shrinkage, self.min_support, self.min_overlap
        )


def _tfidf(data: Interactions, measure: Measure) -> Array:
    values = _not_negative(data, measure)
    values *= _user_weights(data, lambda n: np.log((1 + data.n_items) / (1 + n)) + 1)
    return values


def _bm25(data: Interactions, measure: Measure) -> Array:
    values, columns = _not_negative(data, measure), data.matrix.indices
    lengths = np.bincount(columns, values, data.n_items)
    has_any = np.bincount(columns, minlength=data.n_items) > 0
    mean = lengths[has_any].mean()
    relative = lengths / mean if mean > 0 else np.ones(data.n_items)
    idf = _user_weights(data, lambda n: np.log1p((data.n_items - n + 0.5) / (n + 0.5)))
    below = values + measure.k1 * (1 - measure.b + measure.b * relative[columns])
    return idf * (measure.k1 + 1) * np.divide(values, below, out=np.zeros_like(values), where=values > 0)


def _not_negative(data: Interactions, measure: Measure) -> Array:
    values = data.matrix.data
    if (values < 0).any():
        entry = int(np.argmax(values < 0))
        raise ValueError(f"{entry_name(data, entry)}: {values[entry]} is negative: {measure.name} cannot weigh it")
    return values.astype(np.float64)


def _user_weights(data: Interactions, weight: Any) -> Array:
    sizes = np.diff(data.matrix.indptr)
    return np.repeat(weight(sizes.astype(np.float64)), sizes)


def _centered(data: Interactions, measure: Measure) -> Array:
    values, columns, size = data.matrix.data.astype(np.float64), data.matrix.indices, data.n_items
    counts = np.maximum(np.bincount(columns, minlength=size), 1)
    deviations = values - (np.bincount(columns, values, size) / counts)[columns]
    spread = np.bincount(columns, deviations**2, size)
    constant = spread <= _NOTHING * np.bincount(columns, values**2, size)
    deviations[constant[columns]] = 0.0
    return deviations


def _minus_user_mean(data: Interactions, measure: Measure) -> Array:
    return _without_rounding(data, _minus_mean(data, _row_of_each(data), data.n_users))


def _minus_item_mean(data: Interactions, measure: Measure) -> Array:
    return _without_rounding(data, _minus_mean(data, data.matrix.indices, data.n_items))


def _row_of_each(data: Interactions) -> Array:
    return np.repeat(np.arange(data.n_users), np.diff(data.matrix.indptr))


def _minus_mean(data: Interactions, side: Array, size: int) -> Array:
    values = data.matrix.data.astype(np.float64)
    means = np.bincount(side, values, size) / np.maximum(np.bincount(side, minlength=size), 1)
    return values - means[side]


def _without_rounding(data: Interactions, rest: Array) -> Array:
    """What is left of values, 0 where that is rounding: sums over few users would divide it by itself."""
    rest[rest**2 <= _NOTHING * data.matrix.data.astype(np.float64) ** 2] = 0.0
    return rest


# Of the baselines of `pearson_baseline`: passes, and how many zeros each item's and each user's ratings get besides.
_PASSES, _OF_ITEMS, _OF_USERS = 10, 10.0, 15.0


def _minus_baseline(data: Interactions, measure: Measure) -> Array:
    """r - (mean + b_u + b_i). Where users are compared they are the columns: baselines are the same."""
    values, matrix = data.matrix.data.astype(np.float64), data.matrix
    sides = (matrix.indices, data.n_items), (_row_of_each(data), data.n_users)
    items, users = sides if data.users.kind == "user" else sides[::-1]
    rest = values - values.mean()
    of_item, of_user = np.zeros(items[1]), np.zeros(users[1])
    for _ in range(_PASSES):
        of_item = _drawn_to_zero(rest - of_user[users[0]], *items, _OF_ITEMS)
        of_user = _drawn_to_zero(rest - of_item[items[0]], *users, _OF_USERS)
    return _without_rounding(data, rest - of_item[items[0]] - of_user[users[0]])


def _drawn_to_zero(rest: Array, side: Any, size: int, weight: float) -> Array:
    """Means of `rest` for each user (or item), over its entries and `weight` zeros."""
    return np.bincount(side, rest, size) / (np.bincount(side, minlength=size) + weight)


class Formula(NamedTuple):
    """A row of the table of measures: what it compares, its formula, and its options.

    `kind` is "counts" (which users have which items), "vectors" (cosines of columns of weights) or "common" (values of
    the users who have both). `values` turns the entries into those that the core compares; None leaves them unchanged.
    `core` is the core's name of a measure on common users, since the core does not adjust values.
    """

    kind: str
    formula: str
    source: str = ""
    options: tuple[str, ...] = ()
    values: Callable[[Interactions, Measure], Array] | None = None
    core: str = ""


#: Every measure. Those by counts are in csrc/include/coals/similarities.def.
FORMULAS = {
    **{
        name: Formula("counts", formula, source, tuple(options.split()))
        for name, options, formula, source in _core.similarities_by_counts
    },
    "tfidf": Formula("vectors", "cosine of r (ln((1 + M) / (1 + n_u)) + 1), M items, n_u of the user", values=_tfidf),
    "bm25": Formula(
        "vectors",
        "cosine of idf_u r (k1 + 1) / (r + k1 (1 - b + b len_i / mean len)), where idf_u = ln(1 + (M - n_u + 0.5) / "
        "(n_u + 0.5)), len_i = sum of the item's r",
        options=("k1", "b"),
        values=_bm25,
    ),
    "centered_cosine": Formula("vectors", "cosine of r minus the item's mean", values=_centered),
    "pearson": Formula("common", "correlation of r over common users", core="pearson"),
    "adjusted_cosine": Formula(
        "common",
        "cosine over common users of r minus the user's mean",
        "Sarwar et al. 2001",
        values=_minus_user_mean,
        core="cosine",
    ),
    "common_cosine": Formula("common", "cosine of r over common users", core="cosine"),
    "common_centered": Formula(
        "common", "cosine over common users of r minus the item's mean", values=_minus_item_mean, core="cosine"
    ),
    "pearson_baseline": Formula(
        "common",
        "cosine over common users of r - (mean + b_u + b_i); shrinkage counts c - 1",
        "Koren 2010",
        values=_minus_baseline,
        core="residual_cosine",
    ),
    "msd": Formula("common", "1 / (1 + mean over common users of (r_i - r_j)^2)", core="mean_square"),
}
MEASURES = tuple(FORMULAS)
#: Computed from which users have which items, whatever the values.
COUNTED = tuple(name for name, formula in FORMULAS.items() if formula.kind == "counts")
_DEFAULTS = {"alpha": 0.5, "beta": 0.5, "k1": 1.2, "b": 0.75}


def values_of(data: Interactions, measure: Measure) -> Array:
    """Values on the entries of `data` that a measure of values compares."""
    make = FORMULAS[measure.name].values
    return data.matrix.data.astype(np.float64) if make is None else make(data, measure)


def check_measure(
    name: Any = "cosine",
    weighted: Any = False,
    alpha: Any = 0.5,
    beta: Any = 0.5,
    shrinkage: Any = 0.0,
    min_support: Any = 1,
    min_overlap: Any = 1,
    k1: Any = 1.2,
    b: Any = 0.75,
    argument: str = "similarity",
) -> Measure:
    """Raises TypeError or ValueError naming the argument; `argument` is what the caller calls the measure."""
    name = check_choice(argument, name, MEASURES)
    if check_bool("weighted", weighted) and name != "cosine":
        raise ValueError(f"weighted=True goes with 'cosine' alone: {name!r} has a rule of its own for values")
    return Measure(
        name,
        bool(weighted),
        check_number("alpha", alpha, minimum=0, maximum=1 if name == "asymmetric_cosine" else LARGEST),
        check_number("beta", beta, minimum=0, maximum=LARGEST),
        check_number("shrinkage", shrinkage, minimum=0, maximum=LARGEST),
        check_int("min_support", min_support, minimum=0, maximum=LARGEST_INT32),
        check_int("min_overlap", min_overlap, minimum=0, maximum=LARGEST_INT32),
        check_number("k1", k1, minimum=0, maximum=LARGEST),
        check_number("b", b, minimum=0, maximum=1),
    )


# Squares of what is larger, added up and multiplied by their number, leave float64; of what is smaller, vanish in it.
_FARTHEST = 1e140


def refuse_extreme(data: Interactions) -> None:
    """A ValueError that names the first value too far from 1 for sums of squares."""
    if data.matrix.dtype == np.float32:
        return
    size = np.abs(data.matrix.data)
    for bad, direction in ((size > _FARTHEST, "down"), ((size < 1 / _FARTHEST) & (size > 0), "up")):
        if bad.any():
            entry = int(np.argmax(bad))
            what = "large" if direction == "down" else "small"
            raise ValueError(
                f"{entry_name(data, entry)}: {data.matrix.data[entry]} is too {what} for float64 sums of squares: "
                f"scale the values {direction}"
            )


def refuse_idle(measure: str, given: Mapping[str, Any]) -> None:
    """A ValueError for an option that is not at its default and that the measure has no use for."""
    for option, default in _DEFAULTS.items():
        users = [name for name, formula in FORMULAS.items() if option in formula.options]
        if given[option] != default and measure not in users:
            listed = " and ".join(map(repr, users))
            raise ValueError(f"{option} goes with {listed}: {measure!r} has no use for it, so leave it out")
