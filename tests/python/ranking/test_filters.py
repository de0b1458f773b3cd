"""What models list: filters by id, the best users for an item, similar users, frames."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import _core
from coals.reference.topk import top_k
from model_cases import MODELS

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())


@every_model
def test_filters_are_what_is_left_of_the_whole_list(make, ratings):
    """The longest list without filters, less what a filter keeps out."""
    model = make().fit(ratings)
    users = np.array([0, 3, 7, 20])
    rng = np.random.default_rng(0)
    items, exclude = rng.permutation(40)[:25], rng.permutation(40)[:8]
    per_user = [rng.permutation(40)[: 5 * u].tolist() for u in range(4)]
    allow = [rng.permutation(40)[:20].tolist() for _ in range(4)]
    whole, scores, _ = model.recommend_indices(users, 40, exclude_seen=True)
    least = np.nanmedian(scores)
    found = model.recommend(
        users, n=9, items=items, exclude=exclude, exclude_per_user=per_user, allow_per_user=allow, min_score=least
    )
    for q in range(4):
        kept = [
            (item, score)
            for item, score in zip(whole[q].tolist(), scores[q].tolist(), strict=True)
            if item >= 0 and item in items and item not in exclude and item not in per_user[q]
            and item in allow[q] and score >= least
        ]  # fmt: skip
        assert found.ids[q, : found.counts[q]].tolist() == [item for item, _ in kept][:9]
        assert_array_equal(found.scores[q, : found.counts[q]], [score for _, score in kept][:9])
        assert (found.ids[q, found.counts[q] :] == -1).all()


@every_model
def test_users_for_an_item_are_those_it_is_listed_for(make, ratings):
    model = make().fit(ratings)
    everyone = np.arange(60)
    ids, scores, _ = model.recommend_indices(everyone, 40)
    listed = np.zeros((40, 60), bool)
    value = np.zeros((40, 60))
    for user in everyone:
        real = ids[user] >= 0
        listed[ids[user, real], user], value[ids[user, real], user] = True, scores[user, real]
    items = [0, 5, 11, 30]
    found = model.recommend_users(items, n=70)
    expected = top_k(value[items], 70, listed[items])
    assert_array_equal(found.counts, expected[2])
    assert_allclose(found.scores, expected[1], rtol=1e-4, atol=1e-5)
    for q, item in enumerate(items):
        assert set(found.ids[q, : found.counts[q]]) == set(np.flatnonzero(listed[item]))
    least = np.nanmedian(found.scores)
    cut = model.recommend_users(items, n=70, min_score=least)
    assert_array_equal(cut.counts, (found.scores >= least).sum(axis=1))
    assert_array_equal(cut.ids[0, : cut.counts[0]], found.ids[0, : cut.counts[0]])
    some = model.recommend_users(items, n=5, users=[1, 2, 3], exclude_seen=False).ids
    assert np.isin(some, [-1, 1, 2, 3]).all()


def test_similar_users_by_factors(ratings):
    model = coals.ImplicitALS(factors=6, random_state=0).fit(ratings)
    ids, scores = model.similar_users([0, 7], n=4)
    U = model.user_factors_.astype(np.float64)
    known = np.linalg.norm(U, axis=1) > 0
    cosine = U @ U[0] / np.where(known, np.linalg.norm(U, axis=1) * np.linalg.norm(U[0]), 1)
    cosine[0] = -np.inf
    assert_allclose(scores[0], np.sort(cosine)[::-1][:4], rtol=1e-5)
    assert_allclose(cosine[ids[0]], scores[0], rtol=1e-5)
    assert (ids[1] == -1).all()  # a user without entries


def test_filters_take_ids():
    plays = coals.Interactions.from_arrays(["ann", "ann", "bob", "cem", "cem"], ["x", "y", "y", "z", "x"])
    model = coals.Popularity().fit(plays)

    def ids(**filters):
        return model.recommend(["bob", "ann"], n=3, exclude_seen=False, **filters).ids.tolist()

    assert ids(exclude_per_user={"ann": ["x"]}) == [["x", "y", "z"], ["y", "z", None]]
    assert ids(allow_per_user={"bob": ["z"]}) == [["z", None, None], [None, None, None]]
    assert ids(exclude_per_user=[["x", "y"], []]) == [["z", None, None], ["x", "y", "z"]]
    assert ids(items=[]) == [[None] * 3] * 2
    with pytest.raises(ValueError, match="unknown item id 'q'"):
        ids(exclude=["q"])
    with pytest.raises(ValueError, match="unknown user id 'dan'"):
        ids(exclude_per_user={"dan": ["x"]})


def test_changed_factors_are_packed_again(ratings):
    model = coals.ImplicitALS(factors=6, random_state=0).fit(ratings)
    before = model.recommend(0, n=5).ids
    with pytest.raises(ValueError, match="read-only"):
        model.item_factors_[0] = 0
    model.item_factors_.setflags(write=True)
    model.item_factors_[before[0]] *= -1
    assert not np.isin(model.recommend(0, n=1).ids, before[0]).any()
    model.item_factors_ = -model.item_factors_
    assert model.recommend(0, n=1).ids[0, 0] in before


def test_columns_and_frames(monkeypatch):
    plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "y"])
    found = coals.Popularity().fit(plays).recommend(["bob", "ann"], n=2)
    columns = found.to_columns()
    assert {name: column.tolist() for name, column in columns.items()} == {
        "query": ["bob"], "id": ["x"], "score": [1.0], "rank": [1],
    }  # fmt: skip
    some = coals.Popularity().fit(plays).recommend(["zoe", "bob"], n=2, unknown="popular").to_columns()
    assert some["query"].tolist() == ["zoe", "zoe", "bob"]  # an id that the model does not know
    fake = types.ModuleType("polars")
    fake.DataFrame = dict
    monkeypatch.setitem(sys.modules, "polars", fake)
    assert list(found.to_frame(library="polars")) == ["query", "id", "score", "rank"]

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_frame needs pandas, which is not installed: pip install pandas"):
        found.to_frame()
    with pytest.raises(ValueError, match="library must be one of"):
        found.to_frame("arrow")


def test_a_filter_is_cut_to_some_of_its_queries():
    rows = [_core.Csr(np.array([0, 1, 1, 3]), np.array(columns, np.int32), None, 4, "float32")
            for columns in ([0, 1, 2], [3, 0, 1])]  # fmt: skip
    candidate = np.array([True, False, True, True])
    part = _core.TopKFilter(*rows, candidate, 2.5).select_rows(np.array([2, 0]))
    assert [matrix.to_arrays()[0].tolist() for matrix in (part.excluded, part.allowed)] == [[0, 2, 3]] * 2
    assert [matrix.to_arrays()[1].tolist() for matrix in (part.excluded, part.allowed)] == [[1, 2, 0], [0, 1, 3]]
    assert part.candidate is candidate
    assert part.min_score == 2.5
    assert _core.TopKFilter().select_rows(np.array([0])).excluded is None
