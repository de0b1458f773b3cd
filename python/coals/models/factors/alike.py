"""Which rows of factors are alike: by the cosine of their directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.native import one_a_row
from coals.models.base import Array, Indices
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import TopN, blanked
from coals.ranking.unit_rows import unit_rows

__all__ = ["most_alike"]


def most_alike(
    model: Any, name: str, factors: Array, candidates: npt.NDArray[np.bool_], positions: Indices, n: int
) -> TopN:
    """The n candidates most like each given row, itself left out. Rows of zeros are like nothing.

    `name` is what the packed rows are kept under.
    """

    def make() -> _core.ItemIndex:
        unit, known = unit_rows(factors)
        return _core.ItemIndex(unit, known & candidates, "inner_product", model._threads)

    index = packed(model, name, (factors, candidates), make)
    queries, known = unit_rows(factors[positions])
    known &= candidates[positions]
    itself = one_a_row(positions, len(factors))
    ranked = TopN(*index.top_k(queries, Filter(itself), min(n, len(factors)), "automatic", model._threads))
    return ranked if known.all() else blanked(ranked, ~known)
