"""Every way to solve a row, primal, dual, by gradients or blocks, at lengths around every limit: through the core."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from coals import _core

METHODS = {
    "primal": {"method": "primal"},
    "dual": {"method": "dual"},
    "automatic": {},
    "cg": {"solver": "cg", "cg_steps": 250, "method": "primal"},
    "block": {"solver": "block", "block_size": 16, "method": "primal"},
}


def native(matrix, dtype):
    return _core.Csr(matrix.indptr.astype(np.int64), matrix.indices, matrix.data.astype(dtype), matrix.shape[1], dtype)


def rows_of_every_length(longest, columns, seed=0):
    """Row n has n entries."""
    rng = np.random.default_rng(seed)
    indices = [np.sort(rng.choice(columns, n, replace=False)) for n in range(longest + 1)]
    indptr = np.cumsum([0, *map(len, indices)])
    columns_of = np.concatenate(indices).astype(np.int32)
    return sp.csr_array((rng.integers(1, 6, len(columns_of)).astype(float), columns_of, indptr))


def in_own_axes(fixed):
    """(the diagonal of its Gram matrix, the rows, the axes) in which that matrix is diagonal."""
    rows = fixed.astype(np.float64)
    gram, axes = np.linalg.eigh(rows.T @ rows)
    return gram, (rows @ axes).astype(fixed.dtype), axes


class Half:
    """A half-sweep of explicit (with bias) or implicit ALS over rows of every length, by any method."""

    def __init__(self, factors, dtype, exponent, prior, implicit):
        rng = np.random.default_rng(factors)
        columns = 2 * factors + 3
        data = rows_of_every_length(2 * factors, columns)
        self.shape, self.dtype, self.implicit = (data.shape[0], factors), dtype, implicit
        self.data = native(data, dtype)
        self.fixed = (rng.standard_normal((columns, factors)) / np.sqrt(factors)).astype(dtype)
        self.prior = rng.standard_normal(self.shape).astype(dtype) / 4 if prior else None
        self.weights = rng.random(data.nnz).astype(dtype)
        self.weights[::7] = 0
        self.fixed_bias = rng.standard_normal(columns).astype(dtype)
        self.penalty = _core.Penalty(0.5, exponent, 0.0)
        self.axes = np.eye(factors)
        self.gram = None
        if implicit:
            self.gram, self.fixed, self.axes = in_own_axes(self.fixed)
            if prior:
                self.prior = np.ascontiguousarray(self.prior @ self.axes.astype(dtype))

    def solve(self, threads=1, **options):
        options = _core.SolverOptions(**options)
        factors, bias = np.zeros(self.shape, self.dtype), np.zeros(self.shape[0], self.dtype)
        if self.implicit:
            _core.solve_implicit(
                self.data, self.fixed, self.gram, "hkv", 0.7, 0.2, self.penalty, self.prior, options, factors, threads
            )
            return factors
        _core.solve_explicit(
            self.data, self.fixed, self.fixed_bias, 3.0, self.weights, self.penalty, self.prior, None, options, factors,
            bias, "joint", threads,
        )  # fmt: skip
        return np.column_stack([factors, bias])


every_half = pytest.mark.parametrize(
    ("factors", "exponent", "prior", "implicit"),
    [
        (1, 0.0, False, True),
        (7, 0.5, True, True),
        (7, 0.0, True, False),
        (40, 1.0, False, False),
        (64, 0.0, False, True),
        (64, 0.5, True, False),
        (100, 0.5, False, True),
    ],
)


@pytest.mark.isa
@every_half
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_primal_and_dual_agree_for_every_number_of_entries(factors, exponent, prior, implicit, dtype):
    half = Half(factors, dtype, exponent, prior, implicit)
    primal = half.solve(**METHODS["primal"])
    for name in ("dual", "automatic"):
        other = half.solve(**METHODS[name])
        error = np.linalg.norm(other - primal, axis=1) / np.maximum(np.linalg.norm(primal, axis=1), 1e-30)
        assert error.max() < {"float32": 1e-5, "float64": 1e-12}[dtype], f"{name}: row of {error.argmax()} entries"
    assert np.linalg.norm(primal[2:], axis=1).all()  # the row of one entry may have weight zero
    assert not primal[0].any()


@pytest.mark.isa
@every_half
def test_gradients_and_blocks_end_at_the_exact_solution(factors, exponent, prior, implicit):
    half = Half(factors, "float64", exponent, prior, implicit)
    exact = half.solve(**METHODS["primal"])
    np.testing.assert_allclose(half.solve(**METHODS["cg"]), exact, rtol=1e-7, atol=1e-9)
    if factors <= 16:  # one block, but for the bias, which goes with it
        np.testing.assert_allclose(half.solve(**METHODS["block"]), exact, rtol=1e-9, atol=1e-11)


@pytest.mark.isa
@every_half
@pytest.mark.parametrize("name", METHODS)
def test_the_number_of_threads_does_not_show(factors, exponent, prior, implicit, name):
    half = Half(factors, "float32", exponent, prior, implicit)
    one = half.solve(**METHODS[name]).tobytes()
    assert half.solve(threads=2, **METHODS[name]).tobytes() == one
    assert half.solve(threads=3, **METHODS[name]).tobytes() == one


def test_rows_do_not_depend_on_who_is_solved_beside_them():
    """A row in a full batch of lanes, in a partial one and alone."""
    rng = np.random.default_rng(0)
    everyone = sp.csr_array((rng.random((40, 200)) < 0.1) * rng.integers(1, 6, (40, 200)).astype(float))
    fixed = rng.standard_normal((200, 24)).astype(np.float32)
    gram, fixed, _ = in_own_axes(fixed)

    def solve(rows, **options):
        out = np.zeros((rows.shape[0], 24), np.float32)
        _core.solve_implicit(
            native(rows, "float32"), fixed, gram, "hkv", 1.0, 0.1, _core.Penalty(0.3), None,
            _core.SolverOptions(**options), out, 1,
        )  # fmt: skip
        return out

    for options in METHODS.values():
        together = solve(everyone, **options)
        assert solve(everyone[:5], **options).tobytes() == together[:5].tobytes()
        assert solve(everyone[[17]], **options).tobytes() == together[17].tobytes()


def test_a_row_of_100_000_ratings_keeps_single_precision():
    rng = np.random.default_rng(0)
    n, factors = 100_000, 64
    fixed = rng.standard_normal((n, factors)) / np.sqrt(factors)
    target = fixed @ rng.standard_normal(factors) + rng.standard_normal(n)
    row = sp.csr_array(target[None, :])
    found = {}
    for dtype in ("float32", "float64"):
        found[dtype] = np.zeros((1, factors), dtype)
        _core.solve_explicit(
            native(row, dtype), fixed.astype(dtype), None, 0.0, None, _core.Penalty(1.0), None, None,
            _core.SolverOptions(), found[dtype], None, "factors", 1,
        )  # fmt: skip
    assert np.linalg.norm(found["float32"] - found["float64"]) < 1e-4 * np.linalg.norm(found["float64"])


def test_weights_that_underflow_lose_nothing():
    """alpha * r is 0 in single precision, and still every observed cell is pulled to 1 with weight w0."""
    rng = np.random.default_rng(0)
    rows = sp.csr_array((rng.random((30, 50)) < 0.2).astype(float) * 1e-30)
    fixed = rng.standard_normal((50, 8)).astype(np.float32)
    gram, fixed, _ = in_own_axes(fixed)
    out = np.zeros((30, 8), np.float32)
    _core.solve_implicit(
        native(rows, "float32"), fixed, gram, "hkv", 1e-20, 0.5, _core.Penalty(1.0), None, _core.SolverOptions(), out, 1
    )
    observed = (rows.toarray() > 0).astype(float)
    exact = np.linalg.solve(0.5 * fixed.T.astype(float) @ fixed + np.eye(8), 0.5 * fixed.T.astype(float) @ observed.T).T
    np.testing.assert_allclose(out, exact, atol=1e-5)
