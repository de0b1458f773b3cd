"""Scores x W of a row x from a dense matrix of weights: lists, pairs, and what one is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import Parts
from coals.ranking.recommendations import TopN

__all__ = ["DenseScores"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


@dataclass
class DenseScores:
    """What `NeighborScores` is for few weights: row q of `queries` times `weights`, both of one dtype."""

    queries: _core.Csr
    weights: Array
    candidates: npt.NDArray[np.bool_]

    def asked_by(self, queries: _core.Csr) -> DenseScores:
        """The same for other queries."""
        return replace(self, queries=queries)

    def top_n(self, rows: Indices, n: int, excluded: Filter, threads: int) -> TopN:
        """Candidates, best first; none for a query without entries."""
        rows = np.ascontiguousarray(rows)
        return TopN(*_core.top_k_weighted_rows(self.queries, rows, self.weights, self.candidates, excluded, n, threads))

    def of_pairs(self, rows: Indices, columns: Indices, threads: int) -> Array:
        pairs = np.ascontiguousarray(rows), np.ascontiguousarray(columns)
        return _core.score_weighted_rows(self.queries, pairs[0], self.weights, pairs[1], threads)

    def parts(self, row: int, column: int) -> Parts:
        """The score of one pair, item by item of the query."""
        indptr, indices, values = self.queries.to_arrays()
        part = slice(indptr[row], indptr[row + 1])
        items = indices[part].astype(np.int64)
        factors = values[part].astype(np.float64) if len(values) else np.ones(len(items))
        weights = self.weights[items, column].astype(np.float64)
        kept = weights != 0
        return Parts(items[kept], (factors * weights)[kept], 0.0)
