"""`coals.metrics` on lists of every form: ties, graded gains, metrics of lists as such, bad input, threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import coals
from coals import metrics
from coals.reference import metrics as reference

ITEMS = set(range(8))
ORACLE = {
    "precision": reference.precision,
    "recall": reference.recall,
    "f1": reference.f1,
    "recall_min": reference.recall_min,
    "ndcg": reference.ndcg,
    "map": reference.average_precision,
    "hit_rate": reference.hit_rate,
    "mrr": reference.reciprocal_rank,
    "auc": lambda ranked, relevant, k: reference.auc(ranked, relevant, k, ITEMS),
}
BY_NAME = {
    "precision": metrics.precision,
    "recall": metrics.recall,
    "f1": metrics.f1,
    "recall_min": metrics.recall_min,
    "ndcg": metrics.ndcg,
    "map": metrics.average_precision,
    "hit_rate": metrics.hit_rate,
    "mrr": metrics.reciprocal_rank,
}
RANKED, RELEVANT = [5, 1, 2, 9, 7], [2, 5, 7]


@st.composite
def scored_list(draw, longest=6):
    ranked = draw(st.lists(st.integers(0, 7), unique=True, min_size=1, max_size=longest))
    scores = sorted(draw(st.lists(st.integers(0, 3), min_size=len(ranked), max_size=len(ranked))), reverse=True)
    return ranked, scores, draw(st.sets(st.integers(0, 7), min_size=1))


@pytest.mark.parametrize("name", sorted(ORACLE))
@given(case=scored_list(), k=st.integers(1, 10))
def test_expected_value_equals_the_mean_over_all_orders_of_the_ties(name, case, k):
    ranked, scores, relevant = case
    metric = f"{name}@{k}"
    found = metrics.compute([ranked], [sorted(relevant)], metric, scores=[scores], ties="expected", n_items=8)[metric]
    assert found[0] == pytest.approx(reference.expected(lambda r: ORACLE[name](r, relevant, k), ranked, scores))
    assert 0 <= found[0] <= 1


@given(case=scored_list(), k=st.integers(1, 10))
def test_expected_value_of_graded_gains(case, k):
    ranked, scores, relevant = case
    gains = {item: float(item % 4) for item in relevant}
    matrix = sparse.csr_array((list(gains.values()), ([0] * len(gains), list(gains))), shape=(1, 8))
    found = metrics.ndcg([ranked], matrix, k, gain="linear", scores=[scores], ties="expected")
    assert found[0] == pytest.approx(reference.expected(lambda r: reference.graded_ndcg(r, gains, k), ranked, scores))


def test_scores_without_ties_change_nothing_to_the_bit():
    rng = np.random.default_rng(0)
    ids = rng.permuted(np.tile(np.arange(40), (300, 1)), axis=1)[:, :20]
    relevant = sparse.random_array((300, 40), density=0.1, rng=rng, format="csr")
    every = [f"{name}@{k}" for name in ORACLE for k in (1, 5, 30)]
    scores = -np.arange(6000.0).reshape(300, 20)
    listed = metrics.compute(ids, relevant, every)
    for metric, values in metrics.compute(ids, relevant, every, scores=scores, ties="expected").items():
        assert_array_equal(values, listed[metric])


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    ids = rng.permuted(np.tile(np.arange(60), (2000, 1)), axis=1)[:, :20]
    relevant = sparse.random_array((2000, 60), density=0.1, rng=rng, format="csr")
    every = [f"{name}@{k}" for name in ORACLE for k in (3, 10)]
    runs = [metrics.compute(ids, relevant, every, num_threads=threads) for threads in (1, 2, 7)]
    varied = [
        metrics.diversity(ids, sparse.random_array((60, 9), rng=0, format="csr"), 5, num_threads=t) for t in (1, 3)
    ]
    for run in runs[1:]:
        for metric in every:
            assert_array_equal(run[metric], runs[0][metric])
    assert_array_equal(*varied)


@pytest.mark.parametrize("gain", ["linear", "exponential"])
@given(case=scored_list(longest=8), k=st.integers(1, 12))
def test_graded_ndcg_equals_the_reference(gain, case, k):
    ranked, _, relevant = case
    values = {item: float(1 + item % 3) for item in relevant}
    gains = {item: value if gain == "linear" else 2**value - 1 for item, value in values.items()}
    matrix = sparse.csr_array((list(values.values()), ([0] * len(values), list(values))), shape=(1, 8))
    found = metrics.ndcg([ranked], matrix, k, gain=gain)
    assert found[0] == pytest.approx(reference.graded_ndcg(ranked, gains, k))
    best = sorted(values, key=values.get, reverse=True)
    assert metrics.ndcg([best], matrix, k, gain=gain)[0] == 1


def test_gains_of_0_are_worth_nothing_and_negative_ones_an_error():
    ids, relevant = np.array([[0, 1]]), sparse.csr_array((np.zeros(1), ([0], [1])), shape=(1, 2))
    assert metrics.ndcg(ids, relevant, 2, gain="linear").tolist() == [0]
    assert metrics.ndcg(ids, relevant, 2)[0] > 0
    relevant.data[:] = -1
    with pytest.raises(ValueError, match=r"relevant holds -1.0: a gain must not be negative"):
        metrics.ndcg(ids, relevant, 2, gain="linear")
    relevant.data[:] = 5000
    with pytest.raises(ValueError, match=r"overflows at a value of 5000"):
        metrics.ndcg(ids, relevant, 2, gain="exponential")
    huge = sparse.csr_array((np.full(2, 1e308), ([0, 0], [0, 1])), shape=(1, 2))
    with pytest.raises(ValueError, match=r"relevant holds 1e\+308: gains must have a finite sum"):
        metrics.ndcg(ids, huge, 2, gain="linear")


def in_every_form():
    data = coals.Interactions.from_arrays([0, 0, 0], ["c", "f", "h"])
    named = coals.Interactions.from_arrays([0] * 10, list("abcdefghij"))
    letters = ["f", "b", "c", "j", "h"]
    wide = sparse.csr_array((np.ones(3), ([0] * 3, RELEVANT)), shape=(1, 10))
    relevant = coals.Interactions.from_matrix(wide, item_ids=named.item_ids)
    lists = coals.Recommendations(np.array([[*letters, None]], object), np.ones((1, 6)), np.array([5]))
    return {
        "integers": ([RANKED], [RELEVANT]),
        "padded array": (np.array([[*RANKED, -1]]), [set(RELEVANT)]),
        "small integers": (np.array([RANKED], np.int32), wide),
        "matrix": (np.array([RANKED]), wide.tocoo()),
        "strings": ([letters], [["c", "f", "h"]]),
        "array of strings": (np.array([letters]), [np.array(["c", "f", "h"])]),
        "tuples": ([[(n,) for n in RANKED]], [[(n,) for n in RELEVANT]]),
        "interactions": ([letters], relevant),
        "recommendations": (lists, relevant),
        "only ids that occur": (lists, [data.item_ids]),
    }


@pytest.mark.parametrize("form", in_every_form())
def test_golden_values_in_every_form(form):
    recommended, relevant = in_every_form()[form]
    for k, golden in {1: 1, 2: 0.613147, 3: 0.703918, 5: 0.885460, 99: 0.885460}.items():
        assert metrics.ndcg(recommended, relevant, k) == pytest.approx([golden], abs=5e-7)
    for name, function in BY_NAME.items():
        assert function(recommended, relevant, 3) == pytest.approx([ORACLE[name](RANKED, set(RELEVANT), 3)])


@given(lists=st.lists(st.lists(st.integers(0, 5), unique=True, max_size=6), min_size=1, max_size=8))
def test_metrics_of_lists_as_such_equal_the_reference(lists):
    rng = np.random.default_rng(0)
    train = sparse.csr_array((rng.random((9, 6)) < 0.5).astype(float))
    owners = [set(np.flatnonzero(train[:, [item]].toarray())) for item in range(6)]

    def cosine(one, other):
        return len(owners[one] & owners[other]) / np.sqrt(len(owners[one]) * len(owners[other]))

    first = [row[:3] for row in lists]
    assert metrics.coverage(lists, 3, n_items=6) == reference.coverage(first, set(range(6)))
    if any(first):
        assert metrics.gini(lists, 3, n_items=6) == pytest.approx(reference.gini(first, set(range(6))))
    else:
        assert np.isnan(metrics.gini(lists, 3, n_items=6))
    shares = {item: len(users) / 9 for item, users in enumerate(owners)}
    novelty = [reference.novelty(row, shares) if row else np.nan for row in first]
    assert_allclose(metrics.novelty(lists, train, 3), novelty)
    varied = [reference.diversity(row, cosine) if len(row) > 1 else np.nan for row in first]
    interactions = coals.Interactions.from_matrix(train)
    assert_allclose(metrics.diversity(lists, interactions, 3), varied, atol=1e-12)
    assert_allclose(metrics.diversity(lists, train.T, 3), varied, atol=1e-12)
    assert_allclose(metrics.diversity(lists, train.T.toarray(), 3), varied, atol=1e-12)


def test_items_without_features_are_like_no_other():
    found = metrics.diversity([[0, 1], [2, 1]], np.array([[0, 0], [1, 1], [2, 2]]), 2)
    assert found == pytest.approx([1, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("recommended", "relevant", "options", "error", "complaint"),
    [
        ([[0, 0]], [[1]], {}, ValueError, r"recommended\[0\] holds the item 0 more than once"),
        (
            np.array([[0, 4]]),
            sparse.csr_array([[1, 0, 0]]),
            {},
            ValueError,
            "list 0 holds an item that is not in 0 to 2",
        ),
        ([[0]], [[1], [2]], {}, ValueError, "there are 1 lists, but relevant has 2 rows"),
        ([[0]], [[1, 1]], {}, ValueError, r"relevant\[0\] holds the item 1 more than once"),
        (np.array([[-1, 0]]), [[1]], {}, ValueError, r"recommended\[0\] has an item behind its padding"),
        ([5, 1], [[1]], {}, TypeError, r"recommended\[0\] must be the list of one user's ids"),
        ("ab", [[1]], {}, TypeError, "recommended must have one list of ids for each user, got str"),
        (np.array([[0.0]]), [[1]], {}, TypeError, "recommended must hold item ids"),
        ([["a"]], sparse.csr_array([[1, 0, 0]]), {}, TypeError, "plain columns: give Interactions with ids"),
        ([[0]], [[1]], {"gain": "linear"}, ValueError, "graded gains need relevant as Interactions"),
        ([[0]], [[1]], {"gain": "log"}, ValueError, "gain must be one of"),
        ([[0]], [[1]], {"ties": "random"}, ValueError, "ties must be one of"),
        ([[0]], [[1]], {"ties": "expected"}, ValueError, "ties='expected' needs scores"),
        ([[0]], [[1]], {"ties": "expected", "scores": [[1, 2]]}, ValueError, r"shape of recommended, \(1, 1\)"),
        ([[0, 1]], [[1]], {"ties": "expected", "scores": [[1, 2]]}, ValueError, r"scores\[0\] is NaN or rises"),
        ([[0]], [[1]], {"num_threads": 0}, ValueError, "num_threads must be >= 1"),
    ],
)
def test_bad_input(recommended, relevant, options, error, complaint):
    with pytest.raises(error, match=complaint):
        metrics.ndcg(recommended, relevant, 3, **options)


def test_other_bad_input():
    with pytest.raises(ValueError, match="k must be >= 1"):
        metrics.ndcg([[1]], [[1]], 0)
    with pytest.raises(ValueError, match="auc needs n_items"):
        metrics.auc([[1]], [[1]], 3)
    with pytest.raises(ValueError, match="n_items must be >= 2"):
        metrics.auc([[1]], [[2]], 3, n_items=1)
    with pytest.raises(ValueError, match="n_items must be >= 2"):
        metrics.coverage([[1, 2]], 3, n_items=1)
    with pytest.raises(ValueError, match="coverage@3 is not a metric of lists with relevant items"):
        metrics.compute([[1]], [[1]], "coverage@3")
