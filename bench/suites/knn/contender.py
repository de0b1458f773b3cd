"""The interface of a contender, and the list of all of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.harness import contender

__all__ = ["CONTENDERS", "Contender", "Entry", "Problem"]


@dataclass(frozen=True)
class Problem:
    """A matrix on disk, how many neighbors to keep, threads, and the items whose neighbors are compared."""

    matrix: str
    neighbors: int
    threads: int
    sample: list[int]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Contender(contender.Contender):
    """One library with one measure. Made in a child process of its own, where the matrix is loaded."""

    #: Above 1 where `run` does one `scale`-th of the work; known after `prepare`.
    scale = 1.0

    problem: Problem

    @abstractmethod
    def prepare(self, matrix: Any) -> None:
        """Takes the users x items csr_matrix in, in the types the library asks for. Neither timed nor in its memory."""

    @abstractmethod
    def run(self) -> Any:
        """From the matrix to the neighbors of every item, weights and norms included."""

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
class Entry(contender.Entry):
    """How to make a contender, and what to hold it against.

    Contenders of one `measure` must find the same values. `ours` is the coals contender whose seconds the ratio is to.
    One without `selects` computes all values whatever the number of neighbors.
    """

    folder = "bench.suites.knn"

    measure: str = field(kw_only=True)
    ours: str = field(kw_only=True)
    selects: bool = field(default=True, kw_only=True)


def _coals(measure: str, function: str = "", **options: Any) -> Entry:
    """`measure` names the contender, `function` is what `coals.similarity` calls it, if not the same."""
    options["measure"] = function or measure
    return Entry("coals_", "Similarity", options, measure=measure, ours=f"coals-{measure}")


def _implicit(measure: str, model: str, values: bool = False) -> Entry:
    """`values`: given the matrix's values and not ones. Brackets as below."""
    options = {"model": model, "values": values}
    return Entry("implicit_", "Implicit", options, measure=measure, ours=f"coals-{measure.strip('()')}")


def _irspack(measure: str, model: str, values: bool = False, **options: Any) -> Entry:
    options |= {"model": model, "values": values}
    return Entry("irspack_", "Irspack", options, measure=measure, ours=f"coals-{measure.strip('()')}")


def _dot(measure: str, values: bool = False) -> Entry:
    return Entry("sparse_dot_topn_", "SparseDotTopn", {"values": values}, measure=measure, ours=f"coals-{measure}")


def _lenskit(measure: str, feedback: str) -> Entry:
    return Entry("lenskit_", "Lenskit", {"feedback": feedback}, measure=measure, ours=f"coals-{measure}")


#: A measure in brackets is the library's own variant, comparable in time only.
CONTENDERS = {
    "coals-count": Entry("coals_", "Counts", measure="count", ours="coals-count"),
    "coals-jaccard": _coals("jaccard"),
    "coals-cosine": _coals("cosine"),
    "coals-log_likelihood": _coals("log_likelihood"),
    "coals-weighted": _coals("weighted", "cosine", weighted=True),
    "coals-bm25": _coals("bm25"),
    "coals-centered": _coals("centered", "centered_cosine"),
    "coals-model": Entry("coals_", "Model", measure="cosine", ours="coals-cosine"),
    "scatter": Entry("scatter_", "Scatter", measure="count", ours="coals-count"),
    "scipy": Entry("scipy_", "Scipy", measure="count", ours="coals-count", selects=False),
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
    "sets": Entry("sets_", "Sets", measure="jaccard", ours="coals-jaccard", selects=False),
}
