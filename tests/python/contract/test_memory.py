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

users, items, each = *map(int, sys.argv[2:]), 40
model = eval(f"coals.{sys.argv[1]}").set_params(num_threads=2)
content = isinstance(model, coals.ContentKNN)
model.fit(sp.csr_array(np.ones((9, 9))), **({"item_features": np.eye(9)} if content else {}))
rng = np.random.default_rng(0)
step = items // each
columns = np.arange(each, dtype=np.int32) * step + rng.integers(0, step, (users, each), dtype=np.int32)
values = rng.integers(1, 6, users * each).astype(np.float32)
matrix = sp.csr_array((values, columns.ravel(), np.arange(users + 1, dtype=np.int32) * each), shape=(users, items))
data = coals.Interactions.from_matrix(matrix)
more = {}
if content:  # 20 of 2000 features for each item
    places = rng.integers(0, 100, 20 * items) + 100 * np.tile(np.arange(20), items)
    more["item_features"] = sp.csr_array((np.ones(20 * items), places, np.arange(items + 1) * 20), (items, 2000))
del columns, values, matrix
gc.collect()
open("/proc/self/clear_refs", "w").write("5")  # the peak so far is forgotten
before = kilobytes("VmRSS")
model.fit(data, **more)
print(1024 * (kilobytes("VmHWM") - before), *coals.estimate_memory(data, model, **more))
"""


def measured(model, users, items):
    """(peak of a fit, data, learned, workspace, total)"""
    # Freed arrays go back to the system at once, so that the fit cannot live on what came before.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-c", CODE, model, str(users), str(items)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return map(int, done.stdout.split())


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak can be reset on Linux only")
@pytest.mark.parametrize("model", ["ExplicitALS", "ImplicitALS"])
def test_peak_of_a_fit_is_as_estimated(model):
    how = f"{model}(factors=128, iterations=1, random_state=0)"
    peak, sparse, factors, workspace, total = measured(how, 60_000, 20_000)
    assert sparse + factors + workspace == total
    assert total > 75e6
    assert 0.9 * total <= peak <= 1.1 * total
    assert peak <= sparse + factors + 2 * 64e6


# What each needs most of, in sizes that outweigh the rest; all steps of the searches are taken.
OTHERS = {
    "SVD(factors=32, power_iterations=10, tolerance=0)": (40_000, 15_000),
    "SVD(factors=32, power_iterations=10, tolerance=0, center='user', dtype='float64')": (20_000, 60_000),
    "EASE()": (40_000, 3_000),
    "EASE(weighted=True, neighbors=100)": (60_000, 4_000),
    "EASE(user_exponent=0.5, item_exponent=0.5, dropout=0.2)": (60_000, 4_000),
    "GraphFilter(factors=32, power_iterations=5, tolerance=0)": (60_000, 4_000),
    "GraphFilter(filter='chebyshev', factors=32, power_iterations=5, tolerance=0)": (60_000, 30_000),
    "GraphFilter(filter='power')": (5_000, 5_000),
    "RP3beta(neighbors=100)": (40_000, 12_000),
    "SparseEASE(neighbors=100)": (40_000, 12_000),
    "SparseEASE(neighbors=30, item_exponent=0.5, dtype='float64')": (60_000, 12_000),
    "SGDFactorization(factors=64, iterations=1)": (40_000, 16_000),
    "BPR(factors=40, iterations=1)": (60_000, 24_000),
    "ContentKNN()": (30_000, 12_000),
    "GloVe(factors=32, iterations=1)": (5_000, 5_000),
}
OTHERS |= {
    f"{name}()": (20_000, 3_000)
    for name in coals.MODELS
    if hasattr(getattr(coals, name), "_memory") and not any(f"{name}(" in how for how in OTHERS) and "ALS" not in name
}
# Whose memory is estimated by the lines that estimate another's.
VARIANTS = [
    "SVD(factors=32, power_iterations=10, tolerance=0, center='user', dtype='float64')",
    "EASE(weighted=True, neighbors=100)",
    "EASE(user_exponent=0.5, item_exponent=0.5, dropout=0.2)",
    "GraphFilter(factors=32, power_iterations=5, tolerance=0)",
    "GraphFilter(filter='power')",
    "BPR(factors=40, iterations=1)",
    "SparseEASE(neighbors=30, item_exponent=0.5, dtype='float64')",
]


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak can be reset on Linux only")
@pytest.mark.long
@pytest.mark.parametrize(
    "model", [pytest.param(model, marks=pytest.mark.long if model in VARIANTS else ()) for model in OTHERS]
)
def test_peak_of_other_models_is_at_most_as_estimated(model):
    peak, sparse, factors, workspace, total = measured(model, *OTHERS[model])
    assert sparse + factors + workspace == total
    assert total / 1.65 <= peak <= total


def test_what_is_learned_is_counted(ratings):
    """Of 60 users and 40 items in single precision."""
    assert coals.estimate_memory(ratings, coals.EASE()).factors == 40 * 40 * 4
    svd = coals.SVD(factors=5).fit(ratings)
    held = svd.user_factors_.nbytes + svd.item_factors_.nbytes
    assert coals.estimate_memory(ratings, svd).factors == held + svd.user_factors_.nbytes  # before they are scaled, too
    als = coals.ImplicitALS(factors=8, num_threads=1)
    assert coals.estimate_memory(ratings, als) == coals.estimate_memory(ratings, factors=8, num_threads=1)
    few = coals.estimate_memory(ratings, coals.GloVe(factors=4, num_threads=1))
    assert few.sparse < coals.estimate_memory((600, 400, ratings.nnz), coals.GloVe(factors=4, num_threads=1)).sparse


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
        ({"X": np.ones((2, 2))}, TypeError, r"X must be Interactions, .* got an array of shape"),
        ({"X": (1, 2)}, TypeError, r"a tuple \(n_users, n_items, nnz\), got tuple"),
        ({"X": (1, -2, 3)}, ValueError, "n_items must be >= 0"),
        ({"factors": 0}, ValueError, "factors must be >= 1"),
        ({"dtype": "half"}, ValueError, "dtype must be one of"),
        ({"solver": "lu"}, ValueError, "solver must be one of"),
        ({"factors": None}, TypeError, "give a model, or the factors of an ALS model"),
        ({"model": coals.EASE()}, TypeError, "are those of the model: leave them out"),
        ({"model": coals.Popularity(), "factors": None}, TypeError, "knows .*ImplicitALS.*got Popularity"),
        ({"model": coals.ContentKNN(), "factors": None}, TypeError, "ContentKNN with item_features"),
        ({"item_features": 5}, TypeError, r"item_features go with model=ContentKNN\(\)"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        coals.estimate_memory(**{"X": sp.csr_array((3, 3)), "factors": 4, **arguments})
