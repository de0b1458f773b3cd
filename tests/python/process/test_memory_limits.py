"""Too little memory raises MemoryError and the process continues: under `ulimit -v`, as on a full machine.

The C++ tests (tests/cpp/allocations/main.cpp) make every single allocation fail; these tests include Python and its
arrays.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits address space as Linux does")

START = """
import resource, sys, numpy as np, scipy.sparse as sp, coals
rng = np.random.default_rng(0)
data = sp.csr_array((np.ones(50_000), (rng.integers(0, 800, 50_000), rng.integers(0, 600, 50_000))), shape=(800, 600))
data.sum_duplicates()
def small():
    return coals.ImplicitALS(factors=8, iterations=2, random_state=0, num_threads=2).fit(data).item_factors_.tobytes()
before = small()
def limit(megabytes):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (megabytes << 20), resource.RLIM_INFINITY))
"""

END = """
limit(24)
for attempt in range(3):
    outcome = "done"
    try:
        work()
    except MemoryError:
        outcome = "MemoryError"  # printed where the error no longer holds what had been read
    print(outcome)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(small() == before)
"""

# Each takes some 100 MB.
WORKS = {
    "implicit": "work = lambda: coals.ImplicitALS(factors=2000, iterations=1, num_threads=2).fit(data)",
    "explicit": "work = lambda: coals.ExplicitALS(factors=20_000, iterations=1, num_threads=2).fit(data)",
    "sgd": "work = lambda: coals.SGDFactorization(factors=20_000, iterations=1, num_threads=2).fit(data)",
    "counts": """
wide = sp.csr_array(np.ones((3, 6000)))
work = lambda: coals.cooccurrence(wide, num_threads=2)
""",
    "ease": """
wide = sp.csr_array(np.ones((3, 6000)))
work = lambda: coals.EASE(num_threads=2).fit(wide)
""",
    "svd": """
wide = sp.csr_array((np.ones(9), (range(9), range(9))), shape=(200_000, 9_000))
work = lambda: coals.SVD(factors=200, num_threads=2).fit(wide)
""",
    "lists": """
vectors = rng.random((200_000, 4), dtype=np.float32)
work = lambda: coals.top_k(vectors, vectors[:50_000], 100, num_threads=2)
""",
    "csv": """
import io
text = b"".join(b"user%d,item%d\\n" % (k, k) for k in range(1_500_000))
work = lambda: coals.Interactions.from_csv(io.BytesIO(text), user=0, item=1)
""",
}


@pytest.mark.parametrize("name", list(WORKS))
def test_too_little_memory_is_an_error_and_the_process_goes_on(name):
    code = START + WORKS[name] + END
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["MemoryError"] * 3 + ["True"], done.stderr
