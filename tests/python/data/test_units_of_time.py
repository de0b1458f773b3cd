"""Numbers that are not seconds, where seconds are meant."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pytest

import coals

WEEK = 7 * 86400
START = 1577836800  # 2020


def events(factor, start=START, dtype=None):
    times = np.array([start, start + WEEK]) * factor
    return coals.Events.from_arrays(["ann", "ann"], ["x", "y"], times if dtype is None else times.astype(dtype))


@pytest.mark.parametrize(
    ("factor", "start", "word", "dtype"),
    [
        (10**3, START, "milliseconds", "ms"),
        (10**3, 883612800, "milliseconds", "ms"),
        (10**6, START, "microseconds", "us"),
        (10**9, 883612800, "nanoseconds", "ns"),
    ],
)
@pytest.mark.parametrize("half_life", [WEEK, dt.timedelta(weeks=1)])
def test_times_in_finer_units_than_seconds_are_reported(factor, start, word, dtype, half_life):
    with pytest.warns(
        UserWarning, match=rf"if the times are {word}, give dates, such as times.astype\('datetime64\[{dtype}\]'"
    ):
        events(factor, start).to_interactions(half_life=half_life)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dated = events(factor, start, f"M8[{dtype}]").to_interactions(half_life=half_life)
    np.testing.assert_allclose(dated.matrix.toarray(), [[0.5, 1.0]])


@pytest.mark.parametrize("asked", [{"half_life": WEEK}, {"within": WEEK}])
def test_so_they_are_where_events_occur_together(asked):
    (name,) = asked
    with pytest.warns(UserWarning, match=f"^{name} is in seconds, and so are times that are numbers"):
        coals.event_cooccurrence(events(1000), **asked)


def test_seconds_and_times_without_a_length_of_time_say_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(events(1).to_interactions(half_life=WEEK).matrix.toarray(), [[0.5, 1.0]])
        coals.event_cooccurrence(events(1), half_life=WEEK, within=2 * WEEK)
        coals.event_cooccurrence(events(1000))
        events(1000).to_interactions()


def test_events_with_dates_make_data_with_dates():
    data = events(1, dtype="M8[s]").to_interactions()
    assert data.times.tolist() == [START * 10**9, (START + WEEK) * 10**9]
    _, later = coals.split.by_time(data, cutoff=dt.date(2020, 1, 5))
    assert later.items.decode(later.matrix.indices).tolist() == ["y"]
    assert events(1).to_interactions().times.dtype == np.float64
