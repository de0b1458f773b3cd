"""Item co-occurrence: people who have this also have that."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy

from coals import _core
from coals._checks import check_choice, check_int
from coals._native import structure
from coals.base import Array, Indices, ItemSimilarity, progress_bar
from coals.recommendations import TopN

__all__ = ["ItemCooccurrence"]


class ItemCooccurrence(ItemSimilarity):
    r"""Recommends what goes with what a user has.

    Two items are similar if the same users have them. With c users who have both, and :math:`n_i, n_j` who have
    each, ``"count"`` is c, ``"jaccard"`` is :math:`c / (n_i + n_j - c)` and ``"cosine"`` is :math:`c / \sqrt{n_i
    n_j}`. An item is not its own neighbour. A user's score for an item is the mean similarity to it over the
    items the user has, counting 0 for those that are no neighbours.

    Parameters
    ----------
    similarity : {"jaccard", "cosine", "count"}, default "jaccard"
    neighbors : int or None, default None
        Keep that many most similar items for each item, ties to the lower index; None keeps all.
    num_threads : int or None, default None
        None takes every processor the process may use.

    Attributes
    ----------
    similarity_ : scipy.sparse.csr_array of float64, shape (n_items, n_items)
        Row i holds the neighbours of item i. Symmetric unless `neighbors` cuts it.

    Notes
    -----
    Only who has what counts; values are ignored. Counted in parallel, row by row, exactly, at the cost of
    :math:`\sum_u n_u^2` additions. Memory: the answer, up to 12 bytes for every two items if `neighbors` is None, and
    one counter for each item and thread.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> baskets = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 0]])
    >>> model = coals.ItemCooccurrence(similarity="count").fit(baskets)
    >>> ids, scores = model.recommend([3], n=3)
    >>> ids, scores
    (array([[ 1,  2, -1]]), array([[ 2.,  1., nan]]))
    """

    similarity_: Any
    _similarity_: _core.Csr

    def __init__(
        self, *, similarity: str = "jaccard", neighbors: int | None = None, num_threads: int | None = None
    ) -> None:
        self.similarity = similarity
        self.neighbors = neighbors
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("similarity", self.similarity, ("jaccard", "cosine", "count"))
        if self.neighbors is not None:
            check_int("neighbors", self.neighbors, minimum=1)

    def fit(self, X: Any, *, progress: bool | None = None) -> ItemCooccurrence:
        """Counts co-occurrences, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Returns
        -------
        ItemCooccurrence
            Itself.
        """
        data = self._start_fit(X)
        items_of_user = structure(data)
        neighbors = -1 if self.neighbors is None else min(int(self.neighbors), data.n_items)
        with progress_bar(self, 1, "pass", progress) as bar:
            similarity = _core.item_similarity(
                items_of_user, items_of_user.transpose(), self.similarity, neighbors, self._threads
            )
            bar.update()
        indptr, indices, values = similarity.to_arrays()
        if similarity.entries <= np.iinfo(np.int32).max:
            indptr = indptr.astype(np.int32)  # else SciPy would widen all indices to match
        self.similarity_ = scipy.sparse.csr_array((values, indices, indptr), shape=(data.n_items,) * 2)
        self._similarity_ = similarity
        self._finish_fit(data, items_of_user)
        return self

    def _top_n(self, users: Indices, n: int, excluded: _core.Csr) -> TopN:
        history = self._seen_.select_rows(users)
        return TopN(*_core.top_k_mean_similarity(history, self._similarity_, excluded, n, self._threads))

    def _similar(self, items: Indices, n: int) -> TopN:
        """The query is a history of one item, and not its own neighbour."""
        history = _core.Csr(np.arange(len(items) + 1), items.astype(np.int32), None, self.n_items_, "float32")
        return TopN(*_core.top_k_mean_similarity(history, self._similarity_, history, n, self._threads))

    def predict_indices(self, users: Indices, items: Indices) -> Array:
        """Scores of the pairs, one user's history at a time."""
        indptr, indices, _ = self._seen_.to_arrays()
        scores = np.zeros(len(users))
        order = np.argsort(users, kind="stable")
        for pairs in np.split(order, np.flatnonzero(np.diff(users[order])) + 1):
            if len(pairs) == 0:
                continue
            user = users[pairs[0]]
            history = indices[indptr[user] : indptr[user + 1]]
            if len(history):
                sums = self.similarity_[history].sum(axis=0)
                scores[pairs] = sums[items[pairs]] / len(history)
        return scores
