"""Scores by filters on the graph of items, as csrc/include/coals/graph_scores.hpp defines them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.data.native import one_a_row
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import Parts
from coals.ranking.recommendations import TopN

__all__ = ["GraphScores"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


@dataclass
class GraphScores:
    """What `DenseScores` is for a matrix of weights that is never formed.

    Row q of `queries` gives (q D_b p1(P) D_a + q E_b V Vᵀ E_a) p2(P), with the polynomials given by coefficients of
    Chebyshev polynomials of I - 2P, and P = RᵀR, or `by_item` where `by_user` is None. All but the coefficients are of
    the dtype of the queries.
    """

    queries: _core.Csr
    by_user: _core.Csr | None
    by_item: _core.Csr
    first: Floats
    second: Floats
    before: Array | None
    after: Array | None
    directions: Array | None
    low_before: Array | None
    low_after: Array | None
    candidates: npt.NDArray[np.bool_]

    def asked_by(self, queries: _core.Csr) -> GraphScores:
        """The same for other queries."""
        return replace(self, queries=queries)

    @property
    def _dtype(self) -> str:
        return str(self.by_item.to_arrays()[2].dtype)

    @property
    def _filter(self) -> _core.GraphFilterView:
        return _core.GraphFilterView(
            self.by_user, self.by_item, self.first, self.second, self.before, self.after, self.directions,
            self.low_before, self.low_after,
        )  # fmt: skip

    def top_n(self, rows: Indices, n: int, excluded: Filter, threads: int) -> TopN:
        """Candidates, best first; none for a query without entries."""

        rows = np.ascontiguousarray(rows)
        return TopN(*_core.top_k_graph_scores(self._filter, self.queries, rows, self.candidates, excluded, n, threads))

    def of_pairs(self, rows: Indices, columns: Indices, threads: int) -> Array:
        order = np.argsort(rows, kind="stable")  # equal rows together are scored once
        scores = np.empty(len(rows), self._dtype)
        pairs = np.ascontiguousarray(rows[order]), np.ascontiguousarray(columns[order])
        scores[order] = _core.score_graph(self._filter, self.queries, *pairs, threads)
        return scores

    def parts(self, row: int, column: int) -> Parts:
        """The score of one pair, item by item of the query."""
        indptr, indices, values = self.queries.to_arrays()
        part = slice(indptr[row], indptr[row + 1])
        items = indices[part].astype(np.int64)
        factors = values[part].astype(np.float64) if len(values) else np.ones(len(items))
        alone = self.asked_by(one_a_row(items, self.by_item.rows, self._dtype))
        weights = alone.of_pairs(np.arange(len(items)), np.full(len(items), column), 0).astype(np.float64)
        kept = weights != 0
        return Parts(items[kept], (factors * weights)[kept], 0.0)
