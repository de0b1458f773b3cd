"""What `ItemKNN` and `UserKNN` share: parameters, fitting and serving."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import as_scipy, one_a_row, structure, with_values
from coals.models.base import Array, Indices, Recommender
from coals.models.explanation import Parts
from coals.models.folded_rows import Rows
from coals.models.partial_fit import merge
from coals.models.rating_means import rating_means
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import NeighborScores
from coals.ranking.recommendations import TopN
from coals.similarities.measures import COUNTED, Measure, check_measure
from coals.similarities.neighborhoods import neighborhoods, similarity_from_counts
from coals.similarities.pair_counts import count_pairs, pattern_of, recount_pairs

__all__ = ["NeighborModel"]

Self = TypeVar("Self", bound="NeighborModel")


class NeighborModel(Recommender):
    """Scores from the most similar items or users. See `ItemKNN` for what each parameter does."""

    _axis: ClassVar[str]

    global_mean_: float
    _similarity_: _core.Csr
    _scores_: NeighborScores
    _counts_: Any

    _fitted: ClassVar[Axes] = {"_similarity_": (), "_counts_": (), "global_mean_": ()}
    _derived: ClassVar[dict[str, str]] = {"_scores_": "_scores_again"}

    def __init__(
        self,
        *,
        similarity: str = "cosine",
        neighbors: int | None = 100,
        scoring: str = "sum",
        weighted: bool = False,
        alpha: float = 0.5,
        beta: float = 0.5,
        shrinkage: float = 0.0,
        min_support: int = 1,
        min_overlap: int = 1,
        k1: float = 1.2,
        b: float = 0.75,
        threshold: float | None = None,
        used_neighbors: int | None = None,
        keep_counts: bool = False,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self.similarity = similarity
        self.neighbors = neighbors
        self.scoring = scoring
        self.weighted = weighted
        self.alpha = alpha
        self.beta = beta
        self.shrinkage = shrinkage
        self.min_support = min_support
        self.min_overlap = min_overlap
        self.k1 = k1
        self.b = b
        self.threshold = threshold
        self.used_neighbors = used_neighbors
        self.keep_counts = keep_counts
        self.dtype = dtype
        self.memory_limit = memory_limit
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        _ = self._measure
        check_choice("scoring", self.scoring, ("sum", "mean", "normalized", "rating"))
        check_choice("dtype", self.dtype, ("float32", "float64"))
        for name in ("neighbors", "used_neighbors", "memory_limit"):
            if getattr(self, name) is not None:
                check_int(name, getattr(self, name), minimum=1)
        if self.threshold is not None:
            check_number("threshold", self.threshold)
        check_bool("keep_counts", self.keep_counts)
        if self.used_neighbors is not None and self.scoring != "rating":
            raise ValueError(
                f"used_neighbors goes with scoring='rating', got scoring={self.scoring!r}: limit neighbors instead"
            )
        if self.keep_counts and not self._by_counts:
            raise ValueError(
                f"keep_counts goes with similarities by counts, not with {self.similarity!r}: leave it out"
            )

    @property
    def _measure(self) -> Measure:
        """The similarity, as the engine takes it. Weights matter to cosine alone: others take none, or always."""
        weighted = check_bool("weighted", self.weighted) and self.similarity == "cosine"
        options = (self.alpha, self.beta, self.shrinkage, self.min_support, self.min_overlap, self.k1, self.b)
        return check_measure(self.similarity, weighted, *options)

    @property
    def _by_counts(self) -> bool:
        """Whether the similarity follows from counts of who has both."""
        return self.similarity in COUNTED and not self._measure.weighted

    @property
    def _takes_values(self) -> bool:
        return self.weighted or self.scoring == "rating" or not self._by_counts

    _ratings_with = "scoring='rating'"

    @property
    def predicts_ratings(self) -> bool:
        fitted: dict[str, Any] = getattr(self, "_fitted_params_", {})
        return bool(fitted.get("scoring", self.scoring) == "rating")

    @property
    def similarity_(self) -> Any:
        """Row i holds the neighbors of i and their similarities."""
        self._require_fitted()
        return as_scipy(self._similarity_)

    # --- fitting ---

    def _fit(self, data: Interactions, progress: bool | None) -> None:
        with progress_bar(self, 1, "pass", progress) as bar:
            self._learn(data, self._count(data.matrix) if self.keep_counts else None)
            bar.update()

    def partial_fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Takes in new entries; the result is that of a `fit` to old and new together. Unfitted, it is `fit`.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix
            New entries; for a pair that the model has already the new value counts. May bring users and items that the
            model does not know: new ids, or for a model without ids a larger shape. They come after the old ones, in
            sorted order; ``item_index_.encode(id)`` is the column of an item.
        progress : bool or None, default None
            As in `fit`.

        Returns
        -------
        The model itself. If `partial_fit` raises or is interrupted, it is left as it was.

        Notes
        -----
        A similarity by counts is brought up to date from the counts: only what has changed is counted again. They are
        kept from the first `partial_fit` on, or with ``keep_counts=True`` from `fit` on, in 8 bytes for each pair that
        occurs. Other similarities are computed from scratch.
        """
        if not hasattr(self, "n_items_"):
            return self.fit(X, progress=progress)
        self._check_params()
        old = self._entries_with_values()
        merged = merge(self, old, None, as_interactions(X), None)
        twin = copy.copy(self)
        twin._forget_fit()
        with progress_bar(self, 1, "pass", progress) as bar:
            counts = None
            if self._by_counts and self._counts_ is None:
                counts = self._count(merged.data.matrix)
            elif self._by_counts:
                changed = merged.touched[self._axis == "users"]
                matrices = pattern_of(old), pattern_of(structure(merged.data))
                limits = self.memory_limit, self.num_threads
                counts = recount_pairs(self._counts_, *matrices, changed, self._axis, *limits)
            twin._learn(merged.data, counts)
            bar.update()
        self._forget_fit()
        vars(self).update(vars(twin))
        return self

    def _entries_with_values(self) -> _core.Csr:
        """The training entries, with ones for values if values never mattered."""
        indptr, indices, values = self._seen_.to_arrays()
        if len(values):
            return self._seen_
        if self._takes_values:
            changed = self.get_params().items() - self._fitted_params_.items()
            raise ValueError(f"partial_fit needs values that fit did not keep, for {dict(changed)}: fit again")
        return _core.Csr(indptr, indices, np.ones(len(indices), np.float32), self._seen_.columns, "float32")

    def _count(self, matrix: Any) -> Any:
        return count_pairs(matrix, self._axis, self.memory_limit, self.num_threads)

    def _learn(self, data: Interactions, counts: Any) -> None:
        """Sets all that a fit finds. `counts` of pairs, where there are any, save counting."""
        entries = with_values(data, "float64") if self._takes_values else structure(data)
        self._similarity_ = self._neighborhoods(data, counts)
        self._counts_ = counts
        self._scores_ = self._scores_of(entries)
        self._finish_fit(data, entries)

    def _neighborhoods(self, data: Interactions, counts: Any) -> _core.Csr:
        side = 1 if self._axis == "items" else 0
        neighbors = None if self.neighbors is None else min(int(self.neighbors), data.shape[side])
        if counts is None:
            return neighborhoods(
                data, self._measure, axis=self._axis, neighbors=neighbors, threshold=self.threshold, dtype=self.dtype,
                memory_limit=self.memory_limit, threads=self._threads,
            )  # fmt: skip
        matrix = data.matrix
        sizes = np.bincount(matrix.indices, minlength=data.n_items) if side else np.diff(matrix.indptr)
        others = data.shape[1 - side]
        cut = neighbors, self.threshold, self.dtype, self._threads
        return similarity_from_counts(counts, sizes.astype(np.int64), others, self._measure, *cut)

    @abstractmethod
    def _scores_of(self, entries: _core.Csr) -> NeighborScores:
        """How training users score items, once `_similarity_` is there."""

    def _scores_again(self) -> NeighborScores:
        """`_scores_` of a model that was loaded."""
        twin: NeighborModel = self._as_fitted()
        return twin._scores_of(twin._seen_)

    @abstractmethod
    def _unseen(self, entries: _core.Csr) -> tuple[_core.Csr, Any]:
        """Queries, and their terms, for rows of items (with values) that the model was not fitted with."""

    # --- serving ---

    def _top_n(self, users: Indices, n: int, excluded: Filter) -> TopN:
        return self._scores_.top_n(users, n, excluded, self._threads)

    def _top_users(self, items: Indices, n: int, excluded: Filter) -> TopN:
        return self._scores_.turned().top_n(items, n, excluded, self._threads)

    def _predict_pairs(self, users: Indices, items: Indices) -> Array:
        return self._scores_.of_pairs(users, items, self._threads)

    def _mean_pairs(self, users: Indices, items: Indices) -> Array:
        """The mean of the one that is known."""
        found = super()._mean_pairs(users, items)
        for by, own in (("rows", users), ("columns", items)):
            found[own >= 0] = rating_means(self._seen_, by).means[own[own >= 0]]
        return found

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        scores = self._scores_.asked_by(*self._unseen(rows.entries))
        return scores.top_n(np.arange(rows.entries.rows), n, excluded, self._threads)

    def _parts(self, row: int, column: int) -> Parts:
        index = self.item_index_ if self._axis == "items" else self.user_index_
        return Parts(index, *self._scores_.parts(row, column))

    def _nearest(self, positions: Indices, n: int) -> TopN:
        """The n nearest neighbors of each, itself left out."""
        itself = one_a_row(positions, self._similarity_.columns)
        scores = NeighborScores(itself, self._similarity_)
        return scores.top_n(np.arange(len(positions)), n, Filter(itself), self._threads)
