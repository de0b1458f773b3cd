"""Scores from neighbors, as csrc/include/coals/neighbors.hpp defines them: lists, pairs, and what one is made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.order import best_first
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["NeighborScores", "Parts", "absolute_sums"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


class Parts(NamedTuple):
    """What one score is made of: neighbors in ascending order, what each adds, and what comes from none of them."""

    neighbors: Indices
    contributions: Floats
    baseline: float


@dataclass
class NeighborScores:
    """Row q of `queries` and row j of the transpose of `lists` give the score of query q for target j.

    The sum of the products of their values where they share a column, divided by the two terms; or, averaged by the
    values of one of the two, the sum of both terms and the average. `used` averages over the most similar alone.
    """

    queries: _core.Csr
    lists: _core.Csr
    average_by: str = "none"
    used: int | None = None
    query_term: Floats | None = None
    target_term: Floats | None = None
    known_targets: _core.Csr | None = field(default=None, repr=False)

    @property
    def targets(self) -> _core.Csr:
        """The transpose of `lists`, made when it is first asked for: lists need none."""
        if self.known_targets is None:
            self.known_targets = self.lists.transpose()
        return self.known_targets

    @property
    def _rule(self) -> tuple[str, int, Floats | None, Floats | None]:
        return self.average_by, -1 if self.used is None else self.used, self.query_term, self.target_term

    def asked_by(self, queries: _core.Csr, query_term: Floats | None = None) -> NeighborScores:
        """The same for other queries."""
        return replace(self, queries=queries, query_term=query_term)

    def turned(self) -> NeighborScores:
        """The same scores with targets as queries."""
        sides = {"none": "none", "query": "target", "target": "query"}
        return NeighborScores(
            self.targets, self.queries.transpose(), sides[self.average_by], self.used, self.target_term,
            self.query_term, self.queries,
        )  # fmt: skip

    def top_n(self, rows: Indices, n: int, excluded: Filter, threads: int) -> TopN:
        """Targets that share something with the query, best first."""
        chooses = self.used is not None and self.average_by == "target"
        targets = self.targets if chooses else None
        return TopN(*_core.top_k_neighbors(self.queries, rows, self.lists, targets, *self._rule, excluded, n, threads))

    def of_pairs(self, rows: Indices, columns: Indices, threads: int) -> Floats:
        """Scores of pairs: 0, or the sum of the terms, for a pair that shares nothing."""
        pairs = np.ascontiguousarray(rows), np.ascontiguousarray(columns)
        return _core.score_neighbors(self.queries, pairs[0], self.targets, pairs[1], *self._rule, threads)

    def parts(self, row: int, column: int) -> Parts:
        """The score of one pair, neighbor by neighbor."""
        of_query, a = _row(self.queries, row)
        of_target, b = _row(self.targets, column)
        shared, at_query, at_target = np.intersect1d(of_query, of_target, assume_unique=True, return_indices=True)
        a, b = a[at_query], b[at_target]
        terms = [
            None if term is None else float(term[at])
            for term, at in ((self.query_term, row), (self.target_term, column))
        ]
        if self.average_by == "none":
            return Parts(shared, a * b / np.prod([term for term in terms if term is not None and len(a)]), 0.0)
        weights = a if self.average_by == "query" else b
        kept = np.sort(best_first(weights)[: self.used])
        contributions = (a * b)[kept] / np.abs(weights[kept]).sum()
        return Parts(shared[kept], contributions, float(sum(term for term in terms if term is not None)))


def _row(matrix: _core.Csr, row: int) -> tuple[Indices, Floats]:
    indptr, indices, values = matrix.to_arrays()
    part = slice(indptr[row], indptr[row + 1])
    columns = indices[part].astype(np.int64)
    return columns, values[part].astype(np.float64) if len(values) else np.ones(len(columns))


def absolute_sums(matrix: _core.Csr) -> Floats:
    """The sum of the absolute values of each row; of ones where there are no values."""
    indptr, _, values = matrix.to_arrays()
    sizes = np.diff(indptr)
    if len(values) == 0:
        return sizes.astype(np.float64)
    sums = np.zeros(len(sizes))
    filled = sizes > 0
    if filled.any():
        sizes_of = np.abs(values) if values.min() < 0 else values
        sums[filled] = np.add.reduceat(sizes_of, indptr[:-1][filled], dtype=np.float64)
    return sums
