"""The plain scatter of scatter.cpp, compiled here and now by the machine's own compiler for its own processor."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from bench.harness.processes import Missing
from bench.suites.knn.contender import Contender, Problem


class Scatter(Contender):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.compiler = os.environ.get("CXX", "c++")
        if shutil.which(self.compiler) is None:
            raise Missing(f"no compiler {self.compiler}")
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "scatter.so"
            flags = ["-std=c++17", "-O3", "-march=native", "-shared", "-fPIC", "-pthread"]
            source = Path(__file__).with_name("scatter.cpp")
            subprocess.run([self.compiler, *flags, str(source), "-o", str(library)], check=True)
            self.function = ctypes.CDLL(str(library)).scatter

    def version(self) -> str:
        asked = [self.compiler, "-dumpfullversion", "-dumpversion"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    def prepare(self, matrix: Any) -> None:
        self.matrix = matrix

    def run(self) -> Any:
        by_user, by_item = self.matrix, self.matrix.T.tocsr()
        n, k = by_item.shape[0], self.problem.neighbors
        kept, columns, values = np.zeros(n, np.int32), np.empty((n, k), np.int32), np.empty((n, k), np.int32)
        starts = [side.indptr.astype(np.int64) for side in (by_item, by_user)]
        arrays = [starts[0], by_item.indices, starts[1], by_user.indices]
        given = [array.ctypes.data_as(ctypes.c_void_p) for array in (*arrays, kept, columns, values)]
        self.function(*given[:4], ctypes.c_int64(n), k, self.problem.threads, *given[4:])
        used = np.arange(k) < kept[:, None]
        indptr = np.append(0, np.cumsum(kept))
        return scipy.sparse.csr_array((values[used], columns[used], indptr), shape=(n, n))
