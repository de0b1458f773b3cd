"""Titles of items: what goes with ids that people cannot read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import kind_word, refuse_masked, type_word
from coals.data.id_arrays import as_id_array
from coals.data.ids import IdIndex
from coals.data.labels import has_index, is_default_index, values_by_id
from coals.data.unknown_ids import places_of

__all__ = ["checked_titles", "title_finder", "titles_beside", "titles_of", "titles_of_ids"]

Array = npt.NDArray[Any]


def titles_of(items: IdIndex, titles: Any) -> list[str] | None:
    """Titles in the order of the items, from a mapping or a Series by item; an id without one goes by itself."""
    if titles is None:
        return None
    if not isinstance(titles, Mapping) and not has_index(titles):
        raise TypeError(f"item_titles must be a mapping of item id to title, got {type_word(titles)}")
    ids = items.decode(np.arange(items.size)).tolist()
    if len(titles) == 0:
        return [str(id) for id in ids]
    found = values_by_id("item_titles", titles, items)
    return [str(id) if title is None else title for id, title in zip(ids, found, strict=True)]


def titles_beside(titles: Any, items: IdIndex, item_ids: Any) -> Any:
    """Titles for ids as they were given: a sequence goes with them one by one, unless it has the ids as labels."""
    parallel = has_index(titles) and (
        is_default_index(titles.index) or (has_index(item_ids) and item_ids.index.equals(titles.index))
    )
    if parallel or not (isinstance(titles, Mapping) or has_index(titles)):
        return checked_titles(list(titles) if parallel else titles, items.size)
    return checked_titles(titles_of(items, titles), items.size)


def checked_titles(titles: Any, n_items: int) -> npt.NDArray[Any] | None:
    """Titles as a read-only array, once there is a string for each item."""
    if titles is None:
        return None
    refuse_masked("item_titles", titles)
    array = as_id_array("item_titles", titles) if isinstance(titles, (list, tuple)) else np.array(titles)
    if array.dtype.kind == "T":  # NumPy 2 variable-width strings
        array = array.astype(object)
    if array.dtype.kind != "U" and not (array.dtype.kind == "O" and all(isinstance(t, str) for t in array.flat)):
        raise TypeError(f"item_titles must be strings, got {kind_word(array.dtype)}")
    if array.shape != (n_items,):
        raise ValueError(f"item_titles must have shape ({n_items},), one for each item, got {array.shape}")
    array.setflags(write=False)
    return array


def title_finder(model: Any) -> Callable[[Any], list[str]] | None:
    """What gives the items of a model's lists their titles; None where the training data had none."""
    return None if model.item_titles_ is None else partial(titles_of_ids, model.item_index_, model.item_titles_)


def titles_of_ids(items: IdIndex, titles: Array | None, ids: Any, unknown: str = "raise") -> list[str]:
    """Titles of item ids; the id itself as text where there are none. Padding, -1 or None, is left out.

    With ``unknown="skip"`` an unknown id goes by itself, as text.
    """
    given = _without_padding(items, ids)
    columns = places_of(items, given, unknown)
    named = items.decode(columns) if titles is None else titles[columns]
    listed = [str(title) for title in named.tolist()]
    for at in np.flatnonzero(columns < 0).tolist():
        listed[at] = str(as_id_array("items", given)[at])
    return listed


def _without_padding(items: IdIndex, ids: Any) -> Any:
    if isinstance(ids, np.ndarray) and ids.ndim == 1:
        if ids.dtype.kind == "i":
            return ids if items.has_minus_one else ids[ids != -1]
        return ids[[id is not None for id in ids]] if ids.dtype.kind == "O" else ids
    return [id for id in ids if id is not None] if isinstance(ids, (list, tuple)) else ids
