"""The metrics against golden values, the per-user reference, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import coals
from coals import Interactions, _core, metrics
from coals.metrics.names import METRICS, parse_metric, parse_metrics
from coals.metrics.rating_errors import rating_error
from coals.reference import metrics as reference

ORACLE = {name: getattr(reference, row.function) for name, row in METRICS.items() if row.kind == "ranking"}
ORACLE["auc"] = lambda ranked, relevant, k: reference.auc(ranked, relevant, k, set(range(N_ITEMS)))
RANKED, RELEVANT = [5, 1, 2, 9, 7], {2, 5, 7}
N_ITEMS = 12


def value(name, k, lists, relevant_sets, n_items=N_ITEMS, **options):
    """Of lists of different lengths, padded, against a matrix of the relevant items."""
    ids = np.full((len(lists), max(map(len, lists))), -1)
    for row, items in zip(ids, lists, strict=True):
        row[: len(items)] = items
    relevant = np.zeros((len(lists), n_items))
    for row, items in zip(relevant, relevant_sets, strict=True):
        row[sorted(items)] = 1
    return metrics.compute(ids, sparse.csr_array(relevant), f"{name}@{k}", **options)[f"{name}@{k}"]


@st.composite
def users(draw):
    """A few users: a ranked list without repeats, perhaps empty, and a non-empty set of relevant items."""
    items = st.integers(0, N_ITEMS - 1)
    one = st.tuples(st.lists(items, unique=True), st.sets(items, min_size=1))
    return draw(st.lists(one, min_size=1, max_size=6))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ndcg", {1: 1, 2: 0.613147, 3: 0.703918, 5: 0.885460}),
        ("recall_min", {1: 1, 2: 1 / 2, 3: 2 / 3, 5: 1}),
        ("precision", {1: 1, 2: 1 / 2, 3: 2 / 3, 5: 3 / 5, 50: 3 / 50}),
        ("recall", {1: 1 / 3, 2: 1 / 3, 3: 2 / 3, 5: 1, 50: 1}),
        ("f1", {1: 1 / 2, 2: 2 / 5, 3: 2 / 3, 5: 3 / 4}),
        ("map", {1: 1, 2: 1 / 2, 3: (1 + 2 / 3) / 3, 5: (1 + 2 / 3 + 3 / 5) / 3}),
        ("hit_rate", {1: 1, 5: 1}),
        ("mrr", {1: 1, 5: 1}),
        # Of 27 pairs: 9 of item 5, 8 of item 2, 7 of item 7; behind the first place two and nine are tied.
        ("auc", {1: (9 + 9) / 27, 5: (9 + 8 + 7) / 27}),
    ],
)
def test_golden_values(name, expected):
    for k, golden in expected.items():
        assert ORACLE[name](RANKED, RELEVANT, k) == pytest.approx(golden, abs=5e-7)
        assert value(name, k, [RANKED], [RELEVANT])[0] == pytest.approx(golden, abs=5e-7)


def test_first_hit_counts_only_within_k():
    ranked, relevant = [4, 6, 0], {0}
    for name, k, expected in [("mrr", 2, 0), ("mrr", 3, 1 / 3), ("hit_rate", 2, 0), ("hit_rate", 3, 1)]:
        assert ORACLE[name](ranked, relevant, k) == value(name, k, [ranked], [relevant])[0] == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(ORACLE))
@given(users=users(), k=st.integers(1, 2 * N_ITEMS))
def test_equals_the_per_user_reference_and_lies_between_0_and_1(name, users, k):
    expected = [ORACLE[name](ranked, relevant, k) for ranked, relevant in users]
    values = value(name, k, *zip(*users, strict=True))
    assert_allclose(values, expected, rtol=1e-12)
    assert (values >= 0).all()
    assert (values <= 1).all()


@pytest.mark.parametrize("name", ["ndcg", "recall_min", "map", "hit_rate", "mrr"])
@pytest.mark.parametrize("n_relevant", [1, 2, 3, 7, 40])
def test_perfect_list_has_exactly_1_at_every_k(name, n_relevant):
    perfect = [range(n_relevant)]
    assert [value(name, k, perfect, perfect, n_items=50)[0] for k in range(1, 61)] == [1.0] * 60


@given(users=users())
def test_recall_never_falls_with_k(users):
    recalls = np.array([value("recall", k, *zip(*users, strict=True)) for k in range(1, 2 * N_ITEMS)])
    assert (np.diff(recalls, axis=0) >= 0).all()


@given(users=users(), k=st.integers(1, 2 * N_ITEMS))
def test_precision_times_k_equals_recall_times_relevant(users, k):
    precision, recall = (value(name, k, *zip(*users, strict=True)) for name in ("precision", "recall"))
    assert_allclose(precision * k, recall * [len(relevant) for _, relevant in users], rtol=1e-12)


def test_pads_are_never_hits():
    # Pad -1 of the second user would be item 11 of the first if pairs were numbered carelessly.
    assert_array_equal(value("recall", 4, [[0], [3], []], [{11}, {3}, {0}]), [0, 1, 0])


def test_relevance_is_by_stored_pair_whatever_the_order_or_value():
    relevant = sparse.csr_array((np.array([0.0, -1.0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3))
    assert_array_equal(metrics.average_precision(np.array([[0, 1, 2]]), relevant, 3), [(1 + 2 / 3) / 2])


def test_item_numbers_near_the_end_of_int32():
    n_users, n_items = 3, 2**31 - 1
    last = np.full(n_users, n_items - 1, dtype=np.int32)
    relevant = _core.Csr(np.arange(n_users + 1), last, None, n_items, "float64")
    ids = np.array([[n_items - 3], [n_items - 1], [n_items - 1]])
    found = _core.ranking_metrics(ids, np.ones(n_users, np.int64), None, relevant, 0, False, [("recall", 1)], 1)
    assert_array_equal(found[0], [0, 1, 1])


@pytest.mark.parametrize("name", sorted(ORACLE))
def test_user_without_relevant_items_is_nan_and_refused_by_the_reference(name):
    assert_array_equal(value(name, 2, [[1, 2], [1]], [set(), {1}]) >= 0, [False, True])
    with pytest.raises(ValueError, match="relevant is empty"):
        ORACLE[name]([1, 2], set(), 2)
    with pytest.raises(ValueError, match="k must be at least 1"):
        ORACLE[name]([1, 2], {1}, 0)


@pytest.mark.parametrize("name", sorted(ORACLE))
def test_lists_of_length_0_have_value_0(name):
    assert value(name, 3, [[], []], [{1}, {2, 3}]).tolist() == ([0.5, 0.5] if name == "auc" else [0, 0])


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5), st.integers(1, 5)), min_size=1),
    st.sampled_from(["rmse", "mae"]),
)
def test_rating_errors_equal_the_reference(ratings, name):
    rows, predicted, actual = (np.array(column) for column in zip(*ratings, strict=True))
    overall, per_user = rating_error(name, predicted - actual, rows, 4)
    oracle = getattr(reference, name)
    assert overall == pytest.approx(oracle(predicted, actual))
    for user in range(4):
        mine = rows == user
        expected = oracle(predicted[mine], actual[mine]) if mine.any() else np.nan
        assert_allclose(per_user[user], expected, rtol=1e-12, atol=1e-150)


def test_names():
    assert parse_metric("recall_min@50") == ("recall_min", 50)
    assert parse_metric("rmse") == ("rmse", None)
    assert [str(metric) for metric in parse_metrics(["map@10", "mae", "map@10"])] == ["map@10", "mae"]
    assert parse_metrics("ndcg@10") == [("ndcg", 10)]


@pytest.mark.parametrize("text", ["ndgc@10", "NDCG@10", "", "@5", " ndcg@5", "accuracy"])
def test_unknown_name_lists_the_names(text):
    with pytest.raises(ValueError, match=r"unknown metric .* precision@k, recall@k.*diversity@k, rmse, mae"):
        parse_metric(text)


@pytest.mark.parametrize("k", ["", "@", "@0", "@-1", "@1.5", "@ 5", "@ten", "@5@5", "@05", "@1\u0665", "@" + "9" * 30])
def test_bad_k_says_how(k):
    with pytest.raises(ValueError, match=r"needs a list length k from 1 to 10\^18 - 1 after the name, as in 'ndcg@10'"):
        parse_metric("ndcg" + k)


def test_other_bad_metrics():
    with pytest.raises(ValueError, match="takes no k, write 'rmse'"):
        parse_metric("rmse@10")
    with pytest.raises(TypeError, match="named by a string"):
        parse_metric(10)
    with pytest.raises(ValueError, match="metrics is empty"):
        parse_metrics([])
    with pytest.raises(ValueError, match="rmse is not a metric of lists"):
        metrics.compute([[1]], [[1]], "rmse")


def relabelled(rows, names):
    return [[names[item] for item in row] for row in rows]


@pytest.mark.parametrize(
    "names", [range(-6, 4), [-1, -5, 3, 2**62, -(2**63), 0, 7, 8, 9, 10], [f"-{k}" for k in range(10)]],
    ids=["-6 ... 3", "hashes", "text"],
)  # fmt: skip
def test_values_do_not_depend_on_what_items_are_called(names):
    """Negative ids are ids like any other, -1 included."""
    listed, relevant = [[5, 1, 2, 9, 7], [0, 3], [], [8]], [[2, 5, 7], [3, 4], [1], []]
    wanted = metrics.compute(listed, relevant, ["recall@3", "ndcg@5", "map@5", "auc@5"], n_items=10)
    found = metrics.compute(
        relabelled(listed, names), relabelled(relevant, names), ["recall@3", "ndcg@5", "map@5", "auc@5"], n_items=10
    )
    for name, values in wanted.items():
        assert_array_equal(found[name], values)
    for measure in (metrics.coverage, metrics.gini):
        assert measure(relabelled(listed, names), 5, n_items=10) == measure(listed, 5, n_items=10)


def test_minus_one_is_padding_in_arrays_alone():
    assert metrics.recall(np.array([[5, -7, -1]]), [[-7]], 3).tolist() == [1.0]
    assert metrics.precision(np.array([[-7, -1, -1]]), [[-7]], 3).tolist() == [1 / 3]
    assert metrics.recall([[5, -1]], [[-1]], 2).tolist() == [1.0]
    assert metrics.recall([[5, None]], [[5]], 2).tolist() == [1.0]
    for relevant in ([[-1]], Interactions.from_arrays([0, 0], [-1, 5])):
        with pytest.raises(
            ValueError, match="padded with -1, but -1 is also an item of relevant: give a list of lists"
        ):
            metrics.recall(np.array([[5, -1]]), relevant, 2)
        assert metrics.recall(np.array([[-1, 5]])[:, ::-1][:, :1], relevant, 1).tolist() in ([0.0], [0.5])


def test_lists_of_a_model_with_negative_ids_are_not_taken_for_padding():
    plays = Interactions.from_arrays(["a", "a", "b", "b", "c"], [-1, -2, -1, 5, -2])
    model = coals.Popularity().fit(plays)
    found = model.recommend(["a", "b", "c"], 3)
    assert found.ids.tolist() == [[5, None, None], [-2, None, None], [-1, 5, None]]
    assert model.titles(found.ids[2]) == ["-1", "5"]
    assert plays.titles(np.array([-1, 5])) == ["-1", "5"]
    relevant = Interactions.from_arrays(["a", "b", "c"], [5, -2, -1])
    assert metrics.recall(found, relevant, 1).tolist() == [1.0, 1.0, 1.0]
    without = coals.Popularity().fit(Interactions.from_arrays(["a", "b"], [-3, -2]))
    assert without.recommend("a", 3).ids.tolist() == [[-2, -1, -1]]  # -1 is free for padding
    assert model.item_index_.decode([[0, -1]]).tolist() == [[-2, None]]


def test_listed_items_that_relevant_does_not_know():
    relevant = Interactions.from_arrays(["u", "v"], ["a", "b"])
    listed = [["x", "a", "y"], ["b", "x"]]
    with pytest.raises(ValueError, match=r"unknown item id 'x' \(and 2 more\).*unknown='skip'"):
        metrics.ndcg(listed, relevant, 3)
    for name in ("precision", "recall", "ndcg", "average_precision", "hit_rate", "reciprocal_rank", "auc"):
        known = getattr(metrics, name)(listed, [["a"], ["b"]], 3, **({"n_items": 4} if name == "auc" else {}))
        assert_array_equal(getattr(metrics, name)(listed, relevant, 3, unknown="skip"), known)
    assert metrics.novelty(listed, relevant, 3, unknown="skip").tolist() == [0.5, 0.5]
    assert np.isnan(metrics.novelty([["x"]], relevant, 3, unknown="skip")).all()
    pairs = Interactions.from_arrays(["u", "u", "v"], ["a", "b", "b"])
    assert metrics.diversity([["x", "a", "b"]], pairs, 3, unknown="skip") == metrics.diversity([["a", "b"]], pairs, 2)
    with pytest.raises(ValueError, match="unknown must be one of 'raise', 'skip'"):
        metrics.recall(listed, [["a"], ["b"]], 3, unknown="drop")
