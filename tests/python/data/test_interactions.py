from __future__ import annotations

import copy
import datetime as dt
import pickle
import time
import uuid

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import coals
from coals.data import reduce
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.reduce import _peeled
from coals.data.sparse import canonical_csr
from coals.similarities.neighborhoods import along
from coals.split.users import select_users

DENSE = np.array([[0, 3, 0, 1], [2, 0, 0, 5], [0, 4, 6, 0]], dtype=np.float32)


@pytest.fixture
def data():
    return Interactions.from_matrix(
        sp.csr_array(DENSE),
        user_ids=["zoe", "ann", "bob"],
        item_ids=[40, 10, 30, 20],
        item_titles=["Forty", "Ten", "Thirty", "Twenty"],
    )


def test_from_matrix_keeps_values_ids_and_titles(data):
    assert_array_equal(data.matrix.toarray(), DENSE)
    assert data.matrix.dtype == np.float32
    assert data.user_ids.tolist() == ["zoe", "ann", "bob"]
    assert data.item_ids.tolist() == [40, 10, 30, 20]
    assert data.shape == (data.n_users, data.n_items) == (3, 4)
    assert data.nnz == 6
    assert data.has_ids
    assert data.row_counts is None
    assert data.users.encode(["bob", "zoe"]).tolist() == [2, 0]
    assert data.items.decode([3, -1]).tolist() == [20, -1]
    assert repr(data) == "Interactions(3 users x 4 items, 6 entries)"


@pytest.mark.parametrize(
    ("ids", "has_ids"), [({}, False), ({"user_ids": [5, 6, 7]}, True), ({"item_ids": "abcd"}, True)]
)
def test_has_ids(ids, has_ids):
    ids = {name: list(values) for name, values in ids.items()}
    assert Interactions.from_matrix(sp.csr_array(DENSE), **ids).has_ids is has_ids


def test_from_matrix_owns_its_arrays(data):
    source = sp.csr_array(DENSE)
    mine = Interactions.from_matrix(source)
    source.data[:] = 0
    source.indices[:] = 99
    assert_array_equal(mine.matrix.toarray(), DENSE)
    with pytest.raises(ValueError, match="read-only"):
        mine.matrix.indices[0] = 99


def test_titles(data):
    assert data.titles([20, 40]) == ["Twenty", "Forty"]
    assert data.titles(10) == ["Ten"]
    assert Interactions.from_matrix(sp.csr_array(DENSE)).titles([3, 0]) == ["3", "0"]
    with pytest.raises(ValueError, match="unknown item id 15"):
        data.titles([15])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"user_ids": ["a", "b"]}, ValueError, "user_ids holds 2 ids, but there are 3 users"),
        ({"item_ids": [1, 2, 2, 3]}, ValueError, "item_ids holds 2 more than once"),
        ({"item_titles": ["a", "b"]}, ValueError, r"item_titles must have shape \(4,\)"),
        ({"item_titles": [1, 2, 3, 4]}, TypeError, "item_titles must be strings, got int64"),
        ({"item_titles": ["a", "b", None, "d"]}, TypeError, "item_titles must be strings"),
        ({"duplicates": "first"}, ValueError, "duplicates must be one of"),
    ],
)
def test_from_matrix_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        Interactions.from_matrix(sp.csr_array(DENSE), **arguments)


@pytest.mark.parametrize("make", [Interactions.from_matrix, as_interactions])
def test_what_is_not_sparse_is_refused(make):
    with pytest.raises(TypeError, match="dense array: make it sparse"):
        make(DENSE)
    with pytest.raises(TypeError, match=r"got dict: columns go to Interactions\.from_arrays, tables to .*from_frame$"):
        make({})


def test_direct_construction_points_to_the_makers():
    index = IdIndex(None, 3, "user")
    for users, items in ((index, np.arange(4)), (np.arange(3), index)):
        with pytest.raises(TypeError, match=r"Interactions\.from_matrix or Interactions\.from_arrays"):
            Interactions(sp.csr_array(DENSE), users, items)


@pytest.mark.parametrize(
    ("sizes", "more", "message"),
    [
        ((3, 3), {}, r"the matrix has shape \(3, 4\), but there are ids for 3 x 3"),
        ((2, 4), {}, r"the matrix has shape \(3, 4\), but there are ids for 2 x 4"),
        ((3, 4), {"item_titles": np.array(["a"])}, r"item_titles must have shape \(4,\), got \(1,\)"),
        ((3, 4), {"row_counts": np.ones(7)}, r"row_counts must have shape \(6,\), got \(7,\)"),
    ],
)
def test_direct_construction_refuses_parts_that_do_not_fit(sizes, more, message):
    index = IdIndex(None, sizes[0], "user"), IdIndex(None, sizes[1], "item")
    with pytest.raises(ValueError, match=message):
        Interactions(sp.csr_array(DENSE), *index, **more)


def test_direct_construction_refuses_other_matrices():
    index = IdIndex(None, 3, "user"), IdIndex(None, 4, "item")
    for matrix in (sp.coo_array(DENSE), DENSE, None):
        with pytest.raises(TypeError, match=r"make Interactions with Interactions\.from_matrix"):
            Interactions(matrix, *index)


def test_masks_are_never_dropped(data):
    masked = np.ma.masked_equal([1, 2], 2)
    for arrays in ((masked, [1, 2]), ([1, 2], masked), ([1, 2], [1, 2], masked)):
        with pytest.raises(TypeError, match="must not be masked, and 1 values are: fill them, or drop"):
            Interactions.from_arrays(*arrays)
    with pytest.raises(TypeError, match="mask must not be masked"):
        data.select(np.ma.array([True] * 6, mask=[True] + [False] * 5))
    with pytest.raises(TypeError, match="item_titles must not be masked"):
        Interactions.from_matrix(sp.csr_array(DENSE), item_titles=np.ma.array(list("abcd"), mask=[1, 0, 0, 0]))


def test_ids_of_a_list_stay_apart():
    assert Interactions.from_arrays(["a", "a\0"], ["x", "y"]).shape == (2, 2)
    with pytest.raises(TypeError, match=r"users must be ids .* got bool at position 1"):
        Interactions.from_arrays([1, True], ["x", "y"])


def test_one_long_title_does_not_widen_all_others():
    titles = ["t"] * 20_000 + ["long" * 250_000]
    source = sp.coo_array(([1.0], ([0], [20_000])), shape=(1, 20_001))
    assert Interactions.from_matrix(source, item_titles=titles).titles([20_000, 3]) == [titles[-1], "t"]


def test_errors_name_ids():
    source = sp.csr_array(DENSE)
    source.data[2] = np.nan
    with pytest.raises(ValueError, match="value at user 'ann', column 0 is nan"):
        Interactions.from_matrix(source, user_ids=["zoe", "ann", "bob"])
    with pytest.raises(ValueError, match="user 7, item 'x' is given 2 times"):
        Interactions.from_arrays([7, 8, 7], ["x", "x", "x"])


def test_from_arrays_sorts_ids():
    data = Interactions.from_arrays(["b", "a", "b"], [30, 10, 20], [1.0, 2.0, 3.0])
    assert data.user_ids.tolist() == ["a", "b"]
    assert data.item_ids.tolist() == [10, 20, 30]
    assert data.matrix.toarray().tolist() == [[2, 0, 0], [0, 3, 1]]


def test_from_arrays_without_values_counts_one_each():
    data = Interactions.from_arrays([0, 0, 1], [0, 1, 0])
    assert data.matrix.dtype == np.float32
    assert data.matrix.toarray().tolist() == [[1, 1], [1, 0]]
    assert data.row_counts is None


@pytest.mark.parametrize(("duplicates", "value"), [("sum", 7), ("last", 2), ("max", 5), ("mean", 3.5), ("count", 2)])
def test_from_arrays_merges_repeats_in_the_order_given(duplicates, value):
    data = Interactions.from_arrays([1, 0, 1], ["x", "x", "x"], [5.0, 4.0, 2.0], duplicates=duplicates)
    assert data.matrix.toarray().tolist() == [[4 if duplicates != "count" else 1], [value]]
    assert data.row_counts.tolist() == [1, 2]
    assert data.row_counts.dtype == np.int64


ids = st.one_of(st.integers(-5, 5), st.sampled_from(["a", "b", ""]), st.tuples(st.integers(0, 1)))


@given(st.lists(st.tuples(ids, ids, st.integers(-9, 9)), min_size=1, max_size=30, unique_by=lambda t: t[:2]))
def test_from_arrays_puts_every_value_where_its_ids_say(triples):
    data = Interactions.from_arrays(*map(list, zip(*triples, strict=True)))
    dense = data.matrix.toarray()
    assert data.nnz == len(triples)
    for user, item, value in triples:
        assert dense[data.users.encode([user])[0], data.items.encode([item])[0]] == value


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        (([], [], []), ValueError, "users, items and values are empty"),
        (([1, 2], [1], [1.0, 2.0]), ValueError, r"of one length, got shapes \(2,\), \(1,\), \(2,\)"),
        (([1, 2], [1, 2], [1.0]), ValueError, "of one length"),
        (([1, 2], [1, 2], 1.0), ValueError, "must be 1-D and of one length"),
        (([1, 2], [1, 2], ["1", "2"]), TypeError, "values must be real numbers, got text: make numbers"),
        (([1, None], [1, 2], [1, 2]), ValueError, r"users\[1\] is missing"),
        (([1, 2], [1, 2.5], [1, np.inf]), ValueError, "value at user 2, item 2.5 is inf"),
        (([True, False], [1, 2], [1, 2]), TypeError, "users must be ids"),
        (((u for u in [1, 2]), [1, 2]), TypeError, "users must be a list or an array, got generator"),
        (([1, 2], {1, 2}), TypeError, "items must be a list or an array, got set"),
        (([1, 2], [1, 2], iter([1.0, 2.0])), TypeError, "values must be a list or an array, got list_iterator"),
    ],
)
def test_from_arrays_refuses(arrays, error, message):
    with pytest.raises(error, match=message):
        Interactions.from_arrays(*arrays)


def test_as_interactions_returns_interactions_as_they_are(data):
    assert as_interactions(data) is data


@pytest.mark.parametrize("fmt", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_as_interactions_takes_any_sparse_matrix(fmt):
    data = as_interactions(sp.csr_array(DENSE).asformat(fmt))
    assert_array_equal(data.matrix.toarray(), DENSE)
    assert not data.has_ids
    assert data.item_titles is None


def test_as_interactions_does_not_copy_canonical_csr():
    source = sp.csr_matrix(DENSE)
    data = as_interactions(source)
    assert np.shares_memory(data.matrix.data, source.data)
    assert np.shares_memory(data.matrix.indices, source.indices)


def test_as_interactions_refuses_repeats_and_says_what_to_do():
    with pytest.raises(ValueError, match=r"row 0, column 1 .* duplicates='sum', .* Interactions\.from_matrix"):
        as_interactions(sp.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 2)))


def test_select_keeps_what_the_mask_says(data):
    mask = np.array([True, False, False, True, False, True])
    selected = data.select(mask)
    assert selected.matrix.toarray().tolist() == [[0, 3, 0, 0], [0, 0, 0, 5], [0, 0, 6, 0]]
    assert selected.matrix.dtype == np.float32
    assert selected.users is data.users
    assert selected.items is data.items
    assert selected.titles(20) == ["Twenty"]
    assert not selected.matrix.data.flags.writeable
    assert_array_equal(data.matrix.toarray(), DENSE)


def test_select_carries_row_counts():
    data = Interactions.from_arrays([0, 1, 1, 2], [0, 0, 0, 0], duplicates="sum")
    selected = data.select(np.array([False, True, True]))
    assert selected.shape == (3, 1)
    assert selected.row_counts.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        ([0, 1, 2, 3, 4, 5], TypeError, "mask must be of dtype bool"),
        ([True] * 5, ValueError, r"mask must have shape \(6,\)"),
        ([False] * 6, ValueError, "mask keeps none of the 6 entries"),
    ],
)
def test_select_refuses(data, mask, error, message):
    with pytest.raises(error, match=message):
        data.select(mask)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda data: pickle.loads(pickle.dumps(data))])
def test_copies_are_equal(data, again):
    other = again(data)
    assert_array_equal(other.matrix.toarray(), DENSE)
    assert other.users.same_as(data.users)
    assert other.titles(10) == ["Ten"]


def test_titles_by_id_and_without_the_padding_of_short_lists():
    data = Interactions.from_arrays([1, 1, 2], ["x", "y", "y"], item_titles={"x": "Ex", "unknown": "?"})
    assert data.titles(["y", "x"]) == ["y", "Ex"]
    assert data.titles(np.array(["x", None], dtype=object)) == ["Ex"]
    plain = Interactions.from_matrix(sp.csr_array([[1, 1]]), item_titles=["a", "b"])
    assert plain.titles(np.array([1, -1, -1])) == ["b"]
    odd = Interactions.from_arrays([1, 1], [-1, 5], item_titles={-1: "minus one"})
    assert odd.titles(np.array([5, -1])) == ["5", "minus one"]
    with pytest.raises(TypeError, match="item_titles must be a mapping of item id to title, got list"):
        Interactions.from_arrays([1], ["x"], item_titles=["Ex"])


UNORDERED_IDS = [
    [3, 1, 2, 1],
    [2.5, -0.0, 0.0, 1.5],
    ["b", "a", "", "a"],
    [b"b", b"a", b"c", b"a"],
    [(2, "x"), (1, "y"), (2, "x"), (0, "z")],
    [uuid.UUID(int=2), uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)],
    [dt.date(2020, 1, 2), dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2021, 1, 1)],
    [1, "one", 2, "two"],
    np.array(["2020-01-02", "2020-01-01", "2020-01-02", "2021-01-01"], "M8[s]"),
]


def would_pass_again(data):
    """Everything that `Interactions.from_matrix` checks holds already: it changes and copies nothing."""
    for index in (data.users, data.items):
        assert IdIndex(index.ids, index.size, index.kind).same_as(index)
        assert index.ids is None or not index.ids.flags.writeable
    matrix, counts = canonical_csr(data.matrix)
    assert counts is None
    for part in ("data", "indices", "indptr"):
        ours, checked = getattr(data.matrix, part), getattr(matrix, part)
        assert ours.dtype == checked.dtype
        assert np.shares_memory(ours, checked) or ours.size == 0
        assert not ours.flags.writeable
    assert data.matrix.has_canonical_format
    Interactions(data.matrix, data.users, data.items, data.item_titles, data.row_counts, data.times)


@pytest.mark.parametrize("ids", UNORDERED_IDS, ids=lambda ids: type(ids[0]).__name__)
def test_parts_that_are_not_checked_again_would_pass(ids):
    numbers, times = np.array([4, 1, 3, 5]), np.array([9, 8, 7, 6])
    for users, items in ((ids, [1, 0, 1, 0]), ([5, 6, 5, 5], ids)):
        data = Interactions.from_arrays(users, items, numbers, time=times, duplicates="last")
        some = data.select(data.matrix.data > 1)
        for part in (data, some, some.core(1, 1), data.binarized(2)):
            would_pass_again(part)
        would_pass_again(along(data, "users"))
        would_pass_again(as_interactions(data.matrix))
        would_pass_again(select_users(data, np.array([1, 0])))


# --- the core, against rounds over everything, and that it stays linear where rounds do not ---


def by_rounds(matrix, least_in_row, least_in_column):
    dense = matrix.toarray() != 0
    while True:
        rows, columns = dense.sum(1) >= least_in_row, dense.sum(0) >= least_in_column
        left = dense & rows[:, None] & columns
        if (left == dense).all():
            return rows, columns
        dense = left


@pytest.mark.parametrize("few", [0, 3, 256])
def test_peeling_equals_rounds(few, monkeypatch):
    monkeypatch.setattr(reduce, "_FEW", few)
    rng = np.random.default_rng(few)
    for _ in range(100):
        shape, density = rng.integers(1, 40, 2), 0.3 * rng.random()
        matrix = sp.csr_array((rng.random(shape) < density).astype(float))
        least = rng.integers(1, 5, 2).tolist()
        for found, wanted in zip(_peeled(matrix, *least), by_rounds(matrix, *least), strict=True):
            assert found.tolist() == wanted.tolist()


def chain(n):
    """User k has items k and k + 1, so that only the ends of the chain can go at a time."""
    users, items = np.repeat(np.arange(n), 2), np.stack([np.arange(n), np.arange(n) + 1], 1).ravel()
    return coals.Interactions.from_arrays(np.append(users, [n, n, n + 1, n + 1]), np.append(items, [-1, -2, -1, -2]))


def test_a_chain_takes_time_in_proportion_to_its_length():
    seconds = {}
    for n in (2_000, 32_000):
        data = chain(n)
        started = time.process_time()
        left = data.core(2, 2)
        seconds[n] = time.process_time() - started
        assert left.user_ids.tolist() == [n, n + 1]
        assert left.item_ids.tolist() == [-2, -1]
    assert seconds[32_000] < 64 * seconds[2_000] + 0.5  # rounds over everything: 256 times


def test_a_wide_star_falls_at_once():
    """Many users that fall together, with items that fall with them."""
    users = np.repeat(np.arange(5_000), 2)
    items = np.column_stack([np.arange(5_000) + 10, np.zeros(5_000, int)]).ravel()
    data = coals.Interactions.from_arrays(np.append(users, [9_000] * 3), np.append(items, [0, 1, 2]))
    with pytest.raises(ValueError, match="min_user_items=3 and min_item_users=2 leave no entry"):
        data.core(3, 2)
    assert data.core(3, 1).user_ids.tolist() == [9_000]
