"""Titles of items: what goes with ids that people cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import refuse_masked
from coals.data.id_arrays import as_id_array
from coals.data.ids import IdIndex

__all__ = ["checked_titles", "titles_of", "titles_of_ids"]

Array = npt.NDArray[Any]


def titles_of(items: IdIndex, titles: Mapping[Any, str] | None) -> list[str] | None:
    """Titles in the order of the items; an id without one goes by itself."""
    if titles is None:
        return None
    if not isinstance(titles, Mapping):
        raise TypeError(f"item_titles must be a mapping of item id to title, got {type(titles).__name__}")
    return [titles.get(id, str(id)) for id in items.decode(np.arange(items.size)).tolist()]


def checked_titles(titles: Any, n_items: int) -> npt.NDArray[Any] | None:
    """Titles as a read-only array, once there is a string for each item."""
    if titles is None:
        return None
    refuse_masked("item_titles", titles)
    array = as_id_array("item_titles", titles) if isinstance(titles, (list, tuple)) else np.array(titles)
    if array.dtype.kind == "T":  # NumPy 2 variable-width strings
        array = array.astype(object)
    if array.dtype.kind != "U" and not (array.dtype.kind == "O" and all(isinstance(t, str) for t in array.flat)):
        raise TypeError(f"item_titles must be strings, got dtype {array.dtype}")
    if array.shape != (n_items,):
        raise ValueError(f"item_titles must have shape ({n_items},), one for each item, got {array.shape}")
    array.setflags(write=False)
    return array


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
