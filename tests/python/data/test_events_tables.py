"""Events from tables and files, their titles, and lengths of time in whatever form they come."""

from __future__ import annotations

import copy
import datetime as dt
import gzip
import io
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import coals

DAYS = ["2026-01-01", "2026-01-03", "2026-01-02", "2026-01-02"]
ROWS = {
    "basket": [7, 7, 7, 3],
    "sku": ["tea", "cake", "milk", "tea"],
    "at": np.array(DAYS, "M8[ms]"),
    "n": [1, 2, 3, 4],
}


def same(one, two):
    assert_array_equal(one.groups.ids, two.groups.ids)
    assert_array_equal(one.items.ids, two.items.ids)
    for name in ("group_begin", "item", "time"):
        assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("library", ["dict", "pandas", "polars", "pyarrow"])
def test_a_frame_is_its_columns(library):
    if library == "dict":
        frame = ROWS
    else:
        module = pytest.importorskip(library)
        frame = module.table(ROWS) if library == "pyarrow" else module.DataFrame(ROWS)
    for time in ("at", "n", None):
        expected = coals.Events.from_arrays(ROWS["basket"], ROWS["sku"], None if time is None else ROWS[time])
        same(coals.Events.from_frame(frame, group="basket", item="sku", time=time), expected)


def test_a_file_is_its_columns(tmp_path):
    lines = [f"{g};{i};{t}" for g, i, t in zip(ROWS["basket"], ROWS["sku"], DAYS, strict=True)]
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["basket;sku;at", *lines]).encode()))
    expected = coals.Events.from_arrays(ROWS["basket"], ROWS["sku"], ROWS["at"])
    same(coals.Events.from_csv(path, group="basket", item="sku", time="at"), expected)
    same(coals.Events.from_csv(io.StringIO("\n".join(lines)), group=0, item=1, time=2), expected)
    text = coals.Events.from_csv(path, group="basket", item="sku", text_ids=True)
    assert text.groups.ids.tolist() == ["3", "7"]
    assert text.time is None
    assert text.items.decode(text.item).tolist() == ["tea", "tea", "cake", "milk"]  # the order of the lines


def test_arrow_columns_are_columns():
    pyarrow = pytest.importorskip("pyarrow")
    columns = pyarrow.array(ROWS["basket"]), pyarrow.array(ROWS["sku"]), pyarrow.array(ROWS["at"])
    same(coals.Events.from_arrays(*columns), coals.Events.from_arrays(ROWS["basket"], ROWS["sku"], ROWS["at"]))


def test_the_number_of_events_is_their_length():
    events = coals.Events.from_frame(ROWS, group="basket", item="sku")
    assert (len(events), events.n_events, events.n_groups, events.n_items) == (4, 4, 2, 3)


def test_titles_come_from_a_mapping_or_a_table_and_go_with_the_items():
    events = coals.Events.from_frame(ROWS, group="basket", item="sku", item_titles={"tea": "Green tea", "gin": "Gin"})
    assert events.titles(["tea", "milk"]) == ["Green tea", "milk"]
    table = {"code": ["milk", "cake", "tea"], "name": ["Whole milk", "Carrot cake", ""]}
    with pytest.warns(UserWarning, match="1 of 3 items have no title: 'tea'"):
        named = events.with_items(table, on="code", title="name")
    assert isinstance(named, coals.Events)
    assert named.titles(["cake", "tea"]) == ["Carrot cake", "Green tea"]
    assert named.to_interactions().titles(["cake"]) == ["Carrot cake"]
    with pytest.raises(TypeError, match="item_titles must be a mapping"):
        coals.Events.from_arrays(["g"], ["a"], item_titles=["A"])
    with pytest.raises(TypeError, match="item_titles must be strings"):
        coals.Events.from_arrays(["g"], ["a"], item_titles={"a": 3})


def test_interactions_keep_when_and_how_often():
    events = coals.Events.from_arrays(["a", "a", "a", "b"], ["x", "y", "x", "x"], [10, 20, 30, 5])
    data = events.to_interactions()
    assert data.times.tolist() == [30, 20, 5]
    assert data.row_counts.tolist() == [2, 1, 1]
    assert data.user_ids.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"group": "baskets"}, ValueError, "group='baskets': there is no such column; did you mean 'basket'"),
        ({"item": None}, ValueError, "item=None: there is no such column"),
        (
            {"item": "at", "time": "sku"},
            TypeError,
            "column 'sku' must be times .* text such as tea: make dates of it with",
        ),
        ({"user": "basket"}, TypeError, "user"),
    ],
)
@pytest.mark.parametrize("library", ["dict", "polars"])
def test_bad_tables_are_named(library, arguments, error, message):
    frame = ROWS if library == "dict" else pytest.importorskip("polars").DataFrame(ROWS)
    if library == "polars":
        message = message.replace("text such as tea", "text")
    with pytest.raises(error, match=message):
        coals.Events.from_frame(frame, **{"group": "basket", "item": "sku", **arguments})


def test_bad_files_are_named():
    text = "who,what,when\nann,x,2026-01-01\nann,y,soon\n"
    with pytest.raises(ValueError, match=r"line 3, column 'when'.*soon"):
        coals.Events.from_csv(io.StringIO(text), group="who", item="what", time="when")
    with pytest.raises(ValueError, match="item='which': there is no such column"):
        coals.Events.from_csv(io.StringIO(text), group="who", item="which")


HOURS = [
    dt.timedelta(hours=2), np.timedelta64(2, "h"), np.timedelta64(7200, "s"), np.timedelta64(7200 * 10**9, "ns"), 7200,
    np.float32(7200), np.int64(7200),
]  # fmt: skip


@pytest.mark.parametrize("two_hours", HOURS, ids=repr)
def test_lengths_of_time_in_any_form(two_hours):
    events = coals.Events.from_arrays(["g"] * 3, ["a", "b", "c"], np.array([0, 7200, 14401], "M8[s]"))
    near = coals.event_cooccurrence(events, within=two_hours, direction="after")
    assert near.toarray().tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert events.weights(two_hours, now=np.datetime64(14400 + 7201, "s"))[2] == 0.5
    for answer in (
        coals.event_cooccurrence(events, half_life=two_hours, dtype="float64"),
        events.to_interactions(half_life=two_hours).matrix,
    ):
        expected = (
            coals.event_cooccurrence(events, half_life=7200.0, dtype="float64")
            if answer.shape == (3, 3)
            else events.to_interactions(half_life=7200.0).matrix
        )
        assert_array_equal(answer.toarray(), expected.toarray())


def test_a_pandas_length_of_time():
    pandas = pytest.importorskip("pandas")
    events = coals.Events.from_arrays(["g"] * 2, ["a", "b"], [0, 60])
    assert events.weights(pandas.Timedelta("1min")).tolist() == [0.5, 1]
    with pytest.raises(TypeError, match="half_life must be a number of seconds or a timedelta"):
        events.weights(pandas.NaT)


def test_now_alone_is_refused():
    events = coals.Events.from_arrays(["g"] * 2, ["a", "b"], [0, 60])
    with pytest.raises(ValueError, match="give half_life, or no now"):
        events.to_interactions(now=60)


def test_a_now_so_late_that_nothing_counts_is_refused():
    events = coals.Events.from_arrays(["g"] * 2, ["a", "b"], [0, 60])
    late = dt.datetime(2026, 1, 1)
    for call in (
        lambda: events.to_interactions(half_life=60, now=late),
        lambda: coals.event_cooccurrence(events, half_life=60, now=late),
    ):
        with pytest.raises(ValueError, match="half-lives after the last event, so that all weigh nothing"):
            call()
    assert coals.event_cooccurrence(events, half_life=60, now=3660, dtype="float64").nnz == 2


def test_copies_are_the_same_events():
    events = coals.Events.from_frame(ROWS, group="basket", item="sku", time="at", item_titles={"tea": "Tea"})
    for twin in (copy.copy(events), copy.deepcopy(events), pickle.loads(pickle.dumps(events))):
        same(twin, events)
        assert twin.titles(["tea"]) == ["Tea"]
