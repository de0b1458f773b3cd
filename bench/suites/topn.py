"""Top-N lists: coals against the bare matrix product, NumPy and other libraries, in turns.

    python -m bench.suites.topn [--users 53424 --items 10000 --factors 64 128 --n 10 --rounds 5 --threads 2]

Every contender gets the same float32 factors, drawn at random, and must leave out what each user has seen (about 18
items, drawn by popularity). The bare sgemm leaves out nothing and keeps nothing: it is the floor others stand on. A
library that is missing gets a line that says so. Ratios are medians of the ratios of one round.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

_PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
_PARSER.add_argument("--users", type=int, default=53_424)
_PARSER.add_argument("--items", type=int, default=10_000)
_PARSER.add_argument("--factors", type=int, nargs="+", default=[64, 128])
_PARSER.add_argument("--n", type=int, default=10)
_PARSER.add_argument("--rounds", type=int, default=5)
_PARSER.add_argument("--threads", type=int, default=2)
_PARSER.add_argument("--deny", type=int, default=1000, help="length of the deny lists of one more line")
_PARSER.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu where the machine is busy")

if __name__ == "__main__":
    ARGUMENTS = _PARSER.parse_args()
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_name, str(ARGUMENTS.threads))

import numpy as np  # noqa: E402  threads are chosen first
import scipy.sparse as sp  # noqa: E402

import coals  # noqa: E402
from coals import _core  # noqa: E402
from coals._util.text_table import aligned  # noqa: E402

_BLOCK = 4096  # users at a time, where whole score matrices are formed

Call = Callable[[], Any]


def seen_items(users: int, items: int) -> Any:
    rng = np.random.default_rng(1)
    popularity = 1 / np.arange(10, items + 10)
    row = np.repeat(np.arange(users), rng.poisson(18, users))
    column = rng.choice(items, len(row), p=popularity / popularity.sum())
    seen = sp.csr_array((np.ones(len(row), np.float32), (row, column)), shape=(users, items))
    seen.sum_duplicates()
    return seen


def contenders(U: Any, V: Any, seen: Any, a: argparse.Namespace) -> dict[str, Call | str]:
    found: dict[str, Call | str] = {"sgemm alone": sgemm(U, V), "numpy": numpy_lists(U, V, seen, a.n)}
    index = _core.ItemIndex(V, None, "inner_product", a.threads)
    rows = _core.Csr(seen.indptr, seen.indices, None, len(V), "float32")
    unseen = _core.TopKFilter(rows)
    for name, method in (("coals", "automatic"), ("coals, float32 alone", "real")):
        found[name] = lambda m=method: index.top_k(U, unseen, a.n, m, a.threads)
    found["coals.top_k, packing"] = lambda: coals.top_k(U, V, a.n, exclude_per_query=rows, num_threads=a.threads)
    rng = np.random.default_rng(2)
    lists = np.sort(rng.permuted(np.tile(np.arange(len(V)), (64, 1)), axis=1)[:, : a.deny], axis=1)
    long = lists[np.arange(len(U)) % 64].astype(np.int32)
    deny = _core.TopKFilter(_core.Csr(np.arange(len(U) + 1) * long.shape[1], long.ravel(), None, len(V), "float32"))
    found[f"coals, {a.deny} denied each"] = lambda: index.top_k(U, deny, a.n, "automatic", a.threads)
    for name, make in (("implicit", implicit_lists), ("torch", torch_lists), ("faiss", faiss_lists)):
        try:
            found[name] = make(U, V, seen, a)
        except ImportError as error:
            found[name] = f"missing: {error}"
    return found


def sgemm(U: Any, V: Any) -> Call:
    out = np.empty((_BLOCK, len(V)), np.float32)

    def run() -> None:
        for start in range(0, len(U), _BLOCK):
            part = U[start : start + _BLOCK]
            np.matmul(part, V.T, out=out[: len(part)])

    return run


def numpy_lists(U: Any, V: Any, seen: Any, n: int) -> Call:
    def run() -> Any:
        lists = []
        for start in range(0, len(U), _BLOCK):
            scores = U[start : start + _BLOCK] @ V.T
            part = seen[start : start + _BLOCK].tocoo()
            scores[part.row, part.col] = -np.inf
            best = np.argpartition(-scores, n, axis=1)[:, :n]
            order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
            lists.append(np.take_along_axis(best, order, 1))
        return np.concatenate(lists)

    return run


def implicit_lists(U: Any, V: Any, seen: Any, a: argparse.Namespace) -> Call:
    from implicit.cpu.topk import topk

    queries = sp.csr_matrix(seen)
    return lambda: topk(V, U, a.n, filter_query_items=queries, num_threads=a.threads)


def torch_lists(U: Any, V: Any, seen: Any, a: argparse.Namespace) -> Call:
    import torch

    torch.set_num_threads(a.threads)
    u, v = torch.from_numpy(U), torch.from_numpy(V)

    def run() -> None:
        for start in range(0, len(U), _BLOCK):
            scores = u[start : start + _BLOCK] @ v.T
            part = seen[start : start + _BLOCK].tocoo()
            scores[torch.from_numpy(part.row.astype(np.int64)), torch.from_numpy(part.col.astype(np.int64))] = -np.inf
            torch.topk(scores, a.n, dim=1)

    return run


def faiss_lists(U: Any, V: Any, seen: Any, a: argparse.Namespace) -> Call:
    import faiss

    faiss.omp_set_num_threads(a.threads)
    flat = faiss.IndexFlatIP(V.shape[1])
    flat.add(V)
    longest = int(np.diff(seen.indptr).max())
    return lambda: flat.search(U, a.n + longest)  # what is seen is left out afterwards, which is not timed


def race(calls: dict[str, Call | str], rounds: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            if isinstance(call, str):
                continue
            began = clock()
            call()
            if turn:  # the first one warms up
                seconds[name].append(clock() - began)
    return seconds


def latency(items: int, K: int, threads: int) -> list[str]:
    """One user at a time through the model's own call."""
    rng = np.random.default_rng(0)
    users = 1000
    seen = sp.random_array((users, items), density=min(0.01, 20 / items), format="csr", rng=0, dtype=np.float32)
    model = coals.ImplicitALS(factors=K, iterations=1, random_state=0, num_threads=threads).fit(seen)
    model.user_factors_, model.item_factors_ = (rng.standard_normal((m, K), dtype=np.float32) for m in (users, items))
    model._candidates_, model._known_users_ = np.ones(items, bool), np.ones(users, bool)
    taken = []
    for user in range(-20, 300):
        began = time.perf_counter()
        model.recommend([user % users], n=10)
        taken.append(time.perf_counter() - began)
    taken = taken[20:]
    return [f"{items}", f"{np.median(taken) * 1e6:.0f}", f"{np.quantile(taken, 0.99) * 1e6:.0f}"]


def main(a: argparse.Namespace) -> None:
    print(
        f"{a.users} users x {a.items} items, top {a.n}, {a.threads} threads, {a.clock} seconds; load {os.getloadavg()}"
    )
    clock = time.perf_counter if a.clock == "wall" else time.process_time
    seen = seen_items(a.users, a.items)
    for K in a.factors:
        rng = np.random.default_rng(0)
        U, V = (rng.standard_normal((m, K), dtype=np.float32) for m in (a.users, a.items))
        calls = contenders(U, V, seen, a)
        seconds = race(calls, a.rounds, clock)
        floor = np.array(seconds["sgemm alone"])
        lines = []
        for name, call in calls.items():
            if isinstance(call, str):
                lines.append([name, call])
                continue
            own = np.array(seconds[name])
            lines.append([name, f"{np.median(own):.3f}", f"{own.min():.3f}", f"{np.median(own / floor):.2f}"])
        print("\n".join(aligned([[f"K = {K}", "median s", "best s", "over sgemm"], *lines], rule=True)))
    lines = [latency(items, 64, a.threads) for items in (10_000, 1_000_000)]
    titles = ["one user, K = 64, items", "median us", "99th percentile us"]
    print("\n".join(aligned([titles, *lines], [], rule=True)))


if __name__ == "__main__":
    main(ARGUMENTS)
