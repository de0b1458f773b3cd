"""Rows that fit has not seen, and what a score is made of."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.reference import als as reference
from conftest import random_ratings
from test_als_variants import ITEM_FEATURES, USER_FEATURES, weights_like, with_negatives

dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])
TOLERANCE = {"float64": 1e-6, "float32": 1e-4}
FACTORS = 7


def explicit(dtype="float64", **how):
    return coals.ExplicitALS(
        **{"factors": FACTORS, "regularization": (2.0, 3.0), "regularization_exponent": 0.5, "iterations": 4,
           "random_state": 0, "dtype": dtype, "num_threads": 1, **how}
    )  # fmt: skip


def implicit(dtype="float64", **how):
    return coals.ImplicitALS(
        **{"factors": FACTORS, "regularization": (2.0, 3.0), "alpha": 0.4, "unobserved_weight": 0.2, "iterations": 4,
           "random_state": 0, "dtype": dtype, "num_threads": 1, **how}
    )  # fmt: skip


def doubles(model, *names):
    return [getattr(model, name).astype(np.float64) for name in names]


def close(ours, theirs, dtype):
    assert ours.dtype == dtype
    assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * max(abs(theirs).max(), 1))


@dtypes
@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("biases", [False, True])
def test_new_users_and_items_of_explicit_equal_the_row_solve_of_the_reference(ratings, dtype, nonnegative, biases):
    model = explicit(dtype, nonnegative=nonnegative, biases=biases).fit(ratings)
    U, V, b, c = doubles(model, "user_factors_", "item_factors_", "user_bias_", "item_bias_")
    how = {"bounded": FACTORS if nonnegative else 0}
    for side, (new, fixed, fixed_bias, lam) in enumerate(
        [(random_ratings(9, 40, 0.3, seed=4), V, c, 2.0), (random_ratings(9, 60, 0.3, seed=5), U, b, 3.0)]
    ):
        weights = weights_like(new)
        transform = (model.transform_users, model.transform_items)[side]
        factors, bias = transform(new, weights=weights)
        if biases:
            wanted, wanted_bias = reference._solve_joint(
                new, fixed, fixed_bias, model.global_mean_, lam, 0.5, weights, **how
            )
        else:
            wanted_bias = np.zeros(9)
            wanted = reference._solve_factors(new, fixed, wanted_bias, fixed_bias, 0.0, lam, 0.5, weights, **how)
        close(factors, wanted, dtype)
        close(bias, wanted_bias, dtype)


@dtypes
@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize("nonnegative", [False, True])
def test_new_users_and_items_of_implicit_equal_the_row_solve_of_the_reference(ratings, dtype, objective, nonnegative):
    model = implicit(dtype, objective=objective, nonnegative=nonnegative).fit(ratings)
    U, V = doubles(model, "user_factors_", "item_factors_")
    for side, (new, fixed) in enumerate([(random_ratings(9, 40, 0.3, 4), V), (random_ratings(9, 60, 0.3, 5), U)]):
        new = with_negatives(new)
        factors = (model.transform_users, model.transform_items)[side](new)
        lam = (2.0, 3.0)[side]
        bounded = FACTORS if nonnegative else 0
        wanted = reference._solve_implicit(new, fixed, 0.4, 0.2, objective, lam, 0.5, bounded=bounded)
        close(factors, wanted, dtype)


@dtypes
@pytest.mark.parametrize("make", [explicit, implicit])
def test_fold_in_of_the_last_solved_side_is_what_fit_has(ratings, dtype, make):
    """Items are solved last, so folding them in changes nothing."""
    model = make(dtype).fit(ratings, user_features=USER_FEATURES, item_features=ITEM_FEATURES, callback=lambda s: True)
    again = model.transform_items(ratings.T, features=np.zeros((40, 3)))
    again = again[0] if isinstance(again, tuple) else again
    # W was solved after the items, so with the prior that they had, 0, they come out the same.
    warm = np.arange(40) != 11
    close(again[warm], model.item_factors_[warm].astype(np.float64), dtype)


@pytest.mark.parametrize("make", [explicit, implicit])
def test_rows_without_entries_get_the_prior_or_zeros(ratings, make):
    model = make().fit(ratings, user_features=USER_FEATURES)
    empty = sp.csr_array((2, 40))
    features = USER_FEATURES[:2]
    with_features, without = model.transform_users(empty, features=features), model.transform_users(empty)
    weights = model.user_feature_weights_
    if make is explicit:
        assert_allclose(with_features[1], features @ weights[:, -1])
        assert not without[1].any()
        with_features, without = with_features[0], without[0]
    assert_allclose(with_features, features @ weights[:, :FACTORS])
    assert not without.any()


@pytest.mark.parametrize("make", [explicit, implicit])
def test_interactions_are_matched_by_id(ratings, make):
    items = [f"item {j}" for j in range(40)]
    users = [f"user {i}" for i in range(60)]
    model = make().fit(coals.Interactions.from_matrix(ratings, user_ids=users, item_ids=items))
    new = random_ratings(5, 40, 0.3, seed=1)
    shuffled = np.random.default_rng(0).permutation(40)[:38]
    some = coals.Interactions.from_matrix(new.tocsc()[:, shuffled], item_ids=[items[j] for j in shuffled])
    full = new.toarray()
    full[:, np.setdiff1d(np.arange(40), shuffled)] = 0
    weights = {"weights": np.arange(1, some.nnz + 1.0)} if make is explicit else {}
    placed = sp.csr_array(full)
    expected_weights = {}
    if weights:
        by_cell = np.zeros((5, 40))
        rows, columns = some.matrix.nonzero()
        by_cell[rows, shuffled[columns]] = weights["weights"]
        expected_weights["weights"] = by_cell[placed.nonzero()]
    got, expected = model.transform_users(some, **weights), model.transform_users(placed, **expected_weights)
    assert_array_equal(got[0], expected[0])
    new_items = coals.Interactions.from_arrays(["user 3", "user 1"], ["x", "y"], [2.0, 4.0])
    by_row = sp.csr_array(([2.0, 4.0], ([0, 1], [3, 1])), shape=(2, 60))
    assert_array_equal(model.transform_items(new_items)[0], model.transform_items(by_row)[0])
    with pytest.raises(ValueError, match="unknown item id 'z'"):
        model.transform_users(coals.Interactions.from_arrays(["a"], ["z"]))


@pytest.mark.parametrize("make", [explicit, implicit])
def test_recommend_for_a_known_history_ranks_as_its_factors_do(ratings, make):
    model = make().fit(ratings)
    lists = model.recommend_for(ratings[:5], n=40)
    solved = model.transform_users(ratings[:5])
    factors, bias = solved if make is explicit else (solved, np.zeros(5))
    for user in range(5):
        seen = ratings[[user]].indices
        scores = model.item_factors_ @ factors[user]
        if make is explicit:
            scores = scores + model.global_mean_ + model.item_bias_ + bias[user]
        listed = lists.ids[user, : lists.counts[user]]
        assert set(listed) == set(range(40)) - set(seen) - {11}
        assert_allclose(lists.scores[user, : lists.counts[user]], scores[listed])
        history = dict(zip(seen.tolist(), ratings[[user]].data.tolist(), strict=True))
        assert_array_equal(model.recommend_for(history, n=40).ids[0], lists.ids[user])
    everything = model.recommend_for(ratings[:5], n=40, exclude_seen=False)
    assert (everything.counts == 39).all()


def test_recommend_for_a_list_of_items(ratings):
    model = implicit().fit(ratings)
    row = sp.csr_array((np.ones(2), ([0, 0], [3, 5])), shape=(1, 40))
    for history in ([3, 5], np.array([5, 3]), {3: 1, 5: 1.0}):
        assert_array_equal(model.recommend_for(history).ids, model.recommend_for(row).ids)
    assert model.recommend_for([]).counts[0] == 0
    assert model.recommend_for({3: -1.0}).counts[0] == 0  # a refusal is no evidence
    assert explicit().fit(ratings).recommend_for({}).counts[0] == 10  # by item bias


@pytest.mark.parametrize("make", [explicit, implicit])
def test_recommend_for_somebody_with_nothing_but_features(ratings, make):
    model = make(biases=False) if make is explicit else make()
    model.fit(ratings, user_features=USER_FEATURES)
    assert model.recommend_for({}, n=4).counts[0] == 0
    got = model.recommend_for({}, n=4, features=USER_FEATURES[3])
    scores = model.item_factors_ @ (USER_FEATURES[3] @ model.user_feature_weights_[:, :FACTORS])
    scores = np.delete(scores, 11)  # nobody has it
    assert_allclose(got.scores[0], np.sort(scores)[::-1][:4])


@dtypes
@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize(("make", "how"), [(explicit, {}), (explicit, {"biases": False}),
                                           (explicit, {"bias_update": "separate"}), (implicit, {}),
                                           (implicit, {"objective": "ials"})])  # fmt: skip
def test_contributions_sum_to_the_score(ratings, dtype, features, nonnegative, make, how):
    data = with_negatives(ratings) if make is implicit else ratings
    given = {"user_features": USER_FEATURES} if features else {}
    if make is explicit:
        given["weights"] = weights_like(ratings)
    # To convergence, where the score is what predict says.
    model = make(dtype, nonnegative=nonnegative, iterations=80, tolerance=1e-7, **how).fit(data, **given)
    for user, item in [(0, 3), (5, 11), (41, 0)]:
        why = model.explain(user, item)
        assert_allclose(why.contributions.sum() + why.baseline, why.score, rtol=1e-12)
        assert (np.diff(abs(why.contributions)) <= 0).all()
        assert sorted(why.ids) == sorted(data[[user]].indices)
        assert_allclose(why.score, model.predict(user, item)[0], rtol=3e-2, atol=3e-2)
        row = data[[user]]
        if not features and make is implicit:
            listed = model.recommend_for(row, n=40, exclude_seen=False)
            scores = dict(zip(listed.ids[0], listed.scores[0], strict=True))
            if item in scores:
                assert_allclose(why.score, scores[item], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
        cut = model.explain(user, item, n=2)
        assert_array_equal(cut.ids, why.ids[:2])
        assert cut.score == why.score


def test_explain_somebody_without_history(ratings):
    model = explicit().fit(ratings, user_features=USER_FEATURES)
    why = model.explain(7, 3)
    assert len(why.ids) == 0
    assert_allclose(why.score, model.predict(7, 3)[0])
    assert why.baseline == why.score


BAD = [
    (lambda m, d: m.transform_users(d[:, :30]), ValueError, "a column for each of the 40 items .*got 30"),
    (lambda m, d: m.transform_items(d), ValueError, "a column for each of the 60 users .*got 40"),
    (lambda m, d: m.transform_users(d.toarray()), TypeError, "dense array: make it sparse"),
    (lambda m, d: m.transform_users(d, features=np.ones((60, 2))), ValueError, "no user features: give user_features"),
    (lambda m, d: m.recommend_for({1: np.nan}), ValueError, "item 1 of history is nan"),
    (lambda m, d: m.recommend_for({1: "a"}), TypeError, "history must map items to real numbers"),
    (lambda m, d: m.recommend_for({99: 1.0}), ValueError, r"history\[0\] = 99 is out of range"),
    (lambda m, d: m.recommend_for({1: 1e300}), ValueError, "item 1 of history: 1e.300 is too large"),
    (lambda m, d: m.recommend_for({1: 1.0}, n=0), ValueError, "n must be >= 1"),
    (lambda m, d: m.recommend_for({1: 1.0}, exclude_seen=1), TypeError, "exclude_seen must be True or False"),
    (lambda m, d: m.explain(60, 0), ValueError, "users = 60 is out of range"),
    (lambda m, d: m.explain(0, 0, n=0), ValueError, "n must be >= 1"),
    (lambda m, d: m.explain([0, 1], 0), ValueError, "one user and one item"),
]


@pytest.mark.parametrize("make", [explicit, implicit])
@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_queries(ratings, make, call, error, message):
    model = make().fit(ratings)
    with pytest.raises(error, match=message):
        call(model, ratings)


def test_bad_histories(ratings):
    with pytest.raises(TypeError, match=r"give \{item: rating\}, got list"):
        explicit().fit(ratings).recommend_for([1, 2])
    with pytest.raises(ValueError, match="history holds item 5 more than once"):
        implicit().fit(ratings).recommend_for([5, 1, 5])
    with pytest.raises(coals.NotFittedError):
        implicit().recommend_for([5])
    with pytest.raises(ValueError, match=r"features must have shape \(1, p\)"):
        implicit().fit(ratings, user_features=USER_FEATURES).recommend_for([5], features=np.ones((2, 6)))
    with pytest.raises(ValueError, match="features must have 6 columns, as in fit, got 2"):
        implicit().fit(ratings, user_features=USER_FEATURES).recommend_for([5], features=np.ones((1, 2)))


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_parameters_set_after_fit_wait_for_the_next_fit(ratings, model):
    fitted = model(factors=3, iterations=2, random_state=0).fit(ratings)

    def answers():
        rows = fitted.transform_items(ratings.T[:4])
        parts = rows if isinstance(rows, tuple) else (rows,)
        scores = fitted.recommend_for({20: 2.0, 30: 3.0}, n=5).scores
        return np.hstack([np.ravel(part) for part in (*parts, scores, fitted.explain(3, 1).score)])

    before = answers()
    fitted.set_params(regularization=1e4, **({"biases": False} if model is coals.ExplicitALS else {"alpha": 50.0}))
    assert_array_equal(answers(), before)


def test_errors_of_a_history_call_it_so(ratings):
    model = coals.ItemKNN().fit(ratings)
    with pytest.raises(TypeError, match="history must be an integer or a 1-D sequence"):
        model.recommend_for(iter([1, 2]))
    with pytest.raises(ValueError, match=r"^item 1 of history: 1e\+300 is too .*, or use dtype='float64'$"):
        coals.EASE().fit(ratings).recommend_for({1: 1e300})
    named = coals.ItemKNN().fit(coals.Interactions.from_matrix(ratings, item_ids=[f"b{k}" for k in range(40)]))
    with pytest.raises(TypeError, match="history must be"):
        named.recommend_for(iter(["b1", "b2"]))
