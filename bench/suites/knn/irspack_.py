"""irspack (tohtsky): its nearest-neighbor recommenders.

They keep the best of each row and then drop the diagonal, so they are asked for one more. `learn` includes the weights.
BM25 has its own weights of users.
"""

from __future__ import annotations

from typing import Any

import irspack
import numpy as np

from bench.suites.knn.contender import Contender, binary


class Irspack(Contender):
    package = "irspack"

    def prepare(self, matrix: Any) -> None:
        """In float64, which it would convert to."""
        self.matrix = matrix.astype(np.float64) if self.options["values"] else binary(matrix, np.float64)

    def run(self) -> Any:
        options = {name: value for name, value in self.options.items() if name not in ("values", "model")}
        recommender = getattr(irspack, self.options["model"])
        model = recommender(
            self.matrix, top_k=self.problem.neighbors + 1, n_threads=self.problem.threads, shrinkage=0.0, **options
        )
        return model.learn().W

    def rows(self, result: Any) -> Any:
        """Neighbors of an item are a row of W, whose columns it stores."""
        return result.tocsr()
