"""Limits on threads, and other threads during a fit. Forks are in test_fork.py."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp

import coals


def test_a_daemon_thread_in_a_fit_does_not_disturb_the_exit():
    """A thread that asks for the GIL while the interpreter ends is ended itself, in the middle of native code."""
    code = """
import threading, time, numpy as np, scipy.sparse as sp, coals
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
model = coals.ImplicitALS(factors=200, iterations=10**4)
threading.Thread(target=lambda: model.fit(data), daemon=True).start()
time.sleep(0.5)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="limits the number of processes as Linux does")
def test_a_limit_on_threads_means_fewer_threads_not_death():
    code = """
import os, resource, numpy as np, scipy.sparse as sp, coals
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
model = coals.ImplicitALS(factors=8, num_threads=1, iterations=1).fit(data)  # all is loaded while it may be read
if os.getuid() == 0:
    os.setuid(54321)  # root has no such limit
resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
print(len(model.set_params(num_threads=64).fit(data).objective_))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "1", done.stderr


def test_two_threads_fit_two_models_as_one_thread_does(ratings):
    data = sp.vstack([ratings] * 50).tocsr()

    def fit(seed, out):
        out[seed] = coals.ImplicitALS(factors=30, iterations=3, random_state=seed).fit(data).item_factors_

    together, alone = {}, {}
    threads = [threading.Thread(target=fit, args=(seed, together)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(2):
        fit(seed, alone)
        assert together[seed].tobytes() == alone[seed].tobytes()


def test_the_gil_is_free_during_a_fit(ratings):
    """A thread that sleeps a millisecond at a time gets to run while one native call is under way."""
    data = sp.vstack([ratings] * 400).tocsr()
    model = coals.ExplicitALS(factors=150, iterations=1, random_state=0)
    beats, stop = [], threading.Event()

    def beat():
        while not stop.wait(0.001):
            beats.append(time.perf_counter())

    thread = threading.Thread(target=beat)
    thread.start()
    start = time.perf_counter()
    model.fit(data)
    seconds = time.perf_counter() - start
    stop.set()
    thread.join()
    gaps = np.diff([start, *beats, start + seconds])
    assert gaps.max() < seconds / 2, f"{len(beats)} beats in {seconds:.2f} s"
