"""What lists are like, whatever is relevant: how much of the catalogue they show, how evenly, how unusual and how
varied it is.

`coals.metrics` passes the public functions on. For `evaluate`, the table of metrics has functions of positions: for
"lists" `of_all(times)`, of how often each item is listed; for "list" `prepare(train)`, which makes what the values
depend on next to the lists, and `of_each(ids, counts, lengths, prepared, num_threads)`, a row for each length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_int, check_threads, kind_word, refuse_masked
from coals._util.limits import LARGEST_INT32
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.labels import table_by_id
from coals.data.unknown_ids import check_unknown
from coals.metrics.labelled_lists import without_users
from coals.metrics.names import metric
from coals.metrics.ranked_lists import Lists, as_lists, as_positions, with_relevant

__all__ = ["coverage", "diversity", "gini", "novelty"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def times_listed(ids: Ints, counts: Ints, k: int, n_items: int) -> Ints:
    """In how many lists each item is among the first k, `(n_items,)`."""
    first = ids[:, :k]
    real = np.arange(first.shape[1]) < counts[:, None]
    return np.bincount(first[real], minlength=n_items)


def coverage_of(times: Ints) -> float:
    """Share of the items that are in a list at all."""
    return float((times > 0).mean())


def gini_of(times: Ints) -> float:
    """Gini index of how often items are listed: 0 if all are alike, near 1 if few have all the places; NaN for none.

    Half the mean difference between two items, over the mean.
    """
    total = int(times.sum())
    if total == 0:
        return float("nan")
    n = len(times)
    ranked = np.sort(times).astype(np.float64)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ranked / (n * total))


def unusual_of(train: _core.Csr) -> Floats:
    """1 - share of the users who have the item, for each item."""
    unusual: Floats = 1 - np.bincount(train.to_arrays()[1], minlength=train.columns) / train.rows
    return unusual


def novelty_of(ids: Ints, counts: Ints, lengths: list[int], unusual: Floats, num_threads: int = 1) -> Floats:
    """Mean of `unusual`, a number for each item, over the first k of each list; NaN for an empty one."""
    values = np.empty((len(lengths), len(ids)))
    for row, k in zip(values, lengths, strict=True):
        first = ids[:, :k]
        real = np.arange(first.shape[1]) < counts[:, None]
        total = np.where(real, unusual[np.where(real, first, 0)], 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            row[:] = total / real.sum(axis=1)
    return values


def diversity_of(ids: Ints, counts: Ints, lengths: list[int], vectors: _core.Csr, num_threads: int) -> Floats:
    """Mean of 1 - cosine over the pairs of the first k items of each list; NaN for fewer than two."""
    values: Floats = _core.list_diversity(ids, counts, vectors, lengths, num_threads)
    return values


def mean_of(values: Floats) -> float:
    """Mean over the users who have a value; NaN if no user has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def item_vectors(train: _core.Csr) -> Any:
    """A row for each item: who has it, as a matrix of float64 without values."""
    indptr, indices, _ = train.transpose().to_arrays()
    return _core.Csr(indptr, indices, None, train.rows, "float64")


@metric("coverage", "lists", "fraction of the catalogue that occurs in any list", of_all=coverage_of)
def coverage(recommended: Any, k: int, *, n_items: int) -> float:
    """Share of the catalogue of `n_items` that is among the first k of some list.

    Examples
    --------
    >>> coverage([[0, 1], [1, 2]], k=2, n_items=4)
    0.75
    """
    return coverage_of(_times(recommended, k, n_items))


@metric(
    "gini",
    "lists",
    "Gini index of how often items occur in lists; 0 if all occur equally often",
    falling=True,
    of_all=gini_of,
)
def gini(recommended: Any, k: int, *, n_items: int) -> float:
    """Gini index of how often each of `n_items` is among the first k: 0 if all alike, near 1 if always the same few.

    Half the mean difference between two items, over the mean; NaN if all lists are empty.

    Examples
    --------
    >>> gini([[0, 1], [2, 3]], k=2, n_items=4), gini([[0], [0]], k=2, n_items=4)
    (0.0, 0.75)
    """
    return gini_of(_times(recommended, k, n_items))


def _times(recommended: Any, k: int, n_items: int) -> NDArray[np.int64]:
    k = check_int("k", k, minimum=1)
    recommended = without_users(recommended)
    found = with_relevant(recommended, [[]] * len(as_lists(recommended).counts), None, False, "raise")
    distinct = found.relevant.columns if int(found.counts.sum()) else 0
    return times_listed(
        found.ids, found.counts, k, check_int("n_items", n_items, minimum=max(distinct, 1), maximum=LARGEST_INT32)
    )


@metric(
    "novelty",
    "list",
    "mean of 1 - fraction of training users with that item",
    "Vargas, Castells 2011",
    prepare=unusual_of,
    of_each=novelty_of,
)
def novelty(recommended: Any, train: Any, k: int, *, unknown: str = "raise") -> Floats:
    """How unusual the first k items are: the mean of 1 - share of the users in `train` who have the item.

    The expected popularity complement of Vargas and Castells 2011, in [0, 1]; NaN for an empty list. `train` is
    Interactions or a sparse matrix, (n_users, n_items). Items that it does not know are an error, or with
    ``unknown="skip"`` not looked at.

    Examples
    --------
    >>> import scipy.sparse
    >>> novelty([[0, 1]], scipy.sparse.csr_array([[1, 0], [1, 1]]), k=2)
    array([0.25])
    """
    k = check_int("k", k, minimum=1)
    data = as_interactions(train)
    unusual = 1 - np.bincount(data.matrix.indices, minlength=data.n_items) / data.n_users
    found = _known_first(as_lists(recommended), data.items, k, unknown)
    values: Floats = novelty_of(*found, [k], unusual)[0]
    return values


def _known_first(lists: Lists, items: IdIndex, k: int, unknown: str) -> tuple[Ints, Ints]:
    """Positions of the items that are known among the first k of each list, and how many there are."""
    ids = as_positions(lists, items, check_unknown(unknown))[0][:, :k]
    known = (ids >= 0) & (ids < items.size)
    order = np.argsort(~known, axis=1, kind="stable")
    return np.take_along_axis(np.where(known, ids, -1), order, axis=1), known.sum(axis=1)


@metric(
    "diversity",
    "list",
    "mean of 1 - cosine over the pairs of items in a list; items are similar if they have the same training users",
    "Ziegler et al. 2005",
    prepare=item_vectors,
    of_each=diversity_of,
)
def diversity(
    recommended: Any, vectors: Any, k: int, *, unknown: str = "raise", num_threads: int | None = None
) -> Floats:
    """How unlike each other the first k items are: the mean of 1 - cosine over all pairs of them.

    Parameters
    ----------
    recommended : as the module says
        Ids that `vectors` knows, if it is `Interactions` or a table with ids; else row numbers of `vectors`.
    vectors : Interactions, table, or sparse or dense matrix of shape (n_items, n_features)
        What items are compared by: a row for each, say their genres. With Interactions, two items
        are alike if the same users have them, whatever the values. A table has the ids of its rows as its index, or
        in a column.
    k : int
        Places that are looked at.
    unknown : {"raise", "skip"}, default "raise"
        Items that `vectors` does not know are an error, or not looked at.

    Returns
    -------
    (n_users,) float64 array
        NaN where a list has fewer than two items. In [0, 1] unless `vectors` has negative entries.

    Notes
    -----
    Cost: for each listed item the stored entries of its vector.

    Examples
    --------
    >>> genres = [[1, 0], [1, 0], [0, 1]]
    >>> diversity([[0, 1], [0, 2]], genres, k=2)
    array([0., 1.])
    """
    k = check_int("k", k, minimum=1)
    lists = as_lists(recommended)
    if isinstance(vectors, Interactions):
        matrix = vectors.matrix
        train = _core.Csr(matrix.indptr, matrix.indices, None, matrix.shape[1], "float64")
        rows, items = item_vectors(train), vectors.items
    else:
        table, named = table_by_id("vectors", vectors, "item")
        matrix = as_interactions(_sparse_rows(table)).matrix
        rows = _core.Csr(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], "float64")
        items = named or IdIndex(None, matrix.shape[0], "item")
    found = _known_first(lists, items, k, unknown)
    values: Floats = diversity_of(*found, [k], rows, check_threads(num_threads))[0]
    return values


def _sparse_rows(vectors: Any) -> Any:
    if scipy.sparse.issparse(vectors):
        return scipy.sparse.csr_array(vectors)
    refuse_masked("vectors", vectors)
    try:
        rows = np.asarray(vectors)
    except ValueError:
        raise ValueError("vectors must be two-dimensional: its rows differ in length") from None
    if rows.ndim != 2 or rows.dtype.kind not in "biuf":
        got = f"{kind_word(rows.dtype)} of shape {rows.shape}"
        raise TypeError(f"vectors must be a matrix of numbers, a row for each item, got {got}")
    return scipy.sparse.csr_array(rows)
