"""Titles from another table, popularity and sizes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import coals
from coals.data.interactions import Interactions

ROWS = [("ann", 1, 5.0), ("ann", 2, 1.0), ("bob", 2, 2.0), ("bob", 2, 4.0), ("cem", 3, -3.0), ("cem", 2, 0.0)]
USERS, ITEMS, VALUES = map(list, zip(*ROWS, strict=True))
BOOKS = {"book": [3, 2, 9, 1], "name": ["Three", "Two", "Nine", "One"]}


@pytest.fixture
def data():
    return Interactions.from_arrays(USERS, ITEMS, VALUES, duplicates="sum", time=list(range(6)))


def as_pandas(table):
    return pytest.importorskip("pandas").DataFrame(table)


def as_polars(table):
    return pytest.importorskip("polars").DataFrame(table)


def as_pyarrow(table):
    return pytest.importorskip("pyarrow").table(table)


@pytest.mark.parametrize("make", [dict, as_pandas, as_polars, as_pyarrow])
def test_titles_of_another_table(data, make):
    named = data.with_items(make(BOOKS), on="book", title="name")
    assert named.item_titles.tolist() == ["One", "Two", "Three"]
    assert named.titles([3, 1]) == ["Three", "One"]
    assert (named.matrix, named.users, named.row_counts, named.times) == (
        data.matrix, data.users, data.row_counts, data.times)  # fmt: skip
    assert data.item_titles is None
    years = named.with_items(make({"book": [1, 2, 3], "year": [1984, 2001, 1999]}), on="book", title="year")
    assert years.titles([2]) == ["2001"]


@pytest.mark.parametrize("make", [dict, as_pandas, as_polars, as_pyarrow])
def test_repeated_and_missing_titles_are_counted_and_named(data, make):
    books = make({"book": [1, 2, 1, 1, 3], "name": ["One", None, "Uno", None, ""]})
    with pytest.warns(UserWarning, match="repeat an id|have no title") as caught:
        named = data.with_items(books, on="book", title="name")
    assert [str(w.message) for w in caught] == [
        "2 rows repeat an id in column 'book': the first of each counts",
        "2 of 3 items have no title: 2, 3",
    ]
    assert all(w.filename == __file__ for w in caught)
    assert named.item_titles.tolist() == ["One", "2", "3"]
    with pytest.warns(UserWarning, match="2 of 3 items have no title: 1, 3"):
        again = named.with_items(make({"book": [2, 7], "name": ["Two", "Seven"]}), on="book", title="name")
    assert again.item_titles.tolist() == ["One", "Two", "3"]


def test_titles_from_files(data, tmp_path):
    path = tmp_path / "books.csv"
    path.write_text('name,book\n"Three, or ""3""",3\nTwo,2\nOne,1\n')
    assert data.with_items(path, on="book", title="name").item_titles.tolist() == ["One", "Two", 'Three, or "3"']
    text_ids = Interactions.from_arrays(USERS, list(map(str, ITEMS)), duplicates="sum")
    assert text_ids.with_items(str(path), on="book", title="name").titles(["2"]) == ["Two"]
    pytest.importorskip("duckdb")
    as_polars(BOOKS).write_parquet(tmp_path / "books.parquet")
    assert data.with_items(tmp_path / "books.parquet", on="book", title="name").titles([2]) == ["Two"]


def test_titles_of_plain_positions():
    plain = Interactions.from_matrix(sp.csr_array([[1, 2]]))
    assert plain.with_items({"k": [1, 0], "t": ["b", "a"]}, on="k", title="t").item_titles.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("table", "names", "error", "message"),
    [
        ({"book": ["1", "2"], "name": ["a", "b"]}, {}, ValueError,
         r"none of the 3 items is in column 'book': ids such as 1 \(int\) here, ids such as '1' \(str\) there"),
        ({"book": [7], "name": ["a"]}, {}, ValueError, "none of the 3 items is in column 'book'"),
        ({"book": [1, None], "name": ["a", "b"]}, {}, ValueError, "column 'book', row 1, is missing"),
        ({"book": [1, 2], "name": ["a"]}, {}, ValueError, "must be of one length, got 2 and 1"),
        (BOOKS, {"on": "id"}, ValueError, r"on='id': there is no such column\. Columns: 'book', 'name'"),
        (BOOKS, {"title": "names"}, ValueError, "title='names': there is no such column; did you mean 'name'"),
        (5, {}, TypeError, "a table must be of pandas"),
    ],
)  # fmt: skip
def test_with_items_refuses(data, table, names, error, message):
    with pytest.raises(error, match=message):
        data.with_items(table, **{"on": "book", "title": "name", **names})


def test_popularity_table(data):
    table = data.with_items(BOOKS, on="book", title="name").popularity_table()
    assert table.to_dict() == {
        "item": [2, 1, 3],
        "title": ["Two", "One", "Three"],
        "users": [3, 1, 1],
        "rows": [4, 1, 1],
        "sum": [7, 5, -3],
        "share %": [60, 20, 20],
    }
    assert data.popularity_table(by="rows")["share %"] == pytest.approx([400 / 6, 100 / 6, 100 / 6])
    assert data.popularity_table(by="sum")["item"].tolist() == [2, 1, 3]
    with pytest.raises(ValueError, match="by must be one of 'users', 'rows', 'sum'"):
        data.popularity_table(by="value")


@pytest.mark.parametrize("by", ["users", "rows", "sum"])
def test_popularity_table_ranks_as_the_model(ratings, by):
    data = Interactions.from_matrix(ratings)
    table = data.popularity_table(by=by)
    model = coals.Popularity(by=by).fit(data)
    assert table[by].tolist() == sorted(model.popularity_, reverse=True)
    known = model.recommend([7], n=40).ids[0]
    assert table["item"][:39].tolist() == known[:39].tolist()


def test_describe(data):
    found = dict(zip(*data.describe().to_dict().values(), strict=True))
    assert (found["users"], found["items"], found["entries"], found["rows"]) == (3, 3, 5, 6)
    assert found["density"] == pytest.approx(5 / 9)
    assert (found["value: min"], found["value: mean"], found["value: max"]) == (-3, 9 / 5, 6)
    assert found["items per user: median"] == 2
    assert found["users per item: max"] == 3
    assert found["users per item: mean"] == pytest.approx(5 / 3)


def test_tables_print_and_convert(data):
    table = data.popularity_table()
    assert repr(data.describe()).splitlines()[:6] == [
        "measure                  value",
        "----------------------  ------",
        "users                        3",
        "items                        3",
        "entries                      5",
        "rows                         6",
    ]
    for library in ("pandas", "polars", "pyarrow"):
        pytest.importorskip(library)
        frame = table.to_frame(library)
        assert type(frame).__module__.startswith(library)
        assert {name: list(frame[name].to_numpy()) for name in table.columns} == table.to_dict()
    assert len(table.to_frame()) == len(table) == 3
    with pytest.raises(ValueError, match="table='user': there is no such column; did you mean 'users'"):
        table["user"]
    long = Interactions.from_arrays(np.zeros(50, int), np.arange(50)).popularity_table()
    assert repr(long).splitlines()[-1] == "… and 30 more rows"


def naive_core(pairs, least_items, least_users):
    """Drop a user or an item that has too few, one at a time, until there is none."""
    pairs = set(pairs)
    while True:
        for side, least in ((0, least_items), (1, least_users)):
            for who in {pair[side] for pair in pairs}:
                if sum(pair[side] == who for pair in pairs) < least:
                    pairs = {pair for pair in pairs if pair[side] != who}
                    break
            else:
                continue
            break
        else:
            return pairs


@given(
    st.sets(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5)), min_size=1), st.integers(1, 4), st.integers(1, 4)
)
def test_core_is_what_is_left(pairs, least_items, least_users):
    listed = sorted(pairs, key=repr)
    users, items = map(list, zip(*listed, strict=True))
    left = naive_core(pairs, least_items, least_users)
    arguments = {"min_user_items": least_items, "min_item_users": least_users}
    values = np.arange(len(listed), dtype=float)
    titles = {item: f"title {item}" for item in items}
    if not left:
        with pytest.raises(ValueError, match="leave no entry: ask for fewer, or bring more data"):
            Interactions.from_arrays(users, items, **arguments)
        return
    data = Interactions.from_arrays(users, items, values, time=values + 100, item_titles=titles, **arguments)
    assert data.user_ids.tolist() == sorted({user for user, _ in left})
    assert data.item_ids.tolist() == sorted({item for _, item in left})
    assert data.item_titles.tolist() == [f"title {item}" for item in data.item_ids]
    coo = data.matrix.tocoo()
    found = [(data.user_ids[row], data.item_ids[column]) for row, column in zip(coo.row, coo.col, strict=True)]
    assert set(found) == left
    assert [listed[int(value)] for value in coo.data] == found
    assert data.times.tolist() == (data.matrix.data + 100).tolist()


def test_binarized_keeps_what_reaches_the_threshold(data):
    likes = data.binarized(1)
    assert likes.matrix.toarray().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert likes.matrix.dtype == np.float32
    assert (likes.times.tolist(), likes.row_counts.tolist()) == ([0, 1, 3], [1, 1, 2])
    same = Interactions.from_arrays(USERS, ITEMS, VALUES, duplicates="sum", binarize=1, min_user_items=2)
    assert same.user_ids.tolist() == ["ann"]
    assert Interactions.from_arrays(USERS, ITEMS, VALUES, duplicates="max", binarize=5).nnz == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 99), st.integers(0, 5)), min_size=1),
       st.sampled_from(["sum", "last", "max", "mean", "count"]))  # fmt: skip
def test_times_follow_their_entries(rows, duplicates):
    users, items, values, times = map(list, zip(*rows, strict=True))
    data = Interactions.from_arrays(users, items, values, time=times, duplicates=duplicates)
    coo = data.matrix.tocoo()
    for row, column, value, time in zip(coo.row, coo.col, coo.data, data.times, strict=True):
        pair = data.user_ids[row], data.item_ids[column]
        mine = [(t, place, v) for place, (u, i, v, t) in enumerate(rows) if (u, i) == pair]
        assert time == max(mine)[0]
        if duplicates == "last":
            assert value == max(mine)[2]
        if duplicates == "sum":
            assert value == sum(v for _, _, v in mine)
    mask = data.matrix.data >= np.median(data.matrix.data)
    assert data.select(mask).times.tolist() == data.times[mask].tolist()
    assert not data.times.flags.writeable


def test_titles_of_several_columns_are_joined(tmp_path):
    songs = {
        "song": ["s1", "s2", "s3"],
        "artist": ["Miles", None, ""],
        "name": ["So What", "Naima", None],
        "year": [1959, 1960, 1961],
    }
    data = Interactions.from_arrays([1, 1], ["s1", "s2"])
    assert data.with_items(songs, on="song", title=["artist", "name"]).titles(["s1", "s2"]) == [
        "Miles – So What",
        "Naima",
    ]
    assert data.with_items(songs, on="song", title=["name", "year"], separator=", ").titles(["s1"]) == ["So What, 1959"]
    assert data.with_items(songs, on="song", title=["name"]).titles(["s1"]) == ["So What"]
    path = tmp_path / "songs.csv"
    path.write_text("song,artist,name\ns1,Miles,So What\ns2,,Naima\n")
    assert data.with_items(path, on="song", title=["artist", "name"]).titles(["s1", "s2"]) == [
        "Miles – So What",
        "Naima",
    ]
    with pytest.raises(ValueError, match="title must name a column or several"):
        data.with_items(songs, on="song", title=[])
    with pytest.raises(ValueError, match=r"title\[1\]='nam': there is no such column; did you mean 'name'"):
        data.with_items(songs, on="song", title=["artist", "nam"])


def test_lists_carry_the_titles_of_their_items():
    data = Interactions.from_arrays(list("aab"), list("xyx"), item_titles={"x": "Ex", "y": "Why"})
    models = [coals.Popularity(), coals.ItemKNN(), coals.ImplicitALS(factors=2, random_state=0)]
    models.append(coals.Hybrid(models={"one": coals.Popularity(), "two": coals.ItemKNN()}))
    for model in models:
        model.fit(data)
        for lists in (model.recommend(["a", "b"], 2, exclude_seen=False), model.recommend_for(["y"], 2)):
            columns = lists.to_columns()
            assert list(columns) == ["query", "id", "title", "score", "rank"]
            assert columns["title"].tolist() == data.titles(columns["id"].tolist())
            assert len(columns["title"]) == lists.counts.sum() > 0
    assert models[1].similar_items(["x"]).to_columns()["title"].tolist() == ["Why"]
    assert "title" not in models[1].recommend_users(["x"]).to_columns()
    assert "title" not in coals.Popularity().fit(Interactions.from_arrays([1], [2])).recommend([1]).to_columns()
    pd = pytest.importorskip("pandas")
    assert isinstance(model.recommend(["b"], 1).to_frame(), pd.DataFrame)
    assert model.recommend(["b"], 1).to_frame()["title"].tolist() == ["Why"]


def test_lists_for_histories_name_their_users():
    data = Interactions.from_arrays(list("aab"), list("xyx"))
    new = Interactions.from_arrays(["q", "m"], ["x", "y"])
    lists = coals.ItemKNN().fit(data).recommend_for(new, 1)
    assert lists.queries.tolist() == ["m", "q"]
    assert lists.to_columns()["query"].tolist() == ["m", "q"]
    assert coals.ItemKNN().fit(data).recommend_for(["x"], 1).queries is None
