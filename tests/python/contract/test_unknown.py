"""Ids that a model has never seen."""

from __future__ import annotations

import numpy as np
import pytest
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
