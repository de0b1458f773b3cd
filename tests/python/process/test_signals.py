"""SIGINT and SIGTERM during every native loop, and while a file is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import coals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

HOST = Path(__file__).with_name("interrupted.py")
# The slowest kernels, so that no loop ends by itself before the signal comes.
SLOWEST = {**os.environ, "COALS_ISA": "baseline"}
ACTIONS = [
    "implicit",
    "implicit, cg",
    "implicit, block",
    "implicit, nonnegative",
    "explicit",
    "explicit, one row",
    "sgd",
    "bpr",
    "svd",
    "ease",
    "rp3beta",
    "graph filter",
    "item cooccurrence",
    "item knn, pearson",
    "item knn, weighted",
    "user knn",
    "all counts",
    "weighted counts",
    "pearson",
    "msd",
    "events",
    "events, weighted",
    "events, one row",
    "top-N",
    "top-N, euclidean",
    "metrics",
    "diversity",
    "csv",
]


# SIGTERM takes the same path as SIGINT: one loop of each kind is enough.
BOTH = ["implicit", "explicit, one row", "sgd", "ease", "item knn, pearson", "events", "top-N", "metrics", "csv"]
SENT = [(action, "SIGINT", "KeyboardInterrupt") for action in ACTIONS]
SENT += [(action, "SIGTERM", "Terminated") for action in BOTH]


@pytest.fixture(scope="module")
def ends():
    """By (action, signal): seconds and the exception that ended it. No entry if the process died or hung before."""
    try:
        done = subprocess.run(
            [sys.executable, HOST, *(f"{action}\t{name}" for action, name, _ in SENT)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            env=SLOWEST,
        )
        output = done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
    lines = [line.split("\t") for line in output.splitlines()]
    return {(line[0], line[1]): (float(line[2]), line[3]) for line in lines if len(line) == 4} | {"all": output}


@pytest.mark.parametrize(("action", "signal_name", "end"), SENT)
def test_a_signal_ends_every_native_loop(ends, action, signal_name, end):
    seconds, found = ends.get((action, signal_name), (0.0, f"nothing: {ends['all'][-2000:]}"))
    assert found == end
    # The promise is 0.1 s, and 0.04 s was the most on a quiet machine: a loaded one gets slack.
    assert seconds < 1.0


def test_sigterm_without_a_handler_is_an_ordinary_death():
    code = """
import numpy as np, scipy.sparse as sp, coals
model = coals.ImplicitALS(factors=256, iterations=1000)
data = sp.csr_array(np.ones((500, 500)))
print("ready", flush=True)
model.fit(data)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.15)
        process.terminate()
        assert process.wait(60) == -signal.SIGTERM


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_model_is_saved_leaves_a_whole_file(sent, tmp_path):
    code = """
import pathlib, signal, sys, numpy as np, scipy.sparse as sp, coals
signal.signal(signal.SIGINT, signal.default_int_handler)
data = sp.csr_array(np.ones((2000, 2000)))
path = pathlib.Path(sys.argv[1])
try:
    for number in range(100_000):
        coals.Popularity(by=["users", "sum"][number % 2]).fit(data).save(path)
        if number == 0:
            print("ready", flush=True)
except KeyboardInterrupt:
    assert [part.name for part in path.parent.iterdir()] == [path.name]
"""
    path = tmp_path / "model.coals"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.2)
        process.send_signal(sent)
        assert process.wait(60) == (0 if sent == signal.SIGINT else -sent)
    assert coals.load(path, verify=True).n_items_ == 2000
