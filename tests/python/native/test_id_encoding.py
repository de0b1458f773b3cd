"""Numbers for ids, natively: against np.unique and sorted sets."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from coals import _core
from coals.data.ids import IdIndex, factorize
from coals.data.interactions import Interactions


@pytest.mark.parametrize("size", [1, 8, 12, 13, 16, 17, 33, 100])
def test_many_ids_of_one_width(size):
    rng = np.random.default_rng(size)
    # Few letters, and a shared beginning, so that ids are alike.
    texts = rng.integers(97, 100, (30_000, size), dtype=np.uint8)
    texts[:, : size // 2] = 97
    array = texts.view(f"S{size}").ravel().astype(f"U{size}")
    unique, inverse = np.unique(array, return_inverse=True)
    for given_ids in (array, array.astype(object), array.tolist()):
        ids, codes = factorize("users", given_ids)
        assert ids.tolist() == unique.tolist()
        assert_array_equal(codes, inverse)


def test_ids_of_every_length():
    texts = [letter * length for length in range(70) for letter in "abc"] * 3 + [
        "\0",
        "a\0",
        "\0a",
        "é" * 12,
        "\U0001f600",
    ]
    ids, codes = factorize("users", texts)
    assert ids.tolist() == sorted(set(texts))
    assert [ids[code] for code in codes] == texts


def test_growth_keeps_numbers():
    rng = np.random.default_rng(0)
    numbers = rng.integers(-(2**62), 2**62, 200_000)
    numbers = np.concatenate([numbers, numbers[::-1]])
    unique, inverse = np.unique(numbers, return_inverse=True)
    ids, codes = factorize("users", numbers)
    assert_array_equal(ids, unique)
    assert_array_equal(codes, inverse)


@given(st.lists(st.text(max_size=20)), st.integers(1, 3))
def test_encode_texts_equals_a_sorted_set(texts, threads):
    codes, firsts = _core.encode_texts(texts, threads)
    assert [texts[first] for first in firsts] == sorted(set(texts))
    assert [texts[firsts[code]] for code in codes] == texts
    assert all(texts.index(texts[first]) == first for first in firsts)


def test_what_encode_texts_leaves_to_others():
    for other in ([1], ["a", b"a"], ["a", None], ["\ud800"], [np.str_("a")]):
        assert _core.encode_texts(other, 1) is None
    assert factorize("users", ["\ud800", "a", "\ud800"])[0].tolist() == ["a", "\ud800"]


@given(st.lists(st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0])))
def test_floats_that_are_equal_are_one_id(values):
    ids, codes = factorize("users", values)
    assert ids.tolist() == sorted(set(values))
    assert [ids[code] for code in codes] == values


pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=60)


@given(pairs, st.integers(1, 3))
def test_order_of_pairs_is_a_stable_sort(some, threads):
    rows, columns = (np.array([pair[axis] for pair in some], dtype=np.int32) for axis in (0, 1))
    order, begin = _core.order_of_pairs(rows, columns, 6, threads)
    assert order.tolist() == sorted(range(len(some)), key=lambda k: some[k])
    assert begin.tolist() == [sum(row < k for row in rows) for k in range(7)]


def test_order_of_pairs_refuses_what_lies_outside():
    for rows in ([0, 2], [-1, 0]):
        with pytest.raises(ValueError, match="has no such row"):
            _core.order_of_pairs(np.array(rows, np.int32), np.zeros(2, np.int32), 2, 1)
    with pytest.raises(ValueError, match="must be one-dimensional with 2 elements"):
        _core.order_of_pairs(np.zeros(2, np.int32), np.zeros(1, np.int32), 2, 1)


KINDS = {
    "uuid": [uuid.UUID(int=9), uuid.UUID(int=2**100)],
    "datetime": [dt.datetime(2020, 1, 1, 5), dt.datetime(1950, 1, 1)],
    "date": [dt.date(2020, 1, 1), dt.date(1950, 1, 1)],
    "aware": [dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc), dt.datetime(2019, 1, 1, tzinfo=dt.timezone.utc)],
    "bytes": [b"b\0", b"a"],
    "tuples": [(1, "x"), (0, "y")],
    "frozensets": [frozenset("a"), frozenset()],
}


@pytest.mark.parametrize("ids", KINDS.values(), ids=KINDS)
def test_ids_of_any_hashable_kind_go_in_and_come_out(ids):
    data = Interactions.from_arrays([ids[0], ids[1], ids[0]], ids[::-1] + ids[1:], duplicates="sum")
    assert set(data.user_ids.tolist()) == set(ids)
    assert data.users.decode(data.users.encode(ids)).tolist() == ids


def test_datetime64_ids_are_objects_of_datetime():
    for unit, wanted in (("D", dt.date(2020, 5, 4)), ("s", dt.datetime(2020, 5, 4)), ("ns", dt.datetime(2020, 5, 4))):
        days = np.array(["2020-05-04", "2020-05-05"], dtype=f"M8[{unit}]")
        index = IdIndex(days, 2, "user")
        assert index.ids[0] == wanted
        assert type(index.ids[0]) is type(wanted)
        assert index.encode([wanted]).tolist() == index.encode(days[0]).tolist() == [0]
    fine = np.array(["2020-05-04T00:00:00.000000001"], dtype="M8[ns]")
    with pytest.raises(ValueError, match="user_ids has ids finer than microseconds: make them integers or strings"):
        IdIndex(fine, 1, "user")
    with pytest.raises(ValueError, match=r"user_ids\[1\] is missing"):
        IdIndex(np.array(["2020-01-01", "NaT"], dtype="M8[D]"), 2, "user")
    with pytest.raises(ValueError, match="user_ids has dates outside the years 1 to 9999"):
        IdIndex(np.array([10**8], dtype="M8[D]"), 1, "user")


@pytest.mark.parametrize(
    ("time", "error", "message"),
    [
        ([1, 2], ValueError, r"users, items, values and times must be 1-D and of one length, got shapes .*\(2,\)"),
        ([1, None, 3], ValueError, r"times\[1\] is missing"),
        ([1.0, np.inf, 3], ValueError, r"times\[1\] is missing or infinite"),
        (np.array(["2020", "NaT", "2021"], "M8[s]"), ValueError, r"times\[1\] is missing"),
        (["a", "b", "c"], TypeError, r"times must be times .* got text such as a: make dates of it"),
        ([dt.date(2020, 1, 1), 5, 6], TypeError, r"times must be times \(numbers or dates\), got 5 \(int\)"),
        (np.array(["1500", "2020", "2021"], "M8[us]"), ValueError, "outside the years 1678 to 2261 in row 0"),
        (np.array([2**63, 1, 2], np.uint64), ValueError, "times has times that exceed 64 bits"),
        (np.ma.masked_equal([1, 2, 3], 2), TypeError, "times must not be masked"),
        ({1, 2, 3}, TypeError, "times must be a list or an array, got set"),
    ],
)
def test_bad_times(time, error, message):
    with pytest.raises(error, match=message):
        Interactions.from_arrays([1, 2, 3], [1, 2, 3], time=time)


def test_times_of_python_dates_are_nanoseconds_in_utc():
    zone = dt.timezone(dt.timedelta(hours=2))
    times = [dt.datetime(1970, 1, 1, 2, tzinfo=zone), dt.datetime(1970, 1, 2, 2, tzinfo=zone)]
    assert Interactions.from_arrays([1, 2], [1, 2], time=times).times.tolist() == [0, 86_400 * 10**9]
    times = [dt.date(1970, 1, 2), dt.datetime(1970, 1, 1, 0, 0, 1, 5)]
    assert Interactions.from_arrays([1, 2], [1, 2], time=times).times.tolist() == [86_400 * 10**9, 10**9 + 5000]


def test_times_with_and_without_a_zone_do_not_mix():
    times = [dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc), dt.datetime(1970, 1, 2)]
    with pytest.raises(ValueError, match="with and without a time zone"):
        Interactions.from_arrays([1, 2], [1, 2], time=times)
