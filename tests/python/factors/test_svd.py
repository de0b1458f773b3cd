"""PureSVD against NumPy's dense decomposition, SciPy's sparse one, and arithmetic that can be seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.reference import svd as reference
from conftest import random_ratings

DTYPES = {"float32": 3e-6, "float64": 1e-13}
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def test_a_table_of_five_users_and_four_items():
    """Two groups that share nothing: each is a product of two vectors, so the decomposition can be read off.

    Users 0 to 2 gave (2, 2, 1) times (1, 1) to items 0 and 1: value |(2, 2, 1)| |(1, 1)| = 3 sqrt(2) = 4.243.
    Users 3 and 4 gave (3, 4) times (1) to item 2: value |(3, 4)| = 5. Item 3 has nothing.
    """
    table = np.array([[2, 2, 0, 0], [2, 2, 0, 0], [1, 1, 0, 0], [0, 0, 3, 0], [0, 0, 4, 0.0]])
    model = coals.SVD(factors=2, dtype="float64", random_state=0).fit(sp.csr_array(table))
    root = np.sqrt(0.5)
    # Roundings of numbers up to 5; those of one vector mix into the other 5 / (5 - 4.243) = 7 times as large.
    rounding = 100 * np.finfo(np.float64).eps
    assert_allclose(model.singular_values_, [5, 3 * np.sqrt(2)])
    assert_allclose(model.item_factors_, [[0, root], [0, root], [1, 0], [0, 0]], atol=rounding)
    left = np.array([[0, 2 / 3], [0, 2 / 3], [0, 1 / 3], [3 / 5, 0], [4 / 5, 0]])
    assert_allclose(model.user_factors_, left * [5, 3 * np.sqrt(2)], atol=5 * rounding)
    assert_allclose(model.predict([0, 2, 4, 4], [1, 0, 2, 0]), [2, 1, 4, 0], atol=5 * rounding)
    # Exponent 0: user 0 and item 1 meet in the second direction alone, 2/3 * sqrt(1/2).
    flat = coals.SVD(factors=2, dtype="float64", exponent=0, random_state=0).fit(sp.csr_array(table))
    assert_allclose(flat.predict(0, 1), 2 / 3 * root)
    # Someone new with 1 for item 0 lies (1, 0, 0, 0) V = (0, sqrt(1/2)) along, and gets sqrt(1/2) sqrt(1/2) for item 1.
    ids, scores = model.recommend_for([0], n=1)
    assert_array_equal(ids, [[1]])
    assert_allclose(scores, [[0.5]])


@every_dtype
@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (70, 12), (9, 80)])
@pytest.mark.parametrize("center", [None, "global", "user", "item"])
@pytest.mark.parametrize("exponent", [0, 0.5, 1])
def test_equals_the_dense_decomposition(shape, center, exponent, dtype):
    data = random_ratings(*shape, 0.3, seed=1)
    model = coals.SVD(factors=6, center=center, exponent=exponent, dtype=dtype, random_state=0).fit(data)
    expected = reference.svd(data, 6, center)
    tolerance = DTYPES[dtype]
    assert_allclose(model.singular_values_, expected.values, rtol=tolerance)
    # Vectors of neighboring values mix as these come closer to each other.
    slack = tolerance * 10 * expected.values[0] / np.abs(np.diff(expected.values)).min()
    assert_allclose(model.item_factors_, expected.right, atol=slack)
    scores = reference.scores(expected, exponent)
    everything = [model.predict(user, np.arange(shape[1])) for user in range(shape[0])]
    known = np.diff(data.indptr) > 0
    assert_allclose(np.array(everything)[known], scores[known], atol=slack * 10)


@every_dtype
def test_values_that_hardly_fall_are_within_1e_4_of_svds(dtype):
    """Random entries have a flat spectrum, the hardest there is."""
    data = random_ratings(3000, 700, 0.05, seed=2)
    values = coals.SVD(factors=40, dtype=dtype, random_state=0).fit(data).singular_values_
    expected = np.sort(scipy.sparse.linalg.svds(data, k=40, return_singular_vectors=False))[::-1]
    assert_allclose(values, expected, rtol=1e-4)
    rough = coals.SVD(factors=40, dtype=dtype, random_state=0, power_iterations=2).fit(data).singular_values_
    assert np.abs(rough / expected - 1).max() > 1e-2


@every_dtype
@pytest.mark.parametrize("shape", [(50, 30), (30, 50)])
def test_small_values_beside_a_large_one(shape, dtype):
    """Squares of the small ones are below the rounding of the square of the large one in float32."""
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((size, 4)))[0] for size in shape)
    exact = np.array([1e3, 3.0, 2.0, 1.0])
    data = sp.csr_array(left * exact @ right.T)
    values = coals.SVD(factors=4, dtype=dtype, random_state=0).fit(data).singular_values_
    assert_allclose(values, exact, rtol=1e-3 if dtype == "float32" else 1e-9)


@every_dtype
def test_beyond_the_rank_all_is_zero(dtype):
    data = sp.csr_array(np.outer([1.0, 2, 0, 4], [3.0, 0, 1, 1, 2]))
    model = coals.SVD(factors=9, dtype=dtype, random_state=0).fit(data)
    assert_allclose(model.singular_values_[0], np.sqrt(21 * 15), rtol=1e-6)
    assert (model.singular_values_[1:] == 0).all()
    assert (model.user_factors_[:, 1:] == 0).all()
    assert (model.item_factors_[:, 1:] == 0).all()
    assert_allclose(model.predict(3, 4), [8], rtol=1e-6)


def test_zeros_of_the_reference_are_exact():
    """Whatever LAPACK leaves in rows and columns of zeros, and in vectors beyond the rank."""
    data = np.outer([1.0, 2, 0, 4, 3], [3.0, 0, 1, 1, 2]) + np.outer([0.7, 0, 0, 1, 2], [1.0, 0, 5, 2, 1])
    found = reference.svd(sp.csr_array(data), 4)
    assert (found.values[:2] > 0).all()
    for zeros in (found.values[2:], found.left[:, 2:], found.right[:, 2:], found.left[2], found.right[1]):
        assert (zeros == 0).all()
    assert_allclose(reference.fold_in(found, data[3], exponent=0), found.left[3])


@pytest.mark.parametrize("seed", range(3))
def test_the_sign_is_that_of_the_largest_component(seed):
    model = coals.SVD(factors=6, random_state=seed).fit(random_ratings(60, 40, 0.3, seed=1))
    largest = np.abs(model.item_factors_).argmax(axis=0)
    assert (model.item_factors_[largest, np.arange(6)] > 0).all()


@every_dtype
@pytest.mark.parametrize("center", [None, "global", "user", "item"])
@pytest.mark.parametrize("exponent", [0, 0.7, 1])
def test_a_training_row_folded_in_gets_its_own_list(ratings, center, exponent, dtype):
    model = coals.SVD(factors=6, center=center, exponent=exponent, dtype=dtype, random_state=0).fit(ratings)
    own, folded = model.recommend(np.arange(60), n=5), model.recommend_for(ratings, n=5)
    assert_array_equal(own.counts, folded.counts)
    assert_allclose(own.scores, folded.scores, rtol=1e-3 if dtype == "float32" else 1e-9)


@every_dtype
@pytest.mark.parametrize("exponent", [0.5, 1])
def test_neighbors_are_the_nearest_users(ratings, exponent, dtype):
    how = {"factors": 5, "exponent": exponent, "dtype": dtype, "random_state": 0}
    model = coals.SVD(neighbors="user", used_neighbors=7, **how).fit(ratings)
    expected = reference.neighbor_scores(ratings, reference.svd(ratings, 5), 7, exponent)
    scores = [model.predict(user, np.arange(40)) for user in range(60)]
    assert_allclose(np.array(scores), expected, atol=20 * DTYPES[dtype])
    unseen = model.recommend_for(ratings[[3]], n=3)
    assert (unseen.scores > 0).all()  # someone who is just like user 3, and has user 3 for a neighbor


def test_similar_items_are_near_in_the_approximation(ratings):
    model = coals.SVD(factors=5, dtype="float64", random_state=0).fit(ratings)
    low = reference.scores(reference.svd(ratings, 5))
    norms = np.linalg.norm(low, axis=0)
    cosine = low.T @ low / np.outer(norms, norms + (norms == 0) * 1.0 + 1e-300).clip(1e-12)
    np.fill_diagonal(cosine, -np.inf)
    ids, scores = model.similar_items(np.delete(np.arange(40), 11), n=3)
    for row, item in enumerate(np.delete(np.arange(40), 11)):
        assert_allclose(scores[row], np.sort(cosine[item])[::-1][:3], rtol=1e-8)
        assert_allclose(cosine[item, ids[row]], scores[row], rtol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("width", [1, 5, 16, 37, 200])
@every_dtype
def test_sparse_times_dense(ratings, weighted, width, dtype):
    dense = np.random.default_rng(0).standard_normal((40, width)).astype(dtype)
    values = ratings.data.astype(dtype) if weighted else None
    matrix = _core.Csr(ratings.indptr, ratings.indices, values, 40, dtype)
    pattern = ratings.toarray() if weighted else ratings.toarray() != 0
    product = _core.multiply_sparse(matrix, dense, 2)
    assert_allclose(product, pattern.astype(float) @ dense, atol=DTYPES[dtype] * 100)


def residual(data, left, values, right):
    image, back = data @ right - left * values, data.T @ left - right * values
    return (np.linalg.norm(image, axis=0) + np.linalg.norm(back, axis=0)).max() / values[0]


@every_dtype
@pytest.mark.parametrize(("shape", "factors"), [((9000, 3000), 20), ((3000, 9000), 20), ((600, 500), 60)])
def test_residuals_are_below_the_tolerance(shape, factors, dtype):
    """By Lanczos where the Gram matrix is large, by its eigenvectors where it is small."""
    data = random_ratings(*shape, 2e4 / np.prod(shape), seed=3)
    model = coals.SVD(factors=factors, exponent=0, dtype=dtype, random_state=0).fit(data)
    left, values, right = (
        a.astype(np.float64) for a in (model.user_factors_, model.singular_values_, model.item_factors_)
    )
    assert residual(data, left, values, right) <= 1e-5
    for vectors in (left, right):
        assert_allclose(vectors.T @ vectors, np.eye(factors), atol=1e-5 if dtype == "float32" else 1e-8)
    twice = coals.SVD(factors=factors, exponent=0, dtype=dtype, random_state=0, num_threads=1).fit(data)
    assert_array_equal(model.item_factors_, twice.item_factors_)


@pytest.mark.parametrize("shape", [(300, 200), (500, 400), (400, 700)])
def test_values_down_to_1e_7_of_the_largest(shape):
    """Where squares of the values span the digits of a double."""
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((size, 8)))[0] for size in shape)
    exact = 10.0 ** -np.arange(8)
    data = left * exact @ right.T
    model = coals.SVD(factors=8, tolerance=1e-8, exponent=0, dtype="float64", random_state=0).fit(sp.csr_array(data))
    assert residual(data, model.user_factors_, model.singular_values_, model.item_factors_) <= 1e-7
    assert_allclose(model.singular_values_, exact, rtol=1e-2)
    for vectors in (model.user_factors_, model.item_factors_):
        assert_allclose(vectors.T @ vectors, np.eye(8), atol=1e-2)


def test_directions_that_one_block_of_the_space_cannot_hold():
    """All singular values are equal, so that powers of any vectors span no more than the vectors do."""
    data = sp.csr_array(2 * np.eye(6000)[:, np.random.default_rng(0).permutation(6000)])
    model = coals.SVD(factors=50, dtype="float64", random_state=0).fit(data)
    assert_allclose(model.singular_values_, 2)
    assert_allclose(model.item_factors_.T @ model.item_factors_, np.eye(50), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"center": "median"}, "center must be one of 'global', 'user', 'item'"),
        ({"exponent": -1}, "exponent must be >= 0"),
        ({"neighbors": "item"}, "neighbors must be one of 'user'"),
        ({"power_iterations": -1}, "power_iterations must be >= 0"),
        ({"tolerance": -1}, "tolerance must be >= 0"),
        ({"n_oversamples": -1}, "n_oversamples must be >= 0"),
        ({"factors": 5000}, "factors must be >= 1 and <= 4096"),
        ({"used_neighbors": 0}, "used_neighbors must be >= 1"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.SVD(**arguments)


def test_clip_is_for_ratings(ratings):
    with pytest.raises(ValueError, match="unless center is set and neighbors is None"):
        coals.SVD(factors=2, random_state=0).fit(ratings).predict(0, 0, clip=True)
    model = coals.SVD(factors=30, center="global", random_state=0).fit(ratings)
    assert model.rating_range_ == (1, 5)
    clipped = model.predict(np.arange(40), np.arange(40), clip=True)
    assert clipped.min() >= 1
    assert clipped.max() <= 5


@pytest.mark.parametrize("neighbors", [None, "user"])
def test_a_history_beyond_the_range_is_an_error(ratings, neighbors):
    model = coals.SVD(factors=3, neighbors=neighbors, random_state=0).fit(ratings)
    with pytest.raises(ValueError, match=r"1e\+39 is too large or too small for float32 arithmetic"):
        model.recommend_for({0: 1e39})


def test_values_too_large_to_decompose_are_named(ratings):
    data = ratings.astype(np.float64)
    data.data[17:40] = -1.7e19  # the sum of two squares is beyond float32
    with pytest.raises(
        ValueError, match=r"user \d+, item \d+: -1\.7e\+19 is too large .* float32: .* or use dtype='float64'"
    ):
        coals.SVD(factors=3, random_state=0).fit(data)
    assert np.isfinite(coals.SVD(factors=3, dtype="float64", random_state=0).fit(data).singular_values_).all()
