"""Reordered lists against the definitions, one list at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import coals
from coals.reference import rerank as reference


def lists(rng, queries, candidates, items):
    """Candidates as top_k gives them, some lists short."""
    q, v = rng.standard_normal((queries, 4)), rng.standard_normal((items, 4))
    v[3:6] = v[3]  # the same item three times over
    v[7] = 0
    left_out = [rng.choice(items, rng.integers(0, items), replace=False) for _ in range(queries)]
    return v, coals.top_k(q, v, candidates, exclude_per_query=left_out)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 12), diversity=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]))
def test_mmr_equals_its_definition(seed, n, diversity):
    v, (ids, scores, counts) = lists(np.random.default_rng(seed), 6, 10, 25)
    found = coals.rerank.mmr(ids, scores, v, n, diversity=diversity)
    norms = np.linalg.norm(v, axis=1, keepdims=True)
    unit = v / np.where(norms > 0, norms, 1)
    similarity = unit @ unit.T
    for q, count in enumerate(counts):
        own = ids[q, :count]
        # Equal candidates can be told apart by rounding alone, so values are compared, not places.
        expected = reference.mmr(scores[q, :count].tolist(), similarity[np.ix_(own, own)], n, diversity)
        assert found.counts[q] == len(expected) == min(n, count)
        np.testing.assert_allclose(v[found.ids[q, : len(expected)]], v[own[expected]])
        assert len(set(found.ids[q, : len(expected)].tolist())) == len(expected)


@pytest.mark.parametrize("width", [3, 24, 64])
def test_items_that_are_alike_come_in_their_order(width):
    """Nine times each of five items: copies are as near to whatever is on the list, to the bit."""
    kinds = np.random.default_rng(0).standard_normal((5, width))
    ids = np.arange(45)[None]
    scores = np.repeat([5.0, 4.0, 3.0, 2.0, 1.0], 9)[None]
    for diversity in (0.2, 0.5, 0.9, 1.0):
        found = coals.rerank.mmr(ids, scores, np.repeat(kinds, 9, axis=0), 45, diversity=diversity).ids[0]
        for kind in range(5):
            assert found[found // 9 == kind].tolist() == list(range(9 * kind, 9 * kind + 9))


def test_no_diversity_keeps_the_order_and_more_makes_lists_less_alike():
    v, (ids, scores, counts) = lists(np.random.default_rng(0), 40, 20, 60)
    assert_array_equal(coals.rerank.mmr(ids, scores, v, 20, diversity=0).ids, ids)

    def mean_cosine(found):
        own = [v[row[row >= 0]] for row in found.ids]
        units = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in own]
        return np.mean([(u @ u.T).mean() for u, count in zip(units, counts, strict=True) if count >= 20])

    alike = [mean_cosine(coals.rerank.mmr(ids, scores, v, 5, diversity=d)) for d in (0.0, 0.5, 1.0)]
    assert alike[0] > alike[1] > alike[2]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 12), limit=st.sampled_from([0, 1, 2, {"a": 1}, {"a": 0, "b": 2}]))
def test_caps_equal_their_definition(seed, n, limit):
    rng = np.random.default_rng(seed)
    _, (ids, scores, counts) = lists(rng, 6, 15, 25)
    names = [sorted(set(rng.choice(list("abc"), rng.integers(0, 3)).tolist())) for _ in range(25)]
    found = coals.rerank.cap_categories(ids, scores, names, n, limit=limit)
    for q, count in enumerate(counts):
        expected = reference.cap_categories([names[item] for item in ids[q, :count]], n, limit)
        assert_array_equal(found.ids[q], np.append(ids[q][expected], np.full(n - len(expected), -1)))
        assert_array_equal(found.scores[q, : len(expected)], scores[q][expected])
        assert found.counts[q] == len(expected)


def test_a_mapping_names_the_categories_of_some():
    found = coals.rerank.cap_categories([[0, 1, 2]], [[3.0, 2.0, 1.0]], {0: "x", 1: ("x", "y")}, 3, limit=1)
    assert_array_equal(found.ids, [[0, 2, -1]])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"ids": [0, 1]}, ValueError, "must be two-dimensional and alike"),
        ({"ids": [["a", "b"]]}, TypeError, "ids must be item positions"),
        ({"ids": [[-1, 1]]}, ValueError, r"ids\[0\] has padding before its end"),
        ({"ids": [[0, 9]]}, ValueError, r"ids\[0\] holds 9, but there are only 3 items"),
        ({"scores": [[1.0, np.nan]]}, ValueError, r"scores\[0\] must be finite"),
        ({"vectors": np.ones(3)}, ValueError, "vectors must be a two-dimensional array"),
        ({"n": 0}, ValueError, "n must be >= 1"),
        ({"diversity": 1.5}, ValueError, "diversity must be >= 0 and <= 1"),
    ],
)
def test_bad_input(changes, error, message):
    arguments = {"ids": [[0, 1]], "scores": [[2.0, 1.0]], "vectors": np.eye(3), "n": 2} | changes
    with pytest.raises(error, match=message):
        coals.rerank.mmr(**arguments)


def test_bad_limit():
    with pytest.raises(TypeError, match=r"limit\['a'\] must be an integer"):
        coals.rerank.cap_categories([[0]], [[1.0]], ["a"], limit={"a": "one"})
