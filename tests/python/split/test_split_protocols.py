"""Splits by time, by user and in folds are disjoint, exhaustive, reproducible; evaluation on new users."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse

import coals
from coals import split
from coals.reference import metrics as reference


def make(n_users=40, n_items=30, density=0.2, seed=0):
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, (n_users, n_items)) * (rng.random((n_users, n_items)) < density)
    return sparse.csr_array(dense.astype(np.float32))


def stored(data):
    """(user id, item) -> value."""
    pairs = data.matrix.tocoo()
    users = data.users.decode(pairs.row).tolist()
    return dict(zip(zip(users, pairs.col.tolist(), strict=True), pairs.data.tolist(), strict=True))


def whole(matrix):
    return stored(coals.Interactions.from_matrix(matrix))


def times_of(matrix, levels=1000):
    return np.random.default_rng(3).integers(0, levels, matrix.nnz)


TWO_PARTS = {
    "leave_last_out": lambda matrix: split.leave_last_out(matrix, times_of(matrix), k=2),
    "by_time, fraction": lambda matrix: split.by_time(matrix, times_of(matrix), test_fraction=0.3),
    "by_time, cutoff": lambda matrix: split.by_time(matrix, times_of(matrix), cutoff=400),
    "k_fold": lambda matrix: list(split.k_fold(matrix, folds=4))[2],
}


@pytest.mark.parametrize("name", TWO_PARTS)
def test_parts_are_disjoint_and_together_the_whole(name):
    matrix = make()
    train, test = TWO_PARTS[name](matrix)
    assert train.shape == test.shape == matrix.shape
    assert not stored(train).keys() & stored(test).keys()
    assert stored(train) | stored(test) == whole(matrix)


@given(k=st.integers(1, 6), levels=st.integers(1, 50))
def test_the_last_of_each_user_are_left_out(k, levels):
    matrix = make()
    when = times_of(matrix, levels)
    train, test = split.leave_last_out(matrix, when, k=k)
    for user in range(matrix.shape[0]):
        begin, end = matrix.indptr[user : user + 2]
        # In order of time, and of items where times are equal.
        pairs = sorted(zip(when[begin:end], matrix.indices[begin:end], strict=True))
        last = {item for _, item in pairs[-k:]} if len(pairs) > k else set()
        assert set(test.matrix.indices[test.matrix.indptr[user] : test.matrix.indptr[user + 1]]) == last
    assert train.nnz + test.nnz == matrix.nnz


@given(fraction=st.floats(0.01, 0.99), levels=st.integers(3, 2000))
def test_nothing_in_train_is_later_than_test(fraction, levels):
    matrix = make()
    when = times_of(matrix, levels).astype(float)
    by_pair = coals.Interactions.from_matrix(sparse.csr_array((when, matrix.indices, matrix.indptr), matrix.shape))
    train, test = split.by_time(matrix, by_pair, test_fraction=fraction)
    time = stored(by_pair)
    assert max(time[pair] for pair in stored(train)) < min(time[pair] for pair in stored(test))
    most_alike = np.bincount(when.astype(int)).max()
    assert abs(test.nnz - fraction * matrix.nnz) <= most_alike + 1


def test_dates():
    matrix = sparse.csr_array(np.ones((1, 4)))
    dates = np.array(["2024-03-01", "2024-01-01", "2024-02-01", "2024-04-01"], "datetime64[D]")
    assert split.by_time(matrix, dates, cutoff="2024-03-01")[1].matrix.indices.tolist() == [0, 3]
    assert split.by_time(matrix, dates, test_fraction=0.5)[1].matrix.indices.tolist() == [0, 3]
    assert split.leave_last_out(matrix, dates)[1].matrix.indices.tolist() == [3]


@given(folds=st.integers(2, 9), seed=st.integers(0, 2**32))
def test_every_pair_is_tested_once(folds, seed):
    matrix = make()
    parts = list(split.k_fold(matrix, folds=folds, random_state=seed))
    tests = [stored(test) for _, test in parts]
    assert sum(map(len, tests)) == matrix.nnz
    assert {pair for part in tests for pair in part} == whole(matrix).keys()
    assert max(map(len, tests)) - min(map(len, tests)) <= 1


def test_same_seed_same_folds_and_users():
    for seeds, alike in [((7, 7), True), ((7, 8), False)]:
        folds = [stored(next(iter(split.k_fold(make(), random_state=seed)))[1]) for seed in seeds]
        users = [split.by_user(make(), validation_users=5, test_users=6, random_state=seed) for seed in seeds]
        assert (folds[0] == folds[1]) is alike
        assert (stored(users[0].test.held_out) == stored(users[1].test.held_out)) is alike


@given(fraction=st.floats(0.01, 0.99), seed=st.integers(0, 2**32), validation=st.integers(1, 15))
def test_users_are_disjoint_and_their_items_divided(fraction, seed, validation):
    matrix = make(density=0.12)
    options = {"held_out_fraction": fraction, "random_state": seed}
    parts = split.by_user(matrix, validation_users=validation, test_users=9, **options)
    lengths = np.diff(matrix.indptr)
    groups = [parts.train, parts.validation.history, parts.test.history]
    assert [group.n_users for group in groups] == [31 - validation, validation, 9]
    ids = np.concatenate([group.users.decode(np.arange(group.n_users)) for group in groups])
    assert_array_equal(np.sort(ids), np.arange(40))
    every = stored(parts.train)
    for history, held_out in (parts.validation, parts.test):
        assert history.users.same_as(held_out.users)
        assert not stored(history).keys() & stored(held_out).keys()
        every |= stored(history) | stored(held_out)
        own = lengths[history.users.decode(np.arange(history.n_users))]
        expected = np.clip(np.rint(fraction * own), 1, own - 1)
        assert_array_equal(np.diff(held_out.matrix.indptr), expected)
    assert every == whole(matrix)


def test_ids_titles_and_row_counts_come_along():
    rng = np.random.default_rng(0)
    names = [f"u{n}" for n in rng.integers(0, 20, 400)]
    merged = coals.Interactions.from_arrays(names, rng.integers(0, 40, 400), duplicates="count")
    parts = split.by_user(merged, validation_users=3, test_users=4)
    for part in (parts.train, *parts.validation, *parts.test):
        assert part.items.same_as(merged.items)
        assert set(part.user_ids) <= set(merged.user_ids)
        assert_array_equal(part.row_counts, part.matrix.data)


@pytest.mark.parametrize(
    ("call", "error", "complaint"),
    [
        (lambda m: split.k_fold(m, folds=1), ValueError, "folds must be >= 2"),
        (lambda m: split.k_fold(m[:1], folds=99), ValueError, "99 folds need as many stored pairs"),
        (lambda m: split.leave_last_out(m, [1, 2]), ValueError, "times must have shape"),
        (lambda m: split.leave_last_out(m, np.full(m.nnz, np.nan)), ValueError, r"times\[0\] is nan"),
        (lambda m: split.leave_last_out(m, ["a"] * m.nnz), TypeError, "times must be numbers or dates"),
        (lambda m: split.leave_last_out(m, m[:, ::-1]), ValueError, "times must have the pattern of the data"),
        (lambda m: split.leave_last_out(m, times_of(m), k=30), ValueError, "lower k"),
        (lambda m: split.by_time(m, times_of(m)), TypeError, "either cutoff= or test_fraction="),
        (lambda m: split.by_time(m, times_of(m), cutoff=-1), ValueError, "train would be empty: times run from"),
        (lambda m: split.by_time(m, times_of(m), cutoff=5000), ValueError, "test would be empty"),
        (lambda m: split.by_time(m, times_of(m), test_fraction=20), ValueError, "test_fraction must lie between"),
        (lambda m: split.by_user(m, validation_users=30, test_users=30), ValueError, "users have two stored pairs"),
        (lambda m: split.by_user(m, validation_users=20, test_users=20), ValueError, "left to train on"),
        (lambda m: split.by_user(m, validation_users=0, test_users=20), ValueError, "validation_users must be >= 1"),
        (
            lambda m: split.by_user(m, validation_users=1, test_users=1, held_out_fraction=1),
            ValueError,
            "held_out_fraction must lie between",
        ),
    ],
)
def test_bad_input(call, error, complaint):
    matrix = make()
    assert (np.diff(matrix.indptr) >= 2).all()
    with pytest.raises(error, match=complaint):
        call(matrix)


MODELS = {
    "als": lambda: coals.ImplicitALS(factors=4, iterations=3, random_state=0),
    "knn": coals.ItemKNN,
    "users": coals.UserKNN,
    "popular": coals.Popularity,
}


@pytest.mark.parametrize("name", MODELS)
def test_new_users_are_evaluated_by_what_recommend_for_says(name):
    named = coals.Interactions.from_matrix(make(), item_ids=[f"i{n:02}" for n in range(30)])
    parts = split.by_user(named, validation_users=5, test_users=12)
    model = MODELS[name]().fit(parts.train)
    found = coals.evaluate_fold_in({name: model}, *parts.test, ["ndcg@5", "recall_min@3"], batch_size=5)
    assert_array_equal(found.users, parts.test.history.user_ids)
    for at, user in enumerate(found.users):
        history, wanted = ({named.item_ids[i] for u, i in stored(part) if u == user} for part in parts.test)
        values = {named.item_ids[i]: v for (u, i), v in stored(parts.test.history).items() if u == user}
        listed = model.recommend_for(values, 5).ids[0].tolist()
        assert not history & set(listed)
        assert found.per_user[name]["ndcg@5"][at] == pytest.approx(reference.ndcg(listed, wanted, 5))


def test_fold_in_arguments():
    parts = split.by_user(make(), validation_users=5, test_users=12)
    model = coals.Popularity().fit(parts.train)
    with pytest.raises(ValueError, match="no user of held_out has a history: held_out has ids such as"):
        coals.evaluate_fold_in(model, parts.test.history, parts.validation.held_out)
    with pytest.raises(ValueError, match="'Popularity' is not fitted"):
        coals.evaluate_fold_in(coals.Popularity(), *parts.test)
    with pytest.raises(TypeError, match="'x', a Other, has no recommend_for"):
        coals.evaluate_fold_in({"x": type("Other", (), {"n_items_": 30})()}, *parts.test)
    empty = sparse.csr_array((np.ones(1), ([0], [0])), shape=(12, 30))
    told = coals.Interactions.from_matrix(empty, user_ids=parts.test.history.user_ids)
    assert coals.evaluate_fold_in(model, told, parts.test.held_out, "ndcg@5", batch_size=3).evaluated_users == 12
