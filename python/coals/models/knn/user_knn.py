"""User neighborhoods: what people alike have."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from coals import _core
from coals.models.base import Array, Indices
from coals.models.knn.neighbor_model import NeighborModel
from coals.models.knn.neighbor_rows import importances, unseen_neighbors
from coals.models.rating_means import deviations, rating_means
from coals.persistence.model_classes import Axes
from coals.ranking.neighbor_scores import NeighborScores, absolute_sums
from coals.ranking.recommendations import TopN

__all__ = ["UserKNN"]


class UserKNN(NeighborModel):
    r"""Scores items by who has them: the users most similar to the one asked about.

    With :math:`s_{uv}` the similarity of v among the neighbors :math:`N(u)` of user u, and :math:`U_j` the users who
    have item j, the score of item j is for

    - ``scoring="sum"``: :math:`\sum_{v \in N(u) \cap U_j} s_{uv}`;
    - ``"mean"``: the same divided by :math:`|N(u)|`;
    - ``"normalized"``: the same divided by :math:`\sum_{v \in N(u)} |s_{uv}|`, the share of u's neighborhood that has
      the item;
    - ``"rating"``: :math:`\bar r_u + \sum_{v \in N(u) \cap U_j} s_{uv} (r_{vj} - \bar r_v) / \sum_{v \in N(u) \cap U_j}
      |s_{uv}|`, a predicted rating, with the mean :math:`\bar r_v` of a user's ratings (Resnick et al. 1994; with
      neighbors chosen beforehand, Herlocker et al. 1999). Without a neighbor who has the item it is
      :math:`\bar r_u`, or the mean of all ratings for a user without any. `recommend` lists items that such a
      neighbor has.

    Parameters
    ----------
    similarity : str, default "cosine"
        A measure of `coals.similarity`, which lists them with their formulas (here for ``axis="users"``): by counts of
        the items that both have, by values, or by the values of the items that both have.
    neighbors : int or None, default 100
        Keep that many most similar users for each user, ties to the lower index; None keeps all.
    scoring : {"sum", "mean", "normalized", "rating"}, default "sum"
    weighted : bool, default False
        Values are strengths: an item counts as much as its value says, and "cosine" compares values. Otherwise who
        has what is all that counts, except to similarities by values and predicted ratings.
    alpha, beta : float, default 0.5
        Of "asymmetric_cosine" and "tversky". Other similarities ignore these two, `k1` and `b`, so that a grid of
        `coals.search` may vary `similarity` along with them.
    shrinkage : float, default 0.0
        Similarities are multiplied by c / (c + shrinkage), for c items that both have.
    min_support, min_overlap : int, default 1
        Users with fewer items, and pairs with fewer common items, are no neighbors. With
        similarities on common items 3 or more make sense: of one or two, many are 1 or -1.
    k1, b : float, default 1.2, 0.75
        Of "bm25".
    threshold : float or None, default None
        Keep similarities of at least this; 0 leaves out negative ones.
    used_neighbors : int or None, default None
        Average ratings over at most this many neighbors, the most similar that have the item; ties to the lower index.
    keep_counts : bool, default False
        Keep the counts of all pairs, so that the first `partial_fit` need not count what was there.
    dtype : {"float32", "float64"}, default "float32"
        Of similarities. Scores are float64.
    memory_limit : int or None, default None
        Most bytes that finding neighbors may take; more is an error.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.

    Attributes
    ----------
    similarity_ : scipy.sparse.csr_array of shape (n_users, n_users)
        Row u holds the neighbors of user u, columns ascending.
    user_mean_ : ndarray of float64, shape (n_users,)
        With ``scoring="rating"``, as are `global_mean_` and `rating_range_`, the lowest and highest rating.
    global_mean_ : float
    rating_range_ : (float, float)

    Notes
    -----
    Cost of a list: the entries of the neighbors. Memory: 8 bytes (12 in float64) for each neighbor, and the data.
    `recommend_for` looks for the neighbors of each history as a fit that knew it too would find them: at the cost of
    one pass over the data for all histories together with similarities by counts, for each of them with others.

    Examples
    --------
    >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob", "bob", "cem"], ["x", "y", "y", "z", "z"])
    >>> model = coals.UserKNN().fit(plays)
    >>> model.recommend("ann").ids[0][:1]
    array(['z'], dtype=object)
    >>> model.similar_users("bob", n=2).ids
    array([['cem', 'ann']], dtype='<U3')
    """

    _axis = "users"
    _fitted: ClassVar[Axes] = {"user_mean_": ("users",)}

    user_mean_: Array

    _space: ClassVar[dict[str, list[Any]]] = {
        "similarity": ["cosine", "jaccard"],
        "neighbors": [50, 100, 200, 400],
        "shrinkage": [0, 10],
    }

    def _nearest_users(self, users: Indices, n: int) -> TopN:
        return self._nearest(users, n)

    def _scores_of(self, entries: _core.Csr) -> NeighborScores:
        if self.scoring != "rating":
            lists = importances(entries, self.weighted)
            return NeighborScores(self._similarity_, lists, query_term=self._term(self._similarity_, entries))
        self.user_mean_, self.global_mean_, self.rating_range_ = rating_means(entries, "rows")
        lists = deviations(entries, self.user_mean_, "rows")
        return NeighborScores(self._similarity_, lists, "query", self.used_neighbors, query_term=self.user_mean_)

    def _unseen(self, entries: _core.Csr) -> tuple[_core.Csr, Any]:
        similarity = unseen_neighbors(self, entries)
        return similarity, self._term(similarity, entries)

    def _term(self, similarity: _core.Csr, entries: _core.Csr) -> Any:
        if self.scoring == "rating":
            return rating_means(entries, "rows", self.global_mean_).means
        if self.scoring == "normalized":
            return absolute_sums(similarity)
        return similarity.row_sizes().astype(np.float64) if self.scoring == "mean" else None
