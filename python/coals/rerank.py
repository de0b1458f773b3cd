"""Candidate lists in another order: more varied ones, or with at most a given number of each category."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_int, check_number, kind_word, refuse_masked, type_word
from coals.data.ids import IdIndex
from coals.data.labels import matrix_by_id
from coals.ranking.recommendations import TopN, padded
from coals.ranking.unit_rows import unit_rows

__all__ = ["cap_categories", "mmr"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


def mmr(ids: Any, scores: Any, vectors: Any, n: int = 10, *, diversity: float = 0.3) -> TopN:
    """Lists of items that are good and unlike each other: maximal marginal relevance.

    One after another, the one with the largest ``(1 - diversity) * relevance - diversity * similarity`` is chosen.
    Relevance is the score scaled to 0 ... 1 over the list; similarity is the largest cosine to one chosen already.

    Parameters
    ----------
    ids : array-like of int, shape (n_queries, n_candidates)
        Item positions, padded with -1 at the end, as `top_k` and `recommend_indices` give them. Give more than `n`: 50
        or 100, say.
    scores : array-like of float, of the same shape
    vectors : array-like of float32 or float64, shape (n_items, K)
        What similarity is measured by, such as `item_factors_`. A row of zeros is similar to nothing.
    n : int, default 10
        Length of the lists.
    diversity : float, default 0.3
        0 keeps the order of the scores, 1 looks at similarity alone.

    Returns
    -------
    TopN
        ``(ids, scores, counts)`` in the order they were chosen, ties to the candidate that comes first. Scores are
        those given, so they need not fall.

    Raises
    ------
    TypeError, ValueError
        Shapes that differ, ids beyond `vectors`, padding in the midst of a list, numbers out of range.

    Notes
    -----
    Carbonell, Goldstein 1998. Cost: n * n_candidates * K for each list.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> coals.rerank.mmr([[0, 1, 2]], [[3.0, 2.9, 1.0]], vectors, 2, diversity=0.5).ids
    array([[0, 2]])
    """
    n = check_int("n", n, minimum=1)
    weight = check_number("diversity", diversity, minimum=0, maximum=1)
    rows = np.asarray(matrix_by_id("vectors", vectors, _positions(vectors)))
    if rows.ndim != 2 or rows.dtype.kind != "f" or not np.isfinite(rows).all():
        raise ValueError("vectors must be a two-dimensional array of finite floats, a row for each item")
    candidates, values = _candidates(ids, scores, len(rows))
    units = unit_rows(rows.astype(np.float64))[0]
    places = [_diverse(own, values[q, : len(own)], units, n, weight) for q, own in enumerate(candidates)]
    return _taken(candidates, values, places, n)


def cap_categories(
    ids: Any, scores: Any, categories: Any, n: int = 10, *, limit: int | Mapping[Hashable, int] = 2
) -> TopN:
    """The first `n` candidates of each list that leave no category with more than `limit` of them.

    Parameters
    ----------
    ids, scores : array-like of shape (n_queries, n_candidates)
        As `mmr` takes them, best first.
    categories : mapping of item position to category or categories, or sequence with one such for each item
        A string is one category; a list, tuple or set are several; None, or an item not in a mapping, has no category.
    n : int, default 10
        Length of the lists.
    limit : int or mapping of category to int, default 2
        Most items of each category on a list. Categories that a mapping does not name have no limit.

    Returns
    -------
    TopN
        ``(ids, scores, counts)``, in the order given. Lists that run out of candidates are short.

    Raises
    ------
    TypeError, ValueError
        Shapes that differ, padding in the midst of a list, limits that are not integers of at least 0.

    Notes
    -----
    An item counts for each of its categories. Cost: one look at each candidate until the list is full.

    Examples
    --------
    >>> genres = ["rock", "rock", ["rock", "jazz"], "jazz"]
    >>> coals.rerank.cap_categories([[0, 1, 2, 3]], [[4.0, 3.0, 2.0, 1.0]], genres, 2, limit=1).ids
    array([[0, 3]])
    """
    n = check_int("n", n, minimum=1)
    if isinstance(limit, Mapping):
        limits = {c: check_int(f"limit[{c!r}]", most, minimum=0) for c, most in limit.items()}
        most_of_others = None
    else:
        limits, most_of_others = {}, check_int("limit", limit, minimum=0)
    listed = isinstance(categories, Mapping) or (hasattr(categories, "__getitem__") and hasattr(categories, "__len__"))
    if (
        isinstance(categories, (str, bytes, np.generic))
        or hasattr(categories, "tocsr")
        or not listed
        or _holds_records(categories)
    ):
        raise TypeError(
            f"categories must be a category, or several, for each item position, got {type_word(categories)}"
        )
    size = None if isinstance(categories, Mapping) else len(categories)
    candidates, values = _candidates(ids, scores, size)
    places = [_capped([_names(categories, item) for item in own.tolist()], n, limits, most_of_others)
              for own in candidates]  # fmt: skip
    return _taken(candidates, values, places, n)


def _positions(vectors: Any) -> IdIndex:
    if hasattr(vectors, "tocsr"):
        raise TypeError(f"vectors must be a dense array or a table, got {type_word(vectors)}: use toarray()")
    return IdIndex(None, len(vectors) if hasattr(vectors, "__len__") else 0, "item")


def _holds_records(categories: Any) -> bool:
    return isinstance(categories, np.ndarray) and (categories.ndim != 1 or categories.dtype.kind == "V")


def _diverse(items: Indices, scores: Array, units: Array, n: int, weight: float) -> list[int]:
    if len(items) == 0:
        return []
    spread = scores.max() - scores.min()
    relevance = (scores - scores.min()) / spread if spread > 0 else np.ones(len(items))
    own = units[items]
    nearest = np.full(len(items), -np.inf)
    value = (1 - weight) * relevance
    places: list[int] = []
    for _ in range(min(n, len(items))):
        best = int(np.argmax(value))
        places.append(best)
        # Row by row, not by BLAS: rows that are equal get the same bits, and stay in their order.
        nearest = np.maximum(nearest, np.einsum("ij,j->i", own, own[best]))
        value = (1 - weight) * relevance - weight * nearest
        value[places] = -np.inf
    return places


def _capped(
    categories: list[frozenset[Hashable]], n: int, limits: Mapping[Hashable, int], most_of_others: int | None
) -> list[int]:
    taken: dict[Hashable, int] = {}
    places: list[int] = []
    for place, own in enumerate(categories):
        if len(places) == n:
            break
        most = {c: limits.get(c, most_of_others) for c in own}
        if any(m is not None and taken.get(c, 0) >= m for c, m in most.items()):
            continue
        places.append(place)
        for c in own:
            taken[c] = taken.get(c, 0) + 1
    return places


def _names(categories: Any, item: int) -> frozenset[Hashable]:
    own = categories.get(item) if isinstance(categories, Mapping) else categories[item]
    if own is None:
        return frozenset()
    several = isinstance(own, Iterable) and not isinstance(own, (str, bytes))
    return frozenset(own if several else [own])


def _candidates(ids: Any, scores: Any, size: int | None) -> tuple[list[Indices], Array]:
    refuse_masked("ids", ids)
    refuse_masked("scores", scores)
    try:
        places, values = np.asarray(ids), np.asarray(scores)
    except ValueError:
        raise ValueError("ids and scores must be two-dimensional: end short lists with -1 and NaN") from None
    if values.dtype.kind not in "iuf":
        raise TypeError(f"scores must be numbers, got {kind_word(values.dtype)}")
    values = values.astype(np.float64)
    if places.ndim != 2 or places.shape != values.shape:
        raise ValueError(f"ids and scores must be two-dimensional and alike, got {places.shape} and {values.shape}")
    if places.dtype.kind not in "iu":
        raise TypeError(
            f"ids must be item positions, integers, got {kind_word(places.dtype)}: use recommend_indices or top_k"
        )
    if (places.astype(np.int64) < -1).any():
        raise ValueError(f"ids holds {places.min()}: positions are 0 or more, and -1 ends a list")
    real = places >= 0
    counts = real.sum(axis=1)
    for q in range(len(places)):
        if not real[q, : counts[q]].all():
            raise ValueError(f"ids[{q}] has padding before its end: put -1 after all items")
        if size is not None and (places[q, : counts[q]] >= size).any():
            raise ValueError(f"ids[{q}] holds {places[q].max()}, but there are only {size} items to go by")
        if not np.isfinite(values[q, : counts[q]]).all():
            raise ValueError(f"scores[{q}] must be finite wherever ids[{q}] has an item")
    return [places[q, : counts[q]].astype(np.int64) for q in range(len(places))], values


def _taken(candidates: list[Indices], values: Array, places: list[list[int]], n: int) -> TopN:
    width = min(n, values.shape[1])
    ids = np.full((len(candidates), width), -1, np.int64)
    scores = np.full((len(candidates), width), np.nan)
    for q, chosen in enumerate(places):
        ids[q, : len(chosen)], scores[q, : len(chosen)] = candidates[q][chosen], values[q, chosen]
    return padded(TopN(ids, scores, np.array([len(chosen) for chosen in places], np.int64)), n)
