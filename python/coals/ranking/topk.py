"""Top-N lists from factors of any origin."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals._util.checks import check_choice, check_indices, check_int, check_threads, kind_word, refuse_masked
from coals._util.limits import LONGEST_LIST
from coals._util.progress import MANY, working
from coals.ranking.filters import Filter, candidate_mask, check_min_score, rows_of_positions
from coals.ranking.recommendations import TopN, blanked, padded
from coals.ranking.unit_rows import unit_rows

__all__ = ["top_k"]

Array = npt.NDArray[Any]

_METRICS = ("inner", "cosine", "euclidean")


def top_k(
    queries: Any,
    items: Any,
    k: int,
    *,
    metric: str = "inner",
    exclude_per_query: Any = None,
    exclude: Any = None,
    allow: Any = None,
    allow_per_query: Any = None,
    min_score: float | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> TopN:
    """The `k` best items for each query, exactly, without ever forming queries x items scores.

    Parameters
    ----------
    queries, items : array-like of float32 or float64, shape (n_queries, K), (n_items, K)
        One row each. float64 if one of them is. Rows of C-contiguous arrays are read where they are.
    k : int
        Length of the lists, at least 1.
    metric : {"inner", "cosine", "euclidean"}, default "inner"
        The score: the inner product, the cosine of the angle, or minus the squared distance. A row of zeros has no
        cosine: as an item it is on no list, as a query it gets none.
    exclude_per_query, allow_per_query : sparse matrix, (indptr, indices) or sequence of sequences, or None
        Item positions that each query must not get, or that alone it may get. Of a matrix of shape (n_queries,
        n_items) all stored entries count, whatever their values.
    exclude, allow : 1-D sequence of int, or None
        The same for all queries.
    min_score : float or None, default None
        Leave out items of a lower score.
    num_threads : int or None, default None
        None takes every processor the process may use. Results are the same bits for any number.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Returns
    -------
    TopN
        ``(ids, scores, counts)``: item positions, int64 of shape (n_queries, k), by falling score, ties to the lower
        position; their scores; how long each list is. Lists that cannot be filled are padded with -1 and NaN. An item
        must pass every filter.

    Raises
    ------
    TypeError, ValueError
        Arrays that are not two-dimensional, not of real numbers, differ in width, or hold NaN or infinity; products
        that may overflow; positions out of range.

    Notes
    -----
    A score is one chain of multiply-adds in the order of the factors. On processors with AVX-512 VNNI inner products
    and cosines are bounded in 8-bit integers first, and those that may be on the list are then scored in full: the ids
    and scores are the same bits. Cost: at most n_queries * n_items * K multiply-adds; packing takes K to K * itemsize
    bytes an item.

    Examples
    --------
    >>> items = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [3.0, 0.0]])
    >>> ids, scores, counts = coals.top_k([[1.0, 0.0]], items, 3, exclude=[3])
    >>> ids, scores
    (array([[0, 2, 1]]), array([[1., 1., 0.]]))
    >>> coals.top_k([[1.0, 0.0]], items, 2, exclude_per_query=[[0, 1, 2]]).ids
    array([[ 3, -1]])
    """
    q, v = _arrays(queries, items)
    k = check_int("k", k, minimum=1, maximum=LONGEST_LIST)
    check_choice("metric", metric, _METRICS)
    threads = check_threads(num_threads)
    given = [None if part is None else check_indices(name, part, len(v)) for name, part in
             (("exclude", exclude), ("allow", allow))]  # fmt: skip
    wanted = Filter(
        rows_of_positions("exclude_per_query", exclude_per_query, len(q), len(v)),
        rows_of_positions("allow_per_query", allow_per_query, len(q), len(v)),
        candidate_mask(given[0], given[1], len(v)),
        check_min_score(min_score),
    )
    known, some = None, np.ones(len(q), bool)
    if metric == "cosine":
        (q, some), (v, known) = unit_rows(q), unit_rows(v)
    else:
        _refuse_overflow(q, v, metric)
    with working("top_k", progress if progress is not None or len(q) >= MANY else False):
        index = _core.ItemIndex(v, known, "euclidean" if metric == "euclidean" else "inner_product", threads)
        ranked = TopN(*index.top_k(q, wanted, min(k, max(1, len(v))), "automatic", threads))
    return padded(ranked if some.all() else blanked(ranked, ~some), k)


def _array(name: str, rows: Any) -> Array:
    refuse_masked(name, rows)
    if scipy.sparse.issparse(rows):
        raise TypeError(f"{name} must be a dense array, got a sparse matrix: turn it into one with toarray first")
    try:
        return np.asarray(rows)
    except ValueError:
        raise ValueError(f"{name} must be two-dimensional: its rows differ in length") from None


def _arrays(queries: Any, items: Any) -> tuple[Array, Array]:
    given = [_array("queries", queries), _array("items", items)]
    for name, array in zip(("queries", "items"), given, strict=True):
        if array.ndim != 2:
            raise ValueError(f"{name} must be two-dimensional, one row each, got shape {array.shape}")
        if array.dtype not in (np.float32, np.float64):
            remedy = ": convert it with astype first" if array.dtype.kind in "biuf" else ""
            raise TypeError(f"{name} must be float32 or float64, got {kind_word(array.dtype)}{remedy}")
    if given[0].shape[1] != given[1].shape[1]:
        raise ValueError(
            f"queries have {given[0].shape[1]} columns and items have {given[1].shape[1]}: give both as many"
        )
    dtype = np.result_type(*given)
    q, v = (np.require(part, dtype=dtype, requirements=["C", "A"]) for part in given)
    for name, array in (("queries", q), ("items", v)):
        if not _is_finite(array):
            row, column = np.argwhere(~np.isfinite(array))[0].tolist()
            raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}: every value must be finite")
    return q, v


def _is_finite(array: Array) -> bool:
    """Whether all are finite, without an array of answers."""
    return array.size == 0 or bool(np.isfinite(array.max()) and np.isfinite(array.min()))


def _largest(array: Array) -> float:
    return max(float(array.max(initial=0)), -float(array.min(initial=0)))


def _refuse_overflow(q: Array, v: Array, metric: str) -> None:
    largest = 0.9 * float(np.finfo(q.dtype).max)
    a, b, width = _largest(q), _largest(v), max(1, q.shape[1])
    # Python floats: what overflows here is infinity, and refused.
    bound = width * (a * b if metric == "inner" else (a + b) * (a + b))
    if bound < largest:
        return
    with np.errstate(over="ignore"):
        left, right = (np.sqrt((part.astype(np.longdouble) ** 2).sum(axis=1)) for part in (q, v))
        row, item = int(np.argmax(left)), int(np.argmax(right))
        reach = left[row] * right[item] if metric == "inner" else (left[row] + right[item]) ** 2
    if not reach < largest:
        other = ", or use float64" if q.dtype == np.float32 else ""
        raise ValueError(
            f"the score of queries[{row}] and items[{item}] may overflow {q.dtype}: scale them down{other}"
        )
