"""The interface of a contender, and the list of all of them."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.harness.processes import Missing

__all__ = ["CONTENDERS", "Contender", "Entry", "Problem"]


@dataclass(frozen=True)
class Problem:
    """A matrix on disk, how many neighbours to keep, threads, and the items whose neighbours are compared."""

    matrix: str
    neighbors: int
    threads: int
    sample: list[int]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Contender(ABC):
    """One library with one measure. Made in a child process of its own, where the matrix is loaded."""

    #: Above 1 where `run` does one `scale`-th of the work; known after `prepare`.
    scale = 1.0

    def __init__(self, problem: Problem, **options: Any) -> None:
        self.problem = problem
        self.options = options

    @abstractmethod
    def prepare(self, matrix: Any) -> None:
        """Takes the users x items csr_matrix in, in the types the library asks for. Neither timed nor in its memory."""

    @abstractmethod
    def run(self) -> Any:
        """From the matrix to the neighbours of every item, weights and norms included."""

    @abstractmethod
    def version(self) -> str:
        """Of the library."""

    def rows(self, result: Any) -> Any:
        """Items x items, sparse by rows: of what `run` returned, what is compared."""
        return result


def best_values(rows: Any, items: list[int], neighbors: int) -> list[list[float]]:
    """The largest positive values of these rows, the items themselves left out, in descending order."""
    found = []
    for item in items:
        start, end = rows.indptr[item], rows.indptr[item + 1]
        values = rows.data[start:end][rows.indices[start:end] != item]
        found.append(np.sort(values[values > 0])[::-1][:neighbors].tolist())
    return found


def binary(matrix: Any, dtype: npt.DTypeLike = np.float32) -> Any:
    """Ones where there are values, for libraries that would use these."""
    ones = matrix.copy()
    ones.data = np.ones(matrix.nnz, dtype)
    return ones


@dataclass(frozen=True)
class Entry:
    """How to make a contender, and what to hold it against.

    Contenders of one `measure` must find the same values. `ours` is the coals contender whose seconds the ratio is to.
    One without `selects` computes all values whatever the number of neighbours.
    """

    module: str
    cls: str
    measure: str
    ours: str
    options: dict[str, Any] = field(default_factory=dict)
    selects: bool = True

    def make(self, problem: Problem) -> Contender:
        """The contender. Raises `Missing` where its library is not installed."""
        try:
            module = importlib.import_module(f"bench.suites.knn.{self.module}")
        except ImportError as error:
            raise Missing(str(error)) from error
        contender: Contender = getattr(module, self.cls)(problem, **self.options)
        return contender


def _coals(measure: str, function: str = "", **options: Any) -> Entry:
    """`measure` names the contender, `function` is what `coals.similarity` calls it, if not the same."""
    return Entry("coals_", "Similarity", measure, f"coals-{measure}", {"measure": function or measure, **options})


def _implicit(measure: str, model: str, values: bool = False) -> Entry:
    """`values`: given the matrix's values and not ones. Brackets as below."""
    return Entry("implicit_", "Implicit", measure, f"coals-{measure.strip('()')}", {"model": model, "values": values})


def _irspack(measure: str, model: str, values: bool = False, **options: Any) -> Entry:
    return Entry(
        "irspack_", "Irspack", measure, f"coals-{measure.strip('()')}", {"model": model, "values": values, **options}
    )


def _dot(measure: str, values: bool = False) -> Entry:
    return Entry("sparse_dot_topn_", "SparseDotTopn", measure, f"coals-{measure}", {"values": values})


def _lenskit(measure: str, feedback: str) -> Entry:
    return Entry("lenskit_", "Lenskit", measure, f"coals-{measure}", {"feedback": feedback})


#: A measure in brackets is the library's own variant, comparable in time only.
CONTENDERS = {
    "coals-count": Entry("coals_", "Counts", "count", "coals-count"),
    "coals-jaccard": _coals("jaccard"),
    "coals-cosine": _coals("cosine"),
    "coals-log_likelihood": _coals("log_likelihood"),
    "coals-weighted": _coals("weighted", "cosine", weighted=True),
    "coals-bm25": _coals("bm25"),
    "coals-centered": _coals("centered", "centered_cosine"),
    "coals-model": Entry("coals_", "Model", "cosine", "coals-cosine"),
    "scatter": Entry("scatter_", "Scatter", "count", "coals-count"),
    "scipy": Entry("scipy_", "Scipy", "count", "coals-count", selects=False),
    "sparse_dot_topn": _dot("cosine"),
    "sparse_dot_topn-weighted": _dot("weighted", values=True),
    "implicit-count": _implicit("count", "ItemItemRecommender"),
    "implicit-cosine": _implicit("cosine", "CosineRecommender"),
    "implicit-weighted": _implicit("weighted", "CosineRecommender", values=True),
    "implicit-bm25": _implicit("(bm25)", "BM25Recommender", values=True),
    "irspack-cosine": _irspack("cosine", "CosineKNNRecommender", normalize=True),
    "irspack-jaccard": _irspack("jaccard", "JaccardKNNRecommender"),
    "irspack-weighted": _irspack("weighted", "CosineKNNRecommender", values=True, normalize=True),
    "irspack-bm25": _irspack("(bm25)", "CosineKNNRecommender", True, normalize=True, feature_weighting="BM_25"),
    "lenskit-cosine": _lenskit("cosine", "implicit"),
    "lenskit-centered": _lenskit("centered", "explicit"),
    "sets": Entry("sets_", "Sets", "jaccard", "coals-jaccard", selects=False),
}
