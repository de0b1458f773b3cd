"""Ids with a code for each row, as the readers of text return them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Encoded"]


class Encoded(NamedTuple):
    """The distinct ids in increasing order, and for each row the index of its id among them, or -1 without an id."""

    ids: npt.NDArray[Any]
    codes: npt.NDArray[Any]

    @classmethod
    def in_order(cls, texts: Sequence[str], codes: npt.NDArray[Any], integers: Sequence[int] | None) -> Encoded:
        """Sorts texts, or their values if `integers` are given, and renumbers the codes."""
        if integers:
            ids: npt.NDArray[Any] = np.array(integers, dtype=np.int64)
            order = np.argsort(ids, kind="stable")
        else:
            ids = np.empty(len(texts), dtype=object)
            ids[:] = texts
            order = np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
        ranks = np.empty(len(order) + 1, dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        ranks[-1] = -1
        return cls(ids[order], ranks[codes])
