"""sparse_dot_topn (ING): the best of each row of a product, here of the items' vectors at length 1.

An item is the best of its own row, so it is asked for one more. The transposition is part of what is timed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from sparse_dot_topn import sp_matmul_topn

from bench.suites.knn.contender import Contender, binary


class SparseDotTopn(Contender):
    package = "sparse_dot_topn"

    def prepare(self, matrix: Any) -> None:
        self.matrix = matrix if self.options["values"] else binary(matrix)

    def run(self) -> Any:
        X = self.matrix
        squares = np.bincount(X.indices, weights=X.data.astype(np.float64) ** 2, minlength=X.shape[1])
        scale = (1 / np.sqrt(np.where(squares > 0, squares, 1))).astype(np.float32)
        unit = scipy.sparse.csr_matrix((X.data * scale[X.indices], X.indices, X.indptr), shape=X.shape)
        return sp_matmul_topn(unit.T.tocsr(), unit, top_n=self.problem.neighbors + 1, n_threads=self.problem.threads)
