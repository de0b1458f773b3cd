"""Measures, matrices and comparisons that the tests of similarities share."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.testing import assert_allclose

import coals
from coals.reference import similarity as reference
from conftest import random_ratings

COUNT_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "count": ("count", {}),
    "conditional": ("conditional", {}),
    "jaccard": ("jaccard", {}),
    "cosine": ("cosine", {}),
    "asymmetric_cosine": ("asymmetric_cosine", {"alpha": 0.3}),
    "asymmetric_cosine_0": ("asymmetric_cosine", {"alpha": 0.0}),
    "asymmetric_cosine_1": ("asymmetric_cosine", {"alpha": 1}),
    "dice": ("dice", {}),
    "tversky": ("tversky", {"alpha": 0.2, "beta": 1.7}),
    "tversky_0": ("tversky", {"alpha": 0.0, "beta": 0.0}),
    "lift": ("lift", {}),
    "pmi": ("pmi", {}),
    "npmi": ("npmi", {}),
    "log_likelihood": ("log_likelihood", {}),
    "jaccard_shrunk": ("jaccard", {"shrinkage": 3.5}),
    "npmi_shrunk": ("npmi", {"shrinkage": 10, "min_overlap": 2}),
    "cosine_supported": ("cosine", {"min_support": 4, "min_overlap": 3}),
}
VALUE_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "cosine_weighted": ("cosine", {"weighted": True}),
    "tfidf": ("tfidf", {}),
    "bm25": ("bm25", {}),
    "bm25_other": ("bm25", {"k1": 0.4, "b": 0.0}),
    "bm25_full": ("bm25", {"k1": 5.0, "b": 1.0, "shrinkage": 1.0}),
    "centered_cosine": ("centered_cosine", {}),
    "pearson": ("pearson", {}),
    "adjusted_cosine": ("adjusted_cosine", {}),
    "common_cosine": ("common_cosine", {}),
    "common_centered": ("common_centered", {}),
    "pearson_baseline": ("pearson_baseline", {}),
    "pearson_baseline_shrunk": ("pearson_baseline", {"shrinkage": 100.0, "min_support": 2}),
    "common_cosine_shrunk": ("common_cosine", {"shrinkage": 2.0, "min_overlap": 2}),
    "msd": ("msd", {}),
    "pearson_shrunk": ("pearson", {"shrinkage": 25.0, "min_overlap": 3, "min_support": 4}),
    "adjusted_cosine_shrunk": ("adjusted_cosine", {"shrinkage": 2.0, "min_overlap": 2}),
}
CASES = COUNT_CASES | VALUE_CASES
# One division of exact integers, so that equal ratios are equal numbers and ties are beyond doubt.
EXACT = ("count", "conditional", "jaccard", "dice")

# rtol, atol
TOLERANCES = {"float32": (1e-6, 1e-7), "float64": (1e-9, 1e-11)}


def matrices() -> dict[str, sp.csr_array]:
    """All that a similarity has to live with, by name."""
    rng = np.random.default_rng(0)
    gaps = random_ratings(60, 40, 0.2, seed=0).toarray()
    gaps[7], gaps[:, 11], gaps[:, 39] = 0, 0, 0
    few = random_ratings(9, 20, 0.4, seed=1).toarray()
    normal = rng.normal(size=(40, 18)) * (rng.random((40, 18)) < 0.7)
    zeros = sp.csr_array(few + 10 * (few > 0))
    zeros.data -= 11.0  # 0 to 4, and 0 is stored
    dense = {
        "nobody and nothing": gaps,
        "everybody has everything": random_ratings(25, 15, 1.1, seed=2).toarray(),
        "one user": rng.integers(1, 6, (1, 12)),
        "one item": rng.integers(1, 6, (12, 1)),
        "one entry": [[0, 0, 0], [0, 3, 0]],
        "repeated users": np.tile(few, (5, 1)),
        "repeated items": np.tile(few, (1, 3)),
        "all ones": np.ones((9, 6)),
        "all 0.7": np.full((7, 5), 0.7),
        "equal values": 2.0 * (rng.random((30, 20)) < 0.3),
        "users with one item": np.eye(5)[rng.integers(0, 5, 30)] * rng.integers(1, 6, (30, 1)),
        "floats of both signs": normal.astype(np.float32),
    }
    return {name: sp.csr_array(np.asarray(array)) for name, array in dense.items()} | {"stored zeros": zeros}


MATRICES = matrices()


def applies(case: str, matrix: Any) -> bool:
    """tfidf and bm25 are not for negative values."""
    return CASES[case][0] not in ("tfidf", "bm25") or bool((matrix.data >= 0).all())


def zipf(users: int, items: int, mean: float, seed: int) -> sp.csr_array:
    """Ones: the most popular item is everybody's, the others' users fall off as 1 / rank in a shuffled order."""
    rng = np.random.default_rng(seed)
    popularity = rng.permutation(np.minimum(1.0, mean / np.arange(1, items + 1)))
    has = rng.random((users, items)) < popularity
    has[:, np.argmax(popularity)] = True
    return sp.csr_array(has.astype(np.float64))


_ORACLES: dict[Any, Any] = {}


def oracle(X: Any, measure: str, **options: Any) -> Any:
    """The reference, found once for all the cuts and dtypes that it is compared with."""
    arrays = X.shape, X.data.dtype, *(array.tobytes() for array in (X.data, X.indices, X.indptr))
    key = *arrays, measure, repr(sorted(options.items()))
    if key not in _ORACLES:
        _ORACLES[key] = reference.similarity(X, measure, **options)
        _ORACLES[key].setflags(write=False)
    return _ORACLES[key]


def assert_well_formed(result: Any, shape: tuple[int, int], dtype: str) -> None:
    assert isinstance(result, sp.csr_array)
    assert result.shape == shape
    assert result.dtype == dtype
    rows = np.repeat(np.arange(shape[0]), np.diff(result.indptr))
    assert ((np.diff(rows) > 0) | (np.diff(result.indices) > 0)).all(), "columns ascend in each row"
    assert np.isfinite(result.data).all()
    assert (result.data != 0).all()


def assert_equals_oracle(
    X: Any,
    case: str,
    *,
    neighbors: int | None = None,
    threshold: float | None = None,
    dtype: str = "float64",
    axis: str = "items",
    rows: Any = None,
    more: dict[str, Any] | None = None,
    **call: Any,
) -> Any:
    """`coals.similarity` has the oracle's values and keeps those that it should.

    Where two values, or a value and the threshold or 0, are closer than the tolerance, rounding may choose either; so
    of each row some entries are certain to be kept, others may be, and the rest must not be. `more` are options beside
    those of the case. Returns the result.
    """
    measure, options = CASES[case]
    options = options | (more or {})
    where = {"axis": axis, "rows": rows}
    cut = {"neighbors": neighbors, "threshold": threshold}
    result = coals.similarity(X, measure, **where, **cut, dtype=dtype, **options, **call)

    every = oracle(X, measure, **where, **options)
    overlap = {name: options[name] for name in ("min_support", "min_overlap") if name in options}
    candidate = oracle(X, "count", **where, **overlap) > 0
    assert_well_formed(result, every.shape, dtype)
    stored = np.zeros(every.shape, bool)
    stored[np.repeat(np.arange(len(every)), np.diff(result.indptr)), result.indices] = True
    rtol, atol = TOLERANCES[dtype]
    assert_allclose(result.toarray()[stored], every[stored], rtol=rtol, atol=atol)

    slack = atol + rtol * np.abs(every)
    # What counts decide is zero exactly or not at all.
    zero = 0.0 if case in COUNT_CASES else 1e-12
    low = -np.inf if threshold is None else threshold
    possible = candidate & (every >= low - slack) & ((every != 0) | (zero > 0))
    certain = candidate & (every >= low + slack) & (np.abs(every) > zero)
    kept = stored.sum(axis=1)
    limit = every.shape[1] if neighbors is None else neighbors
    assert (kept >= np.minimum(limit, certain.sum(axis=1))).all()
    assert (kept <= np.minimum(limit, possible.sum(axis=1))).all()
    assert stored[certain & (every > _nth_largest(every, possible, limit) + slack)].all()
    assert not stored[~possible | (every < _nth_largest(every, certain, limit) - slack)].any()
    return result


def _nth_largest(values: Any, among: Any, n: int) -> Any:
    """Of each row as a column; -inf where there are fewer than n."""
    if n > values.shape[1]:
        return np.full((len(values), 1), -np.inf)
    return -np.sort(-np.where(among, values, -np.inf), axis=1)[:, n - 1 : n]
