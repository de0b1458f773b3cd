"""The similarity measures: their names, their options and what they make of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number
from coals._util.limits import LARGEST, LARGEST_INT32
from coals.data.interactions import Interactions
from coals.data.native import entry_name

__all__ = ["COUNTED", "MEASURES", "ON_COMMON", "Measure", "check_measure", "refuse_extreme", "refuse_idle"]

#: Computed from which users have which items, whatever the values.
COUNTED = (
    "count", "conditional", "jaccard", "cosine", "asymmetric_cosine", "dice", "tversky", "lift", "pmi", "npmi",
    "log_likelihood",
)  # fmt: skip
#: Cosines of vectors of weights.
VECTORS = ("tfidf", "bm25", "centered_cosine")
#: By the values of those who have both, and what the core calls them: it does not adjust values.
ON_COMMON = {"pearson": "pearson", "adjusted_cosine": "cosine", "msd": "mean_square"}
MEASURES = (*COUNTED, *VECTORS, *ON_COMMON)

# Options of some measures: their defaults, and whose they are.
_OPTIONS_OF: dict[str, tuple[float, tuple[str, ...]]] = {
    "alpha": (0.5, ("asymmetric_cosine", "tversky")),
    "beta": (0.5, ("tversky",)),
    "k1": (1.2, ("bm25",)),
    "b": (0.75, ("bm25",)),
}

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
        return self.name in COUNTED and not self.weighted

    def native(self) -> _core.SimilarityOptions:
        return _core.SimilarityOptions(
            self.name, self.alpha, self.beta, self.shrinkage, self.min_support, self.min_overlap
        )


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
    for name, (default, users) in _OPTIONS_OF.items():
        if given[name] != default and measure not in users:
            listed = " and ".join(map(repr, users))
            raise ValueError(f"{name} goes with {listed}: {measure!r} has no use for it, so leave it out")


def vector_values(data: Interactions, measure: Measure) -> Array:
    """Values on the entries of `data` whose columns are the vectors of which cosines are taken."""
    matrix = data.matrix
    values = matrix.data.astype(np.float64)
    if measure.name == "tfidf":
        values *= _user_weights(data, lambda n: np.log((1 + data.n_items) / (1 + n)) + 1)
    elif measure.name == "bm25":
        values = _bm25(data, values, measure.k1, measure.b)
    elif measure.name == "centered_cosine":
        values = _centered(values, matrix.indices, data.n_items)
    if measure.name in ("tfidf", "bm25") and (matrix.data < 0).any():
        entry = int(np.argmax(matrix.data < 0))
        raise ValueError(f"{entry_name(data, entry)}: {matrix.data[entry]} is negative: {measure.name} cannot weigh it")
    return values


def common_values(data: Interactions, measure: Measure) -> Array:
    """Values on the entries of `data` that measures on common users compare."""
    matrix = data.matrix
    values = matrix.data.astype(np.float64)
    if measure.name == "adjusted_cosine":
        rows = np.repeat(np.arange(data.n_users), np.diff(matrix.indptr))
        sizes = np.maximum(np.diff(matrix.indptr), 1)
        deviations = values - (np.bincount(rows, values, data.n_users) / sizes)[rows]
        deviations[deviations**2 <= _NOTHING * values**2] = 0.0
        return deviations
    return values


def _user_weights(data: Interactions, weight: Any) -> Array:
    sizes = np.diff(data.matrix.indptr)
    return np.repeat(weight(sizes.astype(np.float64)), sizes)


def _bm25(data: Interactions, values: Array, k1: float, b: float) -> Array:
    columns = data.matrix.indices
    lengths = np.bincount(columns, values, data.n_items)
    has_any = np.bincount(columns, minlength=data.n_items) > 0
    mean = lengths[has_any].mean()
    relative = lengths / mean if mean > 0 else np.ones(data.n_items)
    idf = _user_weights(data, lambda n: np.log1p((data.n_items - n + 0.5) / (n + 0.5)))
    below = values + k1 * (1 - b + b * relative[columns])
    return idf * (k1 + 1) * np.divide(values, below, out=np.zeros_like(values), where=values > 0)


def _centered(values: Array, columns: npt.NDArray[Any], size: int) -> Array:
    counts = np.maximum(np.bincount(columns, minlength=size), 1)
    deviations = values - (np.bincount(columns, values, size) / counts)[columns]
    spread = np.bincount(columns, deviations**2, size)
    constant = spread <= _NOTHING * np.bincount(columns, values**2, size)
    deviations[constant[columns]] = 0.0
    return deviations
