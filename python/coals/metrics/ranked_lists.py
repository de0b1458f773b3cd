"""Lists and relevant items that come from elsewhere: whatever their ids, turned into positions for the core."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_int, refuse_masked
from coals.data.ids import factorize
from coals.data.interactions import Interactions, as_interactions
from coals.metrics.labelled_lists import in_order_of_lists, without_users
from coals.ranking.recommendations import Recommendations

__all__ = ["Lists", "as_lists", "as_positions", "exponential", "listed_scores", "with_relevant"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Lists(NamedTuple):
    """Ids of shape (n_users, n) as they were given, and how many of each row are real."""

    ids: NDArray[Any]
    counts: Ints


def as_lists(recommended: Any) -> Lists:
    """`Recommendations`, a 2-D array padded with -1 or None, or a list of lists."""
    recommended = without_users(recommended)
    if isinstance(recommended, Recommendations):
        return Lists(recommended.ids, np.asarray(recommended.counts, np.int64))
    refuse_masked("recommended", recommended)
    if isinstance(recommended, np.ndarray) and recommended.ndim == 2 and recommended.dtype.kind != "O":
        ids = recommended
    else:
        ids = _padded("recommended", recommended)
    if ids.dtype.kind in "fb":
        raise TypeError(f"recommended must hold item ids, whole numbers or strings, got dtype {ids.dtype}")
    if ids.dtype.kind == "O":
        real = np.array([[item is not None for item in row] for row in ids], bool).reshape(ids.shape)
    elif ids.dtype.kind == "i":
        real = ids >= 0
    else:
        return Lists(ids, np.full(len(ids), ids.shape[1], np.int64))
    broken = np.flatnonzero((real[:, 1:] & ~real[:, :-1]).any(axis=1))
    if broken.size:
        raise ValueError(f"recommended[{broken[0]}] has an item behind its padding: ids of -1 or None end a list")
    return Lists(ids, real.sum(axis=1))


def _rows(name: str, values: Any, ordered: bool = False) -> list[list[Any]]:
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
        raise TypeError(f"{name} must have one list of ids for each user, got {type(values).__name__}")
    rows = []
    for at, row in enumerate(values):
        if isinstance(row, (str, bytes, Mapping)) or not hasattr(row, "__len__"):
            raise TypeError(f"{name}[{at}] must be the list of one user's ids, got {row!r}: give [[...], ...]")
        if ordered and isinstance(row, Set):
            raise TypeError(f"{name}[{at}] is a {type(row).__name__}, which has no order: give a list, best first")
        rows.append(row.tolist() if isinstance(row, np.ndarray) else list(row))
    return rows


def _padded(name: str, values: Any) -> NDArray[Any]:
    rows = _rows(name, values, ordered=True)
    whole = all(
        isinstance(item, (int, np.integer)) and not isinstance(item, bool) and -(2**63) <= item < 2**63
        for row in rows
        for item in row
    )
    ids = np.full((len(rows), max(map(len, rows), default=0)), -1 if whole else None, np.int64 if whole else object)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    return ids


def as_positions(lists: Lists, items: Any) -> Ints:
    """Ids as positions in an `IdIndex`, -1 in the padding."""
    real = np.arange(lists.ids.shape[1]) < lists.counts[:, None]
    out = np.full(lists.ids.shape, -1, np.int64)
    out[real] = items.encode(lists.ids[real])
    return out


def with_relevant(recommended: Any, relevant: Any, n_items: int | None, graded: bool) -> tuple[Ints, Ints, _core.Csr]:
    """Positions, counts, and the relevant items with a row for each list; with their values if `graded`."""
    recommended, relevant = in_order_of_lists(recommended, relevant)
    lists = as_lists(recommended)
    if scipy.sparse.issparse(relevant) or isinstance(relevant, Interactions):
        data = relevant if isinstance(relevant, Interactions) else as_interactions(relevant)
        _check_rows(len(lists.counts), data.n_users)
        ids = _whole(lists.ids) if data.item_ids is None else as_positions(lists, data.items)
        values = as_gains("relevant", data.matrix.data) if graded else None
        return ids, lists.counts, _core.Csr(data.matrix.indptr, data.matrix.indices, values, data.n_items, "float64")
    if graded:
        raise ValueError("graded gains need relevant as Interactions or a sparse matrix, whose values they are")
    return _factorized(lists, _rows("relevant", relevant), n_items)


def _whole(ids: NDArray[Any]) -> Ints:
    if ids.dtype.kind not in "iu":
        raise TypeError(
            f"recommended has ids of dtype {ids.dtype}, but relevant has plain columns: give Interactions with ids, or "
            "the positions of the items"
        )
    return np.ascontiguousarray(ids, dtype=np.int64)


def _check_rows(lists: int, rows: int) -> None:
    if lists != rows:
        raise ValueError(f"there are {lists} lists, but relevant has {rows} rows: give one row for each list")


def _factorized(lists: Lists, relevant: list[list[Any]], n_items: int | None) -> tuple[Ints, Ints, _core.Csr]:
    _check_rows(len(lists.counts), len(relevant))
    real = np.arange(lists.ids.shape[1]) < lists.counts[:, None]
    every = [*lists.ids[real].tolist(), *(item for row in relevant for item in row)]
    _refuse_other_kinds(every[: int(real.sum())], every[int(real.sum()) :])
    distinct, codes = factorize("recommended and relevant", every) if every else (np.zeros(0), np.zeros(0, np.int64))
    ids = np.full(lists.ids.shape, -1, np.int64)
    n_listed = int(real.sum())
    ids[real] = codes[:n_listed]
    sizes = np.array([len(row) for row in relevant], np.int64)
    rows = np.repeat(np.arange(len(relevant)), sizes)
    order = np.lexsort((codes[n_listed:], rows))
    columns = codes[n_listed:][order]
    repeated = np.flatnonzero((columns[1:] == columns[:-1]) & (rows[1:] == rows[:-1]))
    if repeated.size:
        at = repeated[0]
        raise ValueError(f"relevant[{rows[at]}] holds {distinct[columns[at]]!r} twice: name each item once")
    size = len(distinct) if n_items is None else check_int("n_items", n_items, minimum=len(distinct))
    indptr = np.append(0, np.cumsum(sizes))
    return ids, lists.counts, _core.Csr(indptr, columns.astype(np.int32), None, max(size, 1), "float64")


def _refuse_other_kinds(listed: list[Any], relevant: list[Any]) -> None:
    """Text that is held against numbers is never found."""
    kinds = [{"text" if isinstance(id, (str, bytes)) else "other" for id in ids} for ids in (listed, relevant)]
    if {"text"} in kinds and {"other"} in kinds:
        raise TypeError(
            f"recommended holds ids such as {listed[0]!r} and relevant such as {relevant[0]!r}: give both of one kind"
        )


def listed_scores(recommended: Any, scores: Any, counts: Ints) -> Floats:
    """Scores of the lists, of their shape, as float64; those of `Recommendations` if none are given."""
    if scores is None and isinstance(recommended, Recommendations):
        scores = recommended.scores
    if scores is None:
        raise ValueError("ties='expected' needs scores, of the shape of recommended, to see what is tied")
    try:
        array = np.ascontiguousarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError("scores must be numbers of the shape of recommended, one row for each list") from None
    shape = as_lists(recommended).ids.shape
    if array.shape != shape:
        raise ValueError(f"scores must have the shape of recommended, {shape}, got {array.shape}")
    real = np.arange(shape[1]) < counts[:, None]
    bad = real & np.isnan(array)
    bad[:, 1:] |= real[:, 1:] & (array[:, 1:] > array[:, :-1])
    if bad.any():
        raise ValueError(f"scores[{int(np.argmax(bad.any(axis=1)))}] is NaN or rises: lists must be best first")
    return array


def as_gains(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    """The values in float64, if they can be gains: not negative, with a finite sum."""
    gains = values.astype(np.float64)
    if gains.size and gains.min() < 0:
        raise ValueError(f"{name} holds {gains.min()}: a gain must not be negative")
    with np.errstate(over="ignore"):
        if not np.isfinite(gains.sum()):
            raise ValueError(f"{name} holds {gains.max()}: gains must have a finite sum")
    return gains


def exponential(relevant: _core.Csr) -> _core.Csr:
    """The same pairs with gain 2^value - 1."""
    indptr, indices, values = relevant.to_arrays()
    with np.errstate(over="ignore"):
        gains = np.exp2(values) - 1
        finite = np.isfinite(gains.sum())
    if not finite:
        raise ValueError(f"gain='exponential' overflows at a value of {values.max()}: use gain='linear'")
    return _core.Csr(indptr, indices, gains, relevant.columns, "float64")
