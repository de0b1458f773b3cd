"""Bad weights, features and solver parameters: errors that name the argument and the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import coals

both = pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])


@both
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"solver": "lu"}, ValueError, "solver must be one of 'auto', 'cholesky', 'cg', 'block', got 'lu'"),
        ({"cg_steps": 0}, ValueError, "cg_steps must be >= 1"),
        ({"block_size": 0}, ValueError, "block_size must be >= 1 and <= 1024, got 0"),
        ({"block_size": 1025}, ValueError, "block_size must be >= 1 and <= 1024, got 1025"),
        ({"nonnegative": 1}, TypeError, "nonnegative must be True or False"),
        ({"nonnegative": True, "solver": "cg"}, ValueError, "needs solver='auto' or 'cholesky', got 'cg'"),
        ({"on_singular": "ignore"}, ValueError, "on_singular must be one of 'error', 'minimum_norm', 'jitter'"),
        ({"warm_start": "yes"}, TypeError, "warm_start must be True or False"),
        ({"feature_regularization": -1}, ValueError, "feature_regularization must be >= 0"),
        ({"use_cg": True}, TypeError, "it is called 'solver' here"),
        ({"max_cg_steps": 3}, TypeError, "it is called 'cg_steps' here"),
        ({"nonneg": True}, TypeError, "it is called 'nonnegative' here"),
        ({"ialspp_subspace_dimension": 64}, TypeError, "it is called 'block_size' here"),
        ({"nu": 1.0}, TypeError, "it is called 'regularization_exponent' here"),
        ({"k": 4}, TypeError, "it is called 'factors' here"),
        ({"lambda_": 4}, TypeError, "it is called 'regularization' here"),
    ],
)  # fmt: skip
def test_bad_parameters(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model(**arguments)


@both
def test_negative_start_of_a_nonnegative_model_is_named(ratings, model):
    users, items = np.ones((60, 3)), np.ones((40, 3))
    items[5, 2] = -0.5
    with pytest.raises(ValueError, match=r"init holds -0.5 in row 5, column 2 of the item factors"):
        model(factors=3, nonnegative=True, init=(users, items)).fit(ratings)


def weights(ratings, entry=None, value=None):
    data = np.ones(ratings.nnz)
    if entry is not None:
        data[entry] = value
    return data


def pattern(ratings, change):
    dense = ratings.toarray()
    change(dense)
    return sp.csr_array(dense)


BAD_WEIGHTS = [
    (lambda r: weights(r, 3, -1), ValueError, r"the weight of user 0, item \d+ is -1.0: weights must be finite"),
    (lambda r: weights(r, 3, np.nan), ValueError, r"the weight of user 0, item \d+ is nan"),
    (lambda r: weights(r, 3, 1e300), ValueError, r"weight of user 0, item \d+: 1e\+300 is too large or too small"),
    (lambda r: 0 * weights(r), ValueError, "weights are all 0"),
    (lambda r: weights(r)[1:], ValueError, r"weights must have shape \(479,\), .* got shape \(478,\)"),
    (lambda r: weights(r).astype(str), TypeError, "weights must be real numbers"),
    (lambda r: {1: 2}, TypeError, "weights must be a list or an array, got dict"),
    (lambda r: r[:50], ValueError, r"weights must have the shape of the data, \(60, 40\), got \(50, 40\)"),
    (lambda r: pattern(r, lambda d: d.__setitem__((7, 3), 1)), ValueError,
     "user 7, item 3 is stored in the weights and not in the data"),
    (lambda r: pattern(r, lambda d: d.__setitem__((9, r[[9]].indices[1]), 0)), ValueError,
     r"user 9, item \d+ is stored in the data and not in the weights"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "error", "message"), BAD_WEIGHTS)
def test_bad_weights(ratings, make, error, message):
    with pytest.raises(error, match=message):
        coals.ExplicitALS(factors=2).fit(ratings, weights=make(ratings))


def broken_features(value):
    features = np.ones((60, 4))
    features[8, 2] = value
    return features


BAD_FEATURES = [
    (broken_features(np.nan), ValueError, "user_features row 8, column 2 is nan: every value must be finite"),
    (sp.csr_array(broken_features(np.inf)), ValueError, "user_features row 8, column 2 is inf"),
    (np.ones((59, 4)), ValueError, r"user_features must have shape \(60, p\), a row for each, got shape \(59, 4\)"),
    (np.ones(60), ValueError, r"user_features must have shape \(60, p\), a row for each, got shape \(60,\)"),
    (np.ones((60, 0)), ValueError, r"user_features must have shape \(60, p\)"),
    (np.full((60, 1), "a"), TypeError, "user_features must be a sparse or dense matrix of real numbers"),
    ("age", TypeError, "user_features must be a sparse or dense matrix of real numbers, got str"),
]


@both
@pytest.mark.parametrize(("features", "error", "message"), BAD_FEATURES)
def test_bad_features(ratings, model, features, error, message):
    with pytest.raises(error, match=message):
        model(factors=2).fit(ratings, user_features=features)


@both
def test_features_without_a_single_value_are_no_features(ratings, model):
    plain = model(factors=2, random_state=0).fit(ratings)
    empty = model(factors=2, random_state=0).fit(ratings, user_features=sp.csr_array((60, 3)))
    np.testing.assert_allclose(plain.item_factors_, empty.item_factors_, rtol=1e-5)
    assert not empty.user_feature_weights_.any()


class Series:
    """As pandas has it: values with an index, in an order of their own."""

    def __init__(self, values, index):
        self.values, self.index = np.asarray(values), list(index)

    def to_numpy(self):
        return self.values

    def to_dict(self):
        return dict(zip(self.index, self.values.tolist(), strict=True))


def test_weights_with_an_index_are_refused_since_their_order_is_not_that_of_the_entries(ratings):
    series = Series(np.ones(ratings.nnz), range(ratings.nnz))
    with pytest.raises(TypeError, match=r"weights must not be a Series.*Interactions.from_arrays"):
        coals.ExplicitALS(factors=2).fit(ratings, weights=series)


def test_weights_may_be_interactions_with_the_ids_of_the_data():
    users, items, values = ["b", "a", "b", "c"], ["x", "x", "y", "y"], [5.0, 1.0, 3.0, 2.0]
    data = coals.Interactions.from_arrays(users, items, values)
    weights = coals.Interactions.from_arrays(users, items, [9.0, 0.0, 0.0, 0.0])
    assert coals.ExplicitALS(factors=1, random_state=0).fit(data, weights=weights).global_mean_ == 5.0
    other = coals.Interactions.from_arrays(["z", "a", "z", "c"], items, [9.0, 0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="weights must have the users of the data"):
        coals.ExplicitALS(factors=1).fit(data, weights=other)


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_a_series_is_a_history_by_its_index(ratings, model):
    fitted = model(factors=3, iterations=2, random_state=0).fit(ratings)
    series = Series([2.0, 3.0], [20, 30])
    assert fitted.recommend_for(series).ids.tolist() == fitted.recommend_for({20: 2.0, 30: 3.0}).ids.tolist()


@pytest.mark.parametrize("solver", ["cholesky", "cg", "block"])
@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_every_solver_asks_what_to_do_with_a_singular_row(ratings, model, solver):
    settings = {"factors": 50, "regularization": 0, "solver": solver, "block_size": 8, "dtype": "float64"}
    settings |= {"random_state": 0, "iterations": 6}
    settings |= {"biases": False} if model is coals.ExplicitALS else {"objective": "ials", "alpha": 1e-12}
    with pytest.raises(ValueError, match=r"(user|item) \d+: its entries do not determine 50 factors"):
        model(**settings).fit(ratings)
    fitted = model(**settings, on_singular="minimum_norm").fit(ratings)
    assert (np.diff(fitted.objective_) <= 1e-9 * (ratings.data**2).sum()).all()
    assert (fitted.objective_ >= 0).all()


@pytest.mark.parametrize("size", [1e160, 1e-160])
def test_features_whose_squares_overflow_are_refused(ratings, size):
    features = np.ones((60, 2))
    features[8, 1] = size
    with pytest.raises(ValueError, match=r"user_features row 8, column 1 is 1e.160, whose square"):
        coals.ExplicitALS(factors=2).fit(ratings, user_features=features)


@pytest.mark.parametrize(
    ("nnz", "arguments", "message"),
    [
        (5, {"factors": 2}, "5 entries do not fit into 2 x 2 cells"),
        (4, {"factors": 10**9}, "factors must be >= 1 and <= 65536"),
        (4, {"factors": 2, "num_threads": 10**9}, "num_threads must be >= 1 and <= 1024"),
    ],
)
def test_estimate_memory_refuses_what_cannot_be(nnz, arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.estimate_memory((2, 2, nnz), **arguments)
