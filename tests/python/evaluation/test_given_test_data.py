"""Test data that come from elsewhere, matched by id; and data whose values would mean little."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals

TRAIN = coals.Interactions.from_arrays(list("aaabbccc"), list("xyzxyxzw"))


def of(users, items, values=None):
    return coals.Interactions.from_arrays(list(users), list(items), values)


def test_users_and_items_are_matched_by_id_in_any_order():
    model = coals.Popularity().fit(TRAIN)  # by hand: x 3, y 2, z 2, w 1
    found = coals.evaluate(model, of("bas", "zwx"), ["recall@1", "recall@2"])
    assert dict(zip(found.users.tolist(), found.per_user["Popularity"]["recall@1"].tolist(), strict=True)) == {
        "a": 1.0,
        "b": 1.0,
    }
    assert (found.evaluated_users, found.unknown_users) == (2, 1)
    assert "1 users unknown (left out)" in str(found)


def test_a_given_test_set_is_worth_what_a_split_is():
    data = coals.datasets.goodbooks()
    train, test = coals.split.random(data, test_fraction=0.2, random_state=0)
    rows = np.repeat(np.arange(test.n_users), np.diff(test.matrix.indptr))
    order = np.random.default_rng(0).permutation(test.nnz)
    users, items = test.users.decode(rows[order]), test.items.decode(test.matrix.indices[order])
    elsewhere = coals.Interactions.from_arrays(users, items, test.matrix.data[order])
    assert elsewhere.shape != test.shape
    models = {
        "knn": coals.ItemKNN().fit(train),
        "als": coals.ExplicitALS(factors=2, iterations=1, random_state=0).fit(train),
    }
    metrics = ["ndcg@10", "recall@5", "novelty@5", "diversity@5", "coverage@10", "auc@20", "rmse"]
    one, other = (coals.evaluate(models, part, metrics) for part in (test, elsewhere))
    assert_array_equal(one.users, other.users)
    for name in models:
        for metric in metrics:
            assert other.mean[name][metric] == pytest.approx(one.mean[name][metric], rel=1e-12, nan_ok=True)


def test_unknown_items_stay_relevant_and_are_missed():
    model = coals.Popularity().fit(TRAIN)
    found = coals.evaluate(model, of("aab", ["w", "new", "z"]), ["recall@4", "ndcg@1"])
    assert found.per_user["Popularity"]["recall@4"].tolist() == [0.5, 1.0]
    assert "Popularity: 1 of 3 relevant test pairs have an item unknown to it (missed)" in found.notes


def test_what_unknown_means_for_lists_and_for_ratings():
    model = coals.Popularity().fit(TRAIN)
    test = of("as", ["w", "y"])
    for metrics, value, listed in (("ndcg@5", "mean", "popular"), ("rmse", "popular", "mean")):
        with pytest.raises(ValueError, match=f"unknown={value!r} has a meaning only .*'raise', 'skip', {listed!r}"):
            coals.evaluate(model, test, metrics, unknown=value)
    with pytest.raises(ValueError, match="1 of 2 users of test are unknown to model 'Popularity', 's' for one"):
        coals.evaluate(model, test, "recall@1", unknown="raise")
    found = coals.evaluate(model, test, ["recall@2"], unknown="popular")
    assert found.users.tolist() == ["a", "s"]
    assert found.mean["Popularity"]["recall@2"] == 1.0  # y is second among all
    curve = coals.precision_recall_curve(model, test, [2], unknown="popular")
    assert curve["Popularity"].recall.tolist() == [1.0]


def test_errors_are_over_the_pairs_that_all_models_know():
    ratings = of("aabbcc", "xyxzyz", [5, 1, 4, 2, 1, 3.0])
    known = coals.ItemKNN(scoring="rating").fit(ratings)
    test = of("asbs", ["z", "x", "new", "new"], [3.0, 5.0, 1.0, 1.0])
    found = coals.evaluate(known, test, ["mae"])
    assert found.mean["ItemKNN"]["mae"] == pytest.approx(abs(known.predict("a", "z")[0] - 3))
    guessed = known.predict(["a", "s", "b", "s"], ["z", "x", "new", "new"], unknown="mean")
    found = coals.evaluate(known, test, ["mae"], unknown="mean")
    assert found.mean["ItemKNN"]["mae"] == pytest.approx(np.abs(guessed - [3, 5, 1, 1]).mean())


@pytest.mark.parametrize("users", [[7, 8], ["p", "q"]], ids=["integers", "strings"])
def test_nobody_known_is_an_error_that_shows_both_kinds_of_id(users):
    with pytest.raises(ValueError, match=r"no user of test is known to all models.*such as .* such as 'a' \(str\)"):
        coals.evaluate(coals.Popularity().fit(TRAIN), of(users, "xy"), "recall@1")


def test_no_item_known_is_warned_of():
    with pytest.warns(UserWarning, match="knows none of the items of test"):
        found = coals.evaluate(coals.Popularity().fit(TRAIN), of("ab", ["X", "Y"]), "recall@1")
    assert found.mean["Popularity"]["recall@1"] == 0


def test_pairs_that_were_in_training_are_counted():
    model = coals.ItemKNN().fit(TRAIN)
    doubt = r"ItemKNN: 2 of 3 relevant test pairs are in its training data, too.*exclude_seen=False"
    test = of("aab", "xwx")
    with pytest.warns(UserWarning, match=doubt):
        found = coals.evaluate(model, test, "recall@2")
    assert "2 of 3 relevant test pairs" in str(found)
    with pytest.warns(UserWarning, match=doubt):
        coals.precision_recall_curve(model, test, [1])
    coals.evaluate(model, test, "recall@2", exclude_seen=False)  # no warning, which would be an error
    coals.evaluate(model, of("ab", "wz"), "recall@2")
    rated = coals.ExplicitALS(factors=1, random_state=0).fit(TRAIN)
    with pytest.warns(UserWarning, match="2 of 3 test ratings are in its training data"):
        coals.evaluate(rated, test, "rmse")


def test_lists_without_any_item_are_noted():
    model = coals.ItemKNN(min_support=100).fit(TRAIN)
    assert coals.evaluate(model, of("ab", "wz"), "recall@2").notes == (
        "ItemKNN recommended nothing to any user evaluated",
    )


def test_histories_and_held_out_items_are_matched_by_id():
    model = coals.ItemKNN().fit(TRAIN)
    history, held_out = of("mmnno", ["x", "new", "y", "z", "x"]), of("onmp", ["y", "x", "z", "x"])
    found = coals.evaluate_fold_in(model, history, held_out, "recall@3")
    assert (found.users.tolist(), found.unknown_users) == (["m", "n", "o"], 1)
    for user, kept in (("m", {"x": 1}), ("n", {"y": 1, "z": 1}), ("o", {"x": 1})):
        listed = model.recommend_for(kept, 3).ids[0].tolist()
        wanted = {"m": "z", "n": "x", "o": "y"}[user]
        value = found.per_user["ItemKNN"]["recall@3"][found.users.tolist().index(user)]
        assert value == (wanted in listed)
    with pytest.raises(ValueError, match="history has items that model 'ItemKNN' does not know, 'new' for one"):
        coals.evaluate_fold_in(model, history, held_out, "recall@3", unknown="raise")
    with pytest.warns(UserWarning, match="1 of 1 relevant test pairs are in its training data"):
        coals.evaluate_fold_in(model, history, of("m", "x"), "recall@3")


@pytest.mark.parametrize("batch_size", [None, 7])
def test_long_ties_take_no_more_memory_than_a_batch(batch_size):
    rng = np.random.default_rng(1)
    n_users, n_items = 600, 4000
    owner = rng.permutation(np.arange(n_items) % n_users)
    train = sp.csr_array((np.ones(n_items), (owner, np.arange(n_items))), shape=(n_users, n_items))
    wanted = (owner[rng.integers(0, n_items, n_users)] + 1) % n_users  # some item of each user's neighbor
    items = np.array([np.flatnonzero(owner == user)[0] for user in wanted])
    kept = items[(owner[items] != np.arange(n_users))]
    users = np.arange(n_users)[owner[items] != np.arange(n_users)]
    test = sp.csr_array((np.ones(len(users)), (users, kept)), shape=(n_users, n_items))
    model = coals.Popularity().fit(train)
    tracemalloc.start()
    found = coals.evaluate(model, test, ["recall@10", "ndcg@3"], ties="expected", batch_size=batch_size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # whole lists would take 77 MB, before copies
    own = np.diff(train.indptr)[users]
    assert found.per_user["Popularity"]["recall@10"] == pytest.approx(10 / (n_items - own))
