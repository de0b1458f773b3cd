"""Item co-occurrence counts against SciPy's X.T @ X on ones.

coals is measured as `fit`, checks and transposition included. SciPy always computes every count, the diagonal among
them, also where coals keeps the best 100 of each row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coals
from bench.conftest import Baseline, Race
from bench.harness.data import part_of_rows, ratings

# SciPy runs on every so many items where the whole product would not fit.
EVERY = {"small": 1, "medium": 1, "large": 50}
NEIGHBORS = 100

whole_sizes = pytest.mark.parametrize("size", ["small", "medium"])
sizes = pytest.mark.parametrize("size", ["small", "medium", pytest.param("large", marks=pytest.mark.large)])


@whole_sizes
def bench_count(race: Race, size: str) -> None:
    matrix = ratings(size)
    model = coals.ItemCooccurrence(similarity="count")
    results = race("co-occurrence: all counts", size, lambda: model.fit(matrix).similarity_, [scipy_baseline(size)])
    ours, product = results["coals"], results["scipy X.T @ X"]
    assert ours.nnz == product.nnz - np.count_nonzero(product.diagonal())
    np.testing.assert_array_equal(ours.sum(axis=1), product.sum(axis=1) - product.diagonal())


@sizes
def bench_count_neighbors(race: Race, size: str) -> None:
    matrix = ratings(size)
    model = coals.ItemCooccurrence(similarity="count", neighbors=NEIGHBORS)
    results = race(
        f"co-occurrence: best {NEIGHBORS} of each row",
        size,
        lambda: model.fit(matrix).similarity_,
        [scipy_baseline(size)],
    )
    ours, product = results["coals"], results["scipy X.T @ X"]
    assert np.diff(ours.indptr).max() == NEIGHBORS
    if product.shape == ours.shape:  # ran in full
        for item in range(0, ours.shape[0], 100):
            counts = product[[item]].toarray()[0]
            counts[item] = 0
            best = np.sort(counts)[::-1][:NEIGHBORS]
            np.testing.assert_array_equal(np.sort(ours[[item]].data)[::-1], best[best > 0])


def scipy_baseline(size: str) -> Baseline:
    X = ratings(size).astype(np.int32)  # the fastest of SciPy's types here
    X.data[:] = 1
    target = 6.0 if size == "medium" else None
    if EVERY[size] == 1:
        return Baseline("scipy X.T @ X", lambda: X.T @ X, target=target)
    by_item = X.T.tocsr()
    part = by_item[part_of_rows(by_item, EVERY[size])]
    scale = pairs(by_item, X) / pairs(part, X)
    return Baseline("scipy X.T @ X", lambda: part @ X, scale=scale, target=target)


def pairs(by_item: Any, by_user: Any) -> int:
    """What a row-by-row product adds up: for each entry (item, user) all items of that user."""
    return int(np.diff(by_user.indptr).astype(np.int64)[by_item.indices].sum())
