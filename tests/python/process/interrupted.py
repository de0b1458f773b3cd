"""Run by test_signals.py: starts long actions, sends itself a signal during each, and prints how it ended.

Every action takes seconds at least, and is repeated until the signal comes. One process runs all: each line printed is
the name of an action, the signal, the seconds from the signal to the end, and the exception that ended it.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp

import coals

rng = np.random.default_rng(0)


def random_matrix(users: int, items: int, entries: int) -> sp.csr_array:
    rows, columns = rng.integers(0, users, entries), rng.integers(0, items, entries)
    matrix = sp.csr_array((np.ones(entries), (rows, columns)), shape=(users, items))
    matrix.sum_duplicates()
    return matrix


DATA = random_matrix(1_000, 5_000, 2_000_000)
WIDE = random_matrix(20_000, 20_000, 3_000_000)
FILTERED = coals.GraphFilter(filter="chebyshev", alpha=0).fit(WIDE)
# One row that takes longer than all others: whichever thread solves it, the calling thread polls for signals.
# Few items and many factors: the copy of `init`, which is NumPy's, takes little of the time.
LONG_ROW = sp.vstack([sp.csr_array((2, 3_000)), sp.csr_array(np.ones((1, 3_000)))]).tocsr()
VECTORS = rng.random((60_000, 128), dtype=np.float32)
REALS = VECTORS.astype(np.float64)
ROWS, COLUMNS = rng.integers(0, 1_000, 2_000_000), rng.integers(0, 10_000, 2_000_000)
RATINGS = coals.Interactions.from_arrays(ROWS, COLUMNS, rng.random(2_000_000) + 1, duplicates="last")
EVENTS = coals.Events.from_arrays(ROWS % 50, COLUMNS, rng.integers(0, 10**6, 2_000_000))
# One item, all of whose events are of one user: one task.
LONG_STREAM = coals.Events.from_arrays(np.zeros(80_000, int), np.zeros(80_000, int), np.arange(80_000))
LISTS = np.broadcast_to(np.arange(200), (20_000, 200)).copy()
LINES = "".join(f"user{k % 977},item{k % 3301},{k % 5}.5\n" for k in range(100_000)).encode()


class Lines(io.RawIOBase):
    """Comes from memory again and again, so that no disk is needed."""

    def __init__(self) -> None:
        self._left = 300

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), len(LINES)) if self._left else 0
        self._left -= 1
        whole = LINES[:size].rfind(b"\n") + 1
        buffer[:whole] = LINES[:whole]
        return whole


def fitted(model: Any, data: Any, **options: Any) -> Callable[[], object]:
    """A fit of a new model each time, which must be left unfitted by what interrupts it."""

    def fit() -> None:
        own = type(model)(**model.get_params())
        try:
            own.fit(data, **options)
        except BaseException:
            if hasattr(own, "n_items_"):
                raise RuntimeError("the model looks fitted") from None
            raise

    return fit


def evaluated() -> object:
    return coals.metrics.compute(LISTS, WIDE, ["ndcg@100", "map@200", "auc@200"])


ACTIONS: dict[str, Callable[[], object]] = {
    "implicit": fitted(coals.ImplicitALS(factors=256, iterations=50), DATA, progress=False),
    "implicit, cg": fitted(coals.ImplicitALS(factors=256, iterations=500, solver="cg"), DATA, progress=False),
    "implicit, block": fitted(coals.ImplicitALS(factors=256, iterations=500, solver="block"), DATA, progress=False),
    "implicit, nonnegative": fitted(coals.ImplicitALS(factors=256, nonnegative=True), DATA, progress=False),
    "explicit": fitted(coals.ExplicitALS(factors=256, iterations=50), DATA, progress=False),
    "explicit, one row": fitted(
        coals.ExplicitALS(factors=2000, dtype="float64", init=(np.ones((3, 2000)), np.ones((3_000, 2000)))),
        LONG_ROW,
        progress=False,
    ),
    "sgd": fitted(coals.SGDFactorization(factors=256, iterations=50), DATA, progress=False),
    "bpr": fitted(coals.BPR(factors=256, iterations=50), DATA, progress=False),
    "svd": fitted(coals.SVD(factors=100, power_iterations=20), DATA),
    "ease": fitted(coals.EASE(dtype="float64"), DATA),
    "sparse ease": fitted(coals.SparseEASE(neighbors=400, dtype="float64"), DATA),
    "rp3beta": fitted(coals.RP3beta(), WIDE),
    "graph filter": fitted(coals.GraphFilter(factors=256), WIDE),
    "graph filter, lists": lambda: FILTERED.recommend_indices(np.arange(FILTERED.n_users_), 10),
    "item cooccurrence": fitted(coals.ItemCooccurrence(), WIDE),
    "item knn, pearson": fitted(coals.ItemKNN(similarity="pearson", scoring="rating"), WIDE),
    "item knn, weighted": fitted(coals.ItemKNN(weighted=True), WIDE),
    "user knn": fitted(coals.UserKNN(), WIDE),
    "all counts": lambda: coals.cooccurrence(WIDE),
    "weighted counts": lambda: coals.cooccurrence(RATINGS, weighted=True, dtype="float64", num_threads=1),
    "pearson": lambda: coals.similarity(RATINGS, "pearson", neighbors=10, num_threads=1),
    "msd": lambda: coals.similarity(RATINGS, "msd", neighbors=None, threshold=0.99, num_threads=1),
    "events": lambda: coals.event_cooccurrence(EVENTS, neighbors=10, num_threads=1),
    "events, weighted": lambda: coals.event_cooccurrence(
        EVENTS, half_life=1e5, repeats=True, neighbors=10, num_threads=1
    ),
    "events, one row": lambda: coals.event_cooccurrence(LONG_STREAM, half_life=1e5, repeats=True, neighbors=1),
    "top-N": lambda: coals.top_k(VECTORS, VECTORS, 50),
    "top-N, euclidean": lambda: coals.top_k(REALS, REALS, 9, metric="euclidean"),
    "metrics": evaluated,
    "diversity": lambda: coals.metrics.diversity(LISTS, WIDE, 200),
    "csv": lambda: coals.Interactions.from_csv(io.BufferedReader(Lines()), user=0, item=1, value=2, duplicates="sum"),
}


class Terminated(Exception):
    """What the handler of SIGTERM raises."""


def terminate(number: int, frame: Any) -> None:
    raise Terminated


def until_signalled(action: Callable[[], object], number: int) -> tuple[float, str]:
    sent: list[float] = []

    def send() -> None:
        sent.append(time.perf_counter())
        os.kill(os.getpid(), number)

    timer = threading.Timer(0.15, send)
    try:
        timer.start()
        while True:
            action()
    except (KeyboardInterrupt, Terminated) as end:
        return time.perf_counter() - sent[0], type(end).__name__
    except Exception as end:
        timer.cancel()
        return 0.0, repr(end)


def main(asked: list[str]) -> None:
    """Each is the name of an action and that of a signal, with a tab between."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
    signal.signal(signal.SIGTERM, terminate)
    for name, sent in (line.split("\t") for line in asked):
        seconds, end = until_signalled(ACTIONS[name], signal.Signals[sent])
        print(f"{name}\t{sent}\t{seconds:.3f}\t{end}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [f"{name}\tSIGINT" for name in ACTIONS])
