"""Holds the metrics of coals against other libraries' on random lists: `python -m bench.suites.evaluation.agreement`.

The table in docs/metrics.md says which definitions agree; this fails where one of them does not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import coals
from bench.harness.processes import Child, Missing, child_environment
from coals._util.text_table import aligned

__all__ = ["MEANINGS", "TOLERANCE"]

TOLERANCE = 1e-6
K = (1, 3, 10, 20, 30)
# Library -> its metric -> what of `ours` that is.
MEANINGS: dict[str, dict[str, str]] = {
    "irspack": {
        "precision": "precision",
        "recall": "recall",
        "recall_min": "recall_min",
        "ndcg": "ndcg",
        "map": "map over |R|",
        "hit_rate": "hit_rate",
        "gini": "gini",
        "coverage": "coverage",
    },
    "implicit": {"precision": "pooled recall_min", "map": "map", "ndcg": "ndcg", "auc": "auc"},
    "ranx": {
        "precision": "precision",
        "recall": "recall",
        "f1": "f1",
        "ndcg": "ndcg",
        "map": "map over |R|",
        "hit_rate": "hit_rate",
        "mrr": "mrr",
    },
}


def random_lists(seed: int) -> tuple[Any, Any]:
    """30 of 60 items for each of 300 users, and 1 to 40 relevant ones, so that |R| lies on both sides of every k."""
    rng = np.random.default_rng(seed)
    ids = rng.permuted(np.tile(np.arange(60), (300, 1)), axis=1)[:, :30]
    relevant = rng.random((300, 60)) < rng.uniform(0.02, 0.6, (300, 1))
    relevant[np.arange(300), rng.integers(60, size=300)] = True
    return ids, sparse.csr_matrix(relevant.astype(np.float64))


def write(path: Path, ids: Any, relevant: Any) -> None:
    arrays = {name: getattr(relevant, name) for name in ("data", "indices", "indptr")}
    np.savez(path, ids=ids, shape=relevant.shape, **arrays)


def ours(ids: Any, relevant: Any, k: int) -> dict[str, float]:
    names = ("precision", "recall", "recall_min", "f1", "ndcg", "map", "hit_rate", "mrr", "auc")
    found = coals.metrics.compute(ids, relevant, [f"{name}@{k}" for name in names])
    values = {name: float(found[f"{name}@{k}"].mean()) for name in names}
    sizes = np.diff(relevant.indptr)
    least = np.minimum(sizes, k)
    values["map over |R|"] = float((found[f"map@{k}"] * least / sizes).mean())
    values["pooled recall_min"] = float(found[f"recall_min@{k}"] @ least / least.sum())
    n_items = relevant.shape[1]
    values["coverage"] = coals.metrics.coverage(ids, k, n_items=n_items)
    values["gini"] = coals.metrics.gini(ids, k, n_items=n_items)
    return values


def largest_gaps(library: str, python: str, folder: Path) -> dict[str, float]:
    """Of all lists and all k, the largest difference between the library's metric and ours."""
    gaps: dict[str, float] = dict.fromkeys(MEANINGS[library], 0.0)
    with Child([python, "-m", "bench.suites.evaluation.child", library], child_environment(1, {})) as child:
        for seed in range(5):
            ids, relevant = random_lists(seed)
            path = folder / f"{seed}.npz"
            write(path, ids, relevant)
            theirs = child.ask(do="of_lists", path=str(path), k=K)
            for k in K:
                mine = ours(ids, relevant, k)
                for name, value in theirs[str(k)].items():
                    gaps[name] = max(gaps[name], abs(value - mine[MEANINGS[library][name]]))
    return gaps


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.suites.evaluation.agreement", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter that has irspack and implicit")
    parser.add_argument("--ranx-python", default=sys.executable, help="interpreter that has ranx")
    options = parser.parse_args(argv)
    rows, broken = [], []
    with tempfile.TemporaryDirectory() as folder:
        for library, meanings in MEANINGS.items():
            python = options.ranx_python if library == "ranx" else options.python
            try:
                gaps = largest_gaps(library, python, Path(folder))
            except Missing as reason:
                rows.append([library, f"missing: {reason}"])
                continue
            for name, gap in gaps.items():
                rows.append([library, name, meanings[name], f"{gap:.1e}"])
                if gap > TOLERANCE:
                    broken.append(f"{library}'s {name} is not {meanings[name]}")
    print("\n".join(aligned([["library", "metric", "is our", "largest difference"], *rows], (0, 1, 2), rule=True)))
    if broken:
        raise SystemExit("\n".join(broken))


if __name__ == "__main__":
    main()
