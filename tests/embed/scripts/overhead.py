"""What each way into the core adds to a fold-in of 100 rows (K = 32, one thread): a table.

overhead.py FOLDER FOLD_IN_TIME    FOLDER as of problem.py, with `consumer` on the path; the C++ program's path
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import consumer
import numpy as np

import coals

ROUNDS, REPEATS = 15, 40


def median_microseconds(call):
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def main(folder: Path, program: str) -> None:
    begin, column, value = (np.fromfile(folder / name, dtype) for name, dtype in
                            (("row_begin", np.int64), ("column", np.int32), ("value", np.float32)))  # fmt: skip
    matrix = coals.datasets.goodbooks().matrix
    rows = matrix[:100]
    start = coals.core_start(*matrix.shape, 32, 7)
    python = coals.ImplicitALS(factors=32, iterations=4, init=start, num_threads=1).fit(matrix)
    cython = consumer.Fitted.fit(begin, column, value, matrix.shape[1], 32, 4, 7)
    last = int(begin[100])
    own = begin[:101], column[:last], value[:last], np.empty((100, 32), np.float32)
    cython.one_thread = True
    ways = {
        "C++": lambda: float(subprocess.check_output([program, str(folder), str(REPEATS)])),
        "Cython": lambda: median_microseconds(lambda: cython.fold_in(*own)),
        "Python": lambda: median_microseconds(lambda: python.transform_users(rows)),
    }
    found = {name: [] for name in ways}
    for _ in range(ROUNDS):  # in turn, so that a busy moment meets all of them
        for name, measure in ways.items():
            found[name].append(measure())
    print("| way | microseconds | over C++ |\n|---|---|---|")
    for name, times in found.items():
        ratio = statistics.median(a / b for a, b in zip(times, found["C++"], strict=True))
        print(f"| {name} | {statistics.median(times):.0f} | {ratio:.2f} |")
    assert (own[3] == python.transform_users(rows)).all()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
