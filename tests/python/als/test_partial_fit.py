"""New entries for a fitted model, and fits that start where the last one ended."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from conftest import random_ratings
from test_als_variants import ITEM_FEATURES, USER_FEATURES, weights_like
from test_fold_in import explicit, implicit

both = pytest.mark.parametrize("make", [explicit, implicit])


def new_users(seed=3, rows=(60, 61, 62)):
    """Three users more, on items that the model knows."""
    data = random_ratings(63, 40, 0.4, seed).toarray()
    data[np.setdiff1d(np.arange(63), rows)] = 0
    data[:, 11] = 0
    return sp.csr_array(data)


@both
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_new_users_get_what_transform_users_gives(ratings, make, dtype):
    model = make(dtype).fit(ratings)
    before = model.user_factors_.copy(), model.item_factors_.copy()
    solved = model.transform_users(new_users()[60:])
    assert model.partial_fit(new_users()) is model
    assert (model.n_users_, model.n_items_) == (63, 40)
    factors = solved[0] if make is explicit else solved
    tolerance = {"float64": 1e-6, "float32": 1e-4}[dtype]
    assert_allclose(model.user_factors_[60:], factors, rtol=tolerance, atol=tolerance)
    assert_array_equal(model.user_factors_[:60], before[0])
    touched = np.unique(new_users().indices)
    untouched = np.setdiff1d(np.arange(40), touched)
    assert_array_equal(model.item_factors_[untouched], before[1][untouched])
    assert (model.item_factors_[touched] != before[1][touched]).any(axis=1).all()
    assert not np.isin(model.recommend(61, n=40).ids, new_users()[[61]].indices).any()


@both
def test_items_are_solved_as_for_all_the_data(ratings, make):
    """Touched items equal a fold-in of their whole columns, old entries included."""
    model = make().fit(ratings)
    model.partial_fit(new_users())
    together = sp.vstack([ratings, new_users()[60:]]).tocsr()
    again = model.transform_items(together.T)
    again = again[0] if make is explicit else again
    touched = np.unique(new_users().indices)
    assert_allclose(model.item_factors_[touched], again[touched], rtol=1e-6, atol=1e-9)


@both
def test_many_rounds_over_everything_are_a_fit(ratings, make):
    model = make(iterations=2).fit(ratings)
    model.partial_fit(ratings, iterations=30)
    fitted = make(iterations=32).fit(ratings)
    assert_allclose(model.objective_[-1], fitted.objective_[-1], rtol=1e-4)
    assert (np.diff(model.objective_) <= 1e-9).all()


@both
def test_a_pair_given_again_takes_the_new_value(ratings, make):
    data = coals.Interactions.from_arrays(["a", "a", "b"], ["x", "y", "x"], [1.0, 2.0, 3.0])
    more = coals.Interactions.from_arrays(["c", "a"], ["z", "y"], [4.0, 5.0])
    model = make().fit(data).partial_fit(more)
    indptr, indices, values = model._entries_.to_arrays()
    merged = sp.csr_array((values, indices, indptr), shape=(3, 3)).toarray()
    assert_array_equal(merged, [[1, 5, 0], [3, 0, 0], [0, 0, 4]])
    assert model.user_index_.ids.tolist() == ["a", "b", "c"]
    assert model.item_index_.ids.tolist() == ["x", "y", "z"]
    assert "z" in model.recommend("a").ids


def test_a_stored_zero_takes_an_interaction_back(ratings):
    model = implicit().fit(sp.csr_array(np.array([[1.0, 2.0], [3.0, 0.0]])))
    model.partial_fit(sp.csr_array(([0.0], ([0], [1])), shape=(2, 2)))
    assert model._entries_.entries == 2
    assert model.recommend(0).counts[0] == 0  # seen all the same
    assert not model.item_factors_[1].any()


def test_weights_are_merged(ratings):
    weights = weights_like(ratings)
    model = explicit().fit(ratings, weights=weights)
    mean = model.global_mean_
    new = new_users()
    model.partial_fit(new, weights=np.arange(1, new.nnz + 1.0))
    assert_allclose(model._weights_, np.concatenate([weights.data, np.arange(1, new.nnz + 1.0)]))
    assert model.global_mean_ == mean
    model.partial_fit(new_users(rows=(62,)))
    assert (model._weights_[-new_users(rows=(62,)).nnz :] == 1).all()
    unweighted = explicit().fit(ratings).partial_fit(new, weights=np.full(new.nnz, 2.0))
    assert_array_equal(unweighted._weights_, np.repeat([1.0, 2.0], [ratings.nnz, new.nnz]))


@both
def test_features_of_grown_sides(ratings, make):
    features = np.vstack([USER_FEATURES, USER_FEATURES[:3] + 1])
    model = make().fit(ratings, user_features=USER_FEATURES, item_features=ITEM_FEATURES)
    weights = model.user_feature_weights_
    solved = model.transform_users(new_users(rows=(60, 61))[60:], features=features[60:])
    with pytest.raises(ValueError, match=r"3 new users and .* fitted with user_features: give .* for all 63"):
        model.partial_fit(new_users())
    assert model.n_users_ == 60  # as it was
    model.partial_fit(new_users(rows=(60, 61)), user_features=features)
    assert_array_equal(model.user_feature_weights_, weights)
    solved = solved[0] if make is explicit else solved
    assert_allclose(model.user_factors_[60:], solved, rtol=1e-6)  # user 62 has the prior


@both
def test_an_unfitted_model_is_fitted(ratings, make):
    assert_array_equal(make().partial_fit(ratings).item_factors_, make().fit(ratings).item_factors_)


@both
def test_a_failed_partial_fit_leaves_the_model_as_it_was(ratings, make):
    model = make().fit(ratings)
    before = model.item_factors_.copy()

    def fail(sweep):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.partial_fit(new_users(), callback=fail)
    assert_array_equal(model.item_factors_, before)
    assert model.n_users_ == 60
    model.recommend(59)


@both
def test_bad_partial_fits(ratings, make):
    model = make().fit(ratings)
    with pytest.raises(TypeError, match="X has user ids and the model has none"):
        model.partial_fit(coals.Interactions.from_arrays(["a"], ["b"]))
    with pytest.raises(ValueError, match="iterations must be >= 1"):
        model.partial_fit(ratings, iterations=0)
    with pytest.raises(ValueError, match="user_features were given, but the model was fitted without"):
        model.partial_fit(ratings, user_features=USER_FEATURES)
    with pytest.raises(ValueError, match="needs the factors and dtype of the fit, 7 and float64, got 8 and float64"):
        model.set_params(factors=8).partial_fit(ratings)
    named = make().fit(coals.Interactions.from_arrays(["a", "b"], [1, 2], [1.0, 2.0]))
    with pytest.raises(TypeError, match="user ids are of kind string in the model, but integer in X"):
        named.partial_fit(coals.Interactions.from_arrays([3], [2]))


@both
def test_singular_rows_of_a_partial_fit_are_named(ratings, make):
    model = explicit(on_singular="minimum_norm", regularization=0.0).fit(ratings).set_params(on_singular="error")
    data = sp.csr_array(([1.0], ([61], [2])), shape=(62, 40))
    with pytest.raises(ValueError, match="user 61: its entries do not determine 7 factors"):
        model.partial_fit(data)


@both
def test_warm_start_goes_on_where_the_last_fit_ended(ratings, make):
    model = make(iterations=3, warm_start=True).fit(ratings)
    first = model.objective_
    model.fit(ratings)
    assert_allclose(np.append(first, model.objective_), make(iterations=6).fit(ratings).objective_, rtol=1e-9)


@both
def test_warm_start_matches_ids(ratings, make):
    """Items in another order, one unknown: the first half-sweep solves users against the items matched by id."""
    ids = [f"i{j}" for j in range(40)]
    named = coals.Interactions.from_matrix(ratings, item_ids=ids)
    model = make(iterations=5, warm_start=True).fit(named)
    items = model.item_factors_.copy()
    order = np.random.default_rng(0).permutation(40)
    renamed = coals.Interactions.from_matrix(
        ratings.tocsc()[:, order], item_ids=[ids[j] if j != 3 else "new" for j in order]
    )
    fresh = coals.models.als.start.start_of(make(), (renamed.users, renamed.items)).factors[1]
    previous = coals.models.als.start.previous_start(model)
    warm = coals.models.als.start.start_of(model, (renamed.users, renamed.items), previous).factors[1]
    for place, item in enumerate(order):
        expected = fresh[place] if item == 3 else items[item]
        assert_array_equal(warm[place], expected)


@both
def test_warm_start_needs_the_same_factors(ratings, make):
    model = make(warm_start=True).fit(ratings)
    with pytest.raises(ValueError, match="needs the factors and dtype of the earlier fit, 7 and float64"):
        model.set_params(dtype="float32").fit(ratings)
    model.set_params(warm_start=False).fit(ratings)
