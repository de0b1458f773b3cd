"""Titles of items when a model learns of new ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals.data.ids import IdIndex
from coals.data.interactions import Interactions

__all__ = ["grown_titles"]

Array = npt.NDArray[Any]


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
