"""The evaluation that a tutorial's loops need a minute for at a few users:
`python -m bench.suites.tutorial_evaluation`.

Generated data of the tutorial's shape: 365 users, 5,000 items, 10,000 rows, a fifth of each user's held out. coals fits
`ItemCooccurrence` by Jaccard, ranks all items for every user, and computes precision and recall of the lists: the
median of many repetitions, fit included. Beside it what the tutorial does, for each user: for each item, look up in the
table who has it; for each item of the user, how many users have both over how many have either, by sets; the mean. That
is timed on a few users and multiplied by all users over those.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse

import coals
from bench.harness.data import ratings

try:
    import pandas as pd
except ImportError:
    pd = None

TARGET = 0.020
METRICS = [f"{metric}@{k}" for metric in ("precision", "recall") for k in (5, 10, 20)]


def held_out() -> tuple[Any, Any]:
    """Train and test: of each user with two items or more a random fifth, rounded up, is held out."""
    matrix = ratings("tutorial").tocoo()
    lengths = np.bincount(matrix.row, minlength=matrix.shape[0])
    order = np.lexsort((np.random.default_rng(1).random(matrix.nnz), matrix.row))
    place = np.arange(matrix.nnz) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    in_test = np.zeros(matrix.nnz, dtype=bool)
    in_test[order] = (place < np.repeat(-(-lengths // 5), lengths)) & np.repeat(lengths > 1, lengths)
    train, test = (
        scipy.sparse.csr_array((matrix.data[part], (matrix.row[part], matrix.col[part])), shape=matrix.shape)
        for part in (~in_test, in_test)
    )
    return train, test


def fit(train: Any, threads: int | None) -> coals.ItemCooccurrence:
    return coals.ItemCooccurrence(similarity="jaccard", num_threads=threads).fit(train, progress=False)


def median_seconds(run: Callable[[], Any], repeat: int) -> float:
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def lookup(train: Any) -> tuple[str, Callable[[int], set[int]]]:
    """Who has an item, as the tutorial asks for it: by a comparison with the whole column, each time."""
    rows, columns = train.tocoo().coords
    if pd is None:
        return "NumPy", lambda item: set(np.unique(rows[columns == item]).tolist())
    table = pd.DataFrame({"user": rows, "item": columns})
    return "pandas", lambda item: set(table[table["item"] == item]["user"].unique())


def loop_scores(train: Any, users_of: Callable[[int], set[int]], user: int) -> list[float]:
    """The user's score of every item, by the tutorial's loops."""
    history = train.indices[train.indptr[user] : train.indptr[user + 1]].tolist()
    users_of_history = [users_of(item) for item in history]
    scores = []
    for item in range(train.shape[1]):
        users_of_item = users_of(item)
        total = 0.0
        for users_of_other in users_of_history:
            both = users_of_item.intersection(users_of_other)
            if both:
                total += len(both) / len(users_of_item.union(users_of_other))
        scores.append(total / len(history))
    return scores


def show_loops(train: Any, count: int, ours: float) -> None:
    """Times the loops for users of typical lengths, and checks that coals has the same scores."""
    lengths = np.diff(train.indptr)
    users = np.argsort(lengths, kind="stable")[np.linspace(0, len(lengths) - 1, count + 2).astype(int)[1:-1]]
    label, users_of = lookup(train)
    model = fit(train, None)
    seconds = 0.0
    for user in users.tolist():
        start = time.perf_counter()
        scores = np.array(loop_scores(train, users_of, user))
        seconds += time.perf_counter() - start
        others = np.setdiff1d(np.arange(train.shape[1]), train.indices[train.indptr[user] : train.indptr[user + 1]])
        found = model.predict(np.full(len(others), user), others)
        np.testing.assert_allclose(found, scores[others], rtol=1e-5, atol=1e-7)
    whole = seconds * np.count_nonzero(lengths) / len(users)
    print(f"loops with {label}, scores alone, {len(users)} users: {seconds:.2f} s, {seconds / len(users):.2f} each")
    print(f"  extrapolated by the number of users to {len(lengths)}: {whole:.0f} s, {whole / ours:,.0f} x coals")


def show_profile(run: Callable[[], Any]) -> None:
    """Of 50 repetitions, by time spent in each function itself; the profiler slows Python down and not the core."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(50):
        run()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(20)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.suites.tutorial_evaluation", description=__doc__)
    parser.add_argument("--repeat", type=int, default=100)
    parser.add_argument("--threads", type=int, help="all there are when left out")
    parser.add_argument("--loop-users", type=int, default=3, help="users for whom the loops run (3)")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    options = parser.parse_args(argv)
    train, test = held_out()

    def run() -> coals.Evaluation:
        return coals.evaluate(fit(train, options.threads), test, METRICS)

    print(run())
    seconds = median_seconds(run, options.repeat)
    fitting = median_seconds(lambda: fit(train, options.threads), options.repeat)
    verdict = "met" if seconds < TARGET else "missed"
    print(f"coals: {1e3 * seconds:.2f} ms, of it the fit {1e3 * fitting:.2f}, medians of {options.repeat};", end=" ")
    print(f"target {1e3 * TARGET:.0f} ms {verdict}")
    if options.profile:
        show_profile(run)
    if options.loop_users:
        show_loops(train, options.loop_users, seconds)


if __name__ == "__main__":
    main()
