"""Models with one items x items weight matrix: a user's scores are the row of the user times the weights."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int
from coals._util.memory import NotEnoughMemory, available_bytes, readable
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions
from coals.data.native import as_scipy, entry_name, one_a_row, structure, with_values, without_values
from coals.models.base import Array, Indices, Recommender
from coals.models.explanation import Parts
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of, value_size
from coals.models.folded_rows import Rows
from coals.models.knn.neighbor_rows import importances
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.graph_scores import GraphScores
from coals.ranking.linear_scores import DenseScores
from coals.ranking.neighbor_scores import NeighborScores
from coals.ranking.recommendations import TopN, blanked

__all__ = ["LinearModel", "refuse_memory", "refuse_negative", "unsolvable"]


class LinearModel(Recommender):
    """The scores of a user with row x are x W. Subclasses find W, as an array or, with few weights, a sparse matrix."""

    neighbors: int | None
    weighted: bool
    dtype: str
    memory_limit: int | None

    _weights_: Any
    _scores_: DenseScores | NeighborScores | GraphScores

    _fitted: ClassVar[Axes] = {"_weights_": ("items", "items"), "_scores_": ()}

    def _check_params(self) -> None:
        super()._check_params()
        if self.neighbors is not None:
            check_int("neighbors", self.neighbors, minimum=1)
        check_bool("weighted", self.weighted)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        if self.memory_limit is not None:
            check_int("memory_limit", self.memory_limit, minimum=0)

    def _dense_memory(self, shape: Shape) -> Bytes:
        """Memory of dense items x items weights, and of the strongest ones if only `neighbors` are kept."""
        users, items, nnz = shape[:3]
        s, x = itemsize_of(self), value_size(self)
        sparse = csr(users, nnz, x) + 2 * csr(items, nnz, x) + csr(users, nnz, 0)
        kept = 0 if self.neighbors is None else 3 * items * min(self.neighbors, items) * (4 + s)
        return sparse, items * items * s + kept, 0

    @property
    def weights_(self) -> Any:
        """W, items x items: row i holds what item i of a history adds to other scores. Sparse if `neighbors` is set."""
        self._require_fitted()
        return as_scipy(self._weights_) if isinstance(self._weights_, _core.Csr) else self._weights_

    def _fit(self, data: Interactions, progress: bool | None, *given: Any) -> None:
        entries = self._entries(data)
        with progress_bar(self, 1, "pass", progress) as bar:
            self._weights_ = self._find_weights(data, entries, *given)
            bar.update()
        self._scores_ = self._scores_of(entries)
        self._finish_fit(data, structure(data))

    def _entries(self, data: Interactions) -> _core.Csr:
        """The rows x."""
        if self.weighted:
            return importances(with_values(data, self.dtype), True)
        return structure(data, self.dtype)

    def _queries(self, entries: _core.Csr) -> _core.Csr:
        """The rows that are multiplied by the weights, computed from rows x."""
        return entries

    @abstractmethod
    def _find_weights(self, data: Interactions, entries: _core.Csr, *args: Any, **kwargs: Any) -> Any:
        """W as an array or a `_core.Csr`. Further arguments come from the `fit` of the subclass."""

    def _scores_of(self, entries: _core.Csr) -> DenseScores | NeighborScores:
        if isinstance(self._weights_, _core.Csr):
            return NeighborScores(self._queries(entries), self._weights_)
        indices = entries.to_arrays()[1]
        candidates = np.zeros(entries.columns, bool)
        candidates[indices] = True
        return DenseScores(self._queries(entries), self._weights_, candidates)

    # --- serving ---

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        return self._scores_.top_n(users, n, excluded, self._threads)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        return self._scores_.of_pairs(users, items, self._threads)

    @property
    def _row_dtype(self) -> str:
        return self.dtype

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        given = importances(rows.entries, True) if self.weighted else without_values(rows.entries, self.dtype)
        asked = self._scores_.asked_by(self._queries(given))
        return asked.top_n(np.arange(given.rows), n, excluded, self._threads)

    def _parts(self, row: int, column: int) -> Parts:
        return Parts(self.item_index_, *self._scores_.parts(row, column))

    def _nearest_items(self, items: Indices, n: int) -> TopN:
        """The items with the largest weights from each item. Items without a weight are not similar."""
        itself = one_a_row(items, self.n_items_, self._as_fitted().dtype)
        found = self._scores_.asked_by(itself).top_n(np.arange(len(items)), n, Filter(itself), self._threads)
        if isinstance(self._scores_, NeighborScores):
            return found
        return blanked(found, ~self._scores_.candidates[items])


def refuse_negative(data: Interactions, what: str) -> None:
    """Raises a ValueError that names the lowest value of the data if it is below 0; `what` needs values >= 0."""
    at = int(np.argmin(data.matrix.data))
    if data.matrix.data[at] < 0:
        raise ValueError(
            f"{entry_name(data, at)}: the value {data.matrix.data[at]} is negative, but {what} need values of 0 or "
            "more: drop the entry, or use weighted=False"
        )


def unsolvable(model: Any, data: Interactions, error: _core.SingularSystemError) -> ValueError:
    """The error for a system that rounding leaves without a solution; returned, not raised."""
    item = data.items.decode(np.array([error.row])).tolist()[0]
    return ValueError(
        f"item {item!r}: rounding of {model.dtype} leaves the system of the items without a solution. Set a "
        "larger regularization, bring values nearer to 1, or use dtype='float64'"
    )


def refuse_memory(model: Any, n_items: int) -> None:
    """Raises an error if the dense items x items matrix is larger than `memory_limit` or the available memory."""
    size = n_items**2 * np.dtype(model.dtype).itemsize
    if model.memory_limit is not None:
        if size > model.memory_limit:
            raise ValueError(
                f"memory_limit={model.memory_limit} is too small: a matrix of {n_items} x {n_items} items takes {size} "
                "bytes; leave out rare items, or raise the limit"
            )
        return
    there_is = available_bytes()
    if there_is is not None and size > there_is:
        raise NotEnoughMemory(
            f"{type(model).__name__} needs a matrix of {n_items:,} x {n_items:,} items, which takes {readable(size)}, "
            f"and {readable(there_is)} of memory are available: leave out rare items (min_item_users=), or use a model "
            "without such a matrix, for example RP3beta or ItemKNN; coals.estimate_memory says what a fit takes"
        )
