"""EASE and its relatives against the dense formula, their definition, and arithmetic that can be seen; the inverse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.reference import ease as reference
from conftest import odd_shapes, random_ratings

every_dtype = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])


def test_two_items_by_hand():
    """Ann has both, Bob the first: X'X = (2 1; 1 1), with lambda = 1 (3 1; 1 2), whose inverse is (2 -1; -1 3) / 5.

    From the first to the second: 1 / 3. From the second to the first: 1 / 2. Bob gets 1 / 3 for the second.
    """
    model = coals.EASE(regularization=1, dtype="float64").fit(sp.csr_array(np.array([[1, 1], [1, 0]])))
    assert_allclose(model.weights_, [[0, 1 / 3], [1 / 2, 0]])
    assert_allclose(model.recommend([1], n=1).scores, [[1 / 3]])
    assert_allclose(model.predict([0, 0], [0, 1]), [1 / 2, 1 / 3])


@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("regularization", [0.5, 20.0])
def test_equals_the_dense_formula(ratings, weighted, regularization, dtype, tolerance):
    model = coals.EASE(regularization=regularization, weighted=weighted, dtype=dtype).fit(ratings)
    X = ratings.toarray() if weighted else (ratings.toarray() != 0).astype(float)
    expected = reference.ease_weights(X, regularization)
    assert_allclose(model.weights_, expected, atol=tolerance * np.abs(expected).max())
    assert (np.diagonal(model.weights_) == 0).all()
    everything = [model.predict(user, np.arange(40)) for user in range(60)]
    assert_allclose(np.array(everything), X @ expected, atol=20 * tolerance)
    unseen = model.recommend_for(ratings, n=5)
    assert_allclose(unseen.scores, model.recommend(np.arange(60), n=5).scores, rtol=1e-6)


# Of Ann with both items and Bob with the first, X'X = (2 1; 1 1): the weights of each item for the other.
BY_HAND = {
    # C = (3 1; 1 2)^-1 = (2 -1; -1 3) / 5. With xi = 0.3 the columns are -C_ij * 0.7 / C_jj: 1/5 * 7/4 and 1/5 * 7/6.
    "relaxed": ({"max_diagonal": 0.3}, [[0.3, 7 / 30], [7 / 20, 0.3]]),
    # B = I - lambda C: the bound of 1 is never reached.
    "ridge": ({"max_diagonal": 1}, [[3 / 5, 1 / 5], [1 / 5, 2 / 5]]),
    # p / (1 - p) = 1 doubles the diagonal: (1 + 2 * 2  1; 1  1 + 2 * 1) = (5 1; 1 3), the inverse (3 -1; -1 5) / 14.
    "dropout": ({"dropout": 0.5}, [[0, 1 / 5], [1 / 3, 0]]),
    # The same C; the diagonals 1 - 3/14 * 3 = 5/14 and 1 - 5/14 * 2 = 4/14 exceed 0.3 in the first column alone:
    # 1/14 * 0.7 * 14/3 = 7/30; and 1/14 * 2.
    "both": ({"dropout": 0.5, "max_diagonal": 0.3}, [[0.3, 1 / 7], [7 / 30, 2 / 7]]),
    # Ann counts 1/2: (3/2 1/2; 1/2 1/2) + I/2 = (2 1/2; 1/2 1), the inverse (1 -1/2; -1/2 2) * 4/7.
    "users": ({"user_exponent": 1, "regularization": 0.5}, [[0, 1 / 4], [1 / 2, 0]]),
    # D = (2, 1) gives (1 r; r 1) with r = sqrt(1/2), and (2 r; r 2)^-1 has r/2 as weights; then times sqrt(D_j / D_i).
    "items": ({"item_exponent": 1}, [[0, 1 / 4], [1 / 2, 0]]),
}


@pytest.mark.parametrize(("arguments", "expected"), BY_HAND.values(), ids=BY_HAND.keys())
def test_two_items_by_hand_with_options(arguments, expected):
    X = np.array([[1.0, 1.0], [1.0, 0.0]])
    how = {"regularization": 1, **arguments}
    assert_allclose(reference.ease_weights(X, **how), expected)
    assert_allclose(coals.EASE(**how, dtype="float64").fit(sp.csr_array(X)).weights_, expected)


OPTIONS = [
    {"dropout": 0.3},
    {"max_diagonal": 0.2},
    {"dropout": 0.4, "max_diagonal": 0.1},
    {"user_exponent": 0.5, "max_diagonal": 1},
    {"item_exponent": 1.0, "regularization": 0.5},
    {"item_exponent": 0.4, "user_exponent": 1.3, "dropout": 0.2, "max_diagonal": 0.3},
]


@every_dtype
@pytest.mark.parametrize("data", odd_shapes().values(), ids=odd_shapes().keys())
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("arguments", OPTIONS, ids=lambda arguments: "-".join(arguments))
def test_relatives_equal_the_dense_formula(data, weighted, arguments, dtype, tolerance):
    how = {"regularization": 8.0, **arguments}
    model = coals.EASE(**how, weighted=weighted, dtype=dtype).fit(sp.csr_array(data))
    X = data if weighted else (data != 0).astype(float)
    expected = reference.ease_weights(X, **how)
    assert_allclose(model.weights_, expected, atol=tolerance * max(1, np.abs(expected).max()))
    empty = (data == 0).all(axis=0)
    assert not model.weights_[empty].any()
    assert not model.weights_[:, empty].any()
    diagonal = np.diagonal(model.weights_)
    assert (diagonal >= 0).all()
    assert (diagonal <= how.get("max_diagonal", 0) + 1e-12 + (dtype == "float32") * 1e-7).all()


def test_the_bound_on_the_diagonal_is_the_best_one(ratings):
    """No weights with a diagonal of at most xi come nearer."""
    X, bound = (ratings.toarray() != 0).astype(float), 0.25
    B = coals.EASE(regularization=3, max_diagonal=bound, dtype="float64").fit(ratings).weights_
    assert (np.diagonal(B) == bound).any()

    def loss(weights):
        return ((X - X @ weights) ** 2).sum() + 3 * (weights**2).sum()

    rng = np.random.default_rng(0)
    for _ in range(20):
        step = B + 1e-3 * rng.standard_normal(B.shape)
        np.fill_diagonal(step, np.minimum(np.diagonal(step), bound))
        assert loss(step) > loss(B)


def test_options_are_saved(ratings, tmp_path):
    how = {"dropout": 0.2, "max_diagonal": 0.1, "item_exponent": 0.5, "user_exponent": 0.4, "regularization": 4.0}
    model = coals.EASE(**how).fit(ratings)
    model.save(tmp_path / "model.coals")
    loaded = coals.load(tmp_path / "model.coals")
    assert loaded.get_params() == model.get_params()
    assert_array_equal(loaded.weights_, model.weights_)
    assert_array_equal(loaded.recommend_for(ratings, n=5).scores, model.recommend(np.arange(60), n=5).scores)


def test_no_other_weights_are_better(ratings):
    X = (ratings.toarray() != 0).astype(float)
    B = coals.EASE(regularization=3, dtype="float64").fit(ratings).weights_

    def loss(weights):
        return ((X - X @ weights) ** 2).sum() + 3 * (weights**2).sum()

    rng = np.random.default_rng(0)
    for _ in range(20):
        step = 1e-3 * rng.standard_normal(B.shape)
        np.fill_diagonal(step, 0)
        assert loss(B + step) > loss(B)


@every_dtype
@pytest.mark.parametrize("neighbors", [1, 4, 1000])
def test_cut_to_the_strongest_weights(ratings, neighbors, dtype, tolerance):
    model = coals.EASE(regularization=5, neighbors=neighbors, dtype=dtype).fit(ratings)
    X = (ratings.toarray() != 0).astype(float)
    expected = reference.strongest(reference.ease_weights(X, 5), neighbors)
    assert_allclose(model.weights_.toarray(), expected, atol=10 * tolerance)
    assert (np.diff(model.weights_.tocsc().indptr) <= min(neighbors, 39)).all()
    why = model.explain(3, 5)
    assert_allclose(why.score, (X @ expected)[3, 5], atol=20 * tolerance)
    assert_allclose(why.contributions.sum(), model.predict(3, 5)[0], atol=1e-6)


@every_dtype
@pytest.mark.parametrize("size", [1, 7, 127, 128, 129, 192, 193, 385, 600])
@pytest.mark.parametrize("threads", [1, 3])
def test_inverse_in_place(size, threads, dtype, tolerance):
    half = np.random.default_rng(size).standard_normal((size + 5, size))
    matrix = (half.T @ half + size * np.eye(size)).astype(dtype)
    # What lies below the diagonal must not matter.
    inverse = np.triu(matrix) + np.tril(np.full((size, size), np.nan, dtype), -1)
    _core.invert_definite(inverse, threads)
    expected = np.linalg.inv(matrix.astype(np.float64))
    assert_allclose(inverse, expected, atol=tolerance * np.abs(expected).max())
    assert_array_equal(inverse, inverse.T)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bad", [0, 60, 128, 299])
def test_a_matrix_that_is_not_definite_names_the_row(bad, dtype):
    matrix = np.eye(300, dtype=dtype)
    matrix[bad, bad] = -1
    with pytest.raises(_core.SingularSystemError) as error:
        _core.invert_definite(matrix, 0)
    assert error.value.row == bad


@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
def test_item_gram(weighted, dtype, tolerance):
    data = random_ratings(200, 90, 0.2, seed=3)
    matrix = _core.Csr(data.indptr, data.indices, data.data if weighted else None, 90, dtype)
    dense = data.toarray() if weighted else (data.toarray() != 0).astype(float)
    gram = _core.item_gram(matrix, 2.5, 2)
    assert gram.dtype == dtype
    assert_allclose(gram, dense.T @ dense + 2.5 * np.eye(90), rtol=tolerance)


def test_rounding_that_spoils_the_system_is_an_error():
    data = sp.csr_array(np.random.default_rng(0).integers(1, 6, (3, 30)) * 1e4)
    with pytest.raises(ValueError, match=r"item \d+: rounding of float32.*larger regularization"):
        coals.EASE(regularization=1e-3, weighted=True).fit(data)
    coals.EASE(regularization=1e-3, weighted=True, dtype="float64").fit(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"regularization": 0}, "regularization must be > 0"),
        ({"dropout": 1}, "dropout must be >= 0 and < 1, got 1"),
        ({"dropout": -0.1}, "dropout must be >= 0"),
        ({"max_diagonal": 1.5}, "max_diagonal must be >= 0 and <= 1"),
        ({"item_exponent": -1}, "item_exponent must be >= 0 and <= 2"),
        ({"user_exponent": 3}, "user_exponent must be >= 0 and <= 2"),
        ({"neighbors": 0}, "neighbors must be >= 1"),
        ({"dtype": "float16"}, "dtype must be one of"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.EASE(**arguments)


def test_memory_limit(ratings):
    with pytest.raises(ValueError, match="memory_limit=6399 is too small: a matrix of 40 x 40 items takes 6400 bytes"):
        coals.EASE(memory_limit=6399).fit(ratings)
    coals.EASE(memory_limit=6400).fit(ratings)
