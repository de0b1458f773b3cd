"""coals beside numpy, scikit-learn, torch and faiss in one process, imported before and after them.

    neighbors.py             every order in a process of its own: a table of slowdowns, of coals against coals alone
                             and of the others against the same without coals
    neighbors.py LIBRARY...  one process that imports the libraries in this order and prints seconds as JSON

`consumer`, the Cython extension, is imported too where it is on the path, so that two extensions call
the core in one process. Needs numpy, scikit-learn, torch and faiss-cpu from PyPI.
"""

import contextlib
import importlib
import json
import statistics
import subprocess
import sys
import time

REPEATS, ROUNDS = 5, 5
OTHERS = ["numpy", "sklearn.cluster", "torch", "faiss"]


def coals_work(coals, np):
    data = coals.datasets.goodbooks().matrix
    return lambda: coals.ImplicitALS(factors=32, iterations=2, random_state=0).fit(data)


def numpy_work(np):
    a = np.random.default_rng(0).standard_normal((700, 700)).astype(np.float32)
    return lambda: a @ a


def sklearn_work(cluster, np):
    x = np.random.default_rng(0).standard_normal((4000, 16))
    return lambda: cluster.KMeans(8, n_init=1, max_iter=30, random_state=0).fit(x)


def torch_work(torch, np):
    a = torch.ones((900, 900))
    return lambda: torch.mm(a, a)


def faiss_work(faiss, np):
    x = np.random.default_rng(0).standard_normal((4000, 32)).astype(np.float32)
    index = faiss.IndexFlatIP(32)
    index.add(x)
    return lambda: index.search(x, 10)


WORK = {"coals": coals_work, "numpy": lambda module, np: numpy_work(np), "sklearn.cluster": sklearn_work,
        "torch": torch_work, "faiss": faiss_work}  # fmt: skip


def one_process(order):
    modules = {name: importlib.import_module(name) for name in order}
    import numpy as np

    with contextlib.suppress(ModuleNotFoundError):
        import consumer  # noqa: F401
    work = {name: WORK[name](modules[name], np) for name in order}
    times = {name: [] for name in order}
    for _ in range(REPEATS + 1):
        for name, call in work.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    # The first round starts thread pools.
    print(json.dumps({name: statistics.median(seconds[1:]) for name, seconds in times.items()}))


def measured(order):
    done = subprocess.run([sys.executable, __file__, *order], capture_output=True, text=True)
    assert done.returncode == 0, f"{order}: exit {done.returncode}\n{done.stderr}"
    return json.loads(done.stdout)


def main():
    orders = {"coals first": ["coals", *OTHERS], "coals last": [*OTHERS, "coals"]}
    ratios = {place: {name: [] for name in ("coals", *OTHERS)} for place in orders}
    for _ in range(ROUNDS):
        # The others slow each other down as it is.
        without = {**measured(["coals"]), **measured(OTHERS)}
        for place, order in orders.items():
            for name, seconds in measured(order).items():
                ratios[place][name].append(seconds / without[name])
    print("| | " + " | ".join(orders) + " |\n|---|---|---|")
    for name in ("coals", *OTHERS):
        print(
            f"| {name.split('.')[0]} | "
            + " | ".join(f"{statistics.median(ratios[p][name]):.2f}" for p in orders)
            + " |"
        )


if __name__ == "__main__":
    one_process(sys.argv[1:]) if sys.argv[1:] else main()
