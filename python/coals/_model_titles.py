"""Titles of items that a model keeps from the data it was fitted with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals._ids import IdIndex
from coals.interactions import Interactions

__all__ = ["grown_titles", "titles_of_ids"]

Array = npt.NDArray[Any]


def titles_of_ids(items: IdIndex, titles: Array | None, ids: Any) -> list[str]:
    """Titles of item ids; the id itself as text where there are none. Padding, -1 or None, is left out."""
    columns = items.encode(_without_padding(items, ids))
    named = items.decode(columns) if titles is None else titles[columns]
    return [str(title) for title in named.tolist()]


def _without_padding(items: IdIndex, ids: Any) -> Any:
    if not isinstance(ids, np.ndarray) or ids.ndim != 1:
        return ids
    if ids.dtype.kind == "O":
        return ids[[id is not None for id in ids]]
    is_id = items.ids is not None and bool((items.ids == -1).any())
    return ids if ids.dtype.kind != "i" or is_id else ids[ids != -1]


def grown_titles(old: Array | None, items: IdIndex, new: Interactions) -> Array | None:
    """Titles for all of `items`: those there were, for the first ones, then those that new data brings.

    What neither names goes by its id.
    """
    if old is None and new.item_titles is None:
        return None
    known = 0 if old is None else len(old)
    titles: list[str] = [] if old is None else old.tolist()
    titles += [str(id) for id in items.decode(np.arange(known, len(items))).tolist()]
    if new.item_titles is not None:
        brought = items.find_all(new.items).tolist()
        for place, title in zip(brought, new.item_titles.tolist(), strict=True):
            if place >= known:
                titles[place] = title
    grown = np.array(titles, dtype=object)
    return grown if old is None or old.dtype.kind == "O" else grown.astype(np.str_)
