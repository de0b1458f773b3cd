"""SparseEASE against dense solves of the same systems, against EASE, and arithmetic that can be seen."""

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


def ones(data):
    return (data.toarray() != 0).astype(float)


def test_three_items_by_hand():
    """Ann and Bob have x and y, Cat y and z, Dan x: G = (3 2 0; 2 3 1; 0 1 1), and lambda = 1.

    With one neighbor each, x and y have each other (2 / (3 + 1) = 1/2), and z has y: 1 / (3 + 1). With two, the weights
    into z are (4 2; 2 4)^-1 (0 1) = (-1/6, 1/3): G_xy = 2 counts, though x and z share no user.
    """
    data = sp.csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]]))
    one = coals.SparseEASE(neighbors=1, regularization=1, user_exponent=0, max_diagonal=0, dtype="float64").fit(data)
    assert_allclose(one.weights_.toarray(), [[0, 1 / 2, 0], [1 / 2, 0, 1 / 4], [0, 0, 0]])
    two = coals.SparseEASE(neighbors=2, regularization=1, user_exponent=0, max_diagonal=0, dtype="float64").fit(data)
    # Into y from x and z: (3 + 1) and (1 + 1) alone, since x and z share no user. z is no neighbor of x.
    assert_allclose(two.weights_.toarray(), [[0, 2 / 4, 0], [1 / 2, 0, 1 / 4], [0, 1 / 2, 0]])
    assert_allclose(two.predict(0, [0, 1]), [1 / 2, 1 / 2])
    support = csr_of([[], [], [0, 1]], 3)
    whole = _core.regress_on_supports(native(ones(data)), support, np.ones(3), 0.0, -1, 0, "float64", 1)
    assert_allclose(dense(whole)[2], [-1 / 6, 1 / 3, 0])


def csr_of(rows, columns):
    indptr = np.append(0, np.cumsum([len(row) for row in rows]))
    indices = np.concatenate([np.sort(row) for row in rows]).astype(np.int32)
    return _core.Csr(indptr, indices, None, columns, "float32")


def native(X):
    matrix = sp.csr_array(X)
    return _core.Csr(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], "float64")


def dense(matrix):
    indptr, indices, values = matrix.to_arrays()
    return sp.csr_array((values, indices, indptr), shape=(matrix.rows, matrix.columns)).toarray()


@pytest.mark.isa
@every_dtype
@pytest.mark.parametrize("size", [1, 2, 5, 15, 16, 17, 33, 64, 79, 80, 81, 96, 101, 150])
def test_equals_dense_solves(size, dtype, tolerance):
    """Any support, popular items and rare ones, of sizes on both sides of every register width."""
    rng = np.random.default_rng(size)
    X = rng.standard_normal((400, 160)) * (rng.random((400, 160)) < np.linspace(0.5, 0.01, 160)[rng.permutation(160)])
    X[0] = 1
    sizes = np.where(rng.random(160) < 0.7, size, rng.integers(0, size + 1, 160))
    rows = [rng.permutation(np.delete(np.arange(160), j))[:count] for j, count in enumerate(sizes)]
    penalty = 20 * rng.uniform(0.5, 2, 160)
    G = X.T @ X
    expected = np.zeros((160, 160))
    for j, S in enumerate(rows):
        expected[j, S] = np.linalg.solve(G[np.ix_(S, S)] + np.diag(penalty[S]), G[S, j])
    found = [
        _core.regress_on_supports(native(X), csr_of(rows, 160), penalty, 0.0, -1, room, dtype, threads)
        for room, threads in ((1 << 30, 1), (1 << 30, 2), (1 << 30, 5), (0, 2), (50_000, 3))
    ]
    assert_allclose(dense(found[0]), expected, atol=tolerance)
    for other in found[1:]:
        for one, same in zip(found[0].to_arrays(), other.to_arrays(), strict=True):
            assert one.tobytes() == same.tobytes()


OPTIONS = [
    {},
    {"dropout": 0.3},
    {"max_diagonal": 0.2},
    {"dropout": 0.4, "max_diagonal": 1},
    {"user_exponent": 0.5},
    {"item_exponent": 1.0, "regularization": 0.5},
    {"item_exponent": 0.4, "user_exponent": 1.3, "dropout": 0.2, "max_diagonal": 0.3},
]


@pytest.mark.isa
@every_dtype
@pytest.mark.parametrize("data", odd_shapes().values(), ids=odd_shapes().keys())
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("arguments", OPTIONS, ids=lambda arguments: "-".join(arguments))
def test_equals_the_reference(data, weighted, arguments, dtype, tolerance):
    how = {"regularization": 8.0, "user_exponent": 0.0, "max_diagonal": 0.0, **arguments}
    model = coals.SparseEASE(**how, neighbors=7, weighted=weighted, dtype=dtype).fit(sp.csr_array(data))
    X = data if weighted else (data != 0).astype(float)
    support = [row.tolist() for row in np.split(*columns_of(model.weights_))]
    same_similarities(X, how["user_exponent"], support)
    expected = reference.sparse_ease_weights(X, support, **how)
    assert_allclose(model.weights_.toarray(), expected, atol=tolerance * max(1, np.abs(expected).max()))


def same_similarities(X, user_exponent, found):
    """Which of equally similar items is a neighbor is a matter of rounding."""
    G = reference.weighted_gram(X, user_exponent)
    norms = np.sqrt(np.maximum(np.diag(G), 1e-12))
    for j, (one, other) in enumerate(zip(found, reference.cosine_support(G, 7), strict=True)):
        cosines = G[j] / norms / norms[j]
        assert_allclose(np.sort(cosines[one]), np.sort(cosines[other]), rtol=1e-6)


def columns_of(weights):
    """Arguments of np.split for the rows of each column."""
    columns = weights.tocsc()
    return columns.indices, columns.indptr[1:-1]


@every_dtype
@pytest.mark.parametrize("options", [{}, {"user_exponent": 0.7, "item_exponent": 0.5, "dropout": 0.2}])
def test_equals_ease_with_all_items_as_neighbors(options, dtype, tolerance):
    data = random_ratings(90, 40, 0.4, seed=2)  # every two items share a user
    how = {"regularization": 5.0, "user_exponent": 0.0, "max_diagonal": 0.0, **options, "dtype": dtype}
    sparse, whole = coals.SparseEASE(neighbors=None, **how).fit(data), coals.EASE(**how).fit(data)
    assert_allclose(sparse.weights_.toarray(), whole.weights_, atol=10 * tolerance)
    everyone = np.arange(90)
    assert_array_equal(sparse.recommend(everyone, n=5).ids, whole.recommend(everyone, n=5).ids)


def test_relaxation_equals_ease_off_the_diagonal():
    data = random_ratings(90, 40, 0.4, seed=2)
    how = {"regularization": 5.0, "user_exponent": 0.0, "max_diagonal": 0.2, "dtype": "float64"}
    expected = coals.EASE(**how).fit(data).weights_.copy()
    np.fill_diagonal(expected, 0)
    assert_allclose(coals.SparseEASE(neighbors=None, **how).fit(data).weights_.toarray(), expected, atol=1e-12)


@pytest.mark.parametrize("strongest", [1, 4, 50])
@pytest.mark.parametrize("item_exponent", [0.0, 1.0])
def test_cut_to_the_strongest_weights(ratings, strongest, item_exponent):
    how = {"neighbors": 12, "regularization": 4, "item_exponent": item_exponent, "dtype": "float64"}
    whole = coals.SparseEASE(**how).fit(ratings).weights_.toarray()
    cut = coals.SparseEASE(**how, strongest=strongest).fit(ratings)
    assert_array_equal(cut.weights_.toarray(), reference.strongest(whole, strongest))
    assert cut.weights_.nnz == sum(min(strongest, np.count_nonzero(column)) for column in whole.T)


@pytest.mark.parametrize("similarity", ["jaccard", "lift", "log_likelihood", "conditional"])
@pytest.mark.parametrize("shrinkage", [0.0, 5.0])
def test_similarity_chooses_the_neighbors(ratings, similarity, shrinkage):
    model = coals.SparseEASE(neighbors=6, similarity=similarity, shrinkage=shrinkage).fit(ratings)
    nearest = coals.similarity(ratings, similarity, neighbors=6, shrinkage=shrinkage)
    assert_array_equal((model.weights_ != 0).toarray(), (nearest != 0).toarray().T)


def test_what_is_saved_answers_alike(ratings, tmp_path):
    model = coals.SparseEASE(neighbors=9, item_exponent=0.5, regularization=1).fit(ratings)
    model.save(tmp_path / "model.coals")
    loaded = coals.load(tmp_path / "model.coals")
    assert loaded.get_params() == model.get_params()
    assert_array_equal(loaded.weights_.toarray(), model.weights_.toarray())
    again = loaded.recommend_for(ratings, n=5)
    assert_array_equal(again.scores, model.recommend(np.arange(60), n=5).scores)


def test_less_memory_gives_the_same_bits(ratings):
    data = sp.vstack([ratings] * 20).tocsr()
    whole = coals.SparseEASE(neighbors=30).fit(data).weights_
    parts = coals.SparseEASE(neighbors=30, memory_limit=20_000_000).fit(data).weights_
    assert whole.data.tobytes() == parts.data.tobytes()
    with pytest.raises(ValueError, match="memory_limit"):
        coals.SparseEASE(memory_limit=10).fit(data)


def test_the_estimate_has_room_for_one_system_of_any_size():
    """With 19,999 neighbors one system is half a matrix, 800 MB, whatever the limit."""
    for limit in (None, 10**8):
        model = coals.SparseEASE(neighbors=None, memory_limit=limit, num_threads=1)
        assert coals.estimate_memory((20_000, 20_000, 1_000_000), model).workspace >= 19_999 * 20_000 // 2 * 4


def test_rounding_that_spoils_a_system_names_the_item():
    data = sp.csr_array(np.random.default_rng(0).integers(1, 6, (3, 30)) * 1e4)
    with pytest.raises(ValueError, match=r"item \d+: rounding of float32.*larger regularization"):
        coals.SparseEASE(regularization=1e-3, weighted=True).fit(data)
    coals.SparseEASE(regularization=1e-3, weighted=True, dtype="float64").fit(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"regularization": 0}, "regularization must be > 0"),
        ({"dropout": 1}, "dropout must be >= 0 and < 1, got 1"),
        ({"max_diagonal": 1.5}, "max_diagonal must be >= 0 and <= 1"),
        ({"user_exponent": 3}, "user_exponent must be >= 0 and <= 2"),
        ({"neighbors": 0}, "neighbors must be >= 1"),
        ({"strongest": 0}, "strongest must be >= 1"),
        ({"similarity": "pearson"}, "similarity must be one of 'count'"),
        ({"shrinkage": -1}, "shrinkage must be >= 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.SparseEASE(**arguments)


@pytest.mark.parametrize(
    ("rows", "penalty", "message"),
    [
        ([[0], [0], []], 1.0, "support: row 0 has the item itself"),
        ([[1], [2], []], 1.0, "support: row 1 has an item without entries"),
        ([[1], [0], []], 0.0, "penalty: must be finite and above 0"),
        ([[1], [0]], 1.0, "support: must be 3 x 3"),
    ],
)
def test_the_core_checks_its_arguments(rows, penalty, message):
    X = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match=message):
        _core.regress_on_supports(native(X), csr_of(rows, 3), np.full(3, penalty), 0.0, -1, 0, "float64", 1)
