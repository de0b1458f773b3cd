"""What goes with users, items or rows and carries labels is matched by them, or refused; never read by place."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals import Interactions

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

DATA = Interactions.from_arrays(list("zzyyx"), list("pqqrp"), [5, 1, 2, 4, 3.0])
FEATURES = {"x": [0.5, 1.0], "y": [1.0, 0.0], "z": [-2.0, 0.25]}  # in the order of the data
SHUFFLED = ["z", "x", "y"]
NUMBERED = Interactions.from_arrays([30, 30, 20, 20, 10], [7, 8, 8, 9, 7], [5, 1, 2, 4, 3.0])
BY_NUMBER = dict(zip([10, 20, 30], FEATURES.values(), strict=True))


def frame_of(ids, features, name=None):
    return pd.DataFrame([features[id] for id in ids], index=pd.Index(ids, name=name), columns=["young", "old"])


def columns_of(ids, features, name="user_id"):
    rows = np.array([features[id] for id in ids])
    return {"young": rows[:, 0], name: ids, "old": rows[:, 1]}


def features_found(data, features):
    """What fit makes of features, seen through the scores."""
    model = coals.ExplicitALS(factors=2, random_state=0, dtype="float64").fit(data, user_features=features)
    return model.predict(data.user_ids[[0]], data.item_ids)


def labelled_features():
    return {
        "index": (DATA, frame_of(SHUFFLED, FEATURES)),
        "named index": (DATA, frame_of(SHUFFLED, FEATURES, "who")),
        "more rows": (DATA, frame_of([*SHUFFLED, "new"], {**FEATURES, "new": [9.0, 9.0]})),
        "integers in an index": (NUMBERED, frame_of([30, 10, 20], BY_NUMBER)),
        "named integers, more rows": (NUMBERED, frame_of([30, 5, 10, 20], {**BY_NUMBER, 5: [9.0, 9]}, "user")),
        "column of pandas": (DATA, pd.DataFrame(columns_of(SHUFFLED, FEATURES))),
        "column of integers": (NUMBERED, pd.DataFrame(columns_of([20, 30, 10], BY_NUMBER, "userId"))),
        "polars": (DATA, pl.DataFrame(columns_of(SHUFFLED, FEATURES, "anything"))),
        "polars integers": (NUMBERED, pl.DataFrame(columns_of([20, 30, 10], BY_NUMBER, "id"))),
        "arrow": (DATA, pa.table(columns_of(SHUFFLED, FEATURES))),
        "mapping": (DATA, {id: FEATURES[id] for id in SHUFFLED}),
        "nullable, bool and category": (
            DATA,
            frame_of(SHUFFLED, FEATURES).astype({"young": "Float64", "old": "category"}),
        ),
        "sparse": (DATA, frame_of(SHUFFLED, FEATURES).astype(pd.SparseDtype(float, 0))),
    }


@pytest.mark.parametrize("kind", list(labelled_features()))
def test_features_are_matched_by_id(kind):
    data, features = labelled_features()[kind]
    assert_allclose(features_found(data, features), features_found(data, np.array(list(FEATURES.values()))), rtol=1e-12)


def test_features_in_another_order_would_give_other_scores():
    right, wrong = (features_found(DATA, np.array([FEATURES[id] for id in ids])) for ids in ("xyz", SHUFFLED))
    assert abs(right - wrong).max() > 1e-3


@pytest.mark.parametrize(
    ("data", "features", "complaint"),
    [
        (DATA, pd.DataFrame(list(FEATURES.values())), r"without the user ids of its rows.*set_index.*to_numpy\(\)"),
        (NUMBERED, pd.DataFrame(list(FEATURES.values()), index=[1, 2, 3]), "without the user ids of its rows"),
        (NUMBERED, pd.DataFrame(np.ones((40, 2)))[lambda f: f.index > 0], "without the user ids of its rows"),
        (NUMBERED, frame_of([30, 5, 10, 20], {**BY_NUMBER, 5: [9.0, 9]}), "name its index with rename_axis"),
        (NUMBERED, pl.DataFrame(np.ones((3, 2))), "without the user ids of its rows"),
        (DATA, frame_of(["x", "z"], FEATURES), "nothing for 1 of the 3 users: its index must be user ids such as 'y'"),
        (DATA, {"x": [1.0], "y": [2.0]}, "nothing for 1 of the 3 users: its keys must be user ids such as 'z'"),
        (DATA, frame_of(["x", "y", "z", "x"], FEATURES), "the index of user_features holds 'x' more than once"),
        (NUMBERED, frame_of(["30"], {"30": [1.0, 2]}, "u"), r"such as 10 \(int\), and has '30' \(str\)"),
        (DATA, pl.DataFrame(columns_of(SHUFFLED, FEATURES) | {"city": list("abc")}), "column 'city' of user_features"),
        (DATA, pl.DataFrame({"user_id": SHUFFLED}), "no column but that of the ids"),
        (DATA, pl.LazyFrame(columns_of(SHUFFLED, FEATURES)), "call collect"),
    ],
)  # fmt: skip
def test_features_that_cannot_be_matched_are_refused(data, features, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        features_found(data, features)


def test_features_of_text_are_refused_with_one_remedy():
    with pytest.raises(TypeError, match=r"column 'sort' of user_features must be real numbers, got text: encode it as"):
        features_found(DATA, pd.DataFrame({"sort": ["a", "b", "c"]}, index=SHUFFLED))


def test_a_table_goes_by_place_where_places_are_the_ids():
    plain = DATA.matrix
    rows = np.array(list(FEATURES.values()))
    fit = lambda features: coals.ImplicitALS(factors=2, random_state=0).fit(plain, user_features=features).user_factors_  # noqa: E731
    for table in (pd.DataFrame(rows), pl.DataFrame(rows), pd.DataFrame(rows, index=[0, 1, 2]).iloc[[2, 0, 1]]):
        assert_allclose(fit(table), fit(rows), rtol=1e-5)


def test_features_of_new_users_and_of_items_are_matched_too():
    model = coals.ImplicitALS(factors=2, random_state=0).fit(DATA, user_features=frame_of(SHUFFLED, FEATURES))
    new = Interactions.from_arrays(["m", "k"], ["p", "q"])
    own = {"k": [1.0, 2.0], "m": [-1.0, 0.5]}
    right = model.transform_users(new, features=np.array(list(own.values())))
    assert_array_equal(model.transform_users(new, features=frame_of(["m", "k"], own)), right)
    lists = model.recommend_for(new, 1, features=frame_of(["m", "k"], own))
    assert lists.queries.tolist() == ["k", "m"]
    assert lists.ids.tolist() == model.recommend_for(new, 1, features=np.array(list(own.values()))).ids.tolist()
    for one in (frame_of(["k"], own), pd.DataFrame(own, index=["young", "old"]).T.loc["k"], own["k"]):
        found = model.recommend_for(["p"], 1, features=one)
        assert_array_equal(found.scores, model.recommend_for(["p"], 1, features=np.array([own["k"]])).scores)
    with pytest.raises(ValueError, match=r"data without ids know rows by number, or give to_numpy\(\)"):
        model.transform_users(sp.csr_array(new.matrix @ np.eye(2, 3)), features=frame_of(["m", "k"], own))
    by_item = dict(zip("pqr", np.eye(3).tolist(), strict=True))
    content = coals.ContentKNN().fit(DATA, item_features=pd.DataFrame(by_item, index=["a", "b", "c"]).T[::-1])
    assert_array_equal(
        content.weights_.toarray(), coals.ContentKNN().fit(DATA, item_features=np.eye(3)).weights_.toarray()
    )


def test_texts_of_a_series_are_matched_by_item():
    texts = {"r": "red wine", "p": "wine of castles", "q": "old castles"}
    right = coals.ContentKNN().fit(DATA, item_text=texts).weights_.toarray()
    assert_array_equal(coals.ContentKNN().fit(DATA, item_text=pd.Series(texts)).weights_.toarray(), right)
    with pytest.raises(TypeError, match="item_text is a Series without the item ids of its rows"):
        coals.ContentKNN().fit(DATA, item_text=pd.Series(list(texts.values())))


def test_titles_are_matched_by_item():
    titles = {"q": "Queue", "p": "Pea", "other": "x"}
    for given in (titles, pd.Series(titles)):
        assert Interactions.from_arrays(["a"] * 3, ["p", "q", "r"], item_titles=given).item_titles.tolist() == [
            "Pea",
            "Queue",
            "r",
        ]
        assert coals.Events.from_arrays(["a"] * 2, ["q", "p"], item_titles=given).titles(["p", "q"]) == ["Pea", "Queue"]
        eye = sp.csr_array(np.eye(3))
        assert Interactions.from_matrix(eye, item_ids=["q", "r", "p"], item_titles=given).item_titles.tolist() == [
            "Queue",
            "r",
            "Pea",
        ]
    with pytest.raises(
        ValueError, match=r"nothing for 2 of the 2 items: its keys must be item ids such as 1 \(int\), and has '1'"
    ):
        Interactions.from_arrays(["a", "a"], [1, 2], item_titles={"1": "one", "2": "two"})


def test_titles_beside_ids_go_with_them():
    eye = sp.csr_array(np.eye(2))
    table = pd.DataFrame({"id": ["b", "a", "c"], "name": ["Bee", "Ay", "Sea"]})
    for part in (table[:2], table[:2].set_index(pd.Index([7, 5]))):
        data = Interactions.from_matrix(eye, item_ids=part["id"], item_titles=part["name"])
        assert data.titles(["a", "b"]) == ["Ay", "Bee"]


DENIED = {"c": ["x"], "b": ["y", "x"]}
MODEL = coals.Popularity().fit(Interactions.from_arrays(list("aabc"), list("xyxz")))


@pytest.mark.parametrize(
    "denied",
    [
        pd.Series(DENIED),
        pd.Series(DENIED).sort_index(),
        Interactions.from_lists(DENIED),
        Interactions.from_lists({**DENIED, "stranger": ["x"]}).select(np.array([True, True, True, False])),
    ],
    ids=["series", "sorted series", "interactions", "interactions of others"],
)
def test_filters_by_user_are_matched_by_user(denied):
    if isinstance(denied, Interactions) and "stranger" in denied.user_ids:
        with pytest.raises(ValueError, match="unknown user id 'stranger'"):
            MODEL.recommend(["b", "c"], 2, exclude_per_user=denied)
        return
    for users in (["b", "c"], ["c", "b", "a"]):
        right = MODEL.recommend(users, 2, exclude_seen=False, exclude_per_user=DENIED).ids.tolist()
        assert MODEL.recommend(users, 2, exclude_seen=False, exclude_per_user=denied).ids.tolist() == right
        right = MODEL.recommend(users, 2, exclude_seen=False, allow_per_user=DENIED).ids.tolist()
        assert MODEL.recommend(users, 2, exclude_seen=False, allow_per_user=denied).ids.tolist() == right


def test_what_was_recommended_before_can_be_left_out():
    before = MODEL.recommend(["c", "a", "b"], 1, exclude_seen=False)
    after = MODEL.recommend(["a", "b", "c"], 3, exclude_seen=False, exclude_per_user=before)
    assert all("x" not in ids for ids in after.to_lists())
    assert after.counts.tolist() == [2, 2, 2]


def test_columns_of_one_table_go_row_by_row():
    table = pd.DataFrame({"user": ["c", "b", "a"], "denied": [["x"], ["y"], []]}, index=[5, 3, 9])[:2]
    right = MODEL.recommend(["c", "b"], 2, exclude_seen=False, exclude_per_user=[["x"], ["y"]]).ids.tolist()
    assert MODEL.recommend(table["user"], 2, False, exclude_per_user=table["denied"]).ids.tolist() == right
    with pytest.raises(ValueError, match="exclude_per_user has another index than users"):
        MODEL.recommend(table["user"], 2, False, exclude_per_user=table["denied"][::-1])
    with pytest.raises(TypeError, match="got a table: group it by user first"):
        MODEL.recommend(["b"], 2, exclude_per_user=table)


def test_parallel_series_with_different_indexes_are_refused():
    users, items = pd.Series(["a", "b"]), pd.Series(["x", "y"])
    turned = items[::-1]
    with pytest.raises(ValueError, match=r"users and items are Series with different indexes.*from_frame.*reset_index"):
        Interactions.from_arrays(users, turned)
    with pytest.raises(ValueError, match="groups and items are Series"):
        coals.Events.from_arrays(users, turned)
    with pytest.raises(ValueError, match="users and times are Series"):
        Interactions.from_arrays(users, items, time=pd.Series([1, 2], index=[1, 0]))
    with pytest.raises(ValueError, match="users and items are Series"):
        MODEL.predict(users, turned)
    assert Interactions.from_arrays(users, items.tolist()).nnz == Interactions.from_arrays(users, items).nnz == 2


def test_weights_are_matched_by_pair():
    weights = np.array([1.0, 2, 3, 4, 5])  # of the entries
    ordered = DATA.matrix.copy()
    ordered.data = weights
    other = Interactions.from_matrix(ordered[::-1][:, ::-1], user_ids=list("zyx"), item_ids=list("rqp"))
    fit = lambda given: coals.ExplicitALS(factors=2, random_state=0).fit(DATA, weights=given).user_factors_  # noqa: E731
    assert_array_equal(fit(other), fit(weights))
    assert abs(fit(weights[::-1]) - fit(weights)).max() > 1e-3
    for column in (pd.Series(weights), pl.Series(weights), pa.array(weights)):
        with pytest.raises(TypeError, match=r"weights must not be a .* in the order of the entries"):
            fit(column)


FILMS = Interactions.from_arrays([7, 7, 8, 8, 9, 9, 9], [1, 2, 1, 3, 2, 3, 4])
KNN = coals.ItemKNN().fit(FILMS)


@pytest.mark.parametrize(
    ("history", "meant"),
    [
        (pd.Series([1, 3], index=[70, 80], name="item"), [1, 3]),
        (pd.Series([1, 3], index=[70, 80]), [1, 3]),
        (pd.Series(["1", "3"]), "text"),
        (pd.Series([5.0, 2.0], index=[1, 3]), {1: 5.0, 3: 2.0}),
        (pd.Series({1: 5, 3: 9}), {1: 5, 3: 9}),
        (pd.Series([1, 3], index=pd.Index([2, 4], name="item")), {2: 1, 4: 3}),
        (pd.Series([], dtype=int), []),
        (pl.Series([1, 3]), [1, 3]),
        (pd.Index([1, 3]), [1, 3]),
        (pa.array([1, 3]), [1, 3]),
    ],
)
def test_a_series_is_a_history_of_what_it_holds(history, meant):
    if meant == "text":
        with pytest.raises(TypeError, match="item ids are int here, got '1'"):
            KNN.recommend_for(history, 3)
        return
    assert KNN.recommend_for(history, 3).ids.tolist() == KNN.recommend_for(meant, 3).ids.tolist()


@pytest.mark.parametrize(
    "history",
    [
        pd.Series([1, 3], index=[2, 3], name="item"),
        pd.Series({1: 2, 3: 4}),
        pd.Series([5.0, 3.0], index=[2, 3], name="rating"),
    ],
)
def test_a_series_that_could_be_items_or_strengths_is_refused(history):
    with pytest.raises(ValueError, match=r"history.tolist\(\).*history.to_dict\(\)"):
        KNN.recommend_for(history, 3)
    for plain in (history.tolist(), history.to_dict()):
        if all(isinstance(item, int) for item in plain):
            KNN.recommend_for(plain, 3)


def test_text_in_a_series_is_a_list_of_items():
    knn = coals.ItemKNN().fit(Interactions.from_arrays(list("aabbcc"), list("xyxzyz")))
    for dtype in (object, "string", "category"):
        history = pd.Series(["x", "y"], index=[4, 5], dtype=dtype)
        assert knn.recommend_for(history, 2).ids.tolist() == knn.recommend_for(["x", "y"], 2).ids.tolist()


def test_vectors_to_rerank_by_are_matched_by_position():
    vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    right = coals.rerank.mmr([[0, 1, 2]], [[3.0, 2.9, 1.0]], vectors, 2, diversity=0.5).ids
    for given in (pd.DataFrame(vectors), pd.DataFrame(vectors)[::-1]):
        assert_array_equal(coals.rerank.mmr([[0, 1, 2]], [[3.0, 2.9, 1.0]], given, 2, diversity=0.5).ids, right)
    with pytest.raises(ValueError, match="vectors has nothing for 3 of the 3 items"):
        coals.rerank.mmr([[0, 1, 2]], [[3.0, 2.9, 1.0]], pd.DataFrame(vectors, index=list("abc")), 2)


def test_a_categorical_series_of_items_is_a_list_of_them():
    for dtype in ("category", "Int64", object, "int64[pyarrow]"):
        history = pd.Series([1, 3], index=[70, 80], name="item").astype(dtype)
        assert KNN.recommend_for(history, 3).ids.tolist() == KNN.recommend_for([1, 3], 3).ids.tolist()


def test_a_feature_that_cannot_be_used_is_named_by_the_id_of_its_row():
    """Not by its place after the rows are matched."""
    plays = coals.Interactions.from_arrays(["ann", "bob", "ann"], ["x", "x", "y"])
    features = {"y": [1.0, 2.0], "x": [3.0, np.nan]}
    with pytest.raises(ValueError, match=r"item_features of item 'x', column 1"):
        coals.ImplicitALS(factors=1, random_state=0).fit(plays, item_features=features)
