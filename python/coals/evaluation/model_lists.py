"""Calls any duck-typed model and checks the shapes of its lists; the core checks their contents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN
from coals.ranking.unknown import popular_lists, with_unknown

__all__ = ["AskedModel", "Batch", "lists_of", "lists_with_ties"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class AskedModel(NamedTuple):
    """A model, and how it is asked. Unknown users, at position -1, get popular items."""

    name: str
    model: Any
    exclude_seen: bool
    popular: bool

    def recommend(self, users: Ints, n: int) -> Any:
        if (users >= 0).all():
            return self.model.recommend_indices(users, n, self.exclude_seen)

        def ask(at: Ints) -> TopN:
            found = self.model.recommend_indices(users[at], n, self.exclude_seen)
            return TopN(*(np.asarray(part) for part in (found[0], found[1], found[2])))

        def popular(at: Ints, n: int) -> TopN:
            seen = getattr(self.model, "_seen_", None)
            if not isinstance(seen, _core.Csr):
                raise ValueError(f"model {self.name!r} does not say what is popular: leave out unknown='popular'")
            return popular_lists(seen, len(at), n, Filter(), 0)

        return with_unknown(users, ask, popular)


class Batch(NamedTuple):
    """Lists of the users at `at` among those evaluated: ids, lengths, and scores where ties are looked at."""

    at: Ints
    ids: Ints
    counts: Ints
    scores: Floats | None


def lists_of(asked: AskedModel, users: Ints, n: int) -> tuple[Ints, Ints, Any]:
    """Ids of shape (len(users), n), counts, and scores as the model gives them."""
    ids, scores, counts = asked.recommend(users, n)
    ids, counts = np.asarray(ids), np.asarray(counts)
    shape = (len(users), n)
    if (ids.shape, counts.shape) != (shape, shape[:1]) or {ids.dtype.kind, counts.dtype.kind} - {"i", "u"}:
        raise ValueError(
            f"model {asked.name!r} must recommend integer ids of shape {shape} and counts of shape {shape[:1]}, "
            f"got {ids.dtype} {ids.shape} and {counts.dtype} {counts.shape}"
        )
    return np.ascontiguousarray(ids, np.int64), np.ascontiguousarray(counts, np.int64), scores


def lists_with_ties(asked: AskedModel, users: Ints, batch: Ints, n: int, places: int) -> Iterator[Batch]:
    """Lists, with scores, that hold the whole of the tie that runs across place `n`.

    A tie is whole when the list goes on behind it or ends. Lists whose tie is cut are asked for again, twice as long,
    for the users concerned: as few of them at a time as keep to `places` places.
    """
    most = int(asked.model.n_items_)
    waiting = [(batch, min(n + 1, most))]
    while waiting:
        at, width = waiting.pop()
        step = max(1, places // width)
        if len(at) > step:
            waiting += [(at[start : start + step], width) for start in reversed(range(0, len(at), step))]
            continue
        ids, counts, scores = _scored(asked, users[at], width)
        last = width - 1
        cut = (width < most) & (counts > last) & (scores[:, last] == scores[:, n - 1])
        whole = ~cut
        if whole.any():
            part = (ids, counts, scores) if whole.all() else (ids[whole], counts[whole], scores[whole])
            yield Batch(at[whole], *part)
        if cut.any():
            waiting.append((at[cut], min(2 * width, most)))


def _scored(asked: AskedModel, users: Ints, n: int) -> tuple[Ints, Ints, Floats]:
    ids, counts, scores = lists_of(asked, users, n)
    values = np.array(scores, dtype=np.float64, order="C")
    if values.shape != ids.shape:
        raise ValueError(
            f"model {asked.name!r} must give a score for each place, shape {ids.shape}, got {values.shape}"
        )
    return ids, counts, values
