"""Item co-occurrence against comparing the users of every two items."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.reference.cooccurrence import mean_similarity_scores
from coals.reference.similarity import similarity as reference_similarity
from conftest import random_ratings

SIMILARITIES = ("count", "jaccard", "cosine")


def test_count_equals_dense_product(ratings):
    dense = (ratings.toarray() != 0).astype(np.int64)
    expected = dense.T @ dense
    np.fill_diagonal(expected, 0)
    model = coals.ItemCooccurrence(similarity="count").fit(ratings)
    assert_array_equal(model.similarity_.toarray(), expected)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("neighbors", [None, 1, 5, 1000])
def test_similarity_equals_reference(ratings, similarity, neighbors):
    model = coals.ItemCooccurrence(similarity=similarity, neighbors=neighbors).fit(ratings)
    expected = reference_similarity(ratings, similarity, neighbors=neighbors)
    assert_allclose(model.similarity_.toarray(), expected, rtol=1e-15)
    assert model.similarity_.has_canonical_format


@settings(max_examples=60, deadline=None)
@given(
    users=st.integers(1, 12), items=st.integers(1, 12), density=st.floats(0.05, 1), seed=st.integers(0, 99),
    neighbors=st.sampled_from([None, 1, 3]),
)  # fmt: skip
def test_any_small_matrix(users, items, density, seed, neighbors):
    data = random_ratings(users, items, density, seed)
    if data.nnz == 0:
        return
    for similarity in SIMILARITIES:
        model = coals.ItemCooccurrence(similarity=similarity, neighbors=neighbors).fit(data)
        expected = reference_similarity(data, similarity, neighbors=neighbors)
        assert_allclose(model.similarity_.toarray(), expected, rtol=1e-15)
        scores = mean_similarity_scores(data, expected)
        everyone = np.repeat(np.arange(users), items), np.tile(np.arange(items), users)
        assert_allclose(model.predict(*everyone).reshape(users, items), scores, rtol=1e-12)


def test_short_rows_and_well_filled_rows_agree():
    """Two ways of reading counters off: rows that touch few of many items, and rows that touch most."""
    rng = np.random.default_rng(0)
    users, items = np.divmod(rng.choice(100 * 300, 600, replace=False), 300)
    narrow = sp.csr_array((np.ones(600), (users, items)), shape=(100, 300))
    wide = sp.csr_array(np.ones((5, 300)))
    data = sp.csr_array((sp.vstack([narrow, wide, sp.csr_array((1, 300))]) != 0).astype(float))
    for part in (narrow, data):
        model = coals.ItemCooccurrence(similarity="count").fit(part)
        dense = part.toarray().astype(np.int64)
        expected = dense.T @ dense
        np.fill_diagonal(expected, 0)
        assert_array_equal(model.similarity_.toarray(), expected)
        for item in range(300):
            assert (np.diff(model.similarity_[[item]].indices) > 0).all()


def test_recommended_scores_are_means_over_the_history(ratings):
    similarities = reference_similarity(ratings, "jaccard")
    scores = mean_similarity_scores(ratings, similarities)
    result = coals.ItemCooccurrence(similarity="jaccard").fit(ratings).recommend(np.arange(60), n=40)
    for user in range(60):
        for item, score in zip(result.ids[user, : result.counts[user]], result.scores[user], strict=False):
            assert score == pytest.approx(scores[user, item], rel=1e-12)


def test_an_item_without_evidence_is_no_recommendation():
    """Two separate groups: nobody in one is recommended anything of the other, however short the list."""
    data = sp.csr_array(sp.block_diag([np.ones((3, 3)) - np.eye(3), np.ones((4, 4)) - np.eye(4)]).toarray())
    result = coals.ItemCooccurrence().fit(data).recommend(np.arange(7), n=5)
    assert_array_equal(result.counts, 1)
    assert_array_equal(result.ids[:, 0], np.arange(7))


def test_similar_items_are_the_rows_of_the_similarity(ratings):
    model = coals.ItemCooccurrence(similarity="cosine").fit(ratings)
    dense = model.similarity_.toarray()
    result = model.similar_items(np.arange(40), n=4)
    for item in np.delete(np.arange(40), 11):
        best = np.argsort(-dense[item], kind="stable")[:4]
        assert_array_equal(result.ids[item], best)
        assert_allclose(result.scores[item], dense[item, best], rtol=1e-15)


def test_shuffled_users_give_the_same_bits(ratings):
    shuffled = ratings[np.random.default_rng(0).permutation(60)]
    one, two = (coals.ItemCooccurrence(neighbors=7).fit(data).similarity_ for data in (ratings, shuffled))
    assert one.indices.tobytes() == two.indices.tobytes()
    assert one.data.tobytes() == two.data.tobytes()


def test_more_users_than_a_narrow_counter_holds():
    users = 70_000
    data = sp.csr_array(np.column_stack([np.ones(users), np.ones(users), np.arange(users) % 2]))
    model = coals.ItemCooccurrence(similarity="count").fit(data)
    assert_array_equal(model.similarity_.toarray(), [[0, users, 35_000], [users, 0, 35_000], [35_000, 35_000, 0]])


def test_more_items_than_a_narrow_index_holds():
    rows, columns = [0, 0, 0, 1, 1], [5, 65_541, 69_999, 5, 65_541]
    data = sp.csr_array((np.ones(5), (rows, columns)), shape=(2, 70_000))
    found = coals.ItemCooccurrence(similarity="count").fit(data).similarity_.tocoo()
    pairs = {(int(i), int(j)): int(c) for i, j, c in zip(found.row, found.col, found.data, strict=True)}
    once = {(5, 65_541): 2, (5, 69_999): 1, (65_541, 69_999): 1}
    assert pairs == once | {(j, i): c for (i, j), c in once.items()}
