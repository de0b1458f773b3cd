"""Calls any duck-typed model and checks the shapes of its lists; the core checks their contents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["lists_of", "lists_with_ties"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def lists_of(model: Any, name: str, users: Ints, n: int, exclude_seen: bool) -> tuple[Ints, Ints, Any]:
    """Ids of shape (len(users), n), counts, and scores as the model gives them."""
    ids, scores, counts = model.recommend_indices(users, n, exclude_seen)
    ids, counts = np.asarray(ids), np.asarray(counts)
    shape = (len(users), n)
    if (ids.shape, counts.shape) != (shape, shape[:1]) or {ids.dtype.kind, counts.dtype.kind} - {"i", "u"}:
        raise ValueError(
            f"model {name!r} must recommend integer ids of shape {shape} and counts of shape {shape[:1]}, "
            f"got {ids.dtype} {ids.shape} and {counts.dtype} {counts.shape}"
        )
    return np.ascontiguousarray(ids, np.int64), np.ascontiguousarray(counts, np.int64), scores


def lists_with_ties(model: Any, name: str, users: Ints, n: int, exclude_seen: bool) -> tuple[Ints, Ints, Floats]:
    """Ids, counts and scores of lists that hold the whole of the tie that runs across place `n`.

    A tie is whole when the list goes on behind it or ends. Until then the list is asked for again, twice as long, for
    the users concerned.
    """
    most = model.n_items_
    ids, counts, scores = _scored(model, name, users, min(n + 1, most), exclude_seen)
    cut = np.arange(len(users))
    while ids.shape[1] < most:
        # The lists of the last turn alone can have a tie that is cut.
        last = ids.shape[1] - 1
        full = counts[cut] > last
        cut = cut[full & (scores[cut, last] == scores[cut, n - 1])]
        if not cut.size:
            break
        longer = _scored(model, name, users[cut], min(2 * ids.shape[1], most), exclude_seen)
        wider = ((0, 0), (0, longer[0].shape[1] - ids.shape[1]))
        ids, scores = np.pad(ids, wider, constant_values=-1), np.pad(scores, wider, constant_values=np.nan)
        ids[cut], counts[cut], scores[cut] = longer
    return ids, counts, scores


def _scored(model: Any, name: str, users: Ints, n: int, exclude_seen: bool) -> tuple[Ints, Ints, Floats]:
    ids, counts, scores = lists_of(model, name, users, n, exclude_seen)
    values = np.array(scores, dtype=np.float64, order="C")
    if values.shape != ids.shape:
        raise ValueError(f"model {name!r} must give a score for each place, shape {ids.shape}, got {values.shape}")
    return ids, counts.copy(), values
