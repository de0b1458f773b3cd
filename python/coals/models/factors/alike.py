"""Which rows of factors are alike: by the cosine of their directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.base import Array, Indices
from coals.ranking.filters import Filter
from coals.ranking.packed import packed
from coals.ranking.recommendations import TopN
from coals.ranking.unit_rows import unit_rows

__all__ = ["blanked", "most_alike"]


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
    size = len(factors)
    itself = _core.Csr(np.arange(len(positions) + 1), positions.astype(np.int32), None, size, "float32")
    ranked = TopN(*index.top_k(queries, Filter(itself), min(n, size), "automatic", model._threads))
    return ranked if known.all() else blanked(ranked, ~known)


def blanked(ranked: TopN, rows: npt.NDArray[np.bool_]) -> TopN:
    """The same with empty lists in some rows."""
    ranked.ids[rows], ranked.scores[rows], ranked.counts[rows] = -1, np.nan, 0
    return ranked
