"""Ids that a model has never seen."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from coals.data.interactions import Interactions
from model_cases import MODELS

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
SIMILAR = {name: make for name, make in MODELS.items() if hasattr(make(), "similar_items")}


@pytest.fixture
def data(ratings):
    ids = {"user_ids": [f"u{k}" for k in range(60)], "item_ids": [f"i{k}" for k in range(40)]}
    return Interactions.from_matrix(ratings, **ids)


def popular(data):
    users = np.bincount(data.matrix.indices, minlength=40)
    return sorted(range(40), key=lambda item: (-users[item], item))


@every_model
def test_unknown_users_get_no_list_or_the_popular_one(make, data):
    model = make().fit(data)
    alone = model.recommend(["u3", "u9"], n=5)
    for unknown, count in (("skip", 0), ("popular", 5)):
        mixed = model.recommend(["new", "u3", "u9", "other"], n=5, unknown=unknown)
        assert_array_equal(mixed.ids[1:3], alone.ids)
        assert_array_equal(mixed.scores[1:3], alone.scores)
        assert mixed.counts.tolist() == [count, *alone.counts.tolist(), count]
        wanted = [f"i{item}" for item in popular(data)[:count]] + [None] * (5 - count)
        assert mixed.ids[[0, 3]].tolist() == [wanted, wanted]
        assert np.isnan(mixed.scores[[0, 3]]).all() == (unknown == "skip")
        assert mixed.scores.dtype == alone.scores.dtype
        assert_array_equal(model.recommend(["u3", "u9"], n=5, unknown=unknown).ids, alone.ids)
        assert len(model.recommend([], n=5, unknown=unknown)) == 0
    with pytest.raises(ValueError, match="unknown user id 'new'"):
        model.recommend(["new", "u3"])


@pytest.mark.parametrize("make", SIMILAR.values(), ids=SIMILAR.keys())
def test_unknown_items_have_none_similar_or_the_popular_ones(make, data):
    model = make().fit(data)
    alone = model.similar_items(["i3"], n=50)
    for unknown, count in (("skip", 0), ("popular", 39)):
        mixed = model.similar_items(["i3", "new"], n=50, unknown=unknown)
        assert_array_equal(mixed.ids[:1], alone.ids)
        assert mixed.counts.tolist() == [alone.counts[0], count]
        assert mixed.ids[1].tolist() == [f"i{item}" for item in popular(data)[:count]] + [None] * (50 - count)


def test_popular_lists_are_scored_by_users(data):
    model = MODELS["implicit"]().fit(data)
    found = model.recommend("new", n=40, unknown="popular")
    users = np.bincount(data.matrix.indices, minlength=40)
    assert found.scores[0, :39].tolist() == [users[item] for item in popular(data)[:39]]
    assert found.counts.tolist() == [39]  # nobody has item 11
    assert found.ids[0, 39] is None


def test_plain_positions_beyond_the_data_are_unknown(ratings):
    model = MODELS["item-knn"]().fit(ratings)
    found = model.recommend([60, 3, -1, 10**12], n=4, unknown="skip")
    assert found.counts.tolist()[::2] == [0, 0]
    assert found.ids[[0, 2, 3]].tolist() == [[-1] * 4] * 3
    assert_array_equal(found.ids[1], model.recommend(3, n=4).ids[0])


def test_another_type_is_a_mistake_and_not_an_unknown_id(data, ratings):
    model = MODELS["popularity"]().fit(data)
    for users in (5, ["u1", "new", 5]):
        with pytest.raises(TypeError, match=r"user ids are str here, got 5 \(int\)"):
            model.recommend(users, unknown="skip")
    with pytest.raises(TypeError, match="users must be an integer"):
        MODELS["popularity"]().fit(ratings).recommend("u1", unknown="skip")
    with pytest.raises(ValueError, match="unknown must be one of 'raise', 'skip', 'popular', got 'ignore'"):
        model.recommend("u1", unknown="ignore")
    with pytest.raises(ValueError, match="n must be >= 1"):
        model.recommend("new", n=0, unknown="skip")


@every_model
def test_filters_hold_for_popular_lists(make, data):
    model = make().fit(data)
    users = np.bincount(data.matrix.indices, minlength=40)
    best = [f"i{item}" for item in popular(data)[:39]]

    def listed(**filters):
        found = model.recommend(["new", "u3"], n=40, unknown="popular", **filters)
        assert_array_equal(found.ids[1], model.recommend("u3", n=40, **filters).ids[0])
        return found.ids[0, : found.counts[0]].tolist()

    assert listed(exclude=best[:3]) == best[3:]
    assert listed(items=best[4:7]) == best[4:7]
    assert listed(items=[]) == []
    assert listed(items=best[4:7], exclude=best[:5]) == best[5:7]
    least = float(np.sort(users)[-10])
    assert listed(min_score=least) == [item for item in best if users[int(item[1:])] >= least]
    assert listed(allow_per_user={"u3": best}) == []
    assert listed(exclude_per_user={"u3": best[:2]}) == best


def test_unknown_items_in_filters_are_left_out(data):
    model = MODELS["implicit"]().fit(data)
    for name, given in (("items", ["i3", "i99", "i7"]), ("exclude", ["i99", "i3"])):
        found = model.recommend("u3", n=4, unknown="skip", **{name: given})
        known = [item for item in given if item != "i99"]
        assert found.ids.tolist() == model.recommend("u3", n=4, **{name: known}).ids.tolist()
        with pytest.raises(ValueError, match=r"unknown item id 'i99'.*unknown='skip'"):
            model.recommend("u3", n=4, **{name: given})
    assert model.recommend("u3", items=["i99"], unknown="skip").counts.tolist() == [0]


@every_model
def test_rows_of_filters_go_with_their_users_known_or_not(make, data):
    model = make().fit(data)
    best = [f"i{item}" for item in popular(data)]
    rows = [best[:2], [], [best[3]]]
    listed = model.recommend(["new", "u3", "other"], n=2, unknown="popular", exclude_per_user=rows)
    assert_array_equal(listed.ids[1], model.recommend("u3", n=2).ids[0])
    assert listed.ids[[0, 2]].tolist() == [best[2:4], best[:2]]
    named = {"new": best[:2], "other": [best[3]], "nobody": best}
    assert_array_equal(
        model.recommend(["new", "u3", "other"], n=2, unknown="popular", exclude_per_user=named).ids, listed.ids
    )
    allowed = model.recommend(["new", "u3"], n=2, unknown="popular", allow_per_user=[[best[5], "i99"], best])
    assert allowed.ids[0].tolist() == [best[5], None]
    with pytest.raises(ValueError, match="unknown user id 'nobody'"):
        model.recommend("u3", exclude_per_user={"nobody": best})


@every_model
def test_the_number_of_unknown_ids_is_reported(make, data, caplog):
    model = make().fit(data)
    with caplog.at_level("INFO", "coals"):
        found = model.recommend(["new", "u3", "other"], n=1, unknown="skip")
    assert (found.unknown, model.recommend("u3", n=1, unknown="skip").unknown) == (2, 0)
    assert "2 of 3 user ids are unknown: unknown='skip'" in caplog.text
    assert "2 unknown ids" in repr(found)


@every_model
def test_items_without_users_to_ask(make, data):
    model = make().fit(data)
    found = model.recommend_users(["i3", "i99", "i5"], n=4, users=["u1", "u2", "gone"], unknown="skip")
    alone = model.recommend_users(["i3", "i5"], n=4, users=["u1", "u2"])
    assert_array_equal(found.ids[[0, 2]], alone.ids)
    assert (found.counts[1], found.unknown) == (0, 1)
    with pytest.raises(ValueError, match=r"unknown item id 'i99'.*unknown='skip'"):
        model.recommend_users(["i3", "i99"])
    with pytest.raises(ValueError, match=r"'popular' has a meaning only where lists.*'raise', 'skip'"):
        model.recommend_users(["i3"], unknown="popular")


NEW = {name: make for name, make in MODELS.items() if hasattr(make(), "recommend_for")}


@pytest.mark.parametrize("make", NEW.values(), ids=NEW.keys())
def test_unknown_items_of_a_history(make, data):
    model = make().fit(data)
    known, mixed = {"i3": 4.0, "i5": 2.0}, {"i3": 4.0, "i99": 1.0, "i5": 2.0}
    wanted = model.recommend_for(known, 5)
    with pytest.raises(ValueError, match=r"unknown item id 'i99'.*unknown='skip'"):
        model.recommend_for(mixed, 5)
    for unknown in ("skip", "popular"):
        found = model.recommend_for(mixed, 5, unknown=unknown)
        assert_array_equal(found.ids, wanted.ids)
        assert_array_equal(found.scores, wanted.scores)
        assert found.unknown == 1
    nothing, empty = model.recommend_for({"i99": 1.0}, 5, unknown="skip"), model.recommend_for({}, 5)
    assert nothing.ids.tolist() == empty.ids.tolist()
    best = [f"i{item}" for item in popular(data)[:5]]
    assert model.recommend_for({"i99": 1.0}, 5, unknown="popular").ids[0].tolist() == best
    assert model.recommend_for({}, 5, unknown="popular").ids.tolist() == empty.ids.tolist()
    with pytest.raises(ValueError, match="'mean' has a meaning only where ratings are predicted"):
        model.recommend_for(known, unknown="mean")


@pytest.mark.parametrize("make", NEW.values(), ids=NEW.keys())
def test_unknown_items_of_many_histories(make, data):
    model = make().fit(data)
    users, items = ["p", "p", "q", "r", "r"], ["i3", "i99", "i98", "i5", "i7"]
    histories = Interactions.from_arrays(users, items, [4.0, 1.0, 2.0, 3.0, 1.0])
    found = model.recommend_for(histories, 5, unknown="skip")
    known = sp.csr_array(([4.0, 3.0, 1.0], ([0, 2, 2], [3, 5, 7])), shape=(3, 40))
    wanted = model.recommend_for(known, 5)
    assert_array_equal(found.ids, wanted.ids)
    assert_array_equal(found.scores, wanted.scores)
    assert found.unknown == 2
    best = [f"i{item}" for item in popular(data)[:5]]
    assert model.recommend_for(histories, 5, unknown="popular").ids[1].tolist() == best
    with pytest.raises(ValueError, match="unknown item id 'i98'"):
        model.recommend_for(histories, 5)


@every_model
def test_predictions_of_unknown_pairs(make, data):
    model = make().fit(data)
    users, items = ["u3", "new", "u3", "new"], ["i5", "i5", "i99", "i99"]
    with pytest.raises(ValueError, match=r"unknown user id 'new'.*unknown='skip'"):
        model.predict(users, items)
    skipped = model.predict(users, items, unknown="skip")
    assert np.isnan(skipped).tolist() == [False, True, True, True]
    assert skipped[0] == model.predict("u3", "i5")[0]
    assert np.isnan(model.predict("new", ["i5", "i99"], unknown="skip")).all()
    if not model.predicts_ratings:
        with pytest.raises(ValueError, match=r"'mean' has a meaning only where ratings.*'raise', 'skip'"):
            model.predict(users, items, unknown="mean")
        return
    guessed = model.predict(users, items, unknown="mean", clip=True)
    low, high = model.rating_range_
    assert ((guessed >= low) & (guessed <= high)).all()
    assert guessed[0] == model.predict("u3", "i5", clip=True)[0]
    if getattr(model, "sigmoid_range", None) is None:
        assert guessed[3] == pytest.approx(data.matrix.data.mean(), rel=1e-5)


def test_an_unknown_user_gets_the_mean_and_the_bias_of_the_item():
    ratings = Interactions.from_arrays(list("aabbc"), list("xyxzy"), [5, 1, 4, 2, 3.0])
    model = MODELS["explicit"]().fit(ratings)
    guessed = model.predict(["new", "a", "new"], ["x", "gone", "gone"], unknown="mean")
    item, user = model.item_index_.encode("x")[0], model.user_index_.encode("a")[0]
    wanted = model.global_mean_ + np.array([model.item_bias_[item], model.user_bias_[user], 0.0])
    np.testing.assert_allclose(guessed, wanted, rtol=1e-5)


@pytest.mark.parametrize("name", ["item-knn", "user-knn"])
def test_neighbor_models_know_the_means_of_both_sides(name):
    ratings = Interactions.from_arrays(list("aabbc"), list("xyxzy"), [5, 1, 4, 2, 3.0])
    model = MODELS[name]().set_params(scoring="rating").fit(ratings)
    guessed = model.predict(["new", "a", "new"], ["x", "gone", "gone"], unknown="mean")
    np.testing.assert_allclose(guessed, [4.5, 3.0, 3.0])


@pytest.mark.parametrize("make", SIMILAR.values(), ids=SIMILAR.keys())
def test_titles_and_reasons_of_unknown_ids(make, data):
    model = make().fit(data)
    assert model.titles(["i3", "i99", "i5"], unknown="skip") == ["i3", "i99", "i5"]
    with pytest.raises(ValueError, match="unknown item id 'i99'"):
        model.titles(["i3", "i99"])
    if hasattr(model, "explain"):
        found = model.explain("new", "i3", unknown="skip")
        assert len(found.ids) == len(found.contributions) == 0
        assert np.isnan([found.score, found.baseline]).all()
        with pytest.raises(ValueError, match=r"unknown user id 'new'.*unknown='skip'"):
            model.explain("new", "i3")
    if hasattr(model, "similar_users"):
        found = model.similar_users(["u1", "new"], n=3, unknown="skip")
        assert_array_equal(found.ids[0], model.similar_users("u1", n=3).ids[0])
        assert (found.counts[1], found.unknown) == (0, 1)


def test_rows_of_unknown_items_are_empty_ones(data):
    import coals

    for found in (
        coals.similarity(data, neighbors=5, rows=["i3", "i99", "i5"], unknown="skip"),
        coals.cooccurrence(data, rows=["i3", "i99", "i5"], unknown="skip"),
    ):
        assert found.shape == (3, 40)
        assert np.diff(found.indptr)[1] == 0
    alone = coals.cooccurrence(data, rows=["i3", "i5"])
    assert_array_equal(found.toarray()[[0, 2]], alone.toarray())
    with pytest.raises(ValueError, match=r"unknown item id 'i99'.*unknown='skip'"):
        coals.cooccurrence(data, rows=["i99"])
    events = coals.Events.from_arrays(["g", "g"], ["x", "y"])
    rows = coals.event_cooccurrence(events, rows=["gone", "x"], unknown="skip")
    assert rows.toarray().tolist() == [[0, 0], [0, 1]]


def test_factors_of_histories_with_unknown_items(data):
    known = Interactions.from_arrays(["p", "q", "q"], ["i3", "i5", "i7"], [4.0, 3.0, 1.0])
    mixed = Interactions.from_arrays(["p", "p", "q", "q", "r"], ["i3", "i99", "i5", "i7", "i98"], [4.0, 1, 3, 1, 2])
    model = MODELS["implicit"]().fit(data)
    found = model.transform_users(mixed, unknown="skip")
    assert_array_equal(found[:2], model.transform_users(known))
    assert not found[2].any()
    with pytest.raises(ValueError, match="unknown item id 'i98'"):
        model.transform_users(mixed)
    model = MODELS["explicit"]().fit(data)
    weights = np.array([1.0, 9.0, 2.0, 3.0, 9.0])
    found = model.transform_users(mixed, weights=weights, unknown="skip")
    for part, wanted in zip(found, model.transform_users(known, weights=weights[[0, 2, 3]]), strict=True):
        assert_array_equal(part[:2], wanted)


def test_analogies_of_unknown_items(data):
    model = MODELS["glove"]().fit(data)
    found = model.analogy(["i3", "i99"], ["i98"], 3, unknown="skip")
    assert found.ids.tolist() == model.analogy(["i3"], [], 3).ids.tolist()
    with pytest.raises(ValueError, match="hold no known item"):
        model.analogy(["i99"], unknown="skip")
