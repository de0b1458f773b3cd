"""The first pass in 8-bit integers changes nothing: ids and scores are those of plain arithmetic, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from coals import _core

RNG = np.random.default_rng


def plain(rng, rows, width):
    return rng.standard_normal((rows, width))


def ties(rng, rows, width):
    return rng.integers(-1, 2, (rows, width)).astype(float)


def near_ties(rng, rows, width):
    """All but equal: no integer tells them apart."""
    return 1 + 1e-6 * rng.standard_normal((rows, width))


def all_equal(rng, rows, width):
    return np.ones((rows, width)) * 0.3


def outlier(rng, rows, width):
    """One coordinate takes the whole scale: the integers of the others are zero."""
    out = rng.standard_normal((rows, width))
    out[:, 0] *= 1e4
    return out


def lone_outliers(rng, rows, width):
    out = rng.standard_normal((rows, width))
    out[rng.integers(0, rows, rows // 20), rng.integers(0, width)] = 1e6
    return out


def spread_norms(rng, rows, width):
    return rng.standard_normal((rows, width)) * 10.0 ** rng.uniform(-6, 6, (rows, 1))


def huge(rng, rows, width):
    return rng.standard_normal((rows, width)) * 1e18


def beyond(rng, rows, width):
    """Some products overflow: such scores are infinite or NaN either way."""
    return rng.standard_normal((rows, width)) * 10.0 ** rng.uniform(15, 21, (rows, 1))


def denormal(rng, rows, width):
    return rng.standard_normal((rows, width)) * 1e-41


def tiny(rng, rows, width):
    """Products vanish, or lose most of their digits."""
    return rng.standard_normal((rows, width)) * 10.0 ** rng.uniform(-26, -18, (rows, 1))


def mostly_zero(rng, rows, width):
    return rng.standard_normal((rows, width)) * (rng.random((rows, width)) < 0.1)


def opposite(rng, rows, width):
    """Sums cancel almost entirely."""
    half = rng.standard_normal((rows, (width + 1) // 2)) * 1e3
    return np.hstack([half, -half])[:, :width] + 1e-3 * rng.standard_normal((rows, width))


def zeros(rng, rows, width):
    return np.zeros((rows, width))


SHAPES = [plain, ties, near_ties, all_equal, outlier, lone_outliers, spread_norms, huge, beyond, denormal, tiny,
          mostly_zero, opposite, zeros]  # fmt: skip


def both_ways(q, v, n, filter=None, threads=1):
    index = _core.ItemIndex(v, None, "inner_product", threads)
    wanted = _core.TopKFilter() if filter is None else filter
    return (index.top_k(q, wanted, n, method, threads) for method in ("real", "bytes"))


def assert_same_bits(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert_array_equal(ours, theirs)
    assert_array_equal(np.signbit(found[1]), np.signbit(expected[1]))  # zeros too


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("of_items", SHAPES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("of_queries", SHAPES, ids=lambda f: f.__name__)
def test_same_bits_on_adversarial_input(of_queries, of_items, dtype):
    rng = RNG(0)
    with np.errstate(over="ignore"):
        q, v = of_queries(rng, 70, 19).astype(dtype), of_items(rng, 1500, 19).astype(dtype)
    assert_same_bits(*both_ways(q, v, 7))


@pytest.mark.isa
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 63, 64, 65, 129])
@pytest.mark.parametrize("rows", [1, 2, 8, 9, 65])
def test_same_bits_for_any_width(width, rows):
    rng = RNG(width)
    q, v = (rng.standard_normal((size, width), dtype=np.float32) for size in (rows, 3001))
    for n in (1, 10, 200, 3001):
        assert_same_bits(*both_ways(q, v, n))


@pytest.mark.isa
@pytest.mark.parametrize("seed", range(5))
def test_same_bits_when_the_sample_misleads(seed):
    """What each query likes best is what it must not get: the guess from a sample is far too high."""
    rng = RNG(seed)
    q, v = (rng.standard_normal((size, 24), dtype=np.float32) for size in (64, 4000))
    best = np.sort(np.argsort(-(q @ v.T), axis=1)[:, : 200 * (seed + 1)], axis=1)
    indptr = np.arange(len(q) + 1) * best.shape[1]
    excluded = _core.Csr(indptr, best.ravel(), None, 4000, "float32")
    allowed = _core.Csr(indptr, np.sort((best + 1) % 4000, axis=1).ravel(), None, 4000, "float32")
    for filter in (_core.TopKFilter(excluded), _core.TopKFilter(allowed=allowed), _core.TopKFilter(excluded, allowed)):
        assert_same_bits(*both_ways(q, v, 10, filter))


def test_same_bits_with_a_least_score():
    rng = RNG(0)
    q, v = (rng.standard_normal((size, 16), dtype=np.float32) for size in (65, 3000))
    scores = np.sort((q @ v.T).ravel())
    for least in (scores[-1], scores[-40], scores[-3000], 0.0, float(np.nextafter(scores[-40], 0))):
        assert_same_bits(*both_ways(q, v, 10, _core.TopKFilter(min_score=float(least))))


def test_non_finite_factors_are_left_to_plain_arithmetic():
    rng = RNG(0)
    q, v = (rng.standard_normal((size, 8), dtype=np.float32) for size in (70, 900))
    q[3, 2], v[5, 1], v[7, 0] = np.nan, np.inf, np.nan
    real, bytes_ = both_ways(q, v, 9)
    assert_same_bits(bytes_, real)
    assert not np.isnan(real[1][:3]).any()
