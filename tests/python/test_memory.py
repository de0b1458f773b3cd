"""A fit takes the memory that was announced, and no more than the promise."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

import coals

CODE = """
import gc, sys
import numpy as np, scipy.sparse as sp, coals

def kilobytes(key):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key))

users, items, each, factors = 100_000, 30_000, 40, 128
model = getattr(coals, sys.argv[1])(factors=factors, iterations=1, num_threads=2, random_state=0)
model.fit(sp.csr_array(np.ones((9, 9))))
rng = np.random.default_rng(0)
step = items // each
columns = np.arange(each, dtype=np.int32) * step + rng.integers(0, step, (users, each), dtype=np.int32)
values = rng.integers(1, 6, users * each).astype(np.float32)
matrix = sp.csr_array((values, columns.ravel(), np.arange(users + 1, dtype=np.int32) * each), shape=(users, items))
data = coals.Interactions.from_matrix(matrix)
del columns, values, matrix
gc.collect()
open("/proc/self/clear_refs", "w").write("5")  # the peak so far is forgotten
before = kilobytes("VmRSS")
model.fit(data)
print(1024 * (kilobytes("VmHWM") - before), *coals.estimate_memory(data, factors=factors, num_threads=2))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak can be reset on Linux only")
@pytest.mark.parametrize("model", ["ExplicitALS", "ImplicitALS"])
def test_peak_of_a_fit_is_as_estimated(model):
    # Freed arrays go back to the system at once, so that the fit cannot live on what came before.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", CODE, model]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    peak, sparse, factors, workspace, total = map(int, done.stdout.split())
    assert sparse + factors + workspace == total
    assert total > 130e6
    assert 0.9 * total <= peak <= 1.1 * total
    assert peak <= sparse + factors + 2 * 64e6


def test_what_can_be_estimated(ratings):
    data = coals.Interactions.from_matrix(ratings)
    estimates = [coals.estimate_memory(X, factors=8, num_threads=1) for X in (ratings, data, (60, 40, ratings.nnz))]
    assert estimates[0] == estimates[1] == estimates[2]
    assert estimates[0].sparse == 8 * (61 + 41) + 2 * 8 * ratings.nnz
    double = coals.estimate_memory(data, factors=8, dtype="float64", num_threads=1)
    assert double.factors == 2 * estimates[0].factors == 2 * 4 * 9 * 100
    assert coals.estimate_memory(data, factors=8, num_threads=3).workspace > estimates[0].workspace


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"X": np.ones((2, 2))}, TypeError, r"X must be Interactions, .* got ndarray"),
        ({"X": (1, 2)}, TypeError, r"a tuple \(n_users, n_items, nnz\), got tuple"),
        ({"X": (1, -2, 3)}, ValueError, "n_items must be >= 0"),
        ({"factors": 0}, ValueError, "factors must be >= 1"),
        ({"dtype": "half"}, ValueError, "dtype must be one of"),
        ({"solver": "lu"}, ValueError, "solver must be one of"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        coals.estimate_memory(**{"X": sp.csr_array((3, 3)), "factors": 4, **arguments})
