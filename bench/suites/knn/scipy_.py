"""SciPy's product of the transpose with the matrix: every count, the items' own among them, and no selection.

It takes one thread, and as much memory as there are pairs of items that meet. Where the work is large it multiplies
every so many items in order of their size, and its seconds are multiplied by all work over that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.harness.data import part_of_rows
from bench.suites.knn.contender import Contender, binary

#: Pairs to count at most. At the rate measured, half a minute, and 5 GB where most pairs of items meet once.
AT_MOST = 3_000_000_000


class Scipy(Contender):
    package = "scipy"

    def prepare(self, matrix: Any) -> None:
        self.matrix = binary(matrix, np.int32)  # the fastest of SciPy's types here
        self.by_item = self.matrix.T.tocsr()
        lengths = np.diff(matrix.indptr).astype(np.int64)
        every = -(-int((lengths**2).sum()) // AT_MOST)
        if every > 1:
            part = self.by_item[part_of_rows(self.by_item, every)]
            self.scale = int((lengths**2).sum()) / int(lengths[part.indices].sum())
            self.by_item = part

    def run(self) -> Any:
        return self.by_item @ self.matrix
