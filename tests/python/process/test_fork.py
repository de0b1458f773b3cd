"""Fit, fork, fit: the pattern of servers that load before they fork, and of process pools.

The core's threads do not exist in a forked child, and waiting for them would never end. Each case runs in a process of
its own, which has not used other libraries' threads, and which is killed if it hangs.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

START = """
import os, threading, numpy as np, scipy.sparse as sp, coals
data = sp.csr_array((np.random.default_rng(0).random((300, 200)) < 0.2).astype(float))
MODELS = {
    "implicit": lambda: coals.ImplicitALS(factors=40, iterations=2, random_state=0, num_threads=2),
    "bpr": lambda: coals.BPR(factors=8, iterations=2, random_state=0, num_threads=2),
    "svd": lambda: coals.SVD(factors=8, random_state=0, num_threads=2),
    "ease": lambda: coals.EASE(num_threads=2),
    "knn": lambda: coals.ItemKNN(similarity="cosine", num_threads=2),
}
def answers(name="implicit"):
    best = MODELS[name]().fit(data).recommend(np.arange(300), n=9)
    return best.ids.tobytes() + best.scores.tobytes()
def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 3)
        finally:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def run(code: str, *arguments: str) -> str:
    # Python 3.12 and later warn of fork in a process with threads, which is what this is about.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", START + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_every_kind_of_fit_in_a_child_of_a_process_that_has_fitted():
    code = """
parent = {name: answers(name) for name in MODELS}
print(in_child(lambda: {name: answers(name) for name in MODELS} == parent), answers() == parent["implicit"])
"""
    assert run(code) == "0 True"


def test_a_grandchild():
    code = """
parent = answers()
print(in_child(lambda: answers() == parent and in_child(lambda: answers() == parent) == 0))
"""
    assert run(code) == "0"


def test_a_fork_in_the_midst_of_another_threads_fit():
    """The child has neither that thread nor its call, and all processors to itself."""
    code = """
parent = answers()
busy = threading.Thread(target=lambda: [answers() for _ in range(30)])
busy.start()
codes = [in_child(lambda: answers() == parent) for _ in range(8)]
busy.join()
print(codes)
"""
    assert run(code) == str([0] * 8)


def test_a_fork_in_the_midst_of_ones_own_fit():
    """From a signal handler: the child has the call but not its worker threads. It gets an error or
    finishes without them."""
    code = """
import signal, time
data = sp.csr_array((np.random.default_rng(0).random((4000, 1500)) < 0.02).astype(float))
me, codes = os.getpid(), []
for k in range(12):
    children = []
    def handler(*_):
        child = os.fork()
        if child:
            children.append(child)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.01 + 0.012 * k)
    try:
        coals.ImplicitALS(factors=64, iterations=2, random_state=0, num_threads=4).fit(data)
    except RuntimeError as error:
        os._exit(7 if "forked during" in str(error) else 8)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if os.getpid() != me:
        os._exit(0)
    codes += [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(len(codes) > 0 and set(codes) <= {0, 7})
"""
    assert run(code) == "True"


def test_a_pool_of_forked_processes():
    code = """
import multiprocessing
parent = answers()
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(answers, ["implicit"] * 4) == [parent] * 4)
"""
    assert run(code) == "True"


def test_servers_that_load_before_they_fork(tmp_path):
    """As gunicorn does with preload_app: the parent has recommended from the mapped file, each child recommends, and
    the parent after them."""
    code = """
import sys
MODELS["implicit"]().fit(data).save(sys.argv[1])
model = coals.load(sys.argv[1])
def lists():
    best, new = model.recommend(np.arange(300), n=9), model.recommend_for({3: 1.0, 50: 2.0}, n=9)
    return best.ids.tobytes(), best.scores.tobytes(), new.ids.tobytes(), model.similar_items([1, 2]).scores.tobytes()
parent = lists()
print([in_child(lambda: lists() == parent) for _ in range(4)], lists() == parent)
"""
    assert run(code, str(tmp_path / "model.coals")) == "[0, 0, 0, 0] True"


def test_a_fork_while_another_thread_packs_the_items():
    """The first lists of a model pack its items under a lock, which another thread may hold at the fork."""
    code = """
import pickle, time
data = sp.random_array((2000, 60_000), density=0.0005, format="csr", rng=np.random.default_rng(1))
model = coals.ImplicitALS(factors=64, iterations=1, random_state=0).fit(data)
text = pickle.dumps(model)  # without packed items
def lists(model):
    return model.recommend(np.arange(5), n=5).scores.tobytes()
expected = lists(model)
codes = []
for k in range(20):
    fresh = pickle.loads(text)
    thread = threading.Thread(target=lists, args=(fresh,))
    thread.start()
    time.sleep(0.0008 * k)
    codes.append(in_child(lambda: lists(fresh) == expected))
    thread.join()
print(codes)
"""
    assert run(code) == str([0] * 20)


def test_ctrl_c_in_a_child_that_another_thread_forked():
    """That thread is the main one of the child, which Python delivers signals to."""
    code = """
import signal, time
wide = sp.random_array((4000, 6000), density=0.02, rng=np.random.default_rng(1), format="csr")
MODELS["ease"]().fit(data)
codes = []
def interrupted():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sent = []
    def send():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
    threading.Timer(0.3, send).start()
    try:
        coals.EASE(num_threads=1, dtype="float64").fit(wide)
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0] < 1.0
    return False
thread = threading.Thread(target=lambda: codes.append(in_child(interrupted)))
thread.start()
thread.join()
print(codes)
"""
    assert run(code) == "[0]"
