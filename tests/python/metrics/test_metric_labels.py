"""Lists and relevant items that name their users are matched by user."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals import Interactions, metrics

pd = pytest.importorskip("pandas")

TRAIN = Interactions.from_arrays(list("aabbccdd"), list("xyxzywzy"))
MODEL = coals.Popularity().fit(TRAIN)
WANTED = {"a": ["z"], "b": ["w", "y"], "c": ["q"], "d": ["x"]}
TEST = Interactions.from_arrays(*zip(*[(u, i) for u, items in WANTED.items() for i in items], strict=True))


def by_hand(users, k=2):
    """Recall of the lists of some users, one after the other."""
    lists = MODEL.recommend(users, 4).to_lists()
    return [len({*row[:k]} & {*WANTED[user]}) / len(WANTED[user]) for user, row in zip(users, lists, strict=True)]


def relevant():
    shuffled = {user: WANTED[user] for user in "cadb"}
    return {
        "interactions": Interactions.from_arrays(
            *zip(*[(u, i) for u, items in WANTED.items() for i in items], strict=True)
        ),
        "mapping": shuffled,
        "series": pd.Series(shuffled),
        "rows in another order": Interactions.from_matrix(
            TEST.matrix[[2, 0, 3, 1]], user_ids=list("cadb"), item_ids=TEST.item_ids
        ),
    }


@pytest.mark.parametrize("users", ["abcd", "dcba", "cdab", "ca", "b"])
@pytest.mark.parametrize("kind", list(relevant()))
def test_values_are_those_of_the_users_listed(users, kind):
    right = by_hand(list(users))
    lists = MODEL.recommend(list(users), 4)
    by_user = dict(zip(users, lists.to_lists(), strict=True))
    test = relevant()[kind]
    for given in (lists, by_user, pd.Series(by_user)):
        assert metrics.recall(given, test, 2).tolist() == right


def test_users_differ_so_that_a_wrong_order_shows():
    assert len(set(by_hand(list("abcd")))) > 1


def test_every_metric_is_matched():
    users = list("dbca")
    lists = MODEL.recommend(users, 3)
    rows = [WANTED[user] for user in users]
    every = ["precision@2", "recall@3", "ndcg@3", "map@3", "mrr@3", "hit_rate@1", "auc@3"]
    by_user = metrics.compute(lists, WANTED, every, n_items=9)
    in_order = metrics.compute(lists.to_lists(), rows, every, n_items=9)
    for name in every:
        np.testing.assert_array_equal(by_user[name], in_order[name])
    options = {"ties": "expected", "scores": lists.scores}
    tied = metrics.compute(lists, WANTED, ["ndcg@2"], ties="expected")["ndcg@2"]
    np.testing.assert_array_equal(tied, metrics.compute(lists.ids, rows, ["ndcg@2"], **options)["ndcg@2"])


def test_graded_gains_go_with_their_users():
    rated = Interactions.from_arrays(list("aabb"), list("xyxy"), [5.0, 1, 1, 5])
    lists = coals.Popularity().fit(rated).recommend(["b", "a"], 2, exclude_seen=False)
    both = metrics.ndcg(lists, rated, 2, gain="linear")
    alone = [
        metrics.ndcg(coals.Popularity().fit(rated).recommend([u], 2, False), rated, 2, gain="linear")[0] for u in "ba"
    ]
    assert both.tolist() == alone
    assert both[0] != both[1]


def test_positions_are_the_ids_of_data_without_ids():
    matrix = sp.csr_array(np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 0]]))
    test = Interactions.from_matrix(sp.csr_array(np.array([[0, 0, 1.0], [1, 0, 0], [0, 0, 1]])))
    model = coals.Popularity().fit(matrix)
    whole = metrics.recall(model.recommend([0, 1, 2], 1), test, 1)
    assert metrics.recall(model.recommend([2, 0], 1), test, 1).tolist() == whole[[2, 0]].tolist()
    assert metrics.recall(model.recommend([2, 0], 1), test.matrix[[2, 0]], 1).tolist() == whole[[2, 0]].tolist()


@pytest.mark.parametrize(
    ("recommended", "relevant", "error", "complaint"),
    [
        (MODEL.recommend(["a", "b"], 2), {"a": ["x"]}, ValueError, "each user of recommended: unknown user id 'b'"),
        (MODEL.recommend(["a"], 2), {1: ["x"]}, TypeError, "user ids are int here, got 'a'"),
        ({"a": ["x"]}, [["x"]], TypeError, "recommended is a dict by user, but the other lists name no users"),
        ([["x"]], {"a": ["x"]}, TypeError, "relevant is a dict by user"),
        ([["x"]], pd.Series({"a": ["x"]}), TypeError, "relevant is a Series by user"),
        (MODEL.recommend(["a"], 2), pd.Series(["x", "y"], index=["a", "a"]), ValueError, "a user more than once"),
        (MODEL.recommend(["a"], 2).to_frame(), {"a": ["x"]}, TypeError, "got a table with a row for each entry"),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_is_refused(recommended, relevant, error, complaint):
    with pytest.raises(error, match=complaint):
        metrics.recall(recommended, relevant, 1)


def test_lists_without_users_go_by_place():
    lists, wanted = [["x"], ["y"]], [["x"], ["x"]]
    for given in (lists, np.array(lists), pd.Series(lists), pd.DataFrame(lists), pd.DataFrame(lists).to_numpy()):
        assert metrics.recall(given, wanted, 1).tolist() == [1.0, 0.0]
        assert metrics.recall(wanted, given, 1).tolist() == [1.0, 0.0]
    assert metrics.recall({}, {}, 1).tolist() == []


def test_metrics_of_lists_alone_take_lists_by_user():
    by_user = {"b": ["x", "y"], "a": ["y"]}
    for given in (by_user, pd.Series(by_user)):
        assert metrics.coverage(given, 2, n_items=4) == metrics.coverage(list(by_user.values()), 2, n_items=4)
        assert metrics.novelty(given, TRAIN, 2).tolist() == metrics.novelty(list(by_user.values()), TRAIN, 2).tolist()


def test_vectors_are_matched_by_item():
    genres = {"y": [1, 0], "z": [0, 1], "x": [1, 0]}
    lists = [["x", "y"], ["x", "z"]]
    frame = pd.DataFrame(genres, index=["rock", "jazz"]).T
    assert metrics.diversity(lists, frame, 2).tolist() == [0.0, 1.0]
    columns = {"rock": frame["rock"].to_list(), "item_id": frame.index.to_list(), "jazz": frame["jazz"].to_list()}
    pl = pytest.importorskip("polars")
    for table in (pd.DataFrame(columns), pl.DataFrame(columns)):
        assert metrics.diversity(lists, table, 2).tolist() == [0.0, 1.0]
    assert metrics.diversity([[0, 1]], pd.DataFrame([[1, 0], [0, 1]]), 2).tolist() == [1.0]
