"""Why a model scores an item as it does."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_int
from coals._util.order import best_first
from coals.data.ids import IdIndex
from coals.data.unknown_ids import places_of

__all__ = ["Explanation", "Parts", "explained_pair", "one_pair"]


class Explanation(NamedTuple):
    """What a score is made of: what `explain` returns.

    Attributes
    ----------
    ids : ndarray of shape (m,)
        Items of the user's history (for `UserKNN` other users), those that contribute most (by absolute value) first;
        ties in the order of the training data.
    contributions : ndarray of float64, shape (m,)
        What each adds to the score.
    baseline : float
        What does not come from single items: mean, item bias, and what the user's features predict.
    score : float
        ``baseline + contributions.sum()``, if the list was not cut.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]])
    >>> model = coals.ImplicitALS(factors=2, regularization=0.1, random_state=0).fit(plays)
    >>> why = model.explain(1, 1)
    >>> why.ids
    array([0, 2])
    >>> bool(np.isclose(why.contributions.sum() + why.baseline, why.score))
    True
    """

    ids: npt.NDArray[Any]
    contributions: npt.NDArray[np.float64]
    baseline: float
    score: float


class Parts(NamedTuple):
    """What a score is the sum of, before the largest are chosen: positions in an index, what each adds, the rest."""

    named_by: IdIndex
    positions: npt.NDArray[Any]
    contributions: npt.NDArray[np.float64]
    baseline: float


def explained_pair(model: Any, pair: tuple[int, int], n: int | None) -> Explanation:
    """The n largest contributions, by absolute value; all for None. An unknown pair has none."""
    most = None if n is None else check_int("n", n, minimum=1)
    if min(pair) < 0:
        return Explanation(model.item_index_.decode([]), np.zeros(0), np.nan, np.nan)
    index, positions, contributions, baseline = model._parts(*pair)
    order = best_first(np.abs(contributions))
    score = baseline + float(contributions.sum())
    return Explanation(index.decode(positions[order][:most]), contributions[order][:most], baseline, score)


def one_pair(model: Any, user: Any, item: Any, unknown: str) -> tuple[int, int]:
    """Row and column of the user and the item that `explain` is asked about; -1 where it is unknown."""
    rows = places_of(model.user_index_, _one("user", user), unknown)
    columns = places_of(model.item_index_, _one("item", item), unknown)
    if len(rows) != 1 or len(columns) != 1:
        raise ValueError(f"explain takes one user and one item, got {len(rows)} and {len(columns)}")
    return int(rows[0]), int(columns[0])


def _one(kind: str, given: Any) -> Any:
    """The argument, if it may be an id; a history may not."""
    if isinstance(given, (Mapping, Set)) or hasattr(given, "tocsr"):
        what = type(given).__name__
        raise TypeError(f"explain takes the id of one {kind} that the model was fitted with, got {what}")
    return given
