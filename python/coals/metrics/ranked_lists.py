"""Lists and relevant items that come from elsewhere: whatever their ids, turned into positions for the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_int, given, kind_word, refuse_masked, type_word
from coals._util.limits import LARGEST_INT32
from coals.data.ids import IdIndex, factorize
from coals.data.interactions import Interactions, as_interactions
from coals.data.unknown_ids import check_unknown, places_of
from coals.metrics.labelled_lists import in_order_of_lists, without_users
from coals.ranking.recommendations import Recommendations

__all__ = ["Lists", "as_lists", "as_positions", "exponential", "listed_scores", "refuse_repeated", "with_relevant"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# What fills short lists in integer arrays.
_PADDING = -1
_LISTS_AT_A_TIME = 4096


class Lists(NamedTuple):
    """Ids of shape (n_users, n) as they were given, and how many of each row are real."""

    ids: NDArray[Any]
    counts: Ints


def as_lists(recommended: Any) -> Lists:
    """`Recommendations`, a 2-D array padded with -1 (or, if it holds objects, None), or a list of lists.

    Padding is padding in arrays alone: in a list of lists every id counts, whatever its sign.
    """
    recommended = without_users(recommended)
    if isinstance(recommended, Recommendations):
        return Lists(recommended.ids, np.asarray(recommended.counts, np.int64))
    refuse_masked("recommended", recommended)
    if not (isinstance(recommended, np.ndarray) and recommended.ndim == 2):
        return _from_rows(_rows("recommended", recommended, ordered=True))
    ids = recommended
    if ids.dtype.kind in "fb":
        raise TypeError(f"recommended must hold item ids, whole numbers or strings, got {kind_word(ids.dtype)}")
    if ids.dtype.kind == "O":
        real = np.array([[item is not None for item in row] for row in ids], bool).reshape(ids.shape)
    elif ids.dtype.kind == "i":
        real = ids != _PADDING
    else:
        return Lists(ids, np.full(len(ids), ids.shape[1], np.int64))
    broken = np.flatnonzero((real[:, 1:] & ~real[:, :-1]).any(axis=1))
    if broken.size:
        raise ValueError(
            f"recommended[{broken[0]}] has an item behind its padding: in an array -1 or None ends a list; if -1 is an "
            "item, give a list of lists"
        )
    return Lists(ids, real.sum(axis=1))


def _from_rows(rows: list[list[Any]]) -> Lists:
    """Ids of a list of lists. None at the end of a row is padding."""
    rows = [_without_padding(at, row) for at, row in enumerate(rows)]
    types = {type(item) for row in rows for item in row}
    if any(issubclass(kind, (bool, np.bool_, float, np.floating)) for kind in types):
        bad = next(kind.__name__ for kind in types if issubclass(kind, (bool, np.bool_, float, np.floating)))
        raise TypeError(f"recommended must hold item ids, whole numbers or strings, got {bad}")
    counts = np.array([len(row) for row in rows], np.int64)
    whole = all(issubclass(kind, (int, np.integer)) for kind in types) and all(
        -(2**63) <= item < 2**63 for row in rows for item in row
    )
    shape = len(rows), int(counts.max(initial=0))
    ids = np.full(shape, _PADDING if whole else None, np.int64 if whole else object)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    return Lists(ids, counts)


def _without_padding(at: int, row: list[Any]) -> list[Any]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    if any(item is None for item in row[:end]):
        raise ValueError(f"recommended[{at}] has an item behind its padding: None ends a list")
    return row[:end]


def _rows(name: str, values: Any, ordered: bool = False) -> list[list[Any]]:
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
        raise TypeError(f"{name} must have one list of ids for each user, got {type_word(values)}")
    rows = []
    for at, row in enumerate(values):
        if isinstance(row, (str, bytes, Mapping)) or not hasattr(row, "__len__"):
            raise TypeError(f"{name}[{at}] must be the list of one user's ids, got {given(row)}: give [[...], ...]")
        if ordered and isinstance(row, Set):
            raise TypeError(f"{name}[{at}] is a {type(row).__name__}, which has no order: give a list, best first")
        rows.append(row.tolist() if isinstance(row, np.ndarray) else list(row))
    return rows


def as_positions(lists: Lists, items: IdIndex, unknown: str) -> tuple[Ints, list[Any]]:
    """Ids as positions in an index, -1 in the padding; and the unknown ids, which come after the known ones.

    With ``unknown="raise"`` there are none.
    """
    real = np.arange(lists.ids.shape[1]) < lists.counts[:, None]
    out = np.full(lists.ids.shape, -1, np.int64)
    listed = lists.ids[real]
    places = places_of(items, listed, unknown) if len(listed) else np.zeros(0, np.int64)
    strange = places < 0
    ids, codes = factorize("recommended", listed[strange]) if strange.any() else (np.zeros(0), np.zeros(0, np.int64))
    places[strange] = items.size + codes
    out[real] = places
    return out, ids.tolist()


class Compared(NamedTuple):
    """Lists by position, how long they are, relevant items with a row for each list, and the id at each position."""

    ids: Ints
    counts: Ints
    relevant: _core.Csr
    names: Callable[[int], Any]


def with_relevant(recommended: Any, relevant: Any, n_items: int | None, graded: bool, unknown: str) -> Compared:
    """Lists beside the relevant items, the latter with their values if `graded`."""
    check_unknown(unknown)
    recommended, relevant = in_order_of_lists(recommended, relevant)
    lists = as_lists(recommended)
    padded = isinstance(recommended, np.ndarray) and bool((lists.counts < lists.ids.shape[1]).any())
    if scipy.sparse.issparse(relevant) or isinstance(relevant, Interactions):
        data = relevant if isinstance(relevant, Interactions) else as_interactions(relevant)
        _check_rows(len(lists.counts), data.n_users)
        _refuse_ambiguous(padded and lists.ids.dtype.kind == "i" and data.items.has_minus_one)
        strange: list[Any] = []
        if data.item_ids is None:
            lists = Lists(_whole(lists.ids), lists.counts)
        ids = lists.ids
        if data.item_ids is not None or unknown != "raise":  # the core names positions out of range
            ids, strange = as_positions(lists, data.items, unknown)
        values = as_gains("relevant", data.matrix.data) if graded else None
        matrix = data.matrix.indptr, data.matrix.indices, values, data.n_items + len(strange)
        return Compared(ids, lists.counts, _core.Csr(*matrix, "float64"), _names_of(data.items, strange))
    if graded:
        raise ValueError("graded gains need relevant as Interactions or a sparse matrix, whose values they are")
    rows = _rows("relevant", relevant)
    _refuse_ambiguous(padded and lists.ids.dtype.kind == "i" and any(-1 in row for row in rows))
    return _factorized(lists, rows, n_items)


def _names_of(items: IdIndex, strange: list[Any]) -> Callable[[int], Any]:
    def name(place: int) -> Any:
        return strange[place - items.size] if place >= items.size else items.decode([place]).tolist()[0]

    return name


def _refuse_ambiguous(ambiguous: bool) -> None:
    if ambiguous:
        raise ValueError(
            "recommended is an array padded with -1, but -1 is also an item of relevant: give a list of lists, which "
            "needs no padding, or Recommendations"
        )


def refuse_repeated(found: Compared) -> None:
    """An error for an item that a list holds twice, by its id: what the core would call by its position."""
    for start in range(0, len(found.ids), _LISTS_AT_A_TIME):
        part = slice(start, start + _LISTS_AT_A_TIME)
        real = np.arange(found.ids.shape[1]) < found.counts[part, None]
        # Padding, made different from everything else.
        rows = np.sort(np.where(real, found.ids[part], -1 - np.arange(found.ids.shape[1])), axis=1)
        same = rows[:, 1:] == rows[:, :-1]
        if same.any():
            at, column = np.argwhere(same)[0].tolist()
            item = found.names(int(rows[at, column]))
            raise ValueError(f"recommended[{start + at}] holds the item {item!r} more than once: name each item once")


def _whole(ids: NDArray[Any]) -> Ints:
    if ids.dtype.kind not in "iu":
        raise TypeError(
            f"recommended holds {kind_word(ids.dtype)}, but relevant has plain columns: give Interactions with ids, or "
            "the positions of the items"
        )
    return np.ascontiguousarray(ids, dtype=np.int64)


def _check_rows(lists: int, rows: int) -> None:
    if lists != rows:
        raise ValueError(f"there are {lists} lists, but relevant has {rows} rows: give one row for each list")


def _factorized(lists: Lists, relevant: list[list[Any]], n_items: int | None) -> Compared:
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
        item = distinct[columns[at : at + 1]].tolist()[0]
        raise ValueError(f"relevant[{rows[at]}] holds the item {item!r} more than once: name each item once")
    size = least = len(distinct)
    if n_items is not None:
        size = check_int("n_items", n_items, minimum=least, maximum=LARGEST_INT32)
    indptr = np.append(0, np.cumsum(sizes))
    matrix = _core.Csr(indptr, columns.astype(np.int32), None, max(size, 1), "float64")
    return Compared(ids, lists.counts, matrix, lambda place: distinct[place : place + 1].tolist()[0])


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
