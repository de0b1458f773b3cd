"""Memory of a fit: the parts of which the formulas of the models (`_memory`) are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["RANKED", "Bytes", "Shape", "csr", "itemsize_of", "krylov", "neighbor_lists", "value_size"]

#: Memory of finding neighbors in addition to the answer, in entries of the matrix.
RANKED = 3


class Shape(NamedTuple):
    """Size of the data. `pairs`: how many entries the counts of pairs of items have at most."""

    users: int
    items: int
    nnz: int
    pairs: int
    features: int = 0  # entries of item features


#: Data, what is learned, workspace.
Bytes = tuple[int, int, int]


def csr(rows: int, entries: int, itemsize: int) -> int:
    return 8 * (rows + 1) + entries * (4 + itemsize)


def itemsize_of(model: Any) -> int:
    """Bytes of a number of the model's dtype."""
    return int(np.dtype(model.dtype).itemsize)


def value_size(model: Any) -> int:
    """Bytes of a value of the data: 0 without `weighted`."""
    return itemsize_of(model) if model.weighted else 0


def krylov(users: int, items: int, width: int, steps: int, itemsize: int) -> int:
    """Workspace of a truncated SVD at most: the search may end after fewer steps."""
    shorter, longer, padded = min(users, items), max(users, items), -(-width // 16) * 16
    space = min(shorter, (steps + 1) * width) + 16
    way = itemsize * ((space + 96) * shorter + 16 * longer) + 16 * space**2 + 24 * space * width
    if shorter <= 4 * width + 400:  # the dense Gram matrix may be less work
        way = max(way, 16 * shorter**2 + 24 * shorter * width)
    return (8 + itemsize) * shorter * width + itemsize * padded * 2 * (shorter + longer) + way


def neighbor_lists(items: int, neighbors: int | None, pairs: int, itemsize: int) -> int:
    kept = pairs if neighbors is None else min(pairs, items * min(neighbors, items))
    return kept * (4 + itemsize)
