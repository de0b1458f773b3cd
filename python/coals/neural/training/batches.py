"""Rows of a sparse matrix, a few at a time, as tensors: never more of it than these is written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Rows", "entries_of", "rows_as_tensors", "shuffled"]

Array = npt.NDArray[Any]


@dataclass
class Rows:
    """Entries of some rows, one after the other, as tensors.

    `rows` says for each entry which of the rows it is in, `columns` and `values` what is there; `offsets` where each
    row begins.
    """

    size: int
    offsets: Any
    rows: Any
    columns: Any
    values: Any


def entries_of(indptr: Array, rows: Array) -> tuple[Array, Array]:
    """Where the given rows begin once they stand alone, and the places of their entries in the whole matrix."""
    sizes = np.diff(indptr)[rows]
    offsets = np.append(0, np.cumsum(sizes))
    return offsets, np.repeat(indptr[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])


def rows_as_tensors(torch: Any, device: str, offsets: Array, columns: Array, values: Array) -> Rows:
    def tensor(array: Array, dtype: Any) -> Any:
        return torch.from_numpy(np.ascontiguousarray(array, dtype)).to(device)

    size = len(offsets) - 1
    return Rows(
        size,
        tensor(offsets[:-1], np.int64),
        tensor(np.repeat(np.arange(size), np.diff(offsets)), np.int64),
        tensor(columns, np.int64),
        tensor(values, np.float32),
    )


def shuffled(rng: np.random.Generator, size: int, batch_size: int, part_size: int) -> Iterator[list[Array]]:
    """All of ``range(size)`` in a random order, in batches, each in parts."""
    order = rng.permutation(size)
    for start in range(0, size, batch_size):
        batch = order[start : start + batch_size]
        yield [batch[begin : begin + part_size] for begin in range(0, len(batch), part_size)]
