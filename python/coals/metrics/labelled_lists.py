"""Lists and relevant items that name their users: matched by user, whatever the order of either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from coals.data.id_arrays import as_id_array
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.labels import has_index, is_default_index
from coals.ranking.recommendations import Recommendations

__all__ = ["in_order_of_lists", "without_users"]


def without_users(lists: Any) -> Any:
    """The lists of a mapping, a Series or a DataFrame alone, in its order; anything else as it is."""
    if isinstance(lists, Mapping):
        return list(lists.values())
    if has_index(lists):
        _refuse_entries(lists)
        return lists.to_numpy().tolist()
    return lists


def in_order_of_lists(recommended: Any, relevant: Any) -> tuple[Any, Any]:
    """Both without labels, and a row of `relevant` for each list of `recommended`.

    `Recommendations` name the users that were asked for, `Interactions` those of their rows, mappings their keys, and
    pandas objects their index unless it merely counts rows. Lists, arrays and sparse matrices go by place.
    """
    ours, theirs = _users_of(recommended), _users_of(relevant)
    if ours is None or theirs is None:
        _refuse_one_sided(recommended, relevant)
        return without_users(recommended), without_users(relevant)
    if not isinstance(relevant, Interactions):
        rows = without_users(relevant)
        if len(set(theirs.tolist())) < len(rows):
            raise ValueError("relevant has a user more than once: give one list for each, as groupby(…).agg(list) does")
        places = _places(IdIndex(theirs, len(rows), "user"), ours)
        return without_users(recommended), [rows[place] for place in places.tolist()]
    places = _places(relevant.users, ours)
    if len(places) and not np.array_equal(places, np.arange(relevant.n_users)):
        # Users without relevant items may be all there are, so the matrix may be empty: no checks.
        alone = IdIndex(None, len(places), "user")
        relevant = Interactions(relevant.matrix[places], alone, relevant.items)
    return without_users(recommended), relevant


def _users_of(given: Any) -> Any:
    if isinstance(given, Recommendations):
        return given.queries
    if isinstance(given, Interactions):
        return given.users.decode(np.arange(given.n_users))
    if isinstance(given, Mapping):
        return as_id_array("users", list(given))
    if has_index(given):
        _refuse_entries(given)
        return None if is_default_index(given.index) else as_id_array("users", given.index)
    return None


def _refuse_entries(table: Any) -> None:
    if "query" in getattr(table, "columns", ()):
        raise TypeError("lists must have a row for each user, got a table with a row for each entry: give the lists")


def _places(users: IdIndex, asked: Any) -> Any:
    try:
        return users.encode(asked)
    except (TypeError, ValueError) as error:
        raise type(error)(f"relevant must have a row for each user of recommended: {error}") from None


def _refuse_one_sided(recommended: Any, relevant: Any) -> None:
    """A mapping or a Series has an order of its own, which lists without users need not have."""
    both = {"recommended": (recommended, relevant), "relevant": (relevant, recommended)}
    for name, (given, other) in both.items():
        own = isinstance(given, Mapping) or (has_index(given) and not is_default_index(given.index))
        if own and len(given) and len(other):
            kind = type(given).__name__
            raise TypeError(
                f"{name} is a {kind} by user, but the other lists name no users: give both by user, or both as lists "
                "in one order"
            )
