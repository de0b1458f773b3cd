"""Filters on the graph of items against their authors' definitions, and arithmetic that can be seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.models.linear.filter_polynomials import in_powers, plateau, sharpening_steps
from coals.reference import graph_filters as reference
from coals.reference import walks
from conftest import odd_shapes, random_ratings

every_dtype = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-4), ("float64", 1e-9)])
EXACT = {"tolerance": 0, "power_iterations": 30, "random_state": 0}


def test_power_by_hand():
    """Ann has x and y, Bob y. With b = 1/2 and s = 1 Q is (1/2 r/2; r/2 3/4) with r = sqrt(1/2), as for GF-CF.

    Bob has y: Q gives (r/2, 3/4); 2Q - Q^2, with Q^2 = (3/8 5r/8; 5r/8 11/16), gives (3r/8, 13/16).
    """
    r = np.sqrt(0.5)
    data = sp.csr_array(np.array([[1, 1], [0, 1]]))
    how = {"filter": "power", "degree_exponent": 0.5, "dtype": "float64"}
    assert_allclose(coals.GraphFilter(**how, entry_exponent=1).fit(data).predict(1, [0, 1]), [r / 2, 3 / 4])
    second = coals.GraphFilter(**how, entry_exponent=1, order=2).fit(data)
    assert_allclose(second.predict(1, [0, 1]), [3 * r / 8, 13 / 16])
    squared = coals.GraphFilter(**how, entry_exponent=2).fit(data)
    assert_allclose(squared.predict(1, [0, 1]), [1 / 8, 9 / 16])


def test_blurring_by_hand():
    """The same P. Bob's row blurred is (r/2, 3/4); one Euler step of sharpening over 1 subtracts P once more:
    (r/2, 3/4) - (5r/8, 11/16) = (-r/8, 1/16)."""
    data = sp.csr_array(np.array([[1, 1], [0, 1]]))
    model = coals.GraphFilter(filter="blurring", alpha=0, sharpening=1, order=1, dtype="float64").fit(data)
    assert_allclose(model.predict(1, [0, 1]), [-np.sqrt(0.5) / 8, 1 / 16])


def test_chebyshev_by_hand():
    """Order 1: the plateau at -1 and 1 is 1 and 0, given to the roots of T_2, -r and r with r = sqrt(1/2): the line
    1/2 - x / (2r). At I - 2P that is 1/2 - 1/(2r) + P / r, and Bob's y gets (1/2, 1/2 - 1/(2r) + 3/(4r))."""
    data = sp.csr_array(np.array([[1, 1], [0, 1]]))
    how = {"order": 1, "alpha": 0, "degree_exponent": 0, "dtype": "float64"}
    model = coals.GraphFilter(filter="chebyshev", **how).fit(data)
    r = np.sqrt(0.5)
    assert_allclose(model.predict(1, [0, 1]), [1 / 2, 1 / 2 + 1 / (4 * r)])


FILTERS = {
    "gfcf": ({"memory_limit": 0, "factors": 6, "alpha": 0.7}, lambda X: walks.graph_filter_weights(X, 6, 0.7)),
    "gfcf-linear": ({"memory_limit": 0, "alpha": 0}, lambda X: walks.graph_filter_weights(X, 6, 0)),
    "chebyshev": (
        {"filter": "chebyshev", "factors": 6, "alpha": 0.2},
        lambda X: reference.chebyshev_weights(X, 8, 1.5, 0.4, 6, 0.2),
    ),
    "chebyshev-odd": (
        {"filter": "chebyshev", "factors": 17, "order": 5, "flatness": 3, "degree_exponent": 0.2},
        lambda X: reference.chebyshev_weights(X, 5, 3, 0.2, 17, 0.3),
    ),
    "blurring": (
        {"filter": "blurring", "factors": 6, "alpha": 0.2},
        lambda X: reference.blurring_weights(X, 6, 0.2, 2.5, 4),
    ),
    "blurring-euler": (
        {"filter": "blurring", "alpha": 0, "sharpening": 1.2, "order": 1},
        lambda X: reference.blurring_weights(X, 6, 0, 1.2, 1),
    ),
    "power": ({"filter": "power"}, lambda X: reference.power_weights(X, 1, 0.6, 0.7)),
    "power-2": (
        {"filter": "power", "order": 2, "degree_exponent": 0.3, "entry_exponent": 1.4},
        lambda X: reference.power_weights(X, 2, 0.3, 1.4),
    ),
    "power-3": ({"filter": "power", "order": 3}, lambda X: reference.power_weights(X, 3, 0.6, 0.7)),
}


@pytest.mark.isa
@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("data", odd_shapes().values(), ids=odd_shapes().keys())
@pytest.mark.parametrize(("arguments", "formula"), FILTERS.values(), ids=FILTERS.keys())
def test_equals_the_authors_definition(arguments, formula, data, weighted, dtype, tolerance):
    model = coals.GraphFilter(**EXACT, **arguments, weighted=weighted, dtype=dtype).fit(sp.csr_array(data))
    X = data if weighted else (data != 0).astype(float)
    expected = X @ formula(X)
    # Items without users have no place in singular vectors, and are on no list.
    known = X.any(axis=0)
    found = np.array([model.predict(user, np.arange(X.shape[1])) for user in range(len(X))])
    assert_allclose(found[:, known], expected[:, known], atol=tolerance * max(1, np.abs(expected).max()))
    lists = model.recommend(np.arange(len(X)), n=7, exclude_seen=False)
    for row, user in zip(lists.scores, range(len(X)), strict=True):
        best = np.sort(found[user, known])[::-1][:7] if X[user].any() else []
        assert_allclose(row[: len(best)], best, atol=1e-6)


@pytest.mark.parametrize("name", ["gfcf", "chebyshev", "blurring", "power-2"])
@pytest.mark.parametrize("users", [1, 15, 17, 64, 65, 200])
def test_blocks_of_users_of_any_size(name, users):
    """The same bits alone, in a block, and for any number of threads."""
    data = random_ratings(200, 90, 0.1, seed=4)
    whole = coals.GraphFilter(**EXACT, **FILTERS[name][0], num_threads=1).fit(data)
    threads = coals.GraphFilter(**EXACT, **FILTERS[name][0], num_threads=3).fit(data)
    asked = np.arange(200)[::-1][:users]
    one, three = whole.recommend(asked, n=9), threads.recommend(asked, n=9)
    assert one.scores.tobytes() == three.scores.tobytes()
    assert_array_equal(one.ids, three.ids)
    alone = whole.recommend(asked[-1:], n=9)
    assert alone.scores.tobytes() == one.scores[-1:].tobytes()


@pytest.mark.parametrize("name", FILTERS)
def test_histories_explanations_and_files(ratings, name, tmp_path):
    model = coals.GraphFilter(**EXACT, **FILTERS[name][0]).fit(ratings)
    listed = model.recommend(np.arange(60), n=5)
    unseen = model.recommend_for(ratings, n=5)
    assert_array_equal(unseen.ids, listed.ids)
    assert_array_equal(unseen.scores, listed.scores)
    why = model.explain(3, listed.ids[3, 0])
    assert_allclose(why.contributions.sum(), listed.scores[3, 0], rtol=1e-3)
    model.save(tmp_path / "model.coals")
    loaded = coals.load(tmp_path / "model.coals")
    assert loaded.get_params() == model.get_params()
    assert loaded.recommend(np.arange(60), n=5).scores.tobytes() == listed.scores.tobytes()
    assert not hasattr(loaded, "weights_")


def test_gfcf_gives_the_same_with_and_without_its_matrix(ratings):
    formed = coals.GraphFilter(factors=6, **EXACT, dtype="float64").fit(ratings)
    applied = coals.GraphFilter(factors=6, **EXACT, dtype="float64", memory_limit=0).fit(ratings)
    assert formed.weights_.shape == (40, 40)
    everyone = np.arange(60)
    one, other = formed.recommend(everyone, n=6), applied.recommend(everyone, n=6)
    assert_array_equal(one.ids, other.ids)
    assert_allclose(one.scores, other.scores, rtol=1e-9)


def test_polynomials():
    """Coefficients of Chebyshev polynomials of I - 2P against the polynomials of P."""
    P = np.linspace(0, 1, 7)

    def at(coefficients):
        return np.polynomial.chebyshev.chebval(1 - 2 * P, coefficients)

    assert_allclose(at(in_powers([3, -1, 0.5])), 3 - P + 0.5 * P**2)
    assert_allclose(at(sharpening_steps(2.0, 3)), 1 - 2 * P + 2 * P**2 - 8 / 6 * P**3)
    for order, flatness in [(1, 1.0), (2, 1.5), (8, 1.5), (9, 4.0)]:
        assert_allclose(plateau(order, flatness), reference.chebyshev_coefficients(order, flatness), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filter": "heat"}, "filter must be one of 'gfcf'"),
        ({"order": 3}, "order goes with filter='chebyshev' and filter='blurring' and filter='power'"),
        ({"filter": "power", "sharpening": 1.0}, "sharpening goes with filter='blurring': filter='power' has no use"),
        ({"filter": "chebyshev", "neighbors": 5}, "neighbors goes with filter='gfcf'"),
        ({"filter": "power", "order": 4}, "order must be >= 1 and <= 3"),
        ({"filter": "power", "degree_exponent": 1.5}, "degree_exponent must be >= 0 and <= 1"),
        ({"filter": "chebyshev", "flatness": 0}, "flatness must be > 0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.GraphFilter(**arguments)
