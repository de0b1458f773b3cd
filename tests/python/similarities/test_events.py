"""Events: what comes after what, near what, and how long ago, against the reference a pair at a time."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.reference.events import event_cooccurrence as oracle

MEASURES = ("count", "conditional", "jaccard", "cosine", "dice", "lift")


def log(rng, groups=40, items=12, longest=15, timed=True):
    """(group, item, time) of random events, in no order."""
    sizes = rng.integers(0, longest, groups)
    group = np.repeat(np.arange(groups), sizes)
    item = np.minimum(rng.geometric(0.25, len(group)) - 1, items - 1)
    time = rng.integers(0, 60, len(group)).astype(float) if timed else None
    order = rng.permutation(len(group))
    return group[order], item[order], None if time is None else time[order]


def expected(group, item, time, n_items, now=None, **options):
    """The reference, on events put in order by hand; of items that occur, in their order."""
    found = sorted(set(item.tolist()))
    lists = []
    for g in sorted(set(group.tolist())):
        mine = [(found.index(int(i)), None if time is None else float(t)) for h, i, t in
                zip(group, item, np.zeros(len(item)) if time is None else time, strict=True) if h == g]  # fmt: skip
        lists.append(mine if time is None else sorted(mine, key=lambda event: event[1]))
    last = 0.0 if time is None else time.max()
    return oracle(lists, len(found), now=last if now is None else now, **options)


OPTIONS = [
    {}, {"window": 1}, {"window": 3}, {"within": 5.0}, {"window": 4, "within": 20.0}, {"half_life": 10.0},
    {"half_life": 25.0, "window": 2}, {"inverse_distance": True, "window": 5}, {"shrinkage": 2.0}, {"min_support": 6},
    {"half_life": 7.0, "now": 100.0},
]  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("direction", ["both", "after", "before"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_events_equal_the_reference(measure, direction, options):
    group, item, time = log(np.random.default_rng(3))
    events = coals.Events.from_arrays(group, item, time)
    found = coals.event_cooccurrence(events, measure, direction=direction, dtype="float64", **options)
    assert_allclose(found.toarray(), expected(group, item, time, 12, measure=measure, direction=direction, **options),
                    rtol=1e-12, atol=1e-300)  # fmt: skip
    single = coals.event_cooccurrence(events, measure, direction=direction, dtype="float32", **options)
    assert_array_equal(single.toarray(), found.toarray().astype(np.float32))


@pytest.mark.parametrize("direction", ["both", "after", "before"])
@pytest.mark.parametrize("options", [{}, {"window": 2, "inverse_distance": True}, {"half_life": 9.0}], ids=str)
def test_repeats_add_up(direction, options):
    group, item, time = log(np.random.default_rng(4))
    events = coals.Events.from_arrays(group, item, time)
    found = coals.event_cooccurrence(events, direction=direction, repeats=True, dtype="float64", **options)
    wanted = expected(group, item, time, 12, direction=direction, repeats=True, **options)
    assert_allclose(found.toarray(), wanted, rtol=1e-12)
    if not options:
        assert coals.event_cooccurrence(events, direction=direction, repeats=True).dtype == np.int32


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=30),
       st.sampled_from(MEASURES), st.sampled_from(["both", "after", "before"]), st.integers(1, 6),
       st.one_of(st.none(), st.integers(0, 4)), st.booleans())  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_events_equal_the_reference(rows, measure, direction, window, within, timed):
    group, item, time = (np.array(column) for column in zip(*rows, strict=True))
    time = time.astype(float) if timed else None
    options = {"window": window, "direction": direction, "measure": measure}
    if timed and within is not None:
        options["within"] = float(within)
    found = coals.event_cooccurrence(coals.Events.from_arrays(group, item, time), dtype="float64", **options)
    assert_allclose(found.toarray(), expected(group, item, time, 5, **options), rtol=1e-12)


def test_without_order_and_time_it_is_plain_cooccurrence():
    group, item, time = log(np.random.default_rng(5))
    events = coals.Events.from_arrays(group, item, time)
    assert_array_equal(
        coals.event_cooccurrence(events, diagonal=True).toarray(),
        coals.cooccurrence(events.to_interactions(), diagonal=True).toarray(),
    )


def test_before_is_after_seen_from_the_other_side():
    group, item, time = log(np.random.default_rng(6))
    events = coals.Events.from_arrays(group, item, time)
    after = coals.event_cooccurrence(events, direction="after", window=3).toarray()
    assert_array_equal(coals.event_cooccurrence(events, direction="before", window=3).toarray(), after.T)


@pytest.mark.parametrize("measure", MEASURES)
def test_selection_is_that_of_the_whole_row(measure):
    group, item, time = log(np.random.default_rng(7), items=30)
    events = coals.Events.from_arrays(group, item, time)
    options = {"direction": "after", "half_life": 30.0, "dtype": "float64"}
    whole = coals.event_cooccurrence(events, measure, **options).toarray()
    few = coals.event_cooccurrence(events, measure, neighbors=3, **options)
    for i in range(events.n_items):
        best = [j for j in np.lexsort((np.arange(len(whole)), -whole[i])) if whole[i, j] > 0][:3]
        assert few.indices[few.indptr[i] : few.indptr[i + 1]].tolist() == sorted(best)
    some = [2, 0]
    assert_array_equal(coals.event_cooccurrence(events, measure, rows=events.items.decode(some), **options).toarray(),
                       whole[some])  # fmt: skip
    high = coals.event_cooccurrence(events, measure, threshold=0.3, **options).toarray()
    assert_array_equal(high, np.where(whole >= 0.3, whole, 0))


def test_threads_do_not_show():
    group, item, time = log(np.random.default_rng(8), groups=3000, items=60)
    events = coals.Events.from_arrays(group, item, time)
    one, three = (coals.event_cooccurrence(events, "cosine", half_life=11.0, window=5, num_threads=n) for n in (1, 3))
    assert_array_equal(one.indices, three.indices)
    assert_array_equal(one.data, three.data)


def test_dates_are_seconds():
    days = [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 1, 12)]
    events = coals.Events.from_arrays(["ann"] * 3, ["a", "b", "c"], days)
    assert np.diff(events.time).tolist() == [43200.0, 43200.0]
    same = coals.Events.from_arrays(["ann"] * 3, ["a", "b", "c"], np.array(days, dtype="datetime64[s]"))
    assert_array_equal(events.time, same.time)
    aware = [day.replace(tzinfo=dt.timezone.utc) for day in days]
    assert_array_equal(coals.Events.from_arrays(["ann"] * 3, ["a", "b", "c"], aware).time, events.time)
    half = coals.event_cooccurrence(events, half_life=86400, now=dt.datetime(2026, 1, 3), direction="after")
    assert half.toarray().tolist() == [[0, 0.25, 0.25], [0, 0, 0], [0, np.float32(2**-1.5), 0]]


def test_decayed_interactions_go_into_any_model():
    events = coals.Events.from_arrays(
        ["ann", "ann", "bob"], ["x", "y", "x"], [0, 10, 20], item_titles={"x": "Ex", "y": "Why"}
    )
    data = events.to_interactions(half_life=10)
    assert data.matrix.toarray().tolist() == [[0.25, 0.5], [1, 0]]
    assert data.titles(["y"]) == ["Why"]
    ids, _ = coals.ItemKNN(similarity="cosine").fit(data).recommend(["bob"], n=1)
    assert ids.tolist() == [["y"]]


BAD = [
    ({"measure": "pearson"}, ValueError, "measure"),
    ({"window": 0}, ValueError, "window"),
    ({"window": 1.5}, TypeError, "window"),
    ({"within": -1}, ValueError, "within"),
    ({"within": float("nan")}, ValueError, "within"),
    ({"half_life": 0}, ValueError, "half_life"),
    ({"half_life": 1, "now": 5}, ValueError, "before the last event"),
    ({"half_life": 1, "now": "today"}, TypeError, "now must be times .* got text such as today: make dates of it"),
    ({"half_life": 1, "now": [40]}, TypeError, "now must be a number .seconds. or a date, got list"),
    ({"now": 40}, ValueError, "now says when .* give half_life, or no now"),
    ({"within": "1h"}, TypeError, "within must be a number of seconds or a timedelta"),
    ({"within": True}, TypeError, "within must be a number of seconds or a timedelta"),
    ({"within": np.timedelta64("NaT", "s")}, ValueError, "within must be a finite number"),
    ({"within": np.timedelta64(1, "M")}, ValueError, "within must have a unit of fixed length"),
    ({"half_life": dt.timedelta(0)}, ValueError, "half_life must be > 0"),
    ({"half_life": dt.timedelta(-1)}, ValueError, "half_life must be > 0"),
    ({"direction": "sideways"}, ValueError, "direction"),
    ({"repeats": True, "measure": "lift"}, ValueError, "repeats"),
    ({"diagonal": True, "neighbors": 2}, ValueError, "diagonal"),
    ({"rows": ["nobody"]}, ValueError, "nobody"),
    ({"neighbors": 0}, ValueError, "neighbors"),
    ({"dtype": "int32", "half_life": 3}, ValueError, "dtype"),
    ({"memory_limit": 10}, ValueError, "memory_limit"),
    ({"num_threads": 0}, ValueError, "num_threads"),
    ({"shrinkage": -1}, ValueError, "shrinkage"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=lambda value: str(value)[:40])
def test_bad_options_are_named(options, error, message):
    events = coals.Events.from_arrays(["g"] * 3, ["a", "b", "c"], [10, 20, 30])
    with pytest.raises(error, match=message):
        coals.event_cooccurrence(events, **options)


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ((["g"], ["a", "b"]), ValueError, "one length"),
        (([], []), ValueError, "empty"),
        ((["g", "g"], ["a", None]), ValueError, "items"),
        ((["g", "g"], ["a", "b"], [1.0]), ValueError, "times"),
        ((["g", "g"], ["a", "b"], [1.0, np.nan]), ValueError, r"times\[1\] is missing or infinite"),
        ((["g", "g"], ["a", "b"], ["mon", "tue"]), TypeError, "times must .* text such as mon: make dates of it with"),
        ((["g", "g"], ["a", "b"], np.array(["mon", "tue"], object)), TypeError, "text such as mon: make dates of it"),
        ((["g", "g"], ["a", "b"], [1j, 2]), TypeError, "times must be times"),
        ((["g", "g"], ["a", "b"], [True, False]), TypeError, "times must be times"),
        ((["g", "g"], ["a", "b"], [1e300, 2]), ValueError, r"times\[0\] is 1e\+300"),
        ((["g", "g"], ["a", "b"], np.array(["1066-10-14", "2026-01-01"], "M8[s]")), ValueError, "years 1678 to 2261"),
        ((["g", "g"], ["a", "b"], np.array([2**64 - 1, 2], np.uint64)), ValueError, "exceed 64 bits"),
        ((["g", "g"], ["a", "b"], np.array(["2026-01-01", "NaT"], "M8[s]")), ValueError, r"times\[1\] is missing"),
        ((["g", "g"], ["a", "b"], [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)]),
         ValueError, "time zone"),
    ],
)  # fmt: skip
def test_bad_events_are_named(arrays, error, message):
    with pytest.raises(error, match=message):
        coals.Events.from_arrays(*arrays)


def test_what_needs_times_says_so():
    events = coals.Events.from_arrays(["g"] * 2, ["a", "b"])
    for options in ({"within": 1}, {"half_life": 1}, {"now": 1}):
        with pytest.raises(ValueError, match="times"):
            coals.event_cooccurrence(events, **options)
    with pytest.raises(ValueError, match="times"):
        events.to_interactions(half_life=1)
    with pytest.raises(TypeError, match=r"coals\.Events"):
        coals.event_cooccurrence(events.to_interactions())
