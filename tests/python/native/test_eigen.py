"""The symmetric eigendecomposition against NumPy: accuracy, order, signs, scales, threads, bad input."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest

from coals import _core

symmetric_eigen = _core.kernels.symmetric_eigen
EPS = np.finfo(np.float64).eps


def random_symmetric(n, seed=0):
    half = np.random.default_rng(seed * 1000 + n).standard_normal((n, n))
    return half + half.T


def with_eigenvalues(values, seed=0):
    q, _ = np.linalg.qr(random_symmetric(len(values), seed))
    product = (q * values) @ q.T
    return (product + product.T) / 2


def check_accuracy(matrix, values, vectors, granularity=0.0):
    """Within some roundings of the norm; `granularity` is that of the eigenvalues, where they are subnormal."""
    n = len(matrix)
    expected = np.linalg.eigvalsh(matrix)[::-1]
    rounding = EPS * n**0.5
    size = max(abs(expected).max(), 1e-300)
    assert np.linalg.norm(matrix - (vectors * values) @ vectors.T) <= 50 * rounding * size + n**0.5 * granularity
    assert np.linalg.norm(vectors.T @ vectors - np.eye(n)) <= 50 * rounding
    assert abs(values - expected).max() <= 20 * rounding * size + granularity


def check(matrix, num_threads=1):
    """Everything the contract says of one decomposition. Returns it."""
    n = len(matrix)
    values, vectors = symmetric_eigen(matrix, num_threads)
    assert values.shape == (n,)
    assert vectors.shape == (n, n)
    assert np.isfinite(values).all()
    assert np.isfinite(vectors).all()
    if n == 0:
        return values, vectors
    # Norms of huge and tiny matrices overflow and underflow; those of scaled ones do not.
    scale = 2.0 ** np.clip(np.frexp(abs(matrix).max())[1], -1000, 1000)
    scaled, scaled_values = matrix / scale, values / scale
    check_accuracy(scaled, scaled_values, vectors, granularity=2.0**-1074 / scale)
    assert (np.diff(values) <= 0).all()
    peak = abs(vectors).argmax(axis=0)  # the first, where several are equal
    assert (vectors[peak, np.arange(n)] > 0).all()
    return values, vectors


@pytest.mark.isa
@pytest.mark.parametrize("n", [*range(71), 96, 128, 129, 200, 257, 385])
def test_random_matrices(n):
    check(random_symmetric(n), num_threads=2)


@pytest.mark.parametrize("n", [5, 33, 130])
def test_vectors_are_those_of_numpy(n):
    # Eigenvalues far enough apart to fix the vectors up to sign.
    matrix = with_eigenvalues(np.arange(n) - n / 3)
    _, vectors = check(matrix)
    expected = np.linalg.eigh(matrix)[1][:, ::-1]
    assert abs(abs((vectors * expected).sum(axis=0)) - 1).max() <= 1e-12


@pytest.mark.parametrize("n", [2, 3, 8, 40, 150])
@pytest.mark.parametrize(
    "make",
    {
        "zero": lambda n: np.zeros((n, n)),
        "identity": np.eye,
        "diagonal": lambda n: np.diag(np.random.default_rng(n).standard_normal(n)),
        "ones": lambda n: np.ones((n, n)),
        "rank one": lambda n: np.outer(np.arange(n), np.arange(n)) * 1.0,
        "rank two": lambda n: with_eigenvalues(np.where(np.arange(n) < 2, 1.0, 0.0)),
        "repeated": lambda n: with_eigenvalues(1.0 + np.arange(n) % 3),
        "clustered": lambda n: with_eigenvalues(1 + 1e-13 * np.arange(n)),
        "plus and minus": lambda n: with_eigenvalues((-1.0) ** np.arange(n)),
        "tridiagonal, zero diagonal": lambda n: np.eye(n, k=1) + np.eye(n, k=-1),
        "Wilkinson": lambda n: np.diag(abs(np.arange(n) - n // 2) * 1.0) + np.eye(n, k=1) + np.eye(n, k=-1),
        "arrow": lambda n: np.diag(np.arange(n) * 1.0) + np.eye(n)[-1:] + np.eye(n)[:, -1:],
        "blocks": lambda n: np.kron(np.eye(n // 2 + 1), random_symmetric(2))[:n, :n].copy(),
        "exchange": lambda n: np.eye(n)[::-1].copy(),
    }.items(),
    ids=lambda item: item[0],
)
def test_special_matrices(make, n):
    check(make[1](n), num_threads=2)


@pytest.mark.parametrize("n", [4, 40, 150])
@pytest.mark.parametrize("decades", [20, 200, 300])
@pytest.mark.parametrize("descending", [True, False])
def test_graded_matrices(n, decades, descending):
    scale = 10.0 ** -np.linspace(0, decades, n)
    scale = scale if descending else scale[::-1]
    check(random_symmetric(n) * scale[:, None] * scale)


@pytest.mark.parametrize("n", [2, 40])
@pytest.mark.parametrize("power", [-1070, -1000, -540, -100, 100, 540, 1015])
def test_scales(n, power):
    matrix = random_symmetric(n)
    values, vectors = check(np.ldexp(matrix, power))
    if power > -1000:  # nothing is rounded on the way in
        expected_values, expected_vectors = check(matrix)
        np.testing.assert_array_equal(values, np.ldexp(expected_values, power))
        np.testing.assert_array_equal(vectors, expected_vectors)


def test_diagonal_matrix_is_solved_exactly():
    values, vectors = symmetric_eigen(np.diag([3.0, -1.0, 7.0, 3.0]), 1)
    np.testing.assert_array_equal(values, [7, 3, 3, -1])
    np.testing.assert_array_equal(vectors, np.eye(4)[:, [2, 0, 3, 1]])


@pytest.mark.parametrize("n", [2, 20, 40])
def test_sign_goes_by_the_first_of_equal_components(n):
    # With AVX2 and AVX-512, elements 0 and n - 1 of one vector are sqrt(1/2) and its negative, to the last bit.
    matrix = np.eye(n) * 9
    matrix[np.ix_([0, -1], [0, -1])] = [[1, 3], [3, 1]]
    check(matrix)


@pytest.mark.parametrize("n", [7, 60, 300])
def test_only_the_lower_triangle_is_read(n):
    matrix = random_symmetric(n)
    spoilt = matrix.copy()
    spoilt[np.triu_indices(n, 1)] = np.nan
    for actual, expected in zip(symmetric_eigen(spoilt, 1), symmetric_eigen(matrix, 1), strict=True):
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("n", [64, 129, 300, 1100])
def test_same_bits_for_every_number_of_threads(n):
    """The last is large enough for products in bands and for several logs of rotations."""
    matrix = random_symmetric(n)
    expected = check(matrix)
    for num_threads in (2, 3):
        for actual, wanted in zip(symmetric_eigen(matrix, num_threads), expected, strict=True):
            np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("n", [1, 2, 30, 200])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (-1, 0), (-1, -1)])
def test_elements_that_are_not_finite_are_refused(n, bad, place):
    matrix = random_symmetric(n)
    matrix[place] = bad
    with pytest.raises(OverflowError, match="not finite"):
        symmetric_eigen(matrix, 1)


def test_shape_is_checked():
    with pytest.raises(ValueError, match="square"):
        symmetric_eigen(np.zeros((2, 3)), 1)
    with pytest.raises(ValueError, match="two-dimensional"):
        symmetric_eigen(np.zeros(4), 1)


INTERRUPTED = """
import signal, time
import numpy as np
from coals import _core
matrix = np.random.default_rng(0).standard_normal((1200, 1200))
signal.signal(signal.SIGALRM, signal.default_int_handler)
for threads in (1, 2):
    started = time.perf_counter()
    _core.kernels.symmetric_eigen(matrix, threads)
    whole = time.perf_counter() - started
    for part in (0.05, 0.5):  # in the reduction; in the iteration
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, part * whole)
        try:
            while True:  # one call is enough, unless the machine was busier before
                _core.kernels.symmetric_eigen(matrix, threads)
        except KeyboardInterrupt:
            print((time.perf_counter() - started) / whole - part)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_interrupt():
    run = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=True)
    late = list(map(float, run.stdout.split()))
    assert len(late) == 4
    assert max(late) < 0.4  # as parts of a whole call: by itself the first would end 0.95 later


@pytest.mark.isa
@pytest.mark.parametrize("n", [0, 1, 40, 96, 97, 160, 301])
@pytest.mark.parametrize("share", [0.1, 0.4, 1.0])
@pytest.mark.parametrize(
    "make",
    {
        "random": random_symmetric,
        "zero": lambda n: np.zeros((n, n)),
        "identity": np.eye,
        "few values": lambda n: with_eigenvalues(np.arange(n) % 5),
        "low rank": lambda n: with_eigenvalues(np.where(np.arange(n) < 7, 3.0 ** -np.arange(n), 0)) if n else np.eye(n),
        "blocks": lambda n: np.kron(np.eye(n // 5 + 1), np.ones((5, 5)))[:n, :n].copy(),
        "wide scale": lambda n: np.diag(10.0 ** -np.linspace(0, 200, n)) if n else np.eye(n),
    }.values(),
)
def test_leading_pairs_are_the_first_of_all(n, share, make):
    matrix = make(n)
    count = int(share * n)
    values, vectors = _core.kernels.leading_eigen(matrix, count, 2)
    if count == 0:
        assert vectors.shape == (n, 0)
        return
    every, _ = symmetric_eigen(matrix, 1)
    size, rounding = max(abs(every).max(), 1e-300), EPS * n**0.5
    assert abs(values - every[:count]).max() <= 20 * rounding * size
    assert abs(matrix @ vectors - vectors * values).max() <= 50 * rounding * size
    assert abs(vectors.T @ vectors - np.eye(count)).max() <= 50 * rounding
    alone = _core.kernels.leading_eigen(matrix, count, 1)
    assert (alone[0] == values).all()
    assert (alone[1] == vectors).all()
