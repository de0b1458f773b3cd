"""One sweep of ALS at K = 64 against the NumPy reference and against a tutorial's loop over ratings.

A sweep of coals is the time between two callbacks of one `fit`, so it holds the objective as well; the reference's
does not. The first sweep is left out: no callback marks its start. The reference, in float64 and one row at a time,
runs with NumPy's BLAS and its threads as they are.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import coals
from bench.conftest import Baseline, Race
from bench.harness.data import SIZES, part_of_rows, ratings
from coals.reference import als as reference

Array = npt.NDArray[np.float64]

K = 64
RIDGE, EXPONENT = 5.0, 0.0
ALPHA, UNOBSERVED = 1.0, 0.1
SWEEPS = 4
WHOLE = f"  whole fit of {SWEEPS} sweeps"
# Baselines run on every so many rows of each side: the loop, and the reference where it would take minutes.
LOOP_EVERY = {"small": 1, "medium": 50, "large": 200}
REFERENCE_EVERY = {"small": 1, "medium": 1, "large": 50}

sizes = pytest.mark.parametrize("size", ["small", "medium", pytest.param("large", marks=pytest.mark.large)])


@sizes
@pytest.mark.parametrize("biases", [True, False], ids=["joint", "no_biases"])
def bench_explicit(race: Race, size: str, biases: bool) -> None:
    matrix, state = ratings(size), start(size)
    model = coals.ExplicitALS(
        factors=K,
        regularization=RIDGE,
        regularization_exponent=EXPONENT,
        biases=biases,
        bias_update="joint",
        iterations=SWEEPS,
        random_state=0,
    )

    def sweep() -> Any:
        return reference.explicit_sweep(
            matrix, state, regularization=(RIDGE, RIDGE), exponent=EXPONENT, biases=biases, bias_update="joint"
        )

    def half_sweep(rows: Any, offset: Array, fixed: Array) -> None:
        mean = float(matrix.data.mean()) if biases else 0.0
        if biases:
            reference._solve_joint(rows, fixed, offset, mean, RIDGE, EXPONENT)
        else:
            reference._solve_factors(rows, fixed, np.zeros(rows.shape[0]), offset, mean, RIDGE, EXPONENT)

    baselines = [reference_baseline(size, sweep, half_sweep)]
    name = f"explicit ALS, {'joint biases' if biases else 'no biases'}: a sweep"
    results = race(name, size, lambda: sweep_seconds(model, matrix), baselines, WHOLE)
    check_same_sweep(model, matrix, state, results)


@sizes
def bench_tutorial(race: Race, size: str) -> None:
    """Biases updated apart from the factors, as in the loop."""
    model = coals.ExplicitALS(
        factors=K, regularization=RIDGE, bias_update="separate", iterations=SWEEPS, random_state=0
    )
    name = "explicit ALS, separate biases: a sweep"
    race(name, size, lambda: sweep_seconds(model, ratings(size)), [tutorial_baseline(size)], WHOLE)


@sizes
def bench_implicit(race: Race, size: str) -> None:
    matrix, state = ratings(size), start(size)[:2]
    model = coals.ImplicitALS(
        factors=K,
        regularization=RIDGE,
        regularization_exponent=EXPONENT,
        objective="hkv",
        alpha=ALPHA,
        unobserved_weight=UNOBSERVED,
        iterations=SWEEPS,
        random_state=0,
    )

    def sweep() -> Any:
        return reference.implicit_sweep(
            matrix,
            state,
            regularization=(RIDGE, RIDGE),
            exponent=EXPONENT,
            alpha=ALPHA,
            unobserved_weight=UNOBSERVED,
            objective="hkv",
        )

    def half_sweep(rows: Any, _: Array, fixed: Array) -> None:
        reference._solve_implicit(rows, fixed, ALPHA, UNOBSERVED, "hkv", RIDGE, EXPONENT)

    baselines = [reference_baseline(size, sweep, half_sweep)]
    results = race("implicit ALS, hkv: a sweep", size, lambda: sweep_seconds(model, matrix), baselines, WHOLE)
    check_same_sweep(model, matrix, state, results)


def start(size: str) -> tuple[Array, Array, Array, Array]:
    """Where the reference starts: U, V, b, c."""
    random = np.random.default_rng(1)
    users, items = SIZES[size].users, SIZES[size].items
    U, V = (random.normal(scale=K**-0.5, size=(n, K)) for n in (users, items))
    return U, V, np.zeros(users), np.zeros(items)


def sweep_seconds(model: Any, matrix: Any) -> list[float]:
    ends: list[float] = []
    model.fit(matrix, progress=False, callback=lambda _: ends.append(time.perf_counter()))
    return [float(seconds) for seconds in np.diff(ends)]


def both_sides(size: str, every: int) -> tuple[list[tuple[Any, Array, Array]], float]:
    """Every `every`-th row of either side with the other side's bias and factors, and all ratings over theirs."""
    matrix = ratings(size)
    U, V, b, c = start(size)
    by_item = matrix.T.tocsr()
    parts = [
        (matrix[part_of_rows(matrix, every)], c, V),
        (by_item[part_of_rows(by_item, every)], b, U),
    ]
    return parts, 2 * matrix.nnz / sum(rows.nnz for rows, _, _ in parts)


def reference_baseline(size: str, sweep: Any, half_sweep: Any) -> Baseline:
    target = 8.0 if size == "medium" else None
    every = REFERENCE_EVERY[size]
    if every == 1:
        return Baseline("NumPy reference", sweep, target=target)
    parts, _ = both_sides(size, every)

    def run() -> None:
        for part in parts:
            half_sweep(*part)

    return Baseline("NumPy reference", run, scale=every, target=target)


def tutorial_baseline(size: str) -> Baseline:
    """A sweep as tutorials write it, on a part of the rows of either side, and the loss over these ratings."""
    parts, scale = both_sides(size, LOOP_EVERY[size])
    mean = float(ratings(size).data.mean())
    tables = [table_of(rows) for rows, _, _ in parts]

    def run() -> None:
        for (columns_of, rating_of), (_, offset, fixed) in zip(tables, parts, strict=True):
            solved, bias = tutorial_half_sweep(columns_of, rating_of, offset, fixed, mean)
        tutorial_loss(rating_of, solved, bias, fixed, offset, mean)

    return Baseline("tutorial loop", run, scale=scale, target=500.0 if size == "medium" else None)


def table_of(rows: Any) -> tuple[list[list[int]], dict[tuple[int, int], float]]:
    """The columns of each row, and the rating of each (row, column): what tutorials keep ratings in."""
    columns_of = [rows.indices[rows.indptr[i] : rows.indptr[i + 1]].tolist() for i in range(rows.shape[0])]
    row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)).tolist()
    return columns_of, dict(zip(zip(row_of, rows.indices.tolist(), strict=True), rows.data.tolist(), strict=True))


def tutorial_half_sweep(
    columns_of: list[list[int]], rating_of: dict[tuple[int, int], float], c: Array, V: Array, mean: float
) -> tuple[Array, Array]:
    """Each row's factors and bias, its sums added up rating by rating."""
    U, b = np.zeros((len(columns_of), V.shape[1])), np.zeros(len(columns_of))
    for i, columns in enumerate(columns_of):
        matrix, vector, bias = RIDGE * np.eye(V.shape[1]), np.zeros(V.shape[1]), 0.0
        for j in columns:
            r = rating_of[i, j]
            matrix += np.outer(V[j], V[j])
            vector += (r - b[i] - c[j] - mean) * V[j]
            bias += r - U[i].dot(V[j]) - c[j] - mean
        U[i] = np.linalg.solve(matrix, vector)
        b[i] = bias / (RIDGE + len(columns))
    return U, b


def tutorial_loss(
    rating_of: dict[tuple[int, int], float], U: Array, b: Array, V: Array, c: Array, mean: float
) -> float:
    loss = 0.0
    for (i, j), r in rating_of.items():
        loss += (r - U[i].dot(V[j]) - b[i] - c[j] - mean) ** 2
    return loss


def check_same_sweep(model: Any, matrix: Any, state: Any, results: dict[str, Any]) -> None:
    """From the same start both contenders arrive at the same factors, float32 against float64."""
    expected = results["NumPy reference"]
    if expected is None:  # ran in part
        return
    fitted = type(model)(**{**model.get_params(), "iterations": 1, "init": state}).fit(matrix, progress=False)
    for ours, theirs in zip((fitted.user_factors_, fitted.item_factors_), expected, strict=False):
        assert np.linalg.norm(ours - theirs) < 1e-3 * np.linalg.norm(theirs)
