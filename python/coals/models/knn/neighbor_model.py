"""What `ItemKNN` and `UserKNN` share: fitting and serving."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np

from coals import _core
from coals._util.checks import check_bool, check_int
from coals._util.limits import LONGEST_LIST
from coals._util.order import best_first
from coals._util.progress import progress_bar
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import as_scipy, structure, with_values
from coals.models.base import Array, Indices
from coals.models.explanation import Explanation, one_pair
from coals.models.folded_rows import given_rows
from coals.models.knn.neighbor_parameters import NeighborParameters
from coals.models.partial_fit import merge
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import NeighborScores
from coals.ranking.recommendations import Recommendations, TopN, padded
from coals.similarities.neighborhoods import neighborhoods, similarity_from_counts
from coals.similarities.pair_counts import count_pairs, recount_pairs, who_has_what

__all__ = ["NeighborModel"]

Self = TypeVar("Self", bound="NeighborModel")


class NeighborModel(NeighborParameters):
    """Scores from the most similar items or users. See its subclasses."""

    _axis: ClassVar[str]

    global_mean_: float
    _similarity_: _core.Csr
    _scores_: NeighborScores
    _counts_: Any

    _fitted = """
        _similarity_
        _counts_
        global_mean_
    """
    _derived = "_scores_: _scores_again"

    @property
    def similarity_(self) -> Any:
        """Row i holds the neighbours of i and their similarities."""
        self._require_fitted()
        return as_scipy(self._similarity_)

    # --- fitting ---

    def fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Finds neighbours, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        The model itself. If `fit` raises or is interrupted, it is left unfitted.
        """
        data = self._start_fit(X)
        with progress_bar(self, 1, "pass", progress) as bar:
            self._learn(data, self._count(data.matrix) if self.keep_counts else None)
            bar.update()
        return self

    def partial_fit(self: Self, X: Any, *, progress: bool | None = None) -> Self:
        """Takes in new entries; the result is that of a `fit` to old and new together. Unfitted, it is `fit`.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix
            New entries; for a pair that the model has already the new value counts. May bring users and items that the
            model does not know: new ids, or for a model without ids a larger shape. They come after the old ones, in
            sorted order; ``item_index_.encode(id)`` tells the place of an item.
        progress : bool or None, default None
            As in `fit`.

        Returns
        -------
        The model itself. If `partial_fit` raises or is interrupted, it is left as it was.

        Notes
        -----
        A similarity by counts is brought up to date from the counts: only what has changed is counted again. They are
        kept from the first `partial_fit` on, or with ``keep_counts=True`` from `fit` on, in 8 bytes for each pair that
        occurs. Other similarities are found afresh.
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
                matrices = who_has_what(old), who_has_what(structure(merged.data))
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
        self._fitted_params_ = self.get_params()
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

    def recommend_for(self, history: Any, n: int = 10, *, exclude_seen: bool = True) -> Recommendations:
        """The `n` best items for someone the model was not fitted with.

        Parameters
        ----------
        history : mapping of item id to value, sequence of item ids, sparse matrix or Interactions
            What the new user did: ``{item: value}`` (or a pandas Series with items as its index), or, unless ratings
            are predicted, just the items, each of value 1. A matrix of shape (n_queries, n_items), or `Interactions`
            with item ids that the model knows, asks for many users at once. May be empty. Ratings are on the scale of
            the training data: those far outside it give scores far outside it, which are left as they are;
            ``np.clip(scores, *model.rating_range_)`` brings them back.
        n : int, default 10
            Length of the lists, at least 1.
        exclude_seen : bool, default True
            Leave out what is in the history.

        Returns
        -------
        Recommendations
            As `recommend` gives; empty lists for empty histories.
        """
        return self._as_fitted()._recommend_for(history, n, exclude_seen)  # type: ignore[no-any-return]

    def _recommend_for(self, history: Any, n: int, exclude_seen: bool) -> Recommendations:
        n = check_int("n", n, minimum=1, maximum=LONGEST_LIST)
        rows = given_rows(history, self.item_index_, "float64", drop_zeros=False, ratings=self.predicts_ratings)
        everyone = np.arange(rows.entries.rows)
        wanted = Filter(rows.seen if check_bool("exclude_seen", exclude_seen) else None)
        scores = self._scores_.asked_by(*self._unseen(rows.entries))
        ids, best, counts = padded(scores.top_n(everyone, min(n, self.n_items_), wanted, self._threads), n)
        return Recommendations(self.item_index_.named(ids), best, counts)

    def explain(self, user: Any, item: Any, n: int | None = None) -> Explanation:
        """What each neighbour contributes to the score of an item.

        Parameters
        ----------
        user, item : id
            A user of the training data, and an item.
        n : int or None, default None
            Keep the `n` largest contributions only; None keeps all. What is cut is not summed up anywhere.

        Returns
        -------
        Explanation
            ``(ids, contributions, baseline, score)``. The ids are items of the user's history that are neighbours of
            the item, or for `UserKNN` neighbours of the user that have the item. The baseline is the mean that
            ratings start from, else 0; the score is that of `predict` without `clip`.
        """
        self._require_fitted()
        row, column = one_pair(self, user, item)
        cut = None if n is None else check_int("n", n, minimum=1)
        neighbors, contributions, baseline = self._scores_.parts(row, column)
        order = best_first(np.abs(contributions))
        ids = self._neighbor_index.decode(neighbors[order][:cut])
        score = baseline + float(contributions.sum())
        return Explanation(ids, contributions[order][:cut], baseline, score)

    @property
    def _neighbor_index(self) -> IdIndex:
        return self.item_index_ if self._axis == "items" else self.user_index_

    def _nearest(self, positions: Indices, n: int) -> TopN:
        """The n nearest neighbours of each, itself left out."""
        size = self._similarity_.columns
        itself = _core.Csr(np.arange(len(positions) + 1), positions.astype(np.int32), None, size, "float32")
        scores = NeighborScores(itself, self._similarity_)
        return scores.top_n(np.arange(len(positions)), n, Filter(itself), self._threads)
