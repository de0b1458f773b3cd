"""Co-occurrences and similarities as plain sparse matrices, without a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals._util.checks import check_bool, check_choice, check_int, check_number, check_threads
from coals._util.progress import working
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import as_scipy
from coals.similarities.measures import check_measure, refuse_idle
from coals.similarities.neighborhoods import along, counted_pairs, neighbor_options, neighborhoods, weighted_products
from coals.similarities.rows_asked import RowsAsked

__all__ = ["cooccurrence", "similarity"]

AXES = ("items", "users")


def cooccurrence(
    X: Any,
    *,
    axis: str = "items",
    neighbors: int | None = None,
    threshold: float | None = None,
    rows: Any = None,
    unknown: str = "raise",
    weighted: bool = False,
    diagonal: bool = False,
    dtype: str | None = None,
    memory_limit: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> Any:
    r"""How many users have both of two items, for all pairs.

    Parameters
    ----------
    X : Interactions or scipy sparse matrix, shape (n_users, n_items)
    axis : {"items", "users"}, default "items"
        Count the users that items share, or the items that users share.
    neighbors : int or None, default None
        Keep that many largest entries of each row, ties to the lower index; None keeps all.
    threshold : float or None, default None
        Keep entries of at least this.
    rows : sequence of ids or None, default None
        Items (users) to give rows for, in this order; plain column (row) numbers if X has no ids. None gives all.
    unknown : {"raise", "skip"}, default "raise"
        What one of `rows` that X does not know gets: a ValueError that names it, or an empty row.
    weighted : bool, default False
        Sum the products of the two values, :math:`\sum_u x_{ui} x_{uj}`, instead of counting.
    diagonal : bool, default False
        Keep what an item has with itself: its number of users. Only without `neighbors`.
    dtype : {"int32", "float32", "float64"} or None, default None
        None gives int32, exact, and float32 if `weighted`; sums are kept in float64.
    memory_limit : int or None, default None
        Bytes that workspace and answer may take together; where they need more, a ValueError.
    num_threads : int or None, default None
        None takes every processor the process may use. The result is the same for every number.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_items, n_items), or (len(rows), n_items)
        Columns follow ``data.items.ids`` of the `Interactions` (for ``axis="users"``, ``data.users.ids``), which are
        sorted, or are the columns of a matrix; so do rows, or they follow `rows`. In a row columns ascend, whatever the
        counts: ``data.items.decode(answer[[row]].indices)`` are its ids.

    Notes
    -----
    Cost: at most :math:`\sum_u n_u^2` increments; pairs of popular items are counted 512 at a time. Memory: what is
    kept, about twice X, and one counter an item and thread.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> baskets = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    >>> coals.cooccurrence(baskets).toarray()
    array([[0, 2, 1, 1],
           [2, 0, 2, 0],
           [1, 2, 0, 0],
           [1, 0, 0, 0]], dtype=int32)
    """
    check_bool("weighted", weighted)
    kinds = ("float32", "float64") if weighted else ("int32", "float32", "float64")
    chosen = kinds[0] if dtype is None else check_choice("dtype", dtype, kinds)
    if check_bool("diagonal", diagonal) and neighbors is not None:
        raise ValueError("diagonal=True goes with neighbors=None: an item is no neighbor of itself")
    data, asked, threads = _check(X, axis, neighbors, threshold, rows, unknown, memory_limit, num_threads)
    keep = neighbor_options(data, neighbors, threshold, asked.known, memory_limit, bool(diagonal))
    if weighted:
        with working("cooccurrence", progress):
            products = as_scipy(weighted_products(data, keep, chosen, threads))
        if not np.isfinite(products.data).all():
            remedy = (
                "choose dtype='float64' or scale the values down" if chosen == "float32" else "scale the values down"
            )
            raise ValueError(f"a sum of products of values is too large for {chosen}: {remedy}")
        return asked.answered(products)
    with working("cooccurrence", progress):
        counts = as_scipy(counted_pairs(data, keep, threads))
    return asked.answered(counts if chosen == "int32" else counts.astype(chosen))


def similarity(
    X: Any,
    measure: str = "cosine",
    *,
    axis: str = "items",
    neighbors: int | None = 100,
    threshold: float | None = None,
    rows: Any = None,
    unknown: str = "raise",
    weighted: bool = False,
    alpha: float = 0.5,
    beta: float = 0.5,
    shrinkage: float = 0.0,
    min_support: int = 1,
    min_overlap: int = 1,
    k1: float = 1.2,
    b: float = 0.75,
    dtype: str = "float32",
    memory_limit: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> Any:
    r"""How similar items are (or users), for all pairs or the nearest neighbors.

    With c users who have both items, :math:`n_i, n_j` who have each, N users and r their values:

    ==================  ================================================================================
    measure             similarity of i and j
    ==================  ================================================================================
    count               c
    conditional         c / n_i, the share of i's users who have j
    jaccard             c / (n_i + n_j - c)
    cosine              c / sqrt(n_i n_j); of the values if `weighted`
    asymmetric_cosine   c / (n_i^alpha n_j^(1 - alpha))                              (Aiolli 2013)
    dice                2 c / (n_i + n_j)
    tversky             c / (c + alpha (n_i - c) + beta (n_j - c))                   (Tversky 1977)
    lift                c N / (n_i n_j)
    pmi                 ln lift
    npmi                pmi / -ln(c / N), 1 where c = N                              (Bouma 2009)
    log_likelihood      G^2 of the 2 x 2 table, 0 unless c N > n_i n_j               (Dunning 1993)
    tfidf               cosine of r (ln((1 + M) / (1 + n_u)) + 1), M items, n_u of the user
    bm25                cosine of idf_u r (k1 + 1) / (r + k1 (1 - b + b len_i / mean len)), where
                        idf_u = ln(1 + (M - n_u + 0.5) / (n_u + 0.5)), len_i = sum of the item's r
    centered_cosine     cosine of r minus the item's mean
    pearson             correlation of r over common users
    adjusted_cosine     cosine over common users of r minus the user's mean          (Sarwar et al. 2001)
    common_cosine       cosine of r over common users
    common_centered     cosine over common users of r minus the item's mean
    pearson_baseline    cosine over common users of r - (mean + b_u + b_i); shrinkage
                        counts c - 1                                                 (Koren 2010)
    msd                 1 / (1 + mean over common users of (r_i - r_j)^2)
    ==================  ================================================================================

    Where a norm or variance is zero so is the similarity. Zeros are not stored, negative values are. The baselines
    b_u and b_i of ``"pearson_baseline"`` are those of Surprise: the means of what the mean rating and the other one
    leave, with 15 zeros besides for users and 10 for items, in ten passes; ``shrinkage=100`` is its default.

    Parameters
    ----------
    X : Interactions or scipy sparse matrix, shape (n_users, n_items)
    measure : str, default "cosine"
        One of the above. Those without r in their formula are measures by counts: only which users have an item counts.
    axis : {"items", "users"}, default "items"
        What is compared. For users, read the table with the two exchanged.
    neighbors : int or None, default 100
        Keep that many most similar ones of each, ties to the lower index; None keeps all.
    threshold : float or None, default None
        Keep similarities of at least this.
    rows : sequence of ids or None, default None
        Items (users) to give rows for; plain column (row) numbers if X has no ids. None gives all.
    unknown : {"raise", "skip"}, default "raise"
        What one of `rows` that X does not know gets: a ValueError that names it, or an empty row.
    weighted : bool, default False
        For ``"cosine"``: compare values, not only which users have the item.
    alpha, beta : float, default 0.5
        Of ``"asymmetric_cosine"`` (alpha from 0 to 1) and ``"tversky"`` (both at least 0).
    shrinkage : float, default 0.0
        Every similarity is multiplied by c / (c + shrinkage), so that few common users count for less;
        ``"pearson_baseline"`` by (c - 1) / (c - 1 + shrinkage).
    min_support : int, default 1
        Items with fewer users are excluded: they have no neighbors and are no item's neighbor.
    min_overlap : int, default 1
        Pairs with fewer common users are no neighbors. Measures on common users need more than 1 to mean much: with
        one, all cosines are 1 or -1 and ``"msd"`` is 1 for equal values; with two, ``"pearson"`` is 1 or -1.
    k1, b : float, default 1.2 and 0.75
        Of ``"bm25"``: how soon a larger value adds no more, and how much an item's popularity counts against it.
    dtype : {"float32", "float64"}, default "float32"
        Sums are kept in float64, then rounded to this, then compared; with ``"float32"`` the weights that cosines
        multiply are rounded, too.
    memory_limit : int or None, default None
        Bytes that workspace and answer may take together; where they need more, a ValueError.
    num_threads : int or None, default None
        None takes every processor the process may use. The result is the same for every number.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_items, n_items), or (len(rows), n_items)
        Row i holds the neighbors of item i, without itself. Columns follow ``data.items.ids`` of the `Interactions`
        (for ``axis="users"``, ``data.users.ids``), which are sorted, or are the columns of a matrix; so do rows, or
        they follow `rows`. In a row columns ascend; the nearest neighbor has the largest value, not the first place:
        ``row = answer[[i]]; data.items.decode(row.indices[np.argsort(-row.data, kind="stable")])``.

    Raises
    ------
    TypeError, ValueError
        Bad arguments and data, by name; among them one of `alpha`, `beta`, `k1`, `b` that `measure` has no use for,
        negative values for ``"tfidf"`` and ``"bm25"``, and for measures of values ones beyond 1e140 or, but for 0,
        below 1e-140, whose squares float64 cannot add up.

    Notes
    -----
    Cost: at most :math:`\sum_u n_u^2` increments for measures by counts, where pairs of popular items are counted 512
    at a time; as many multiply-adds for the others, or half where `neighbors` of all rows are kept. Neighbors are
    chosen while counting. Memory: what is kept, about twice X (six times for measures of values), and a counter (a
    sum) an item and thread.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> baskets = sp.csr_array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    >>> coals.similarity(baskets, "jaccard", neighbors=1).toarray()
    array([[0.        , 0.5       , 0.        , 0.        ],
           [0.        , 0.        , 0.6666667 , 0.        ],
           [0.        , 0.6666667 , 0.        , 0.        ],
           [0.33333334, 0.        , 0.        , 0.        ]], dtype=float32)
    """
    chosen = check_measure(
        measure, weighted, alpha, beta, shrinkage, min_support, min_overlap, k1, b, argument="measure"
    )
    refuse_idle(measure, {"alpha": alpha, "beta": beta, "k1": k1, "b": b})
    check_choice("dtype", dtype, ("float32", "float64"))
    data, asked, threads = _check(X, axis, neighbors, threshold, rows, unknown, memory_limit, num_threads)
    with working("similarity", progress):
        found = neighborhoods(
            data, chosen, neighbors=neighbors, threshold=threshold, rows=asked.known, dtype=dtype,
            memory_limit=memory_limit, threads=threads,
        )  # fmt: skip
    return asked.answered(as_scipy(found))


def _check(
    X: Any, axis: Any, neighbors: Any, threshold: Any, rows: Any, unknown: str, memory_limit: Any, num_threads: Any
) -> tuple[Interactions, RowsAsked, int]:
    """The data with what is compared as columns, the rows asked for, and the threads for the core."""
    check_choice("axis", axis, AXES)
    if neighbors is not None:
        check_int("neighbors", neighbors, minimum=1)
    if threshold is not None:
        check_number("threshold", threshold)
    if memory_limit is not None:
        check_int("memory_limit", memory_limit, minimum=0)
    threads = check_threads(num_threads)
    data = along(as_interactions(X), axis)
    return data, RowsAsked(data.items, rows, unknown), threads
