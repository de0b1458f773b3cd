"""How many threads a call takes, by cores, affinity and other calls that run at once."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

import coals

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts threads and sets affinity as Linux does")

# Threads alive during `work`, without the calling one, the one that counts, and those of NumPy. The 90th percentile and
# not the maximum of the counts, which includes the threads that are started as a trial and end at once.
WATCH = """
import os, sys, threading, time, numpy as np, scipy.sparse as sp, tqdm, coals
tqdm.tqdm.monitor_interval = 0  # it has a thread of its own, whether there is a bar or not
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
before = len(os.listdir("/proc/self/task"))
def threads_during(work):
    counts, done = [], threading.Event()
    def look():
        while not done.wait(0.001):
            counts.append(len(os.listdir("/proc/self/task")) - before - 1)
    looker = threading.Thread(target=look)
    looker.start()
    work()
    done.set()
    looker.join()
    return sorted(counts)[len(counts) * 9 // 10]
def fit(num_threads=None):
    return coals.ImplicitALS(factors=64, iterations=8, random_state=0, num_threads=num_threads).fit(
        data, progress=False
    )
"""


def run(code: str, **environment: str) -> list[int]:
    variables = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | environment
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code], capture_output=True, text=True, timeout=100, check=False, env=variables
    )
    assert done.stderr == ""
    return [int(word) for word in done.stdout.split()]


def test_more_threads_than_cores_give_the_same_bits(ratings):
    found = [coals.ImplicitALS(factors=8, random_state=0, num_threads=n).fit(ratings).item_factors_ for n in (1, 2, 64)]
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()


@linux
def test_threads_that_are_asked_for_are_taken_whatever_the_cores():
    (found,) = run("print(threads_during(lambda: fit(7)))")
    assert found >= 6


@linux
def test_affinity_set_while_running_is_heeded():
    code = """
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(coals._core.default_num_threads(), threads_during(fit))
"""
    assert run(code) == [1, 0]


@linux
def test_omp_num_threads_is_heeded():
    assert run("print(coals._core.default_num_threads(), threads_during(fit))", OMP_NUM_THREADS="1") == [1, 0]


def test_workers_of_joblib_share_the_cores():
    joblib = pytest.importorskip("joblib")
    default = coals._core.default_num_threads()
    with joblib.parallel_config("loky", n_jobs=2):
        found = joblib.Parallel()(joblib.delayed(_threads_and_factors)() for _ in range(4))
    assert {threads for threads, _ in found} == {max(1, default // 2)}
    assert {factors for _, factors in found} == {_threads_and_factors()[1]}
    found = joblib.Parallel(n_jobs=4, prefer="threads")(joblib.delayed(_threads_and_factors)() for _ in range(4))
    assert {factors for _, factors in found} == {_threads_and_factors()[1]}


def test_tasks_of_dask():
    dask = pytest.importorskip("dask")
    tasks = [dask.delayed(_threads_and_factors)() for _ in range(6)]
    found = dask.compute(*tasks, scheduler="threads", num_workers=4)
    assert {factors for _, factors in found} == {_threads_and_factors()[1]}


def _threads_and_factors() -> tuple[int, bytes]:
    data = sp.csr_array((np.random.default_rng(0).random((300, 200)) < 0.2).astype(float))
    model = coals.ImplicitALS(factors=40, iterations=2, random_state=0).fit(data)
    return coals._core.default_num_threads(), model.item_factors_.tobytes()


@linux
@pytest.mark.parametrize("layer", ["pool", "omp"] if coals.show_config()["openmp"] else ["pool"])
def test_a_call_alone_takes_all_cores_after_calls_at_once_and_calls_that_failed(layer):
    """In one layer: by default, calls may leave an idle worker of each. The calls before have one thread each: they
    count as calls, but leave no workers in the pool. At most 8 threads: the fit has too few tasks for more."""
    code = """
threads = [threading.Thread(target=fit, args=(1,)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
try:
    coals.ExplicitALS(factors=900, regularization=0.0, biases=False, num_threads=1).fit(data, progress=False)
except ValueError:
    print(coals._core.default_num_threads() - 1, threads_during(fit))
"""
    expected, found = run(code, COALS_THREADING_LAYER=layer, OMP_NUM_THREADS="8")
    assert found == expected
