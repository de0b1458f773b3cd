"""The interface of a contender, and the list of all of them."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any

from bench.harness import contender
from bench.peers.problem import Factors, Objective, Problem

__all__ = ["CONTENDERS", "Contender", "Entry", "Restarting"]


class Contender(contender.Contender):
    """One library with one solver. Made in a child process of its own, where `problem` and its matrix are loaded.

    Whatever a library does once per fit (checks, conversion, transposition) belongs in `prepare` or outside of the
    seconds that `sweep` returns. A sweep is a user half and an item half, in either order.
    """

    #: False where the start cannot be set and is the library's own.
    takes_start = True
    #: True where a sweep solves items before users.
    items_first = False

    problem: Problem

    @abstractmethod
    def prepare(self, matrix: Any, start: Factors) -> None:
        """Takes the data and the start in, ready for the first sweep."""

    @abstractmethod
    def sweep(self, count: int) -> list[float]:
        """Does `count` more sweeps; seconds of each, or the mean of them as the only element."""

    @abstractmethod
    def factors(self) -> Factors:
        """After all sweeps so far."""

    def objective(self) -> Objective:
        """What this library minimises when given the problem's hyperparameters."""
        return self.problem.objective


class Restarting(Contender):
    """A library that can only fit from its own start, for a number of sweeps.

    Further sweeps are a longer fit from that start. Their seconds are the difference of two fits, `count` sweeps
    apart, so that what a fit does once cancels out.
    """

    takes_start = False
    done = 0

    @abstractmethod
    def fit(self, sweeps: int) -> None:
        """A whole fit from the library's start."""

    def sweep(self, count: int) -> list[float]:
        shorter = self._seconds(self.done) if self.done else 0.0
        self.done += count
        return [(self._seconds(self.done) - shorter) / count]

    def _seconds(self, sweeps: int) -> float:
        start = time.perf_counter()
        self.fit(sweeps)
        return time.perf_counter() - start


class Entry(contender.Entry):
    """How to make a contender."""

    folder = "bench.peers"


# implicit and cmfrec solve rows in threads of their own and ask for a BLAS of one thread.
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1"}

CONTENDERS: dict[str, dict[str, Entry]] = {
    "implicit": {
        "coals": Entry("coals_", "CoalsImplicit", {"solver": "cholesky"}),
        "coals-cg": Entry("coals_", "CoalsImplicit", {"solver": "cg", "cg_steps": 3}),
        "coals-block": Entry("coals_", "CoalsImplicit", {"solver": "block", "block_size": 64}),
        "coals-auto": Entry("coals_", "CoalsImplicit", {"solver": "auto"}),
        "reference": Entry("reference_", "ReferenceImplicit"),
        "implicit": Entry("implicit_", "Implicit", {"use_cg": False}, ONE_BLAS_THREAD),
        "implicit-cg": Entry("implicit_", "Implicit", {"use_cg": True}, ONE_BLAS_THREAD),
        "irspack": Entry("irspack_", "Irspack", {"solver": "CHOLESKY"}),
        "irspack-cg": Entry("irspack_", "Irspack", {"solver": "CG"}),
        "irspack-block": Entry("irspack_", "Irspack", {"solver": "IALSPP"}),
        "cmfrec": Entry("cmfrec_", "CmfrecImplicit", {"use_cg": False}, ONE_BLAS_THREAD),
        "cmfrec-cg": Entry("cmfrec_", "CmfrecImplicit", {"use_cg": True}, ONE_BLAS_THREAD),
        "lenskit": Entry("lenskit_", "LenskitImplicit"),
        "spark": Entry("spark_", "SparkImplicit"),
    },
    "explicit": {
        "coals": Entry("coals_", "CoalsExplicit", {"solver": "cholesky"}),
        "coals-cg": Entry("coals_", "CoalsExplicit", {"solver": "cg", "cg_steps": 3}),
        "coals-block": Entry("coals_", "CoalsExplicit", {"solver": "block", "block_size": 64}),
        "coals-auto": Entry("coals_", "CoalsExplicit", {"solver": "auto"}),
        "reference": Entry("reference_", "ReferenceExplicit"),
        "cmfrec": Entry("cmfrec_", "CmfrecExplicit", {"use_cg": False}, ONE_BLAS_THREAD),
        "cmfrec-cg": Entry("cmfrec_", "CmfrecExplicit", {"use_cg": True}, ONE_BLAS_THREAD),
        "lenskit": Entry("lenskit_", "LenskitExplicit"),
        "spark": Entry("spark_", "SparkExplicit"),
    },
}
