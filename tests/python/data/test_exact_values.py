"""Ids and times come out exactly as they went in, whatever type a table keeps them in."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from decimal import Decimal

import numpy as np
import pytest

import coals
from coals import Interactions

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

FAR = 2**53  # float64 cannot tell this from the next number


def users_of(column):
    """The user ids of a table with the given column of users."""
    items = [f"i{k}" for k in range(len(column))]
    return Interactions.from_arrays(column, items).user_ids.tolist()


def decimals(values, scale=0, digits=38):
    numbers = [Decimal(value) for value in values]
    kinds = [
        pa.array(numbers, pa.decimal128(digits, scale)),
        pa.chunked_array([pa.array(numbers, pa.decimal128(digits, scale))]),
    ]
    return [*kinds, pl.Series(numbers, dtype=pl.Decimal(digits, scale))]


@pytest.mark.parametrize("kind", range(3))
def test_decimals_that_float64_merges_stay_apart(kind):
    assert users_of(decimals([FAR, FAR + 1, -FAR - 1])[kind]) == [-FAR - 1, FAR, FAR + 1]
    assert users_of(decimals([10**37, 10**37 + 1])[kind]) == [10**37, 10**37 + 1]
    assert users_of(decimals(["1.10", "-0.25", "1.11"], 2)[kind]) == [Decimal("-0.25"), Decimal("1.1"), Decimal("1.11")]


def test_decimals_of_every_width_are_read_as_ids_values_and_times():
    kinds = [pa.decimal128(9, 2), pa.decimal256(50, 2)]
    kinds += [getattr(pa, name)(7, 2) for name in ("decimal32", "decimal64") if hasattr(pa, name)]
    for kind in kinds:
        numbers = pa.array([Decimal("1.25"), Decimal("-2.50")], kind)
        table = pa.table({"u": numbers, "i": [1, 2], "v": numbers, "t": pa.array([FAR + 1, 5], pa.decimal128(20, 0))})
        data = Interactions.from_frame(table, user="u", item="i", value="v", time="t")
        assert data.user_ids.tolist() == [Decimal("-2.50"), Decimal("1.25")]
        assert data.matrix.data.tolist() == [-2.5, 1.25]
        assert data.times.tolist() == [5, FAR + 1]


def test_decimals_of_a_dictionary_are_their_values():
    codes = pa.DictionaryArray.from_arrays(
        pa.array([1, 0, 1]), pa.array([Decimal(FAR), Decimal(FAR + 1)], pa.decimal128(38, 0))
    )
    data = Interactions.from_frame(pa.table({"u": codes, "i": [1, 2, 3]}), user="u", item="i")
    assert data.user_ids.tolist() == [FAR, FAR + 1]
    assert data.matrix.toarray().tolist() == [[0, 1, 0], [1, 0, 1]]


def test_decimal_ids_are_looked_up_by_value():
    data = Interactions.from_arrays(decimals([FAR, FAR + 1])[0], ["a", "b"])
    for asked in (Decimal(FAR + 1), FAR + 1, decimals([FAR + 1])[2]):
        assert data.users.encode(asked).tolist() == [1]


def test_half_floats_are_numbers_to_arrow_too():
    half = np.array([1.5, -0.0, 6.1e-05, 5.96e-08, 65504.0, -2.75], "f2")
    for column in (half, pa.array(half), pl.Series(half.tolist(), dtype=pl.Float16)):
        data = Interactions.from_arrays(np.arange(6), [0] * 6, column)
        assert data.matrix.data.tolist() == half.astype(float).tolist()
    with pytest.raises(ValueError, match="every value must be finite"):
        Interactions.from_arrays([1], [1], pa.array(np.array([np.nan], "f2")))


def test_arrow_types_that_are_not_read_are_called_by_name():
    table = pa.table({"u": pa.array([1], pa.time64("us")), "i": pa.array([1], pa.duration("s"))})
    with pytest.raises(TypeError, match=r"column 'u' has the Arrow type 'time64\[us\]'"):
        Interactions.from_frame(table, user="u", item="i")
    with pytest.raises(TypeError, match=r"items has the Arrow type 'duration\[s\]'"):
        Interactions.from_arrays([1], table["i"])


def integers():
    values = [FAR + 1, FAR, 2**63 - 1, 7]
    return {
        "list": values,
        "int64": np.array(values),
        "uint64": np.array(values, "u8"),
        "pandas": pd.Series(values),
        "nullable": pd.Series(values, dtype="Int64"),
        "nullable unsigned": pd.Series(values, dtype="UInt64"),
        "category": pd.Series(values).astype("category"),
        "categorical": pd.Categorical(values),
        "pandas arrow": pd.Series(values, dtype="int64[pyarrow]"),
        "pandas arrow decimal": pd.Series([Decimal(v) for v in values], dtype=pd.ArrowDtype(pa.decimal128(30, 0))),
        "index": pd.Index(values),
        "polars": pl.Series(values),
        "arrow": pa.array(values),
    }


@pytest.mark.parametrize("kind", list(integers()))
def test_integers_beyond_float64_go_in_and_out_of_every_type(kind):
    column = integers()[kind]
    assert users_of(column) == sorted(integers()["list"])
    data = Interactions.from_matrix(Interactions.from_arrays([0, 1, 2, 3], [0] * 4).matrix, user_ids=column)
    assert data.user_ids.tolist() == integers()["list"]
    assert data.users.encode(column).tolist() == [0, 1, 2, 3]
    model = coals.Popularity().fit(data)
    assert model.recommend(column, 1, exclude_seen=False).counts.tolist() == [1] * 4


def test_a_null_in_a_column_is_an_error_that_names_its_row():
    for column in (
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["a", None]).astype("category"),
        pd.Series(pd.to_datetime(["2024-01-01", None], utc=True)),
        pa.array([1, None]),
        pl.Series([Decimal(1), None]),
    ):
        with pytest.raises(ValueError, match=r"users\[1\] is missing"):
            Interactions.from_arrays(column, [1, 2])


def test_categories_that_do_not_occur_are_no_ids():
    column = pd.Series(["b", "a", "b"]).astype(pd.CategoricalDtype(["z", "b", "y", "a"]))
    data = Interactions.from_arrays(column, [1, 2, 3])
    assert data.user_ids.tolist() == ["a", "b"]
    assert data.matrix.toarray().tolist() == [[0, 1, 0], [1, 0, 1]]


def test_dates_with_a_zone_are_ids_of_that_zone():
    moments = pd.Series(np.array(["2024-07-01T12:00", "2024-01-01T00:00:00.000000001", "2024-07-01T12:00"], "M8[ns]"))
    zoned = moments.dt.tz_localize("Europe/Vienna")
    ids = users_of(zoned)
    assert ids == [zoned[1], zoned[0]]
    assert [str(id.tz) for id in ids] == ["Europe/Vienna"] * 2
    assert ids[0].nanosecond == 1


def test_uuids_dates_and_bytes_are_themselves():
    ids = sorted(uuid.UUID(int=k) for k in (5, 2**127))
    assert users_of(ids) == ids
    days = [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]
    assert users_of(np.array(days[::-1], "M8[D]")) == users_of(pa.array(days)) == days
    assert users_of(pl.Series([b"b\0", b"a"])) == [b"a", b"b\0"]


def test_dates_that_python_cannot_hold_are_refused_and_not_cut():
    with pytest.raises(ValueError, match="finer than microseconds"):
        users_of(np.array(["2024-01-01T00:00:00.000000001", "2024-01-01"], "M8[ns]"))
    with pytest.raises(ValueError, match=r"users\[1\] is missing"):
        users_of(np.array(["2024-01-01", "NaT"], "M8[D]"))


NS = np.array([1577836800000000001, 1577836800000000002], "M8[ns]")


def times():
    stamps = [pd.Timestamp(value) for value in NS.tolist()]
    return {
        "datetime64": NS,
        "pandas": pd.Series(NS),
        "zoned": pd.Series(NS).dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        "zoned index": pd.DatetimeIndex(NS).tz_localize("UTC").tz_convert("America/New_York"),
        "timestamps": stamps,
        "zoned timestamps": [stamp.tz_localize("UTC").tz_convert("Asia/Tokyo") for stamp in stamps],
        "objects": np.array(stamps, dtype=object),
        "arrow": pa.array(NS),
        "pandas arrow": pd.Series(pa.array(NS), dtype=pd.ArrowDtype(pa.timestamp("ns", "Asia/Tokyo"))),
        "polars": pl.Series(NS),
        "category": pd.Series(NS).astype("category"),
        "zoned category": pd.Series(NS).dt.tz_localize("UTC").astype("category"),
    }


@pytest.mark.parametrize("kind", list(times()))
def test_times_are_dates_to_the_nanosecond(kind):
    data = Interactions.from_arrays([1, 2], [1, 2], time=times()[kind])
    assert data.times.dtype == "M8[ns]"
    assert (data.times == NS).all()


def test_times_that_are_numbers_stay_these_numbers():
    whole = [FAR + 1, FAR]
    for column in (whole, pd.Series(whole, dtype="Int64"), [Decimal(value) for value in whole], decimals(whole)[0]):
        assert Interactions.from_arrays([1, 2], [1, 2], time=column).times.tolist() == whole
    assert Interactions.from_arrays([1, 2], [1, 2], time=[Decimal("0.5"), 1]).times.tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match=r"times\[0\] is 9007199254740993, which float64 cannot hold"):
        Interactions.from_arrays([1, 2], [1, 2], time=[FAR + 1, 0.5])


def test_events_are_in_the_order_of_nanoseconds():
    events = coals.Events.from_arrays(["a", "a"], ["later", "earlier"], NS[::-1])
    assert events.items.decode(events.item).tolist() == ["earlier", "later"]
    assert (events.dates == NS).all()
    assert (events.to_interactions().times == NS).all()


def seconds(act):
    start = time.process_time()
    act()
    return time.process_time() - start


@pytest.mark.parametrize("kind", ["zoned", "category", "nullable", "decimal", "zoned id"])
def test_no_type_costs_much_more_than_a_plain_one(kind):
    n = 100_000
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 500, n)
    when = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), "s"))
    column = {
        "zoned": when.dt.tz_localize("UTC"),
        "category": pd.Series(ids).astype("category"),
        "nullable": pd.Series(ids, dtype="Int64"),
        "decimal": pa.array(ids).cast(pa.decimal128(38, 0)),
        "zoned id": when.dt.floor("D").dt.tz_localize("UTC"),
    }[kind]
    plain = {"users": ids, "items": ids[::-1], "time": when.to_numpy(), "duplicates": "last"}
    other = {**plain, "time" if kind == "zoned" else "users": column}
    act = lambda given: min(seconds(lambda: Interactions.from_arrays(**given)) for _ in range(3))  # noqa: E731
    without, with_it = act(plain), act(other)
    times_as_long = 2.5 if kind == "zoned" else 6  # ids with a zone come out as objects
    assert with_it < times_as_long * without + 0.02, f"{with_it:.3f} s for {kind}, {without:.3f} s for int64"


@pytest.mark.parametrize("zone", [None, dt.timezone.utc, dt.timezone(dt.timedelta(hours=-5))])
def test_datetimes_are_times_and_ids_at_any_age(zone):
    moments = [dt.datetime(1, 1, 1, tzinfo=zone), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=zone)]
    assert users_of(moments[::-1]) == moments
    near = [dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=zone), dt.datetime(2024, 2, 29, 1, tzinfo=zone)]
    times = Interactions.from_arrays([1, 2], [1, 2], time=near).times
    plain = [moment.astimezone(dt.timezone.utc).replace(tzinfo=None) if zone else moment for moment in near]
    assert (times == np.array(plain, "M8[us]")).all()
    with pytest.raises(ValueError, match=r"time outside the years 1678 to 2261 in row 0"):
        Interactions.from_arrays([1, 2], [1, 2], time=moments)


def test_uuids_and_days_are_in_their_own_order():
    rng = np.random.default_rng(0)
    ids = [uuid.UUID(bytes=rng.bytes(16)) for _ in range(50)]
    days = [dt.date.fromordinal(int(day)) for day in rng.integers(1, 3_000_000, 50)]
    for every in (ids, days):
        data = Interactions.from_arrays([*every, *every], [*range(50), *range(50, 100)])
        assert data.user_ids.tolist() == sorted(set(every))
        rows = data.matrix.tocoo()
        assert all(every[item % 50] == data.user_ids[row] for row, item in zip(rows.row, rows.col, strict=True))
