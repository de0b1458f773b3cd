"""The native functions behind neighbors: what they refuse, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import scipy.sparse as sp

from coals import _core

ROW = np.array([0])


def native(dense, dtype="float32"):
    matrix = sp.csr_array(np.asarray(dense, dtype))
    return _core.Csr(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], dtype)


QUERIES, LISTS = native(np.eye(3)), native(np.ones((3, 4)))
NONE = _core.TopKFilter(native(np.zeros((1, 4))))


def top_k(**changes):
    arguments = {
        "queries": QUERIES, "rows": ROW, "lists": LISTS, "targets": None, "average_by": "none", "used": -1,
        "query_term": None, "target_term": None, "filter": NONE, "n": 2, "num_threads": 1,
    }  # fmt: skip
    return _core.top_k_neighbors(**(arguments | changes))


def score(**changes):
    arguments = {
        "queries": QUERIES, "rows": ROW, "targets": LISTS.transpose(), "columns": ROW, "average_by": "none", "used": -1,
        "query_term": None, "target_term": None, "num_threads": 1,
    }  # fmt: skip
    return _core.score_neighbors(**(arguments | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": native(np.eye(4))}, "lists: must be 4 x 4, and is 3 x 4"),
        ({"rows": np.array([3])}, "rows: number 0 is 3, which is out of range"),
        ({"rows": np.array([-1])}, "rows: number 0 is -1, which is out of range"),
        ({"rows": np.array([0, 1])}, "excluded must be queries x items"),
        ({"n": 0}, "n must be at least 1"),
        ({"average_by": "both"}, "average_by must be none, query or target"),
        ({"average_by": "target", "used": 2}, "targets: must be 4 x 3, and is 0 x 0"),
        ({"average_by": "query", "used": 0}, "used must be at least 1"),
        ({"used": 3}, "used goes with averages alone"),
        ({"targets": LISTS}, "targets: must be 4 x 3, and is 3 x 4"),
        ({"targets": native(np.ones((4, 3)), "float64")}, "lists and targets must have the same dtype"),
        ({"query_term": np.ones(2)}, "query_term must be one-dimensional with 3 elements"),
        ({"target_term": np.ones(3)}, "target_term must be one-dimensional with 4 elements"),
    ],
)
def test_lists_refuse_what_does_not_fit(changes, message):
    top_k()
    with pytest.raises(ValueError, match=message):
        top_k(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": np.array([4])}, "columns: number 0 is 4, which is out of range"),
        ({"rows": np.array([7])}, "rows: number 0 is 7, which is out of range"),
        ({"columns": np.array([0, 1])}, "columns must be one-dimensional with 1 elements"),
        ({"targets": LISTS}, "targets: must be 3 x 3, and is 3 x 4"),
        ({"used": 3}, "used goes with averages alone"),
        ({"target_term": np.ones(3)}, "target_term must be one-dimensional with 4 elements"),
    ],
)
def test_pairs_refuse_what_does_not_fit(changes, message):
    assert score().tolist() == [1.0]
    with pytest.raises(ValueError, match=message):
        score(**changes)


SLOW = """
import signal, numpy as np
from coals import _core
signal.signal(signal.SIGINT, signal.default_int_handler)
n = 2000
dense = _core.Csr(np.arange(n + 1) * n, np.tile(np.arange(n, dtype=np.int32), n), np.ones(n * n), n, "float64")
rows = np.zeros({size}, np.int64)
everything = _core.TopKFilter()
rule = "{by}", {used}, None, None
print("ready", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
LISTS_OF = "_core.top_k_neighbors(dense, rows, dense, dense, *rule, everything, 10, 2)"
PAIRS_OF = "_core.score_neighbors(dense, rows, dense, rows, *rule, 2)"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("call", "size", "by", "used"),
    [(LISTS_OF, 30_000, "none", -1), (LISTS_OF, 30_000, "target", 5), (PAIRS_OF, 30_000_000, "query", 5)],
)
def test_ctrl_c_ends_a_native_loop(call, size, by, used):
    code = SLOW.format(call=call, size=size, by=by, used=used)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.2)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        seconds = time.perf_counter() - start
    # The promise is 0.1 s; a loaded machine gets slack, a loop that does not listen would take many seconds.
    assert seconds < 1.0
