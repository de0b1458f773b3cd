"""Scores and lists of `ItemKNN` and `UserKNN` against loops over every pair."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.ranking.filters import Filter
from coals.ranking.neighbor_scores import NeighborScores
from coals.reference import neighbors as reference
from coals.reference.topk import top_k
from conftest import random_ratings

MODELS = {"items": coals.ItemKNN, "users": coals.UserKNN}
both = pytest.mark.parametrize("axis", MODELS)
SIGNED = {"similarity": "pearson", "dtype": "float64"}


def scores_of(model, shape):
    users, items = np.indices(shape)
    return model.predict(users.ravel(), items.ravel()).reshape(shape)


def expected_scores(axis, data, model):
    """By the model's own similarities: those have tests of their own."""
    similarities = model.similarity_.toarray().astype(np.float64)
    if model.scoring == "rating":
        return {"items": reference.item_ratings, "users": reference.user_ratings}[axis](
            data, similarities, model.used_neighbors
        )
    scores = {"items": reference.item_scores, "users": reference.user_scores}[axis]
    return scores(data, similarities, model.scoring, model.weighted)


def check_model(axis, data, **parameters):
    """Pairs equal the reference, lists equal sorting all pairs."""
    model = MODELS[axis](**parameters).fit(data)
    expected = expected_scores(axis, data, model)
    found = scores_of(model, data.shape)
    assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    supported = support(axis, data, model)
    for exclude_seen in (True, False):
        allowed = supported & ~(entries(data) & exclude_seen)
        ids, scores, counts = model.recommend_indices(np.arange(data.shape[0]), 4, exclude_seen)
        wanted_ids, wanted, wanted_counts = top_k(np.round(found, 10), 4, allowed)
        assert_array_equal(counts, wanted_counts)
        assert_allclose(scores, wanted, rtol=1e-9, atol=1e-9)
        for u in range(len(ids)):
            listed = ids[u, : counts[u]]
            assert allowed[u, listed].all()
            assert_allclose(found[u, listed], scores[u, : counts[u]], rtol=1e-12, atol=1e-13)
            rounded = np.round(found[u, allowed[u]], 9)
            if len(set(rounded)) == len(rounded):
                assert_array_equal(listed, wanted_ids[u, : counts[u]])
    return model


def entries(data):
    out = np.zeros(data.shape, bool)
    coo = data.tocoo()
    out[coo.row, coo.col] = True
    return out


def support(axis, data, model):
    """Whether a neighbor speaks for the item."""
    neighbors = model.similarity_.toarray() != 0
    drops_zeros = model.weighted and model.scoring != "rating"
    has = entries(data) & ((data.toarray() != 0) | (not drops_zeros))
    if axis == "users":
        return neighbors.astype(int) @ has > 0
    pull = model.scoring in ("normalized", "rating")
    return has.astype(int) @ (neighbors.T if pull else neighbors) > 0


@both
@pytest.mark.parametrize("scoring", ["sum", "mean", "normalized", "rating"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "other",
    [{}, {"neighbors": 5}, {"neighbors": None, "dtype": "float64"}, {**SIGNED, "neighbors": 8}],
    ids=["plain", "cut", "all", "signed"],
)
def test_scores_and_lists_equal_the_reference(ratings, axis, scoring, weighted, other):
    check_model(axis, ratings, scoring=scoring, weighted=weighted, **other)


@both
@pytest.mark.parametrize("used", [1, 2, 7, 1000])
@pytest.mark.parametrize("similarity", ["cosine", "pearson", "count"])
def test_ratings_by_the_most_similar_that_are_there(ratings, axis, used, similarity):
    check_model(axis, ratings, scoring="rating", used_neighbors=used, similarity=similarity, neighbors=20)


@settings(max_examples=60, deadline=None)
@given(
    users=st.integers(1, 9), items=st.integers(1, 9), density=st.floats(0.1, 1), seed=st.integers(0, 999),
    axis=st.sampled_from(["items", "users"]), neighbors=st.sampled_from([None, 1, 3]), weighted=st.booleans(),
    scoring=st.sampled_from(["sum", "mean", "normalized", "rating"]), used=st.sampled_from([None, 1, 2]),
    similarity=st.sampled_from(["cosine", "jaccard", "pearson", "centered_cosine"]), zeros=st.booleans(),
)  # fmt: skip
def test_any_small_matrix(users, items, density, seed, zeros, used, axis, **parameters):
    data = random_ratings(users, items, density, seed)
    if data.nnz == 0:
        return
    if zeros:
        data.data[data.data == 3] = 0  # stored, and a rating like any other
    parameters["used_neighbors"] = used if parameters["scoring"] == "rating" else None
    if parameters["weighted"] and parameters["similarity"] == "cosine" and not data.data.any():
        return
    check_model(axis, data, dtype="float64", **parameters)


def test_a_rating_worked_out_by_hand():
    """Common raters of x and z are ann and bob, so that s_xz = -1 = s_yz, and s_xy = 1."""
    data = sp.csr_array(np.array([[5.0, 4.0, 1.0], [3.0, 2.0, 5.0], [4.0, 3.0, 0.0]]))
    model = coals.ItemKNN(similarity="pearson", scoring="rating", dtype="float64").fit(data)
    assert_allclose(model.similarity_.toarray(), [[0, 1, -1], [1, 0, -1], [-1, -1, 0]], rtol=1e-12)
    assert_allclose(model.item_mean_, [4, 3, 3])
    # Both neighbors of z were rated at their means.
    assert model.predict(2, 2) == pytest.approx(3.0)
    # x from ann's y (one above its mean) and z (two below its mean): 4 + (1 * 1 + -1 * -2) / 2.
    assert model.predict(0, 0) == pytest.approx(5.5)
    assert model.predict(0, 0, clip=True) == 5.0
    assert model.predict(0, 0, clip=(0, 4.5)) == 4.5
    best = coals.ItemKNN(similarity="pearson", scoring="rating", used_neighbors=1).fit(data)
    assert best.predict(0, 0) == pytest.approx(5.0)  # y alone: -1 is less than 1


def test_ties_among_used_neighbors_go_to_the_lower_index():
    """Three items alike for item 3; the first two of those that are rated count."""
    data = sp.csr_array(np.array([[1.0, 2, 5, 3], [3.0, 4, 1, 5], [2.0, 0, 4, 0]]))
    model = coals.ItemKNN(similarity="count", scoring="rating", used_neighbors=2, neighbors=3).fit(data)
    assert model.similarity_.toarray()[3].tolist() == [2, 2, 2, 0]
    means = data.toarray().sum(axis=0) / [3, 2, 3, 2]
    expected = means[3] + ((1 - means[0]) + (2 - means[1])) / 2
    assert model.predict(0, 3) == pytest.approx(expected)
    ids, scores, _ = model.recommend_indices(np.array([0]), 4, False)
    assert scores[0, ids[0].tolist().index(3)] == pytest.approx(expected)


def test_sums_of_both_signs_that_cancel_are_still_candidates():
    """Two neighbors of equal and opposite similarity: the sum is 0, and touched again it is not taken for new."""
    similarity = sp.csr_array(np.array([[0, 0, 0.5], [0, 0, -0.5], [0.5, -0.5, 0]]))
    native = _core.Csr(similarity.indptr, similarity.indices, similarity.data, 3, "float64")
    queries = _core.Csr(np.array([0, 2]), np.array([0, 1], np.int32), None, 3, "float64")
    ids, scores, counts = NeighborScores(queries, native).top_n(np.array([0]), 3, Filter(), 1)
    assert counts[0] == 1
    assert (ids[0, 0], scores[0, 0]) == (2, 0.0)


@both
def test_who_has_no_neighbor_falls_back_to_the_mean(axis):
    data = sp.csr_array(np.array([[5.0, 4, 0, 0], [4.0, 5, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 0]]))
    model = MODELS[axis](scoring="rating").fit(data)
    overall = data.data.mean()
    assert model.global_mean_ == pytest.approx(overall)
    assert model.rating_range_ == (1.0, 5.0)
    found = scores_of(model, (4, 4))
    means = [4.5, 4.5, 1.0, overall]
    assert_allclose(found[3], means if axis == "items" else overall)
    assert_allclose(found[:, 3], overall if axis == "items" else means)
    assert found[0, 2] == pytest.approx(1.0 if axis == "items" else 4.5)
    assert_array_equal(model.recommend(np.arange(4)).counts, 0)  # nothing new has a neighbor to speak for it


@both
@pytest.mark.parametrize("scoring", ["sum", "mean", "normalized", "rating"])
def test_explanations_add_up_to_the_prediction(ratings, axis, scoring):
    used = 3 if scoring == "rating" else None
    model = MODELS[axis](scoring=scoring, used_neighbors=used, weighted=True, **SIGNED).fit(ratings)
    neighbors, data = model.similarity_.toarray(), ratings.toarray()
    for user, item in [(0, 1), (3, 17), (59, 39), (7, 2), (4, 11)]:
        why = model.explain(user, item)
        assert why.score == pytest.approx(why.baseline + why.contributions.sum())
        assert why.score == pytest.approx(model.predict(user, item)[0], rel=1e-12)
        assert (np.diff(np.abs(why.contributions)) <= 0).all()
        for one in why.ids:
            assert data[user, one] if axis == "items" else data[one, item]
            assert (neighbors[item, one] if axis == "items" else neighbors[user, one]) != 0
        cut = model.explain(user, item, n=2)
        assert_array_equal(cut.ids, why.ids[:2])
        assert cut.score == why.score


def test_similar_users_are_the_rows_of_the_similarity(ratings):
    named = coals.Interactions.from_matrix(ratings, user_ids=[f"u{i}" for i in range(60)])
    model = coals.UserKNN(similarity="jaccard").fit(named)
    dense = model.similarity_.toarray()
    ids, scores = model.similar_users(["u3", "u7"], n=4)
    best = np.argsort(-dense[3], kind="stable")[:4]
    assert ids.tolist() == [[f"u{i}" for i in best], [None] * 4]
    assert_allclose(scores[0], dense[3, best], rtol=1e-7)
    assert not hasattr(model, "similar_items")
    assert model.similar_users("u3", n=100).ids.shape == (1, 100)


def test_similar_items_may_be_unlike():
    data = sp.csr_array(np.array([[5.0, 1.0], [1.0, 5.0], [3.0, 3.0]]))
    ids, scores = coals.ItemKNN(similarity="pearson").fit(data).similar_items(0, n=1)
    assert (ids[0, 0], scores[0, 0]) == (1, -1)


def test_the_mean_jaccard_of_the_tutorials_is_the_default(ratings):
    model = coals.ItemCooccurrence().fit(ratings)
    same = coals.ItemKNN(similarity="jaccard", neighbors=None, scoring="mean", dtype="float64").fit(ratings)
    for mine, theirs in zip(model.recommend(np.arange(60)), same.recommend(np.arange(60)), strict=True):
        assert_array_equal(mine, theirs)
    assert not model.predicts_ratings


@pytest.mark.filterwarnings("ignore:.*test ratings are in its training data")
def test_only_models_of_ratings_predict_ratings(ratings):
    scores, rates = coals.ItemKNN().fit(ratings), coals.ItemKNN(scoring="rating").fit(ratings)
    assert (scores.predicts_ratings, rates.predicts_ratings) == (False, True)
    assert np.isnan(coals.evaluate(scores, ratings, "rmse").mean["ItemKNN"]["rmse"])
    assert coals.evaluate(rates, ratings, "rmse").mean["ItemKNN"]["rmse"] < 2
    rates.set_params(scoring="sum")  # takes effect at the next fit
    assert rates.predicts_ratings
    assert not rates.fit(ratings).predicts_ratings


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"similarity": "pearsons"}, "similarity must be one of 'count'"),
        ({"scoring": "max"}, "scoring must be one of 'sum', 'mean', 'normalized', 'rating', got 'max'"),
        ({"neighbors": 0}, "neighbors must be >= 1"),
        ({"used_neighbors": 3}, "used_neighbors goes with scoring='rating', got scoring='sum'"),
        ({"used_neighbors": 0, "scoring": "rating"}, "used_neighbors must be >= 1"),
        ({"keep_counts": True, "similarity": "pearson"}, "keep_counts goes with similarities by counts"),
        ({"keep_counts": True, "weighted": True}, "keep_counts goes with similarities by counts"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"threshold": np.nan}, "threshold must be a finite number"),
        ({"memory_limit": 0}, "memory_limit must be >= 1"),
        ({"shrinkage": -1}, "shrinkage must be >= 0"),
    ],
)
@both
def test_bad_parameters(axis, parameters, message):
    with pytest.raises(ValueError, match=message):
        MODELS[axis](**parameters)


def test_bad_questions(ratings):
    model = coals.ItemKNN().fit(ratings)
    with pytest.raises(ValueError, match="unless scoring='rating'"):
        model.predict(0, 0, clip=True)
    with pytest.raises(ValueError, match="explain takes one user and one item, got 2 and 1"):
        model.explain([0, 1], 0)
    for user in ({0: 5.0}, {0, 1}, ratings[[0]]):
        with pytest.raises(TypeError, match="explain takes the id of one user that the model was fitted with, got"):
            model.explain(user, 0)
    with pytest.raises(TypeError, match="explain takes the id of one item that the model was fitted with, got dict"):
        model.explain(0, {1: 2.0})
    with pytest.raises(coals.NotFittedError):
        _ = coals.ItemKNN().similarity_
    with pytest.raises(ValueError, match=r"user 0, item 5: 1e.200 is too large"):
        coals.ItemKNN(scoring="rating").fit(sp.csr_array(([1e200], ([0], [5])), shape=(2, 6)))


@both
def test_histories_that_are_none(ratings, axis):
    model = MODELS[axis]().fit(ratings)
    with pytest.raises(ValueError, match=r"got shape \(40,\): X\[\[u\]\] is row u with both dimensions"):
        model.recommend_for(ratings[0])
    for history, kind in ((None, "NoneType"), (ratings[[0]].toarray(), r"an array of shape \(1, 40\)")):
        with pytest.raises(TypeError, match=f"history must be {{item: value}}, item ids, .* got {kind}"):
            model.recommend_for(history)
    with pytest.raises(TypeError, match=r"history must be .* got Events"):
        model.recommend_for(coals.Events.from_arrays(["g"], ["a"]))


def test_ratings_off_the_scale_give_scores_off_it(ratings):
    """As documented: nothing is clipped but on request."""
    model = coals.ItemKNN(similarity="pearson", scoring="rating").fit(ratings)
    wild = model.recommend_for({0: 1000.0, 1: -1000.0, 2: 5.0}, n=40)
    assert np.nanmax(np.abs(wild.scores)) > 100
    kept = np.clip(wild.scores, *model.rating_range_)
    assert (np.nanmin(kept), np.nanmax(kept)) == model.rating_range_
