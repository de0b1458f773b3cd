"""Splits are disjoint, exhaustive, reproducible, and as large as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse

from coals import split
from coals.data.interactions import Interactions

SPLITS = {
    "random": lambda data, seed: split.random(data, test_fraction=0.3, random_state=seed),
    "leave_k_out": lambda data, seed: split.leave_k_out(data, k=2, random_state=seed),
}


def make(n_users=40, n_items=30, density=0.2, seed=0):
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, (n_users, n_items)) * (rng.random((n_users, n_items)) < density)
    return sparse.csr_array(dense.astype(np.float32))


def stored(data):
    """The stored pairs and their values, as a dict."""
    pairs = data.matrix.tocoo()
    users, items, values = pairs.row.tolist(), pairs.col.tolist(), pairs.data.tolist()
    return dict(zip(zip(users, items, strict=True), values, strict=True))


def per_user(data):
    return np.diff(data.matrix.indptr)


@pytest.fixture(params=sorted(SPLITS))
def divide(request):
    return SPLITS[request.param]


def test_parts_are_disjoint_and_together_the_whole(divide):
    matrix = make()
    train, test = divide(matrix, 0)
    assert train.shape == test.shape == matrix.shape
    assert not stored(train).keys() & stored(test).keys()
    assert stored(train) | stored(test) == stored(Interactions.from_matrix(matrix))


def test_same_seed_same_split_other_seed_another(divide):
    once, again, other = (stored(divide(make(), seed)[1]) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_a_generator_is_drawn_from(divide):
    rng = np.random.default_rng(7)
    first, second = (stored(divide(make(), rng)[1]) for _ in range(2))
    assert first == stored(divide(make(), 7)[1])
    assert first != second


def test_without_a_seed_splits_differ(divide):
    assert stored(divide(make(), None)[1]) != stored(divide(make(), None)[1])


def test_ids_titles_and_row_counts_come_along(divide):
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, 9, 300), rng.integers(0, 40, 300)
    merged = Interactions.from_arrays(users, items, duplicates="count")
    named = Interactions.from_matrix(
        merged.matrix,
        user_ids=[f"u{user}" for user in merged.user_ids],
        item_ids=[f"i{item}" for item in merged.item_ids],
        item_titles=[f"title {item}" for item in merged.item_ids],
    )
    for part in divide(named, 0):
        assert part.users.same_as(named.users)
        assert part.items.same_as(named.items)
        assert_array_equal(part.item_titles, named.item_titles)
    for part in divide(merged, 0):
        assert_array_equal(part.row_counts, part.matrix.data)


def test_stored_zeros_are_pairs_like_any_other(divide):
    matrix = make()
    matrix.data[:] = 0
    train, test = divide(matrix, 0)
    assert train.nnz + test.nnz == matrix.nnz


def test_input_is_left_alone(divide):
    matrix = make()
    before = matrix.copy()
    divide(matrix, 0)
    assert_array_equal(matrix.toarray(), before.toarray())


@given(fraction=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_random_takes_the_fraction_of_pairs(fraction, seed):
    matrix = make()
    train, test = split.random(matrix, test_fraction=fraction, random_state=seed)
    assert test.nnz == round(fraction * matrix.nnz)
    assert train.nnz == matrix.nnz - test.nnz


@given(k=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_leave_k_out_takes_k_of_each_user_who_has_more(k, seed):
    matrix = make()
    had = np.diff(matrix.indptr)
    train, test = split.leave_k_out(matrix, k=k, random_state=seed)
    assert_array_equal(per_user(test), np.where(had > k, k, 0))
    assert_array_equal(per_user(train), had - per_user(test))


@pytest.mark.parametrize("name", sorted(SPLITS))
def test_every_pair_has_the_same_chance(name):
    # A user with 10 pairs, 3 or 2 of them in test: how often each is, within 5 standard deviations.
    matrix, seeds = sparse.csr_array(np.ones((1, 10))), 2000
    chosen = sum(SPLITS[name](matrix, seed)[1].matrix.toarray()[0] for seed in range(seeds))
    p = {"random": 0.3, "leave_k_out": 0.2}[name]
    assert abs(chosen - p * seeds).max() < 5 * np.sqrt(seeds * p * (1 - p))


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 20])
def test_random_takes_fractions_between_0_and_1(fraction):
    with pytest.raises(ValueError, match="test_fraction must lie between 0 and 1, both excluded"):
        split.random(sparse.csr_array(np.ones((2, 2))), test_fraction=fraction)


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_random_refuses_an_empty_part(fraction):
    with pytest.raises(ValueError, match=r"test_fraction=.* leaves (test|train) without any"):
        split.random(sparse.csr_array(np.ones((2, 2))), test_fraction=fraction)


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="test_fraction"):
        split.random(make(), test_fraction=1.5)
    with pytest.raises(TypeError, match="test_fraction"):
        split.random(make(), test_fraction="0.2")
    with pytest.raises(ValueError, match="k must be"):
        split.leave_k_out(make(), k=0)
    with pytest.raises(TypeError, match="k must be"):
        split.leave_k_out(make(), k=1.0)
    with pytest.raises(ValueError, match=r"no user has more than k=5 .*the most is 2.*lower k"):
        split.leave_k_out(sparse.csr_array(np.ones((3, 2))), k=5)
    with pytest.raises(TypeError, match="random_state"):
        split.random(make(), random_state="0")
