"""Item co-occurrence: people who have this also have that."""

from __future__ import annotations

from typing import Any, ClassVar

from coals._util.checks import check_choice
from coals.models.knn.item_knn import ItemKNN
from coals.similarities.measures import COUNTED

__all__ = ["ItemCooccurrence"]


class ItemCooccurrence(ItemKNN):
    r"""Recommends what goes with what a user has.

    Two items are similar if the same users have them. With c users who have both, and :math:`n_i, n_j` who have
    each, ``"count"`` is c, ``"jaccard"`` is :math:`c / (n_i + n_j - c)` and ``"cosine"`` is :math:`c / \sqrt{n_i
    n_j}`; `coals.similarity` has the formulas of the others. An item is not its own neighbor. A user's score for an
    item is the mean similarity to it over the items the user has, counting 0 for those that are not neighbors. It is
    `ItemKNN` with ``scoring="mean"``, all neighbors and double precision.

    Parameters
    ----------
    similarity : str, default "jaccard"
        A measure by counts: one of those that `coals.similarity` lists without values (r) in the formula.
    neighbors : int or None, default None
        Keep that many most similar items for each item, ties to the lower index; None keeps all.
    num_threads : int or None, default None
        None takes every processor the process may use.

    Attributes
    ----------
    similarity_ : scipy.sparse.csr_array of float64, shape (n_items, n_items)
        Row i holds the neighbors of item i.

    Notes
    -----
    Only which users have an item counts; values are ignored. Counted in parallel, row by row, exactly. Memory: the
    answer, up to 12 bytes for every two items if `neighbors` is None.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> baskets = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 0]])
    >>> model = coals.ItemCooccurrence(similarity="count").fit(baskets)
    >>> ids, scores = model.recommend([3], n=3)
    >>> ids, scores
    (array([[ 1,  2, -1]]), array([[ 2.,  1., nan]]))
    """

    _space: ClassVar[dict[str, list[Any]]] = {
        "similarity": ["jaccard", "cosine", "npmi"],
        "neighbors": [20, 50, 100, 200],
    }

    def __init__(
        self, *, similarity: str = "jaccard", neighbors: int | None = None, num_threads: int | None = None
    ) -> None:
        super().__init__(
            similarity=similarity, neighbors=neighbors, scoring="mean", dtype="float64", num_threads=num_threads
        )

    def _check_params(self) -> None:
        check_choice("similarity", self.similarity, COUNTED)
        super()._check_params()
