"""The threading layers, omp and pool: which one runs, and that results and promises do not depend on it.

Every other test file holds in both layers too: run it with COALS_THREADING_LAYER=pool or omp.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys

import pytest

import coals

OPENMP = coals.show_config()["openmp"]
LAYERS = ["pool", "omp"] if OPENMP else ["pool"]

needs_openmp = pytest.mark.skipif(not OPENMP, reason="coals was compiled without OpenMP")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

START = """
import os, sys, numpy as np, scipy.sparse as sp
def layer():
    import coals
    return coals.show_config()["threading_layer"]
def fit():
    import coals
    data = sp.csr_array((np.random.default_rng(0).random((300, 200)) < 0.2).astype(float))
    return coals.ImplicitALS(factors=40, iterations=2, random_state=0, num_threads=3).fit(data).item_factors_.tobytes()
def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # Python 3.12 and later warn of fork in a process with threads, which is what this is about.
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", START + code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def output(code: str, *arguments: str, **environment: str) -> str:
    done = run(code, *arguments, **environment)
    assert done.stderr == ""
    return done.stdout.strip()


# --- which layer runs ---


@pytest.mark.parametrize("layer", LAYERS)
def test_the_layer_asked_for_is_the_one_that_runs(layer):
    assert output("fit(); print(layer())", COALS_THREADING_LAYER=layer) == layer


def test_openmp_is_the_default_where_it_is_compiled_in():
    assert output("print(layer())", COALS_THREADING_LAYER="") == LAYERS[-1]


def test_show_config_names_the_openmp_runtime():
    assert OPENMP is None or OPENMP.startswith("lib")
    assert OPENMP is None or " (OpenMP 20" in OPENMP


def test_an_unknown_layer_is_an_error_at_import():
    done = run("import coals", COALS_THREADING_LAYER="tbb")
    assert done.returncode == 1
    assert "COALS_THREADING_LAYER: unknown threading layer 'tbb'; there are omp and pool" in done.stderr


@pytest.mark.skipif(bool(OPENMP), reason="coals was compiled with OpenMP")
def test_openmp_that_is_not_compiled_in_is_an_error_at_import():
    done = run("import coals", COALS_THREADING_LAYER="omp")
    assert done.returncode == 1
    assert "this build has no OpenMP, so 'omp' cannot run here" in done.stderr


@needs_openmp
@needs_fork
def test_forked_children_use_the_pool_and_their_parent_does_not():
    code = """
before = layer()
answer = fit()
def child():
    return 1 * (layer() != "pool") + 2 * (fit() != answer) + 4 * (in_child(lambda: layer() != "pool") != 0)
print(before, in_child(child), layer(), fit() == answer)
"""
    assert output(code, COALS_THREADING_LAYER="omp") == "omp 0 omp True"


@needs_openmp
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells whether a process was forked")
def test_a_forked_child_that_is_the_first_to_import_coals_uses_the_pool():
    """Its parent may have used the same OpenMP runtime, whose threads do not exist in the child."""
    code = 'print(in_child(lambda: (layer() == "pool") + 2 * ("coals" in sys.modules)))'
    assert output(code, COALS_THREADING_LAYER="") == "3"


@needs_openmp
@pytest.mark.skipif(sys.platform != "linux", reason="limits the number of processes as Linux does")
def test_refused_threads_change_the_layer_to_pool():
    """libgomp would end the process."""
    code = """
import resource, coals
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
model = coals.ImplicitALS(factors=8, num_threads=2, iterations=1, random_state=0).fit(data)
before = layer()
if os.getuid() == 0:
    os.setuid(54321)  # root has no such limit
resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
objectives = {float(model.set_params(num_threads=n).fit(data).objective_[-1]) for n in (2, 3, 64, 5)}
print(before, layer(), len(objectives))
"""
    assert output(code, COALS_THREADING_LAYER="omp") == "omp pool 1"


LIMIT_ADDRESSES = """
import resource, coals
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
def wide_fit(threads):
    model = coals.ImplicitALS(factors=8, num_threads=threads, iterations=1, random_state=0)
    return model.fit(data, progress=False).item_factors_.tobytes()
answer = wide_fit(1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (700 << 20), resource.RLIM_INFINITY))
print(wide_fit(3) == answer)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits address space as Linux does")
@pytest.mark.parametrize("variable", ["OMP_STACKSIZE=1G", "OMP_STACKSIZE=1000 m", "GOMP_STACKSIZE=1048576"])
@pytest.mark.parametrize("layer", LAYERS)
def test_no_addresses_for_the_stacks_that_the_environment_asks_for(layer, variable):
    name, value = variable.split("=")
    assert output(LIMIT_ADDRESSES, COALS_THREADING_LAYER=layer, **{name: value}) == "True"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two processors")
@pytest.mark.parametrize("variable", ["OMP_PROC_BIND=true", "GOMP_CPU_AFFINITY=0-1"])
def test_bound_threads_use_all_processors(variable):
    """libgomp binds the first thread to one processor as soon as it is loaded."""
    name, value = variable.split("=")
    code = "fit(); import coals; print(coals.show_config()['num_threads'])"
    assert output(code, COALS_THREADING_LAYER="", **{name: value}) == output(code, COALS_THREADING_LAYER="")


# --- results ---

EVERY_MODEL = """
import coals, hashlib
rng = np.random.default_rng(0)
data = sp.csr_array(rng.integers(0, 6, (400, 250)) * (rng.random((400, 250)) < 0.1))
threads = int(sys.argv[1])
models = [
    coals.ImplicitALS(factors=33, iterations=3, random_state=0, num_threads=threads),
    coals.ImplicitALS(factors=33, iterations=3, random_state=0, solver="cg", dtype="float64", num_threads=threads),
    coals.ExplicitALS(factors=17, iterations=3, random_state=0, num_threads=threads),
    coals.BPR(factors=8, iterations=3, random_state=0, num_threads=threads),
    coals.SGDFactorization(factors=8, iterations=3, random_state=0, num_threads=threads),
    coals.SVD(factors=20, random_state=0, num_threads=threads),
    coals.EASE(num_threads=threads),
    coals.GraphFilter(factors=16, random_state=0, num_threads=threads),
    coals.GraphFilter(filter="chebyshev", factors=16, random_state=0, num_threads=threads),
    coals.RP3beta(num_threads=threads),
    coals.SparseEASE(neighbors=40, num_threads=threads),
    coals.ItemCooccurrence(neighbors=9, num_threads=threads),
    coals.ItemKNN(similarity="pearson", scoring="rating", num_threads=threads),
    coals.UserKNN(num_threads=threads),
]
others = {*coals.MODELS} - {type(model).__name__ for model in models} - {"ContentKNN", "Hybrid"}
for cls in (getattr(coals, name) for name in sorted(others)):
    own = dict(factors=8, iterations=3, random_state=0, num_threads=threads)
    models.append(cls(**{name: value for name, value in own.items() if name in cls().get_params()}))
digest = hashlib.sha256()
for model in models:
    best = model.fit(data.astype(float)).recommend(np.arange(400), n=9)
    digest.update(best.ids.tobytes() + best.scores.tobytes())
digest.update(coals.cooccurrence(data).toarray().tobytes())
print(digest.hexdigest())
"""


def test_layers_and_thread_counts_give_the_same_bits():
    found = {
        output(EVERY_MODEL, threads, COALS_THREADING_LAYER=layer) for layer in LAYERS for threads in ("1", "2", "5")
    }
    assert len(found) == 1


@needs_openmp
@pytest.mark.parametrize("variable", ["OMP_THREAD_LIMIT=1", "OMP_THREAD_LIMIT=2", "OMP_DYNAMIC=true"])
def test_teams_that_openmp_makes_smaller_give_the_same_bits(variable):
    """The runtime may start fewer threads than asked for: the others take their tasks."""
    name, value = variable.split("=")
    code = "import hashlib; print(hashlib.sha256(fit()).hexdigest(), layer())"
    limited = output(code, COALS_THREADING_LAYER="omp", **{name: value})
    assert limited == output(code, COALS_THREADING_LAYER="omp")


# --- other users of OpenMP in the same process ---

REGION = """
#include <omp.h>
int threads_in_region(int wanted) {
  int found = 0;
#pragma omp parallel num_threads(wanted)
#pragma omp atomic
  ++found;
  return found;
}
typedef void (*callback)(void);
void call_from_region(int threads, callback call) {
#pragma omp parallel num_threads(threads)
  call();
}
void call_from_region_of_one(callback call) {
#pragma omp parallel if(0)
  call();
}
"""


@pytest.fixture(scope="module")
def region_library(tmp_path_factory):
    """A library that uses the OpenMP runtime of the system's compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) on this machine")
    folder = tmp_path_factory.mktemp("openmp")
    (folder / "region.c").write_text(REGION)
    library = folder / "region.so"
    command = [compiler, "-fopenmp", "-shared", "-fPIC", "-o", str(library), str(folder / "region.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"cc does not compile OpenMP: {done.stderr.splitlines()[-1:]}")
    assert ctypes.CDLL(str(library)).threads_in_region(3) == 3
    return str(library)


LIMIT_THREADS = """
import ctypes, resource, time, coals
other = ctypes.CDLL(sys.argv[1])
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
def wide_fit():
    model = coals.ImplicitALS(factors=8, num_threads=4, iterations=1, random_state=0)
    return model.fit(data, progress=False).item_factors_.tobytes()
answer = wide_fit()
def allow_no_more_threads():
    if os.getuid() == 0:
        os.setuid(54321)  # root has no such limit
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the number of processes as Linux does")
@pytest.mark.parametrize("layer", LAYERS)
def test_threads_are_refused_after_another_library_ended_some(region_library, layer):
    """A smaller region ends the threads that it does not need, those of coals' last region included."""
    code = (
        LIMIT_THREADS
        + """
other.threads_in_region(2)
time.sleep(0.2)
allow_no_more_threads()
print(wide_fit() == answer)
"""
    )
    assert output(code, region_library, COALS_THREADING_LAYER=layer, OPENBLAS_NUM_THREADS="1") == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="limits the number of processes as Linux does")
@pytest.mark.parametrize("layer", LAYERS)
def test_threads_are_refused_in_a_region_of_one_thread(region_library, layer):
    """A region within it starts all of its threads, whichever the last one had."""
    code = (
        LIMIT_THREADS
        + """
allow_no_more_threads()
same = []
other.call_from_region_of_one(ctypes.CFUNCTYPE(None)(lambda: same.append(wide_fit() == answer)))
print(same)
"""
    )
    assert output(code, region_library, COALS_THREADING_LAYER=layer, OPENBLAS_NUM_THREADS="1") == "[True]"


@needs_fork
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("first", ["coals", "other"])
def test_a_fork_after_another_library_used_openmp(region_library, layer, first):
    """The library uses the system's runtime: the one of coals where coals was compiled here, another one where coals is
    a wheel. Its threads do not exist in the child, where the runtime would wait for them."""
    code = """
import ctypes
other = ctypes.CDLL(sys.argv[1])
steps = [fit, lambda: other.threads_in_region(4)]
answers = {str(step()) for step in (steps if sys.argv[2] == "coals" else steps[::-1])}
answer = fit()
print(in_child(lambda: fit() != answer), fit() == answer, other.threads_in_region(4))
"""
    assert output(code, region_library, first, COALS_THREADING_LAYER=layer) == "0 True 4"


@needs_fork
@pytest.mark.parametrize("layer", LAYERS)
def test_a_child_imports_coals_after_its_parent_used_openmp(region_library, layer):
    code = """
import ctypes
other = ctypes.CDLL(sys.argv[1])
other.threads_in_region(4)
print(in_child(lambda: len(fit()) == 0))
"""
    expected = "0" if layer == "pool" or sys.platform == "linux" else None
    if expected is None:
        pytest.skip("only Linux tells that a process was forked before coals was loaded")
    assert output(code, region_library, COALS_THREADING_LAYER=layer) == expected


@needs_fork
@pytest.mark.parametrize("layer", LAYERS)
def test_scikit_learn_with_an_openmp_runtime_of_its_own(layer):
    pytest.importorskip("sklearn", reason="needs scikit-learn, whose wheels bring an OpenMP runtime")
    code = """
from sklearn.cluster import KMeans
points = np.random.default_rng(0).random((2000, 5))
def cluster():
    return KMeans(4, random_state=0, n_init=1).fit(points).inertia_
answer, inertia = fit(), cluster()
print(in_child(lambda: fit() != answer), fit() == answer, cluster() == inertia)
"""
    assert output(code, COALS_THREADING_LAYER=layer) == "0 True True"


@needs_fork
@pytest.mark.parametrize("layer", LAYERS)
def test_torch_with_an_openmp_runtime_of_its_own(layer):
    pytest.importorskip("torch", reason="needs torch, whose wheels bring an OpenMP runtime")
    code = """
import torch
torch.set_num_threads(3)
numbers = torch.arange(1_000_000, dtype=torch.float64)
def total():
    return float(torch.sqrt(numbers).sum())
answer, right = fit(), total()
print(in_child(lambda: fit() != answer), fit() == answer, total() == right)
"""
    assert output(code, COALS_THREADING_LAYER=layer) == "0 True True"


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux shows them")
@pytest.mark.parametrize("layer", LAYERS)
def test_calls_from_an_openmp_region_do_not_oversubscribe(region_library, layer):
    """Four threads of a region fit at once. If coals uses the same runtime, calls inside use no more threads. To coals,
    a region of another runtime is like any four threads: calls at once share the processors. Each of those threads then
    has OpenMP threads of its own, which outlast the call."""
    code = """
import coals, ctypes, json
other = ctypes.CDLL(sys.argv[1])
answers, threads = [], []
data = sp.csr_array((np.random.default_rng(0).random((3000, 1000)) < 0.05).astype(float))
def fit_with_default_threads():
    return coals.ImplicitALS(factors=64, iterations=4, random_state=0).fit(data).item_factors_.tobytes()
answer = fit_with_default_threads()
def call():
    answers.append(fit_with_default_threads() == answer)
    threads.append(len(os.listdir("/proc/self/task")))
before = len(os.listdir("/proc/self/task"))
other.call_from_region(4, ctypes.CFUNCTYPE(None)(call))
runtimes = {line.split()[-1] for line in open("/proc/self/maps") if "/libgomp" in line or "/libomp" in line}
print(json.dumps([answers, max(threads) - before - 3, len(runtimes), coals.show_config()["num_threads"]]))
"""
    answers, more, runtimes, cores = json.loads(
        output(code, region_library, COALS_THREADING_LAYER=layer, OPENBLAS_NUM_THREADS="1")
    )
    assert answers == [True] * 4
    if layer == "omp":
        assert more <= (0 if runtimes == 1 else 4 * (cores - 1))
    else:
        # The first call may take all cores, the k-th one a k-th of them; the pool had the workers of one call before.
        assert more <= sum(-(-cores // calls) - 1 for calls in (2, 3, 4))
