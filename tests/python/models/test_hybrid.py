"""Hybrids of models whose lists are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.ranking.list_blocks import blended
from coals.ranking.recommendations import TopN
from coals.reference.topk import top_k

# Users 0 and 1 have nothing in common. Popularity: item 0 has 3 users, items 1, 2 have 2, item 3 has 1.
PLAYS = sp.csr_array(np.array([[1, 0, 0, 1], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]))


def models():
    return {"knn": coals.ItemKNN(similarity="count"), "popular": coals.Popularity()}


def test_weighted_by_hand():
    """User 0 has items 0 and 3, which go with: 1 and 2 (two times with 0), 0 and 3 (once, each with the other).

    So knn's list is 1, 2 with 2 and 0, 3 with 1: z = 1, 1, 0, 0. Popularity lists 3, 2, 2, 1: z = 1, 1/2, 1/2, 0.
    With weights 2 and 3, items 1 and 2 get 2 + 3/2.
    """
    model = coals.Hybrid(models=models(), weights={"knn": 2, "popular": 3}).fit(PLAYS)
    assert_allclose(model.predict(0, np.arange(4)), [3, 3.5, 3.5, 0])
    ids, scores = model.recommend(0, n=3)
    assert_array_equal(ids, [[1, 2, -1]])
    assert_allclose(scores, [[3.5, 3.5, np.nan]])


def test_cascade_by_hand():
    """One item counts besides the two of user 0: three. In knn items 0 and 3 score alike, so 0 comes in, at the end: 2.

    Item 3 is left to popularity, whose list also ends before it. For user 3, without items, popularity counts item 0
    alone; what fills the list comes after, from -4 + 1.
    """
    model = coals.Hybrid(models=models(), how="cascade", depth=1).fit(PLAYS)
    assert_allclose(model.predict(0, np.arange(4)), [2, 3, 3, 0])
    ids, scores = model.recommend(3, n=4)
    assert_array_equal(ids, [[0, 1, 2, 3]])
    assert_allclose(scores, [[1, -3, -3, -4]])


def test_switching_by_history():
    model = coals.Hybrid(models=models(), how="switching", min_history=3).fit(PLAYS)
    knn, popular = (own.fit(PLAYS) for own in models().values())
    for user, own in ((0, popular), (1, knn), (2, knn), (3, popular)):
        got, expected = model.recommend(user, n=4), own.recommend(user, n=4)
        assert_array_equal(got.ids, expected.ids)
        assert_allclose(got.scores, expected.scores)
        assert_allclose(model.predict(user, np.arange(4)), own.predict(user, np.arange(4)))
    together = model.recommend([0, 1, 2, 3], n=4)
    assert_array_equal(together.ids[1], knn.recommend(1, n=4).ids[0])


@pytest.mark.parametrize("how", ["weighted", "cascade", "switching"])
def test_someone_new_gets_the_list_of_someone_alike(ratings, how):
    parts = {"knn": coals.ItemKNN(), "ease": coals.EASE(regularization=5)}
    model = coals.Hybrid(models=parts, how=how, min_history=8).fit(ratings)
    own, new = model.recommend(np.arange(60), n=6), model.recommend_for(ratings, n=6)
    assert_array_equal(own.ids, new.ids)
    assert_allclose(own.scores, new.scores, rtol=1e-5)


@pytest.mark.parametrize("cascade", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
def test_blended_in_the_core_is_blended_and_sorted(cascade, threads):
    """Lists of few distinct scores, so that many tie; some empty, some of one item; one model that says nothing."""
    rng = np.random.default_rng(4)
    lists = []
    for depth in (7, 1, 12, 5):
        scores = -np.sort(-rng.integers(0, 4, (30, depth)), axis=1).astype(float)
        ids = np.argsort(rng.random((30, 20)), axis=1)[:, :depth].astype(np.int64)
        counts = rng.integers(0, depth + 1, 30)
        beyond = np.arange(depth) >= counts[:, None]
        ids[beyond], scores[beyond] = -1, np.nan
        lists.append(TopN(ids, scores, counts))
    weights = [0.7, 2.0, 0.0, 1.3]
    seen = sp.random_array((30, 20), density=0.3, rng=rng, format="csr")
    rows = _core.Csr(seen.indptr.astype(np.int64), seen.indices.astype(np.int32), None, 20, "float32")
    excluded = _core.TopKFilter(rows)
    found = _core.top_k_blended([tuple(part) for part in lists], weights, cascade, 20, excluded, 6, threads)
    scores = blended(lists, weights, cascade, 20)
    expected = top_k(np.where(scores > -np.inf, scores, 0), 6, (scores > -np.inf) & (seen.toarray() == 0))
    for got, wanted in zip(found, expected, strict=True):
        assert_array_equal(got, wanted)


def test_lists_for_the_core_are_checked():
    good = np.array([[0, 1]]), np.array([[2.0, 1.0]]), np.array([2])
    for at, bad, message in (
        (0, np.array([[0, 3]]), "ids: a list of query 0 holds an item"),
        (2, np.array([3]), "counts: that of query 0 is not from 0"),
    ):
        lists = [*good]
        lists[at] = bad
        with pytest.raises(ValueError, match=message):
            _core.top_k_blended([tuple(lists)], [1.0], False, 3, _core.TopKFilter(), 2, 1)
    with pytest.raises(ValueError, match="a weight for each list"):
        _core.top_k_blended([good], [], False, 3, _core.TopKFilter(), 2, 1)


def test_more_users_than_are_blended_together(ratings):
    data = sp.vstack([ratings] * 9).tocsr()
    model = coals.Hybrid(models=models()).fit(data)
    everyone = model.recommend(np.arange(540), n=5)
    assert_array_equal(everyone.ids[300:302], model.recommend([300, 301], n=5).ids)
    assert_allclose(
        model.predict([3, 533, 3], [1, 2, 3]), [model.predict(u, i)[0] for u, i in [(3, 1), (533, 2), (3, 3)]]
    )


def test_the_models_given_stay_as_they_are(ratings):
    given = models()
    coals.Hybrid(models=given).fit(ratings)
    assert not hasattr(given["knn"], "n_items_")


def goodbooks_halves():
    train, held_out = coals.split.random(coals.datasets.goodbooks(), test_fraction=0.2, random_state=0)
    return train, held_out.select(held_out.matrix.indptr.searchsorted(np.arange(held_out.nnz), side="right") <= 600)


def test_found_weights_are_at_least_as_good():
    train, few = goodbooks_halves()
    model = coals.Hybrid(models={"popular": coals.Popularity(), "knn": coals.ItemKNN()}).fit(train)
    before = coals.evaluate({"m": model}, few, ["ndcg@10"]).mean["m"]["ndcg@10"]
    model.search_weights(few, "ndcg@10", grid=(0.2, 5), refit=False)
    after = coals.evaluate({"m": model}, few, ["ndcg@10"]).mean["m"]["ndcg@10"]
    assert after >= before
    assert model.weights_ == {"popular": 1.0, "knn": 5.0}


def test_a_search_asks_each_model_once_for_each_list(monkeypatch):
    train, few = goodbooks_halves()
    model = coals.Hybrid(models={"popular": coals.Popularity(), "knn": coals.ItemKNN()}).fit(train)
    asked, top_n = [], coals.Popularity._top_n
    monkeypatch.setattr(
        coals.Popularity, "_top_n", lambda own, users, *rest: (asked.extend(users), top_n(own, users, *rest))[1]
    )
    model.search_weights(few, grid=(0.2, 1, 5), refit=False)
    assert len(asked) == len(set(asked)) == (np.diff(few.matrix.indptr) > 0).sum()


def test_a_search_fits_again_to_all_data():
    train, few = goodbooks_halves()
    parts = {"popular": coals.Popularity(), "knn": coals.ItemKNN()}
    model = coals.Hybrid(models=parts).fit(train).search_weights(few, grid=(0.2, 5))
    both = coals.Interactions.from_matrix(
        train.matrix + few.matrix, user_ids=train.users.ids, item_ids=train.items.ids, item_titles=train.item_titles
    )
    expected = coals.Hybrid(models=parts, weights=model.weights_).fit(both)
    users = train.users.ids[:300]
    got, wanted = model.recommend(users), expected.recommend(users)
    assert_array_equal(got.ids, wanted.ids)
    assert_array_equal(got.scores, wanted.scores)
    assert model.get_params()["weights"] is None


def test_a_search_without_training_data_says_so(ratings, tmp_path):
    train, held_out = coals.split.random(ratings, test_fraction=0.3, random_state=0)
    coals.Hybrid(models=models()).fit(train).save(tmp_path / "h.coals")
    loaded = coals.load(tmp_path / "h.coals")
    with pytest.raises(ValueError, match=r"refit=True needs the training data, .* give refit=False"):
        loaded.search_weights(held_out, "ndcg@2")
    loaded.search_weights(held_out, "ndcg@2", grid=(1,), refit=False)


# --- filters ---


def long_histories():
    """60 users and 300 items; a few users have nearly all."""
    rng = np.random.default_rng(5)
    share = np.concatenate([np.full(8, 0.9), np.full(52, 0.1)])
    return sp.csr_array((rng.random((60, 300)) < share[:, None]) * rng.integers(1, 6, (60, 300)).astype(float))


@pytest.mark.parametrize("how", ["weighted", "cascade", "switching"])
@pytest.mark.parametrize("depth", [3, 20])
def test_no_list_is_short_where_the_models_have_more(how, depth):
    data = long_histories()
    parts = {"popular": coals.Popularity(), "ease": coals.EASE(regularization=5)}
    model = coals.Hybrid(models=parts, how=how, depth=depth).fit(data)
    users, free = np.arange(60), 300 - np.diff(data.indptr)
    for n in (10, 50):
        assert_array_equal(model.recommend(users, n=n).counts, np.minimum(n, free))
        assert_array_equal(model.recommend_for(data, n=n).counts, np.minimum(n, free))
    assert_array_equal(model.recommend(users, n=10, items=np.arange(7, 300, 31), exclude_seen=False).counts, 10)


@pytest.mark.parametrize("filters", [{}, {"items": np.arange(0, 300, 9)}, {"exclude": np.arange(0, 300, 2)}], ids=str)
@pytest.mark.parametrize("name", ["popular", "knn", "ease"])
def test_all_weight_on_one_model_is_that_model(name, filters):
    """Lists shorter and longer than `depth`, for users with short and long histories."""
    data = long_histories()
    parts = {"popular": coals.Popularity(), "knn": coals.ItemKNN(), "ease": coals.EASE(regularization=5)}
    model = coals.Hybrid(models=parts, weights={m: float(m == name) for m in parts}, depth=5).fit(data)
    own, users = parts[name].fit(data), np.arange(60)
    for n in (4, 40):
        assert_array_equal(model.recommend(users, n=n, **filters).ids, own.recommend(users, n=n, **filters).ids)
        assert_array_equal(model.recommend_for(data, n=n).ids, own.recommend_for(data, n=n).ids)
    scores, theirs = model.recommend(0, n=40, **filters).scores[0], own.recommend(0, n=40, **filters).scores[0]
    known = np.isfinite(scores)
    assert_allclose(np.polyval(np.polyfit(theirs[known], scores[known], 1), theirs[known]), scores[known], atol=1e-6)


def test_items_that_fill_a_list_come_last_and_below_zero():
    """By weights 1 and 1 with depth 1: the best item of each model counts, others are at most 2 - 4 below."""
    data = long_histories()[8:]
    parts = {"popular": coals.Popularity(), "ease": coals.EASE(regularization=5)}
    model = coals.Hybrid(models=parts, depth=1).fit(data)
    ids, scores = model.recommend(np.arange(52), n=120)
    assert (np.diff(scores, axis=1) <= 0).all()
    filled = scores < 0
    assert filled.any(axis=1).all()
    assert (scores[filled] <= -2).all()
    predicted = np.array([model.predict(user, row) for user, row in enumerate(ids)])
    assert_allclose(predicted[~filled], scores[~filled])
    assert_array_equal(predicted[filled], 0)


# --- what goes to the models ---


def test_texts_and_features_reach_the_models_that_take_them(ratings):
    parts = {"texts": coals.ContentKNN(), "popular": coals.Popularity()}
    words = [f"kind{item % 4} item{item}" for item in range(ratings.shape[1])]
    model = coals.Hybrid(models=parts).fit(ratings, item_text=words)
    own = coals.ContentKNN().fit(ratings, item_text=words)
    assert (model.models_["texts"].weights_ != own.weights_).nnz == 0
    features = np.eye(4)[np.arange(ratings.shape[1]) % 4]
    model = coals.Hybrid(models=parts).fit(ratings, item_features=features)
    assert (
        model.models_["texts"].weights_ != coals.ContentKNN().fit(ratings, item_features=features).weights_
    ).nnz == 0
    with pytest.raises(TypeError, match="user_features was given, but no model of the hybrid takes it"):
        coals.Hybrid(models=parts).fit(ratings, item_text=words, user_features=np.eye(60))
    with pytest.raises(ValueError, match=r"^model 'texts': item_text must hold 40 texts"):
        coals.Hybrid(models=parts).fit(ratings, item_text=words[:3])


def test_a_search_fits_again_with_the_same_texts(ratings):
    words = [f"kind{item % 4} item{item}" for item in range(ratings.shape[1])]
    train, held_out = coals.split.random(ratings, test_fraction=0.3, random_state=0)
    model = coals.Hybrid(models={"popular": coals.Popularity(), "texts": coals.ContentKNN()}).fit(
        train, item_text=words
    )
    before = model.models_["texts"].weights_
    model.search_weights(held_out, "ndcg@2", grid=(1,))
    assert (model.models_["texts"].weights_ != before).nnz == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"models": {}}, TypeError, "models must be a mapping of name to model"),
        ({"models": [coals.Popularity()]}, TypeError, "models must be a mapping of name to model"),
        ({"models": {1: coals.Popularity()}}, TypeError, "names of models must be strings, got 1"),
        ({"models": {"a": 3}}, TypeError, "must hold models of coals, got int for 'a'"),
        ({"models": {"a": coals.Popularity()}, "how": "switching"}, ValueError, "takes two models, got 1"),
        ({"models": {"a": coals.Popularity()}, "weights": {"b": 1}}, ValueError, r"names of the models, \['a'\]"),
        ({"models": {"a": coals.Popularity()}, "weights": {"a": -1}}, ValueError, "weight of 'a' must be >= 0"),
        ({"models": models(), "weights": {"knn": 0, "popular": 0.0}}, ValueError, "weights are all 0"),
        ({"how": "stacked"}, ValueError, "how must be one of 'weighted', 'cascade', 'switching'"),
        ({"depth": 0}, ValueError, "depth must be >= 1"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        coals.Hybrid(**arguments)


@pytest.mark.parametrize(
    ("how", "arguments", "error", "message"),
    [
        ("cascade", {}, ValueError, "how='cascade' has no weights to search for"),
        ("weighted", {"metric": "rmse"}, ValueError, "metric must be one of which more is better"),
        ("weighted", {"metric": "gini@5"}, ValueError, "metric must be one of which more is better"),
        ("weighted", {"grid": 1}, TypeError, "grid must be a sequence of numbers, got 1"),
        ("weighted", {"grid": ()}, ValueError, "grid is empty"),
    ],
)
def test_weights_that_cannot_be_searched_for(ratings, how, arguments, error, message):
    model = coals.Hybrid(models=models(), how=how).fit(ratings)
    with pytest.raises(error, match=message):
        model.search_weights(ratings, **arguments)


def test_a_model_that_cannot_be_fitted_is_named(ratings):
    parts = models() | {"texts": coals.ContentKNN()}
    with pytest.raises(ValueError, match=r"^model 'texts': ContentKNN needs item_features, item_text, or data with"):
        coals.Hybrid(models=parts).fit(ratings)
    with pytest.raises(ValueError, match=r"^model 'knn': memory_limit"):
        coals.Hybrid(models={"knn": coals.ItemKNN(memory_limit=10)}).fit(ratings)


def test_weights_of_other_kinds_do_not_count(ratings):
    coals.Hybrid(models=models(), weights={"knn": 0, "popular": 0}, how="cascade").fit(ratings)


def test_bad_use(ratings, monkeypatch):
    with pytest.raises(ValueError, match="nothing to fit: give Hybrid models="):
        coals.Hybrid().fit(ratings)
    monkeypatch.delattr(coals.Popularity, "_rank_rows")
    with pytest.raises(TypeError, match="'popular' cannot recommend for new users"):
        coals.Hybrid(models=models()).fit(ratings).recommend_for([1])
