"""implicit (benfred): its item-item recommenders.

An item is among its own neighbors, so they are asked for one more. Its BM25 is not coals': other weights of users
(ln N - ln(1 + n), which may be negative) and sums without norms. So only the time is compared.
"""

from __future__ import annotations

from typing import Any

import implicit
import implicit.nearest_neighbours
import numpy as np

from bench.suites.knn.contender import Contender, binary


class Implicit(Contender):
    package = "implicit"

    def prepare(self, matrix: Any) -> None:
        """In float64, the only type of its products."""
        self.matrix = matrix.astype(np.float64) if self.options["values"] else binary(matrix, np.float64)

    def run(self) -> Any:
        recommender = getattr(implicit.nearest_neighbours, self.options["model"])
        model = recommender(K=self.problem.neighbors + 1, num_threads=self.problem.threads)
        model.fit(self.matrix, show_progress=False)
        return model.similarity
