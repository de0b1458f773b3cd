from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from coals.data.ids import IdIndex, factorize

IDS = {
    "integers": [7, -3, 10**12],
    "sorted integers": [1, 2, 5],
    "narrow integers": np.array([7, -3, 100], dtype=np.int8),
    "unsigned": np.array([7, 3, 2**31], dtype=np.uint32),
    "huge unsigned": np.array([7, 2**63 + 1, 2**64 - 1], dtype=np.uint64),
    "beyond 64 bits": [2**70, 1, -5],
    "huge beside negative": [2**63, -1, 0],
    "floats": [0.5, -1.0, 2.0],
    "strings": ["bob", "ann", "élise"],
    "bytes": [b"x", b"a", b"m"],
    "object strings": np.array(["bob", "ann", "zoe"], dtype=object),
    "mixed": [1, "1", 2.5],
    "tuples": [(1, 2), (1, 3), (2, 1)],
}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_encode_and_decode_are_inverse(ids):
    index = IdIndex(ids, 3, "user")
    assert index.encode(ids).tolist() == [0, 1, 2]
    assert index.encode(list(ids)[::-1]).tolist() == [2, 1, 0]
    assert index.decode([2, 0, 0]).tolist() == [ids[2], ids[0], ids[0]]
    assert index.encode(index.decode([1, 2])).dtype == np.int64


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_decode_pads_integers_with_minus_one_and_others_with_none(ids):
    ragged = np.array([[2, 0], [1, -1]])
    decoded = IdIndex(ids, 3, "user").decode(ragged)
    fits_int64 = all(isinstance(v, (int, np.integer)) and v < 2**63 for v in ids)
    fill = -1 if fits_int64 else None
    assert decoded.tolist() == [[ids[2], ids[0]], [ids[1], fill]]
    assert (decoded.dtype == object) == (fill is None)


def test_integers_of_a_list_never_become_floats():
    ids = [2**63 + 1, -1]
    assert IdIndex(ids, 2, "user").ids.tolist() == ids
    assert factorize("users", ids)[0].tolist() == sorted(ids)


def test_no_ids_are_the_positions():
    index = IdIndex(None, 3, "item")
    assert len(index) == 3
    assert index.ids is None
    assert index.encode([2, 0]).tolist() == [2, 0]
    assert index.decode([[0, -1]]).tolist() == [[0, -1]]
    with pytest.raises(ValueError, match=r"items\[0\] = 3 is out of range"):
        index.encode([3])
    with pytest.raises(TypeError, match="items must be an integer"):
        index.encode("0")


@pytest.mark.parametrize(
    ("ids", "scalar"), [([5, 6], 6), ([5, 6], np.int16(6)), (["a", "b"], "b"), ([(0, 1), (0, 2)], [(0, 2)])]
)
def test_a_scalar_id_is_a_sequence_of_one(ids, scalar):
    assert IdIndex(ids, 2, "user").encode(scalar).tolist() == [1]


@pytest.mark.parametrize(
    ("ids", "wanted", "message"),
    [
        ([5, 6], [5, 7, 8], "unknown user id 7 .and 1 more.: not among the 2 users"),
        ([5, 6], [9], "unknown user id 9"),
        ([5, 6], 2**63 + 5, "unknown user id 9223372036854775813"),
        (np.array([5, 2**63], dtype=np.uint64), -1, "unknown user id -1"),
        (["a", "b"], ["a", "ab"], "unknown user id 'ab'"),
        (["a", "b"], [""], "unknown user id ''"),
        ([0.5, 1.5], [0.75], "unknown user id 0.75"),
        ([("x", 1), ("y", 2)], [("x", 2)], r"unknown user id \('x', 2\)"),
    ],
)
def test_unknown_id_is_named_with_a_remedy(ids, wanted, message):
    with pytest.raises(ValueError, match=f"{message}.*leave it out, or fit again"):
        IdIndex(ids, 2, "user").encode(wanted)


@pytest.mark.parametrize(
    ("ids", "wanted", "message"),
    [
        ([5, 6], "5", r"item ids are int here, got '5' \(str\)"),
        ([5, 6], ["5"], r"item ids are int here, got '5' \(str\)"),
        (["5", "6"], 5, r"item ids are str here, got 5 \(int\)"),
        (np.array(["5", "6"], dtype=object), [5], r"item ids are str here, got 5 \(int\)"),
        (["a", "b"], [b"a"], r"item ids are str here, got b'a' \(bytes\)"),
        ([5, 6], [None], r"item ids are int here, got None"),
        ([5, 6], [5.5], r"item ids are int here, got 5\.5 \(float\)"),
        ([5, 6], [True], "items must be ids .*, got bool"),
        ([5, 6], [[5]], r"items must be hashable, got \[5\] \(list\)"),
    ],
)
def test_id_of_another_type_is_an_error_that_says_so(ids, wanted, message):
    with pytest.raises(TypeError, match=message):
        IdIndex(ids, 2, "item").encode(wanted)


def test_integers_beyond_float_precision_stay_apart():
    near = IdIndex(np.array([2**53, 2**53 + 2]), 2, "user")
    assert near.encode(np.uint64(2**53)).tolist() == [0]
    with pytest.raises(ValueError, match="unknown user id 9007199254740993"):
        near.encode(np.array([2**53 + 1], dtype=np.uint64))
    with pytest.raises(TypeError, match="user ids are float here"):
        IdIndex([2.0**53, 1.0], 2, "user").encode(2**53 + 1)


@pytest.mark.parametrize("ids", [[1, 2, 1], ["b", "a", "b"], [1, "b", 1], [2.5, 0.5, 2.5], [1, 2, 2]])
def test_repeated_ids_are_named(ids):
    with pytest.raises(ValueError, match=f"user_ids holds {ids[2]!r} more than once"):
        IdIndex(ids, 3, "user")


@pytest.mark.parametrize("ids", [["a", None], [0.5, np.nan], [1, np.nan], np.array(["a", None], dtype=object)])
def test_missing_ids_are_named(ids):
    with pytest.raises(ValueError, match=r"item_ids\[1\] is missing"):
        IdIndex(ids, 2, "item")


def test_ids_that_do_not_fit():
    with pytest.raises(ValueError, match="user_ids holds 2 ids, but there are 3 users"):
        IdIndex([1, 2], 3, "user")
    with pytest.raises(ValueError, match=r"user_ids must be 1-D, got shape \(2, 2\)"):
        IdIndex(np.eye(2), 2, "user")
    with pytest.raises(TypeError, match=r"user_ids must be hashable, got \[1\]"):
        IdIndex([[1], [2]], 2, "user")
    for unfit in (np.array([True, False]), np.array([1, 2], dtype="m8[D]")):
        with pytest.raises(TypeError, match="user_ids must be ids"):
            IdIndex(unfit, 2, "user")


@pytest.mark.parametrize("ids", [None, [5, 6]])
@pytest.mark.parametrize(
    ("positions", "error"), [([2], ValueError), ([-2], ValueError), ([0.0], TypeError), ([True], TypeError)]
)
def test_decode_refuses_wrong_positions(ids, positions, error):
    with pytest.raises(error, match="item positions"):
        IdIndex(ids, 2, "item").decode(positions)


def test_same_as_compares_ids_not_objects():
    index = IdIndex(["a", "b"], 2, "user")
    assert index.same_as(index)
    assert index.same_as(IdIndex(np.array(["a", "b"], dtype=object), 2, "user"))
    assert not index.same_as(IdIndex(["b", "a"], 2, "user"))
    assert not index.same_as(IdIndex(["a"], 1, "user"))
    assert not index.same_as(IdIndex(None, 2, "user"))
    assert not index.same_as(IdIndex([0, 1], 2, "user"))
    assert IdIndex(None, 2, "user").same_as(IdIndex([0, 1], 2, "user"))
    assert not IdIndex(None, 2, "user").same_as(IdIndex(None, 3, "user"))


def test_ids_belong_to_the_index():
    mine = np.array([5, 6])
    index = IdIndex(mine, 2, "user")
    mine[0] = 7
    assert index.encode(5).tolist() == [0]
    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 7


anything = st.one_of(
    st.lists(st.integers(-50, 50)),
    st.lists(st.integers(-(2**63), 2**64 - 1)),
    st.lists(st.text(max_size=3)),
    st.lists(st.floats(allow_nan=False)),
    st.lists(st.tuples(st.integers(0, 2), st.text(max_size=1))),
    st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["0", "1", ""]))),
)


@given(anything)
def test_factorize_equals_sorted_set(values):
    ids, codes = factorize("users", values)
    try:
        expected = sorted(set(values))
    except TypeError:
        expected = list(dict.fromkeys(values))
    assert ids.tolist() == expected
    assert codes.dtype.kind == "i"
    assert [ids.tolist()[code] for code in codes] == values


@given(anything, anything)
def test_encode_equals_list_index(known, wanted):
    known = list(dict.fromkeys(known))
    index = IdIndex(known, len(known), "user")
    assert index.encode(known).tolist() == list(range(len(known)))
    for value in wanted:
        if value in known:
            assert index.encode([value]).tolist() == [known.index(value)]
        else:
            with pytest.raises((ValueError, TypeError), match="user id"):
                index.encode([value])


@pytest.mark.parametrize("numbers", [[100, 3, 100, 27], [5, 4, 7, 5]])
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.uint64, np.float32, "U3", "S3", object])
def test_factorize_keeps_the_type_of_ids(dtype, numbers):
    values = np.array(numbers).astype(dtype)
    ids, codes = factorize("users", values)
    assert ids.dtype == values.dtype
    assert_array_equal(ids[codes], values)
    assert_array_equal(ids, np.unique(values))


@pytest.mark.parametrize("values", [[1.5, np.nan], ["a", None], [1, float("nan")]])
def test_factorize_refuses_missing_ids(values):
    with pytest.raises(ValueError, match=r"users\[1\] is missing"):
        factorize("users", values)


def test_a_trailing_nul_tells_ids_apart():
    """NumPy's fixed-width strings drop it."""
    for ids in (["a", "a\0"], [b"a", b"a\0"], list(map(np.str_, ["a", "a\0"]))):
        found, codes = factorize("users", ids)
        assert found.tolist() == ids
        assert codes.tolist() == [0, 1]
        assert IdIndex(ids, 2, "user").encode(ids[::-1]).tolist() == [1, 0]
    with pytest.raises(ValueError, match="unknown user id"):
        IdIndex(["a", "b"], 2, "user").encode(["a\0"])


@pytest.mark.parametrize("true", [True, np.True_])
@pytest.mark.parametrize("kind", [list, lambda values: np.array(values, dtype=object)])
@pytest.mark.parametrize("others", [[1], [2, "1"], [0.5]])
def test_bools_among_ids_are_refused(true, kind, others):
    with pytest.raises(TypeError, match=f"users must be ids .*, got bool at position {len(others)}"):
        factorize("users", kind([*others, true]))


def test_numbers_that_are_equal_are_one_id():
    ids, codes = factorize("users", [1, 1.0, "1", 2.5])
    assert ids.tolist() == [1, "1", 2.5]
    assert codes.tolist() == [0, 0, 1, 2]


def test_masked_ids_are_refused_and_a_mask_of_nothing_is_not():
    masked = np.ma.masked_equal([5, 6, 5], 6)
    message = "must not be masked, and 1 values are: fill them, or drop their entries, first"
    for use in (lambda m: factorize("users", m), lambda m: IdIndex(m[1:], 2, "user"), IdIndex([5], 1, "user").encode):
        with pytest.raises(TypeError, match=message):
            use(masked)
    with pytest.raises(TypeError, match=message):
        IdIndex(None, 9, "user").encode(masked)
    with pytest.raises(TypeError, match="users must be hashable, got masked"):
        factorize("users", [5, np.ma.masked])
    assert factorize("users", np.ma.array([6, 5]))[0].tolist() == [5, 6]


@pytest.mark.parametrize("values", [(v for v in "ab"), iter("ab"), map(str, [1]), {"a"}, frozenset("a"), {"a": 1}])
def test_what_has_no_order_is_refused(values):
    with pytest.raises(TypeError, match=f"users must be a list or an array, got {type(values).__name__}: make a list"):
        factorize("users", values)


def test_sequences_other_than_lists_are_fine():
    for values in (range(2), (0, 1), {0: "x", 1: "y"}.keys(), {"x": 0, "y": 1}.values()):
        assert factorize("users", values)[0].tolist() == [0, 1]


def test_one_long_id_does_not_widen_all_others():
    """In one fixed-width array: 20,000 x 1,000,000 characters of 4 bytes, 74 GiB."""
    long = "b" * 10**6
    ids, codes = factorize("users", ["a"] * 20_000 + [long])
    assert ids.tolist() == ["a", long]
    assert codes.tolist() == [0] * 20_000 + [1]
    names = [f"u{i}" for i in range(20_000)]
    index = IdIndex(names, 20_000, "user")
    assert index.ids.dtype.kind == "U"
    with pytest.raises(ValueError, match="unknown user id 'bbb"):
        index.encode([long])
    wide = IdIndex([*names, long], 20_001, "user")
    assert wide.encode([long, "u7"]).tolist() == [20_000, 7]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["a", "c", "b"], ["b", "z", "a"], [2, -1, 0]),
        ([5, 7], [7, 6, 5], [1, -1, 0]),
        (["1", "2"], [1, 2, 3], [-1, -1, -1]),
        (None, [2, "a", 9], [2, -1, -1]),
        ([2, 0], None, [1, -1, 0]),
        (None, None, [0, 1, -1]),
    ],
)
def test_ids_of_another_index_are_found(ours, theirs, expected):
    size = len(ours) if ours else 3 if theirs else 2
    assert_array_equal(IdIndex(ours, size, "item").find_all(IdIndex(theirs, 3, "item")), expected)
