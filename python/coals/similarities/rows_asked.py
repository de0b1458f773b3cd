"""Rows of a matrix of similarities, for some ids in an order of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals.data.ids import IdIndex
from coals.data.unknown_ids import check_unknown, places_of

__all__ = ["RowsAsked"]


class RowsAsked:
    """The argument `rows`: `known` are the positions of those that are known, None for all."""

    def __init__(self, index: IdIndex, rows: Any, unknown: str) -> None:
        check_unknown(unknown)
        self._places = None if rows is None else places_of(index, rows, unknown)
        self.known: npt.NDArray[np.int64] | None = None
        if self._places is not None:
            self.known = self._places[self._places >= 0]

    def answered(self, matrix: Any) -> Any:
        """The rows of the known ids, with an empty row in the place of each unknown one."""
        if self._places is None or matrix.shape[0] == len(self._places):
            return matrix
        sizes = np.zeros(len(self._places), np.int64)
        sizes[self._places >= 0] = np.diff(matrix.indptr)
        shape = len(sizes), matrix.shape[1]
        return scipy.sparse.csr_array((matrix.data, matrix.indices, np.append(0, np.cumsum(sizes))), shape=shape)
