"""Every kernel at every instruction-set level of this machine against float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from coals import _core

kernels = _core.kernels

ISAS = _core.detected_isas()
DTYPES = (np.float32, np.float64)
WIDTHS = (1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 100, 128, 200, 256)
COUNTS = (0, 1, 2, 15, 129, 300)

every_level = pytest.mark.parametrize(
    ("isa", "dtype"),
    [(isa, dtype) for isa in ISAS for dtype in DTYPES],
    ids=[f"{isa}-{dtype.__name__}" for isa in ISAS for dtype in DTYPES],
)
every_width = pytest.mark.parametrize("width", WIDTHS)


def close(actual, expected, scale, dtype, units):
    """Within `units` roundings of `scale`."""
    error = np.abs(actual.astype(np.float64) - expected)
    assert (error <= units * np.finfo(dtype).eps * np.maximum(scale, 1e-30)).all(), error.max()


@every_level
@every_width
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("append_one", [False, True])
def test_gathered_gram_equals_weighted_product(isa, dtype, width, count, append_one):
    rng = np.random.default_rng(width * 1000 + count)
    source = rng.standard_normal((50, width)).astype(dtype)
    index = rng.integers(0, 50, count).astype(np.int32)
    weight = rng.standard_normal(count).astype(dtype)  # negative ones too
    coefficient = rng.standard_normal(count).astype(dtype)

    gram, total = kernels.gathered_gram(isa, source, index, weight, coefficient, append_one)

    rows = source[index].astype(np.float64)
    if append_one:
        rows = np.column_stack([rows, np.ones(count)])
    weighted = rows * weight[:, None]
    upper = np.triu_indices(rows.shape[1])
    close(gram[upper], (weighted.T @ rows)[upper], (abs(weighted).T @ abs(rows))[upper], dtype, 40)
    close(total, rows.T @ coefficient, abs(rows).T @ abs(coefficient), dtype, 40)


def positive_definite(size, dtype, seed):
    rng = np.random.default_rng(seed)
    half = rng.standard_normal((size + 5, size))
    return (half.T @ half + size * np.eye(size)).astype(dtype)


@every_level
@every_width
def test_cholesky_factor_and_solve(isa, dtype, width):
    matrix = positive_definite(width, dtype, seed=width)
    rhs = np.random.default_rng(1).standard_normal(width).astype(dtype)
    # What lies below the diagonal must not matter.
    garbage = np.tril(np.full((width, width), np.nan, dtype), -1)
    upper, x, failed = kernels.cholesky(isa, np.triu(matrix) + garbage, rhs, 0.0)

    assert failed == -1
    exact = matrix.astype(np.float64)
    close(np.triu(upper), np.linalg.cholesky(exact).T, np.sqrt(np.diag(exact)).max(), dtype, 4 * width)
    close(x, np.linalg.solve(exact, rhs), abs(np.linalg.inv(exact)).sum(1).max(), dtype, 20 * width)


@every_level
@pytest.mark.parametrize("width", [1, 3, 16, 17, 64])
def test_cholesky_names_the_first_bad_pivot(isa, dtype, width):
    for bad in {0, width // 2, width - 1}:
        matrix = positive_definite(width, dtype, seed=0)
        # The Schur complement of this row is zero but for rounding if it repeats an earlier one, else negative.
        matrix[bad, bad] = -1.0
        assert kernels.cholesky(isa, matrix, np.zeros(width, dtype), 0.0)[2] == bad
        matrix[bad, bad] = np.nan
        assert kernels.cholesky(isa, matrix, np.zeros(width, dtype), 0.0)[2] == bad


@every_level
def test_cholesky_tolerance_sees_a_rank_deficient_matrix(isa, dtype):
    rows = np.random.default_rng(0).standard_normal((10, 17)).astype(dtype)
    gram = rows.T @ rows
    tolerance = 1000 * np.finfo(dtype).eps
    assert kernels.cholesky(isa, gram, np.zeros(17, dtype), tolerance)[2] == 10


@every_level
@every_width
def test_dot_rows(isa, dtype, width):
    rng = np.random.default_rng(width)
    x, source = rng.standard_normal(width).astype(dtype), rng.standard_normal((37, width)).astype(dtype)
    dots = kernels.dot_rows(isa, x, source)
    close(dots, source.astype(np.float64) @ x, abs(source).astype(np.float64) @ abs(x), dtype, 20)


@every_level
@every_width
def test_score_block_scores_and_flags(isa, dtype, width):
    rows, columns = getattr(kernels, f"block_shape_{np.dtype(dtype).name}")(isa)
    rng = np.random.default_rng(width)
    queries = rng.standard_normal((width, rows)).astype(dtype)
    items = rng.standard_normal((width, columns)).astype(dtype)
    no_bound = np.full(rows, -np.inf, dtype)
    scores, above = kernels.score_block(isa, queries, items, no_bound, False)
    close(scores, queries.T.astype(np.float64) @ items, abs(queries.T) @ abs(items), dtype, 300)
    assert above == 2**rows - 1

    # A bound at the best score lets nothing through; a hair below, exactly that row.
    best = scores.max(axis=1)
    assert kernels.score_block(isa, queries, items, best, False)[1] == 0
    for row in range(rows):
        bound = best.copy()
        bound[row] = np.nextafter(best[row], dtype(-np.inf))
        assert kernels.score_block(isa, queries, items, bound, False)[1] == 1 << row


@every_level
def test_score_does_not_depend_on_the_place_in_the_block(isa, dtype):
    """Equal items get equal bits, which the lower-index rule for ties relies on."""
    rows, columns = getattr(kernels, f"block_shape_{np.dtype(dtype).name}")(isa)
    rng = np.random.default_rng(0)
    query, item = rng.standard_normal((2, 33, 1)).astype(dtype)
    blocks = np.repeat(query, rows, 1), np.repeat(item, columns, 1), np.full(rows, -np.inf, dtype)
    for distance in (False, True):
        scores, _ = kernels.score_block(isa, *blocks, distance)
        assert (scores == scores[0, 0]).all()


@every_level
@every_width
@pytest.mark.parametrize("distance", [False, True])
def test_chains_have_the_bits_of_the_block(isa, dtype, width, distance):
    """One pair at a time or a tile at once: the lists of either way must be the same."""
    rows, columns = getattr(kernels, f"block_shape_{np.dtype(dtype).name}")(isa)
    rng = np.random.default_rng(width)
    queries = rng.standard_normal((width, rows)).astype(dtype)
    items = rng.standard_normal((width, columns)).astype(dtype)
    scores, _ = kernels.score_block(isa, queries, items, np.full(rows, -np.inf, dtype), distance)
    own = items.T.copy()
    chains = [kernels.chain_rows(isa, queries[:, m].copy(), own, distance) for m in range(rows)]
    np.testing.assert_array_equal(scores, chains)
    if distance:
        apart = queries.T.astype(np.float64)[:, None, :] - own
        close(scores, -(apart**2).sum(axis=2), (apart**2).sum(axis=2), dtype, 300)


@pytest.mark.parametrize("call", [kernels.dot_rows])
def test_unknown_level_is_refused(call):
    with pytest.raises(ValueError, match="'sse9' cannot run here; this machine and build have: baseline"):
        call("sse9", np.ones(1), np.ones((1, 1)))


def lanes(isa, dtype):
    return getattr(kernels, f"lanes_{np.dtype(dtype).name}")(isa)


@every_level
@every_width
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 16, 33])
def test_panel_dots_equals_the_product_with_its_transpose(isa, dtype, width, count):
    panel = np.random.default_rng(width * 100 + count).standard_normal((count, width)).astype(dtype)
    dots = kernels.panel_dots(isa, panel)
    upper = np.triu_indices(count)
    exact = panel.astype(np.float64)
    close(dots[upper], (exact @ exact.T)[upper], (abs(exact) @ abs(exact).T)[upper], dtype, 20)


@every_level
@every_width
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 16, 17, 40])
def test_add_remainder_and_add_squares(isa, dtype, width, count):
    rng = np.random.default_rng(width * 100 + count)
    panel = rng.standard_normal((count, width)).astype(dtype)
    weight, target = rng.random(count).astype(dtype), rng.standard_normal(count).astype(dtype)
    x = rng.standard_normal(width).astype(dtype)
    total, squares = kernels.add_remainder(isa, panel, weight, target, x)
    exact = panel.astype(np.float64)
    scale = abs(exact).T @ (abs(target) + weight * (abs(exact) @ abs(x)))
    close(total, exact.T @ (target - weight * (exact @ x)), scale, dtype, 40)
    close(squares, (exact**2).T @ weight, (exact**2).T @ weight, dtype, 40)


@every_level
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 11, 16, 17, 33, 64, 80])
def test_solve_lanes_solves_each_lane(isa, dtype, size):
    count = lanes(isa, dtype)
    matrices = np.stack([positive_definite(size, dtype, seed=lane) for lane in range(count)])
    rhs = np.random.default_rng(1).standard_normal((count, size)).astype(dtype)
    below = np.tril_indices(size, -1)
    matrices[:, below[0], below[1]] = np.nan  # must not matter
    x, failed = kernels.solve_lanes(isa, matrices, rhs)
    assert failed == 0
    for lane in range(count):
        exact = positive_definite(size, dtype, seed=lane).astype(np.float64)
        scale = abs(np.linalg.inv(exact)).sum(1).max()
        close(x[lane], np.linalg.solve(exact, rhs[lane]), scale, dtype, 20 * size)


@every_level
@pytest.mark.parametrize("size", [1, 3, 5, 16])
@pytest.mark.parametrize("bad", [-1.0, 0.0, np.nan])
def test_solve_lanes_says_which_lanes_fail(isa, dtype, size, bad):
    count = lanes(isa, dtype)
    matrices = np.stack([np.eye(size, dtype=dtype)] * count)
    wrong = {0, count // 2, count - 1}
    for lane in wrong:
        matrices[lane, lane % size, lane % size] = bad
    x, failed = kernels.solve_lanes(isa, matrices, np.ones((count, size), dtype))
    assert failed == sum(1 << lane for lane in wrong)
    for lane in set(range(count)) - wrong:
        assert (x[lane] == 1).all()


@every_level
@every_width
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (17, 40), (8, 64)])
def test_multiply_rows(isa, dtype, width, shape):
    rng = np.random.default_rng(width)
    rows = rng.standard_normal((shape[0], width)).astype(dtype)
    matrix = rng.standard_normal((width, shape[1])).astype(dtype)
    product = kernels.multiply_rows(isa, rows, matrix)
    close(product, rows.astype(np.float64) @ matrix, abs(rows).astype(np.float64) @ abs(matrix), dtype, 300)
