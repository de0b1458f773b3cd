"""Lists for ids that a model has never seen: none, or what is popular."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_choice
from coals._util.order import best_first
from coals.data.ids import IdIndex
from coals.ranking.recommendations import TopN

__all__ = ["answer"]

Indices = npt.NDArray[np.int64]
# Which items may be listed, from the number of users who have each.
Mask = Callable[[Indices], npt.NDArray[np.bool_]]

_CHOICES = ("raise", "skip", "popular")


def answer(
    index: IdIndex, ids: Any, unknown: str, seen: _core.Csr, ask: Callable[[Indices], TopN], may: Mask | None = None
) -> TopN:
    """What `ask` answers for the known ids, and beside it a list for each unknown one.

    With "raise" there must be none of these. With "skip" their list is empty. With "popular" it is the items that most
    users have, scored by their number, among those that `may` be listed; ties go to the item that comes first.
    """
    if unknown == "raise":
        return ask(index.encode(ids))
    check_choice("unknown", unknown, _CHOICES)
    positions = index.find(ids)
    known = positions >= 0
    ranked = ask(positions[known])
    if known.all():
        return ranked
    shape = len(positions), ranked.ids.shape[1]
    whole = TopN(np.full(shape, -1), np.full(shape, np.nan, ranked.scores.dtype), np.zeros(len(positions), np.int64))
    for array, part in zip(whole, ranked, strict=True):
        array[known] = part
    if unknown == "popular":
        _, items, _ = seen.to_arrays()
        users = np.bincount(items, minlength=seen.columns)
        best = best_first(users)
        listed = users > 0 if may is None else (users > 0) & may(users)
        best = best[listed[best]][: shape[1]]
        whole.ids[~known, : len(best)] = best
        whole.scores[~known, : len(best)] = users[best]
        whole.counts[~known] = len(best)
    return whole
