"""The same table from every library gives the same Interactions."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import coals
from coals.data.interactions import Interactions

TABLE = {
    "user": ["zoe", "ann", "zoe", "élise", "ann"],
    "item": [30, 10, 10, 30, 20],
    "stars": [4.0, 3.5, 1.0, 5.0, 2.0],
    "when": [dt.datetime(2020, 1, day, 12, 30, 0, 250) for day in (5, 4, 3, 2, 1)],
    "other": ["x"] * 5,
}
NANOSECONDS = (np.array(TABLE["when"], dtype="M8[ns]")).astype(np.int64)


def pandas_frame(table):
    return pytest.importorskip("pandas").DataFrame(table)


def pandas_arrow(table):
    pytest.importorskip("pyarrow")
    return pandas_frame(table).convert_dtypes(dtype_backend="pyarrow")


def pandas_nullable(table):
    return pandas_frame(table).convert_dtypes()


def polars_frame(table):
    return pytest.importorskip("polars").DataFrame(table)


def polars_lazy(table):
    return polars_frame(table).lazy()


def arrow_table(table):
    return pytest.importorskip("pyarrow").table(table)


def arrow_batches(table):
    """Many batches, the first of them cut from a longer one, so that offsets are not 0."""
    pa = pytest.importorskip("pyarrow")
    longer = pa.table({name: [values[-1], *values] for name, values in table.items()})
    whole = longer.slice(1)
    return pa.concat_tables([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2, 3)])


def arrow_categories(table):
    pa = pytest.importorskip("pyarrow")
    whole = arrow_batches(table)
    for k, name in enumerate(table):
        if name in ("user", "item"):
            extended = pa.chunked_array([chunk.dictionary_encode() for chunk in whole[name].chunks])
            whole = whole.set_column(k, name, extended)
    return whole


def duckdb_relation(table):
    duckdb = pytest.importorskip("duckdb")
    source = arrow_table(table)
    return duckdb.from_arrow(source)


def narwhals_frame(table):
    return pytest.importorskip("narwhals").from_native(polars_frame(table))


class OnlyCapsule:
    """What a library that is not known by name looks like."""

    def __init__(self, table):
        self.table = arrow_table(table)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


MAKERS = [
    dict, pandas_frame, pandas_arrow, pandas_nullable, polars_frame, polars_lazy, arrow_table, arrow_batches,
    arrow_categories, duckdb_relation, narwhals_frame, OnlyCapsule,
]  # fmt: skip
every_library = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


@every_library
def test_every_library_gives_the_same(make):
    data = Interactions.from_frame(make(TABLE), user="user", item="item", value="stars", time="when")
    assert data.user_ids.tolist() == ["ann", "zoe", "élise"]
    assert data.item_ids.tolist() == [10, 20, 30]
    assert data.matrix.toarray().tolist() == [[3.5, 2, 0], [1, 0, 4], [0, 0, 5]]
    assert_array_equal(data.times, NANOSECONDS[[1, 4, 2, 0, 3]].view("M8[ns]"))
    assert data.users.encode("élise").tolist() == [2]


@every_library
def test_columns_of_dates_are_ids(make):
    data = Interactions.from_frame(make(TABLE), user="when", item="item")
    assert data.user_ids.tolist() == sorted(TABLE["when"])
    assert data.users.encode([dt.datetime(2020, 1, 4, 12, 30, 0, 250)]).tolist() == [3]


@every_library
def test_wrong_column_names_are_answered_with_the_right_ones(make):
    with pytest.raises(ValueError, match=r"user='User ': there is no such column; did you mean 'user'\? Columns: 'us"):
        Interactions.from_frame(make(TABLE), user="User ", item="item")
    with pytest.raises(ValueError, match=r"time='nothing like it': there is no such column\. Columns: 'user', "):
        Interactions.from_frame(make(TABLE), user="user", item="item", time="nothing like it")


@every_library
@pytest.mark.parametrize("column", ["user", "item", "stars", "when"])
def test_a_null_is_named_by_its_row(make, column):
    values = list(TABLE[column])
    values[3] = None
    frame = make({**TABLE, column: values})
    kept_as_nan = column in ("item", "stars") and make is pandas_frame
    message = "is nan: every value must be finite" if kept_as_nan and column == "stars" else "row 3,? is missing"
    message = r"row 3, is missing" if kept_as_nan and column == "item" else message
    with pytest.raises(ValueError, match=message):
        Interactions.from_frame(frame, user="user", item="item", value="stars", time="when")


@every_library
def test_text_is_no_value(make):
    with pytest.raises(TypeError, match=r"column 'other' must be real numbers, got.*: make numbers of it with numpy"):
        Interactions.from_frame(make(TABLE), user="user", item="item", value="other")
    with pytest.raises(TypeError, match=r"column 'other' must be times \(numbers or dates\), got"):
        Interactions.from_frame(make(TABLE), user="user", item="item", time="other")


NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_arrow_numbers(dtype):
    pa = pytest.importorskip("pyarrow")
    numbers = np.array([3, 1, 2], dtype=dtype)
    frame = pa.table({"user": numbers, "item": numbers, "value": numbers, "time": numbers})
    data = Interactions.from_frame(frame, user="user", item="item", value="value")
    assert data.user_ids.tolist() == [1, 2, 3]
    assert_array_equal(data.matrix.toarray(), np.diag([1, 2, 3]))
    assert data.matrix.dtype == (np.float32 if dtype == "float32" else np.float64)
    timed = Interactions.from_frame(frame, user="user", item="item", time="time")
    assert timed.times.dtype == (np.float64 if dtype.startswith("float") else np.int64)


def test_arrow_numbers_at_the_edges():
    pa = pytest.importorskip("pyarrow")
    frame = pa.table({"user": np.array([2**64 - 1, 0], dtype=np.uint64), "item": np.array([2**63 - 1, -(2**63)])})
    data = Interactions.from_frame(frame, user="user", item="item")
    assert data.user_ids.tolist() == [0, 2**64 - 1]
    assert data.item_ids.tolist() == [-(2**63), 2**63 - 1]


def test_arrow_text_in_every_layout():
    pa = pytest.importorskip("pyarrow")
    names = ["short", "just twelve!", "one more than twelve", "", "ü", "one more than twelve"]
    things = [b"a\0", b"a", b"x" * 40, b"", b"\xff", b"x" * 40]
    for text, binary in ((pa.string(), pa.binary()), (pa.large_string(), pa.large_binary()),
                         (pa.string_view(), pa.binary_view())):  # fmt: skip
        table = pa.table({"user": pa.array(names, text), "item": pa.array(things, binary)})
        data = Interactions.from_frame(table, user="user", item="item", duplicates="sum")
        assert data.user_ids.tolist() == sorted(set(names))
        assert data.item_ids.tolist() == sorted(set(things))
        assert data.matrix[data.users.encode("ü")[0], data.items.encode([b"\xff"])[0]] == 1


def test_more_arrow_types():
    pa = pytest.importorskip("pyarrow")
    some = [uuid.UUID(int=2**127), uuid.UUID(int=5)]
    days = [dt.date(2020, 1, 2), dt.date(1969, 7, 20)]
    table = pa.table({
        "user": pa.array([u.bytes for u in some], pa.uuid()),
        "item": pa.array(days),
        "value": pa.array([-1, 3], pa.decimal128(20, 2)),
        "flag": [True, False],
        "when": pa.array([1, 2], pa.timestamp("ms", "Europe/Vienna")),
        "list": [[1], [2]],
    })  # fmt: skip
    data = Interactions.from_frame(table, user="user", item="item", value="value", time="when")
    assert data.user_ids.tolist() == some[::-1]
    assert data.item_ids.tolist() == days[::-1]
    assert data.matrix.toarray().tolist() == [[3, 0], [0, -1]]
    assert data.times.tolist() == [2_000_000, 1_000_000]
    aware = Interactions.from_frame(table, user="when", item="item", value="flag").user_ids.tolist()
    assert aware == [dt.datetime(1970, 1, 1, 0, 0, 0, 1000 * k, dt.timezone.utc) for k in (1, 2)]
    with pytest.raises(TypeError, match=r"column 'flag' must be ids .* got true or false"):
        Interactions.from_frame(table, user="flag", item="item")
    with pytest.raises(
        TypeError, match=r"column 'list' has the Arrow type 'list', which is not read: give each element its own row"
    ):
        Interactions.from_frame(table, user="list", item="item")
    with pytest.raises(TypeError, match=r"column 'i' must be hashable, got \['x'\] \(list\): give each id its own row"):
        Interactions.from_frame({"u": ["a"], "i": [["x"]]}, user="u", item="i")


def test_decimals():
    pa = pytest.importorskip("pyarrow")
    written = [
        "0.01",
        "-0.01",
        "123456789012345678901234567890.12",
        "-98765432109876543210.99",
        "0",
        "18446744073709551616",
    ]
    values = pa.array([decimal.Decimal(text) for text in written], pa.decimal128(38, 2))
    table = pa.table({"user": range(len(written)), "item": range(len(written)), "value": values})
    data = Interactions.from_frame(table, user="user", item="item", value="value")
    assert data.matrix.data == pytest.approx([float(text) for text in written], rel=1e-15)


def test_unused_categories_are_no_items():
    for library in ("pandas", "polars"):
        module = pytest.importorskip(library)
        made = module.Categorical(["b", "a", "b"], categories=["c", "b", "a"]) if library == "pandas" else None
        made = module.Series(["b", "a", "b"], dtype=module.Enum(["c", "b", "a"])) if made is None else made
        frame = module.DataFrame({"user": [1, 2, 3], "item": made})
        assert Interactions.from_frame(frame, user="user", item="item").item_ids.tolist() == ["a", "b"]


def test_objects_of_any_hashable_kind():
    polars = pytest.importorskip("polars")
    some = [uuid.UUID(int=7), uuid.UUID(int=3), uuid.UUID(int=7)]
    for frame in (pandas_frame({"user": some, "item": [(1, 2), (1, 1), (1, 1)]}),
                  polars.DataFrame({"user": polars.Series(some, dtype=polars.Object), "item": [2, 1, 1]})):  # fmt: skip
        data = Interactions.from_frame(frame, user="user", item="item")
        assert data.user_ids.tolist() == [uuid.UUID(int=3), uuid.UUID(int=7)]
        assert data.matrix.toarray().tolist() == [[1, 0], [1, 1]]


def test_duckdb_sums_are_values():
    duckdb = pytest.importorskip("duckdb")
    plays = "(values ('a', 1, 2), ('a', 1, 3), ('b', 2, 4)) t(who, what, times)"
    relation = duckdb.sql(f"select who, what, sum(times) as total, count(*) as n from {plays} group by all")
    data = Interactions.from_frame(relation, user="who", item="what", value="total", time="n")
    assert data.matrix.toarray().tolist() == [[5, 0], [0, 4]]
    assert data.times.tolist() == [2, 1]


def test_pandas_columns_need_no_text_as_name():
    frame = pandas_frame({0: ["a", "b"], 1: [1, 2]})
    assert Interactions.from_frame(frame, user=0, item=1).shape == (2, 2)
    twice = frame.set_axis(["x", "x"], axis=1)
    with pytest.raises(ValueError, match="user='x': 2 columns have this name; rename all but one"):
        Interactions.from_frame(twice, user="x", item="x")


def test_what_is_no_table():
    for thing in (5, "ratings.csv", [[1, 2]], None):
        with pytest.raises(TypeError, match=f"a table must be of pandas, .*got {type(thing).__name__}"):
            Interactions.from_frame(thing, user="a", item="b")


def test_a_stream_is_read_once():
    pa = pytest.importorskip("pyarrow")
    reader = pa.RecordBatchReader.from_batches(arrow_table(TABLE).schema, arrow_table(TABLE).to_batches())
    assert Interactions.from_frame(reader, user="user", item="item").nnz == 5

    def failing():
        yield from arrow_table(TABLE).to_batches()
        raise RuntimeError("the disk is gone")

    broken = pa.RecordBatchReader.from_batches(arrow_table(TABLE).schema, failing())
    with pytest.raises(ValueError, match=r"the Arrow stream broke off: .*the disk is gone"):
        Interactions.from_frame(broken, user="user", item="item")


def test_arrow_columns_go_to_from_arrays():
    pl = pytest.importorskip("polars")
    frame = polars_frame(TABLE)
    data = Interactions.from_arrays(frame["user"], frame["item"], frame["stars"], time=frame["when"])
    assert data.matrix.toarray().tolist() == [[3.5, 2, 0], [1, 0, 4], [0, 0, 5]]
    assert_array_equal(data.times, NANOSECONDS[[1, 4, 2, 0, 3]].view("M8[ns]"))
    with pytest.raises(ValueError, match=r"users\[1\] is missing: give it an id"):
        Interactions.from_arrays(pl.Series(["a", None]), [1, 2])


def test_duckdb_literals_are_values():
    """1.5 is a DECIMAL there, whose Arrow type newer versions write with its bits."""
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql("select * from (values ('ann', 'x', 1.5), ('bob', 'y', -20.25)) t(who, what, stars)")
    data = Interactions.from_frame(relation, user="who", item="what", value="stars")
    assert data.matrix.data.tolist() == [1.5, -20.25]


def test_titles_from_a_table_without_rows():
    data = Interactions.from_arrays(["ann"], ["x"])
    with pytest.raises(ValueError, match="the table of titles has no rows: column 'item' is empty"):
        data.with_items({"item": [], "title": []}, on="item", title="title")


COUNTED = [(1, 7, 2), (2, 8, 1)]


def plays():
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"user": [1, 1, 2], "song": [7, 7, 8], "sec": [3.0, 4.0, 5.0]})


def test_levels_of_a_pandas_index_are_columns():
    counts = plays().groupby(["user", "song"]).size()
    sums = plays().groupby(["user", "song"])[["sec"]].sum()
    for table, value in (
        (counts.to_frame("n"), "n"),
        (counts.rename("n"), "n"),
        (counts, None),
        (counts.rename("n"), None),
    ):
        data = Interactions.from_frame(table, user="user", item="song", value=value)
        assert data.matrix.toarray().tolist() == [[2, 0], [0, 1]]
        assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([1, 2], [7, 8])
    assert Interactions.from_frame(sums, user="user", item="song", value="sec").matrix.data.tolist() == [7.0, 5.0]
    assert Interactions.from_frame(sums, user="user", item="song").matrix.data.tolist() == [1.0, 1.0]
    assert coals.Events.from_frame(counts.to_frame("n"), group="user", item="song").n_groups == 2


def test_one_level_and_every_type_of_it():
    frame = plays().set_index("user")
    assert Interactions.from_frame(frame, user="user", item="song", duplicates="count").matrix.data.tolist() == [2, 1]
    wide = plays().astype({"user": "category", "song": "Int64"}).set_index(["user", "song"])
    assert Interactions.from_frame(wide, user="user", item="song", duplicates="count").item_ids.tolist() == [7, 8]
    timed = plays().assign(user=pytest.importorskip("pandas").to_datetime(["2024-01-01"] * 3, utc=True))
    data = Interactions.from_frame(timed.set_index("user"), user="song", item="sec", time="user")
    assert (data.times == np.datetime64("2024-01-01")).all()
    with pytest.raises(
        ValueError, match=r"user='usr': there is no such column; did you mean 'user'\? Columns: 'song', 'sec', 'user'"
    ):
        Interactions.from_frame(frame, user="usr", item="song")


def test_a_column_that_has_the_name_of_a_level_counts():
    frame = plays().set_index("user", drop=False)
    frame.index = frame.index[::-1]
    assert Interactions.from_frame(frame, user="user", item="song", duplicates="sum").matrix.nnz == 2


def test_times_of_a_series_are_no_values():
    last = plays().groupby(["user", "song"])["sec"].max()
    data = Interactions.from_frame(last, user="user", item="song", time="sec")
    assert (data.matrix.data.tolist(), data.times.tolist()) == ([1.0, 1.0], [4.0, 5.0])


@pytest.mark.parametrize(
    "given",
    [
        {"user": "u", "item": "u"},
        {"user": "u", "item": "i", "value": "i"},
        {"user": "u", "item": "i", "value": "v", "time": "v"},
    ],
)
@pytest.mark.parametrize("kind", ["dict", "pandas", "polars", "parquet"])
def test_one_column_is_one_argument(given, kind, tmp_path):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = {"u": [1, 2, 3], "i": [4, 4, 5], "v": [1.0, 2.0, 3.0]}
    make = {"dict": dict, "pandas": pd.DataFrame, "polars": pl.DataFrame, "parquet": pl.DataFrame}[kind]
    read, table = Interactions.from_frame, make(columns)
    if kind == "parquet":
        table.write_parquet(tmp_path / "table.parquet")
        read, table = Interactions.from_parquet, tmp_path / "table.parquet"
    with pytest.raises(ValueError, match=r"is the column that .* names, too: each needs its own"):
        read(table, **given)


def test_events_need_two_columns_as_well():
    with pytest.raises(ValueError, match="item='u' is the column that group names, too"):
        coals.Events.from_frame({"u": [1, 2]}, group="u", item="u")


def test_lists_of_items_are_interactions():
    pd = pytest.importorskip("pandas")
    lists = {"b": ["y"], "a": ["x", "z"], "c": []}
    for given in (lists, pd.Series(lists), {user: np.array(items, "U1") for user, items in lists.items()}):
        data = Interactions.from_lists(given)
        assert (data.user_ids.tolist(), data.item_ids.tolist()) == (["a", "b"], ["x", "y", "z"])
        assert data.matrix.toarray().tolist() == [[1, 0, 1], [0, 1, 0]]
    numbered = Interactions.from_lists([[5, 7, 9], [5], {7, 8}])
    assert numbered.user_ids.tolist() == [0, 1, 2]
    assert (numbered.nnz, numbered.item_ids.tolist()) == (6, [5, 7, 8, 9])
    counted = Interactions.from_lists([[2**60 + 1, 2**60, 2**60]], duplicates="count")
    assert (counted.item_ids.tolist(), counted.matrix.data.tolist()) == ([2**60, 2**60 + 1], [2.0, 1.0])


@pytest.mark.parametrize(
    ("lists", "error", "complaint"),
    [
        ({"a": "xyz"}, TypeError, "user 'a' must have a list of items, got 'xyz'"),
        ({"a": 3}, TypeError, "user 'a' must have a list of items, got 3"),
        ({}, ValueError, "are empty"),
        ({"a": ["x", "x"]}, ValueError, "user 'a', item 'x' is given 2 times"),
        (7, TypeError, "lists must be a mapping of user to items"),
        ([[1], [None]], ValueError, r"items\[1\] is missing"),
    ],
)
def test_what_is_no_list_of_items_is_refused(lists, error, complaint):
    with pytest.raises(error, match=complaint):
        Interactions.from_lists(lists)
