"""Somebody unseen, and new data: `recommend_for` and `partial_fit` of `ItemKNN` and `UserKNN`, held against a fit."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.ranking.filters import Filter
from coals.similarities import pair_counts
from conftest import random_ratings

MODELS = {"items": coals.ItemKNN, "users": coals.UserKNN}
both = pytest.mark.parametrize("axis", MODELS)
KINDS = pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"similarity": "jaccard", "scoring": "mean", "neighbors": 6},
        {"similarity": "log_likelihood", "scoring": "normalized", "min_overlap": 2, "neighbors": None},
        {"similarity": "npmi", "shrinkage": 3, "min_support": 4, "dtype": "float64", "threshold": 0},
        {"scoring": "rating", "neighbors": 9},
        {"weighted": True},
        {"similarity": "pearson", "scoring": "rating", "used_neighbors": 3},
        {"similarity": "adjusted_cosine", "scoring": "rating"},
    ],
    ids=["plain", "jaccard", "llr", "npmi", "rating", "weighted", "pearson", "adjusted"],
)


def same_bits(one, two):
    assert one.user_index_.same_as(two.user_index_)
    assert one.item_index_.same_as(two.item_index_)
    for ours, theirs in zip(one._similarity_.to_arrays(), two._similarity_.to_arrays(), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    everyone = np.arange(one.n_users_)
    for ours, theirs in zip(*(m.recommend_indices(everyone, 7) for m in (one, two)), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    pairs = np.repeat(everyone, 3) % one.n_users_, np.arange(3 * len(everyone)) % one.n_items_
    assert one.predict(*pairs).tobytes() == two.predict(*pairs).tobytes()
    assert one.predicts_ratings == two.predicts_ratings


# --- somebody unseen ---


@both
@KINDS
def test_someone_new_gets_what_a_fit_that_knew_them_would_give(ratings, axis, parameters):
    """Items alike stay as they are; users alike are looked for as if the new one had been there."""
    known, new = ratings[:50], ratings[[50]]
    model = MODELS[axis](**parameters).fit(known)
    asked = dict(zip(new.indices.tolist(), new.data.tolist(), strict=True))
    found = model.recommend_for(asked, n=6)
    if axis == "users":
        together = MODELS[axis](**parameters).fit(ratings[:51])
        expected = together.recommend(50, n=6)
    else:
        twin = MODELS[axis](**parameters).fit(known)
        twin._seen_ = coals.data.native.with_values(coals.Interactions.from_matrix(new), "float64")
        twin._scores_ = twin._scores_.asked_by(*twin._unseen(twin._seen_))
        expected = coals.Recommendations(*twin._top_n(np.array([0]), 6, Filter(twin._seen_)))
    assert_array_equal(found.ids, expected.ids)
    assert_allclose(found.scores, expected.scores, rtol=1e-12)
    assert found.counts[0] > 0
    assert not np.isin(found.ids, new.indices).any()


@KINDS
def test_a_training_history_gets_the_lists_of_its_user(ratings, parameters):
    model = coals.ItemKNN(**parameters).fit(ratings)
    for exclude_seen in (True, False):
        theirs = model.recommend(np.arange(60), n=5, exclude_seen=exclude_seen)
        ours = model.recommend_for(ratings, n=5, exclude_seen=exclude_seen)
        for one, two in zip((ours.ids, ours.scores, ours.counts), (theirs.ids, theirs.scores, theirs.counts)):  # noqa: B905
            assert_array_equal(one, two)


@both
@KINDS
def test_many_histories_are_answered_one_by_one(ratings, axis, parameters):
    model = MODELS[axis](**parameters).fit(ratings[:40])
    together = model.recommend_for(ratings[40:], n=5)
    for row in range(20):
        alone = model.recommend_for(ratings[[40 + row]], n=5)
        assert_array_equal(together.ids[row], alone.ids[0])
        assert_array_equal(together.scores[row], alone.scores[0])


@both
def test_histories_come_in_many_forms(axis):
    data = coals.Interactions.from_arrays(["a", "a", "b", "b", "c"], ["x", "y", "y", "z", "z"], [1.0, 2, 3, 4, 5])
    model = MODELS[axis]().fit(data)
    expected = model.recommend_for({"y": 1.0}, n=2).ids
    assert set(expected[0]) == {"x", "z"}
    for history in (["y"], "y", {"y": 7}, coals.Interactions.from_arrays(["new"], ["y"])):
        assert_array_equal(model.recommend_for(history, n=2).ids, expected)
    assert model.recommend_for([], n=2).counts.tolist() == [0]
    with pytest.raises(ValueError, match="unknown item id 'w'"):
        model.recommend_for(["w"])
    rates = MODELS[axis](scoring="rating").fit(data)
    assert rates.recommend_for({}, n=2).counts.tolist() == [0]
    assert rates.recommend_for([], n=2).counts.tolist() == [0]
    with pytest.raises(TypeError, match="history must tell what the items were rated"):
        rates.recommend_for(["y"])
    with pytest.raises(ValueError, match="n must be >= 1"):
        model.recommend_for(["y"], n=0)


def test_parameters_set_later_do_not_change_what_was_fitted(ratings):
    model = coals.UserKNN(neighbors=5).fit(ratings)
    before = model.recommend_for([1, 2, 3]).scores
    model.set_params(neighbors=1, similarity="jaccard", scoring="rating")
    assert_array_equal(model.recommend_for([1, 2, 3]).scores, before)
    assert_array_equal(model.recommend(0).ids, coals.UserKNN(neighbors=5).fit(ratings).recommend(0).ids)


# --- new data ---


def pieces(seed=5):
    """A matrix, then changes to it: new rows and columns, old rows with more entries, and new values of old pairs."""
    whole = random_ratings(70, 45, 0.2, seed).toarray()
    first = whole[:50, :38].copy()
    first[:, 20], first[9] = 0, 0
    rng = np.random.default_rng(seed)
    yield sp.csr_array(first)
    second = np.where(rng.random(whole.shape) < 0.5, whole, 0)[:65]
    second[10:40] = 0
    yield sp.csr_array(second)
    third = np.zeros((70, 45))
    third[[3, 9, 69]] = 6 - whole[[3, 9, 69]]
    yield sp.csr_array(third)


def merged(parts):
    shape = np.max([part.shape for part in parts], axis=0)
    out = np.zeros(shape)
    for part in parts:
        dense = part.toarray()
        inner = out[: dense.shape[0], : dense.shape[1]]
        inner[dense != 0] = dense[dense != 0]
    return sp.csr_array(out)


@both
@KINDS
@pytest.mark.parametrize("keep_counts", [False, True])
def test_partial_fit_is_a_fit_to_all_the_data(axis, parameters, keep_counts):
    by_counts = not ({"weighted"} & set(parameters)) and parameters.get("similarity") not in (
        "pearson",
        "adjusted_cosine",
    )
    parts = list(pieces())
    model = MODELS[axis](keep_counts=keep_counts and by_counts, **parameters).fit(parts[0])
    for end in (2, 3):
        assert model.partial_fit(parts[end - 1]) is model
        same_bits(model, MODELS[axis](**parameters).fit(merged(parts[:end])))
    if parameters.get("scoring") == "rating":
        mean = {"items": "item_mean_", "users": "user_mean_"}[axis]
        again = MODELS[axis](**parameters).fit(merged(parts))
        assert_array_equal(getattr(model, mean), getattr(again, mean))
        assert model.rating_range_ == again.rating_range_


@both
def test_only_what_has_changed_is_counted_again(ratings, axis, monkeypatch):
    counted = []
    cooccurrence = pair_counts.cooccurrence

    def watched(matrix, **options):
        counted.append(matrix.nnz)
        return cooccurrence(matrix, **options)

    monkeypatch.setattr(pair_counts, "cooccurrence", watched)
    model = MODELS[axis](keep_counts=True).fit(ratings)
    assert counted == [ratings.nnz]
    model.partial_fit(sp.csr_array(([1.0], ([7], [5])), shape=ratings.shape))  # user 7 had nothing
    grown = 1 if axis == "items" else int((ratings.toarray()[:, 5] != 0).sum())
    assert sum(counted[1:]) == (1 if axis == "items" else 2 * grown + 1)
    same = sp.csr_array(([5.0], ([0], [ratings.indices[0]])), shape=ratings.shape)
    before = model._counts_.copy()
    model.partial_fit(same)  # a value, not a pair
    assert (before != model._counts_).nnz == 0


@both
def test_new_ids_come_after_the_old_ones(axis):
    data = coals.Interactions.from_arrays(["m", "m", "n", "n"], ["q", "r", "q", "s"])
    model = MODELS[axis](similarity="count").fit(data)
    model.partial_fit(coals.Interactions.from_arrays(["a", "a", "m"], ["p", "q", "s"]))
    assert model.user_index_.ids.tolist() == ["m", "n", "a"]
    assert model.item_index_.ids.tolist() == ["q", "r", "s", "p"]
    dense = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 0, 0, 1]])
    counts = dense.T @ dense if axis == "items" else dense @ dense.T
    np.fill_diagonal(counts, 0)
    assert_array_equal(model.similarity_.toarray(), counts)
    with pytest.raises(TypeError, match="X has user ids and the model has none"):
        MODELS[axis]().fit(sp.csr_array(np.eye(2))).partial_fit(data)


@both
def test_a_failed_partial_fit_leaves_the_model_as_it_was(ratings, axis, monkeypatch):
    model = MODELS[axis]().fit(ratings)
    before = model.recommend(np.arange(60)).scores

    def fail(*_):
        raise RuntimeError("enough")

    monkeypatch.setattr(type(model), "_scores_of", fail)
    with pytest.raises(RuntimeError, match="enough"):
        model.partial_fit(sp.csr_array(np.ones((80, 50))))
    monkeypatch.undo()
    assert model.n_users_ == 60
    assert_array_equal(model.recommend(np.arange(60)).scores, before)
    with pytest.raises(TypeError, match="dense array"):
        model.partial_fit(np.ones((60, 40)))
    model.recommend(0)


@both
def test_partial_fit_takes_the_parameters_of_today(ratings, axis):
    model = MODELS[axis]().fit(ratings[:50]).set_params(similarity="jaccard", neighbors=3)
    same_bits(model.partial_fit(ratings), MODELS[axis](similarity="jaccard", neighbors=3).fit(ratings))
    with pytest.raises(ValueError, match=r"needs values that fit did not keep, for \{'similarity': 'pearson'\}: fit"):
        model.set_params(similarity="pearson").partial_fit(ratings)
    model = MODELS[axis](scoring="rating").fit(ratings).set_params(scoring="sum").partial_fit(ratings)
    assert not hasattr(model, "global_mean_")
    same_bits(MODELS[axis]().partial_fit(ratings), MODELS[axis]().fit(ratings))


def test_cooccurrence_is_updated_too(ratings):
    model = coals.ItemCooccurrence(neighbors=4).fit(ratings[:30]).partial_fit(ratings)
    same_bits(model, coals.ItemCooccurrence(neighbors=4).fit(ratings))
