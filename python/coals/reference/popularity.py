"""Popularity by counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["popularity"]


def popularity(users: Any, items: Any, values: Any, n_items: int, by: str = "users") -> npt.NDArray[np.float64]:
    """Popularity of every item from input rows (user, item, value), repeated pairs included.

    users: how many different users have the item;  rows: how many input rows name it;  sum: their values added.

    Examples
    --------
    >>> rows = [7, 7, 8], [0, 0, 1], [1.0, 2.0, 5.0]
    >>> popularity(*rows, 2, "users"), popularity(*rows, 2, "rows"), popularity(*rows, 2, "sum")
    (array([1., 1.]), array([2., 1.]), array([3., 5.]))
    """
    out = np.zeros(n_items)
    seen = set()
    for user, item, value in zip(users, items, values, strict=True):
        if by == "users":
            out[item] += (user, item) not in seen
            seen.add((user, item))
        else:
            out[item] += 1 if by == "rows" else value
    return out
