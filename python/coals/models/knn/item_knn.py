"""Item neighborhoods: what is like the things a user has."""

from __future__ import annotations

from typing import Any, ClassVar

from coals import _core
from coals.models.base import Array, Indices
from coals.models.knn.neighbor_model import NeighborModel
from coals.models.knn.neighbor_rows import importances
from coals.models.rating_means import deviations, rating_means
from coals.persistence.model_classes import Axes
from coals.ranking.neighbor_scores import NeighborScores, absolute_sums
from coals.ranking.recommendations import TopN

__all__ = ["ItemKNN"]


class ItemKNN(NeighborModel):
    r"""Scores items by their similarity to what a user has.

    With :math:`s_{ij}` the similarity of j among the neighbors of i (0 for others), :math:`H_u` the items of user u,
    and :math:`N(j)` the neighbors of j, the score of item j is for

    - ``scoring="sum"``: :math:`\sum_{i \in H_u} s_{ij}`, each item of the history speaking for its neighbors
      (Deshpande, Karypis 2004);
    - ``"mean"``: the same divided by :math:`|H_u|`;
    - ``"normalized"``: :math:`\sum_{i \in H_u \cap N(j)} s_{ji} / \sum_{i \in N(j)} |s_{ji}|`, the share of j's
      neighborhood that the user has (the weighted sum of Sarwar et al. 2001 with 1 for what the user has, else 0);
    - ``"rating"``: :math:`\bar r_j + \sum_{i \in H_u \cap N(j)} s_{ji} (r_{ui} - \bar r_i) / \sum_{i \in H_u \cap N(j)}
      |s_{ji}|`, a predicted rating, with the mean :math:`\bar r_i` of an item's ratings (Koren, Bell 2011, with means
      for baselines). Without a neighbor in the history it is :math:`\bar r_j`, or the mean of all ratings for an item
      without any. `recommend` lists items that have such a neighbor.

    Parameters
    ----------
    similarity : str, default "cosine"
        A measure of `coals.similarity`, which lists them with their formulas: by counts of the users who have both
        items, by values, or by the values of the users who have both.
    neighbors : int or None, default 100
        Keep that many most similar items for each item, ties to the lower index; None keeps all.
    scoring : {"sum", "mean", "normalized", "rating"}, default "sum"
    weighted : bool, default False
        Values are strengths: an item of the history counts as much as its value says (in "mean" the sum is divided by
        the sum of absolute values), and "cosine" compares values. Otherwise values count only
        in similarities by values and in predicted ratings.
    alpha, beta : float, default 0.5
        Of "asymmetric_cosine" and "tversky". Other similarities ignore these two, `k1` and `b`, so that a grid of
        `coals.search` may vary `similarity` along with them.
    shrinkage : float, default 0.0
        Similarities are multiplied by c / (c + shrinkage), for c users who have both.
    min_support, min_overlap : int, default 1
        Items with fewer users, and pairs with fewer common users, are no neighbors. With
        similarities on common users 3 or more make sense: of one or two, many are 1 or -1.
    k1, b : float, default 1.2, 0.75
        Of "bm25".
    threshold : float or None, default None
        Keep similarities of at least this; 0 leaves out negative ones.
    used_neighbors : int or None, default None
        Average ratings over at most this many neighbors, the most similar that the user has rated; ties to the lower
        index.
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
    similarity_ : scipy.sparse.csr_array of shape (n_items, n_items)
        Row i holds the neighbors of item i, columns ascending.
    item_mean_ : ndarray of float64, shape (n_items,)
        With ``scoring="rating"``, as are `global_mean_` and `rating_range_`, the lowest and highest rating.
    global_mean_ : float
    rating_range_ : (float, float)

    Notes
    -----
    Cost of a list: the neighbors of the user's items. Memory: 8 bytes (12 in float64) for each neighbor, twice that
    where the neighborhood of the item scored counts ("normalized", "rating", and from the first `predict` on).

    Examples
    --------
    >>> ratings = coals.Interactions.from_arrays(
    ...     ["ann", "ann", "ann", "bob", "bob", "bob", "cem", "cem"],
    ...     ["x", "y", "z", "x", "y", "z", "x", "y"],
    ...     [5, 4, 1, 3, 2, 5, 4, 3],
    ... )
    >>> coals.ItemKNN(similarity="jaccard").fit(ratings).similar_items("x", n=1)
    Recommendations(1 list of up to 1, 1 item)
      'x': 'y' 1
    >>> model = coals.ItemKNN(similarity="pearson", scoring="rating").fit(ratings)
    >>> model.predict("cem", "z").round(3)
    array([3.])
    """

    _axis = "items"
    _fitted: ClassVar[Axes] = {"item_mean_": ("items",)}

    item_mean_: Array

    _space: ClassVar[dict[str, list[Any]]] = {
        "similarity": ["cosine", "bm25", "tfidf"],
        "neighbors": [20, 50, 100, 200],
        "shrinkage": [0, 10, 50],
    }

    def _scores_of(self, entries: _core.Csr) -> NeighborScores:
        similarity = self._similarity_
        if self.scoring == "rating":
            self.item_mean_, self.global_mean_, self.rating_range_ = rating_means(entries, "columns")
        queries, term = self._unseen(entries)
        if self.scoring in ("sum", "mean"):
            return NeighborScores(queries, similarity, query_term=term)
        lists = similarity.transpose()  # the neighborhood of the item scored counts
        if self.scoring == "normalized":
            return NeighborScores(queries, lists, target_term=absolute_sums(similarity), known_targets=similarity)
        return NeighborScores(
            queries, lists, "target", self.used_neighbors, target_term=self.item_mean_, known_targets=similarity
        )

    def _unseen(self, entries: _core.Csr) -> tuple[_core.Csr, Any]:
        if self.scoring == "rating":
            return deviations(entries, self.item_mean_, "columns"), None
        queries = importances(entries, self.weighted)
        return queries, absolute_sums(queries) if self.scoring == "mean" else None

    def _nearest_items(self, items: Indices, n: int) -> TopN:
        return self._nearest(items, n)
