"""Titles of items: what goes with ids that people cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._checks import refuse_masked
from coals._id_arrays import as_id_array

__all__ = ["checked_titles", "titles_of"]


def titles_of(item_ids: npt.NDArray[Any], titles: Mapping[Any, str] | None) -> list[str] | None:
    """Titles in the order of the ids; an id without one goes by itself."""
    if titles is None:
        return None
    if not isinstance(titles, Mapping):
        raise TypeError(f"item_titles must be a mapping of item id to title, got {type(titles).__name__}")
    return [titles.get(id, str(id)) for id in item_ids.tolist()]


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
