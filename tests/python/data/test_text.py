"""Delimited text: what is read, how it is laid out, and where blocks cut it."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import lzma
import os
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coals.data.interactions import Interactions
from coals.data.readers import delimited, duckdb_text, text_files
from coals.data.readers.delimited import read_text
from coals.data.readers.text_rules import Dialect
from text_readers import READERS, reading

TEXT = "who,what,stars,when\nzoe,30,4,5\nann,10,3.5,4\nzoe,10,1e0,3\n\nélise,30, 5 ,2\r\nann,20,+2.0,1"
COLUMNS = {"user": "who", "item": "what", "value": "stars", "time": "when"}


@pytest.fixture
def write(tmp_path):
    def write(content, name="ratings.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def check(data):
    assert data.user_ids.tolist() == ["ann", "zoe", "élise"]
    assert data.item_ids.tolist() == [10, 20, 30]
    assert data.matrix.toarray().tolist() == [[3.5, 2, 0], [1, 0, 4], [0, 0, 5]]
    assert data.times.tolist() == [4, 1, 3, 5, 2]


LAYOUTS = {
    "plain": (TEXT.encode(), {}),
    "byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), {}),
    "ends in a newline": (TEXT.encode() + b"\n", {}),
    "ends in empty lines": (TEXT.encode() + b"\r\n\r\n\n", {}),
    "windows": (TEXT.replace("\r\n", "\n").replace("\n", "\r\n").encode(), {}),
    "quoted": ("\n".join(f'"{line}"' for line in TEXT.replace(",", '","').split("\n") if line.strip()).replace(
        '\r"', '"\r').encode(), {}),
    "tabs": (TEXT.replace(",", "\t").encode(), {}),
    "semicolons": (TEXT.replace(",", ";").encode(), {}),
    "colons": (TEXT.replace(",", "::").encode(), {}),
    "named delimiter": (TEXT.replace(",", "~~").encode(), {"delimiter": "~~"}),
    "gzip": (gzip.compress(TEXT.encode()), {}),
    "two members of gzip": (gzip.compress(TEXT[:40].encode()) + gzip.compress(TEXT[40:].encode()), {}),
    "bzip2": (bz2.compress(TEXT.encode()), {}),
    "xz": (lzma.compress(TEXT.encode()), {}),
    "latin-1": (TEXT.encode("latin-1"), {"encoding": "latin-1"}),
    "a delimiter at the end of a line": (TEXT.replace("1e0,3", "1e0,3,").encode(), {}),
    "delimiters at the end, as spreadsheets have": (TEXT.replace("1e0,3", "1e0,3,,,").encode(), {}),
    "blanks before quotes": (TEXT.replace("zoe,10", 'zoe, "10"').encode(), {}),
    "utf-16": (TEXT.encode("utf-16"), {"encoding": "utf-16"}),
    "gzip of utf-16": (gzip.compress(TEXT.encode("utf-16")), {"encoding": "utf-16"}),
}  # fmt: skip


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1 << 23])
@pytest.mark.parametrize(("content", "options"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_gives_the_same(write, monkeypatch, reader, content, options, block):
    monkeypatch.setattr(text_files, "BLOCK", block)
    monkeypatch.setattr(delimited, "HEAD", 40 if block < 100 else 1 << 16)
    check(Interactions.from_csv(write(content), **COLUMNS, **options))


def test_columns_by_position_and_open_files(write, reader):
    positions = {"user": 0, "item": 1, "value": 2, "time": 3}
    body = TEXT.partition("\n")[2]
    check(Interactions.from_csv(write(body), **positions))
    check(Interactions.from_csv(str(write(TEXT)), **positions, header=True))
    check(Interactions.from_csv(io.BytesIO(TEXT.encode()), **COLUMNS))
    check(Interactions.from_csv(io.StringIO(TEXT), **COLUMNS))
    with open(write(gzip.compress(body.encode())), "rb") as opened:
        check(Interactions.from_csv(opened, **positions))
        assert not opened.closed


def test_ids_are_integers_only_if_all_are(write, reader):
    for ids, kind in ((["7", "-3", "0"], int), (["7", "07", "0"], str), (["7", str(2**63), "0"], str),
                      (["7", str(2**63 - 1), str(-(2**63))], int), (["7", "-0", "0"], str), (["7", "1.0", "+1"], str),
                      (["7", " 7", "7 "], str), (["1_0", "10", "2"], str), (["١", "10", "2"], str)):  # fmt: skip
        path = write("".join(f"{id},x\n" for id in ids))
        found = Interactions.from_csv(path, user=0, item=1).user_ids.tolist()
        assert found == sorted(map(kind, ids)), ids
        assert Interactions.from_csv(path, user=0, item=1, text_ids=True).user_ids.tolist() == sorted(ids)


def test_without_values_every_line_counts_one(write, reader):
    data = Interactions.from_csv(write("a\tx\nb\tx\na\tx\n"), user=0, item=1, duplicates="count", min_item_users=2)
    assert data.matrix.toarray().tolist() == [[2], [1]]
    assert data.row_counts.tolist() == [2, 1]


DATES = {
    "2020-01-31": dt.datetime(2020, 1, 31),
    "2020-02-29 23:59": dt.datetime(2020, 2, 29, 23, 59),
    "2020-12-31T23:59:59": dt.datetime(2020, 12, 31, 23, 59, 59),
    "1969-07-20T20:17:40.25Z": dt.datetime(1969, 7, 20, 20, 17, 40, 250_000),
    "2000-03-01T00:30:00+01:00": dt.datetime(2000, 2, 29, 23, 30),
    "2000-03-01T00:30-0130": dt.datetime(2000, 3, 1, 2, 0),
    "1900-03-01 00:00:00.000001+02": dt.datetime(1900, 2, 28, 22, 0, 0, 1),
}


def times_of(texts):
    lines = "".join(f"{k},0,{text}\n" for k, text in enumerate(texts))
    return Interactions.from_csv(io.StringIO(lines), user=0, item=1, time=2).times


def test_dates_are_nanoseconds_in_utc(reader):
    wanted = np.array(list(DATES.values()), dtype="M8[ns]").astype(np.int64)
    assert times_of(DATES).tolist() == wanted.tolist()


@settings(deadline=None)
@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1, max_size=20))
def test_dates_are_those_of_numpy(dates):
    wanted = np.array(dates, dtype="M8[ns]").astype(np.int64)
    assert times_of([str(date) for date in dates]).tolist() == wanted.tolist()


def test_times_become_real_where_one_is(reader):
    assert times_of(["3", "1", "2"]).dtype == np.int64
    assert times_of(["3", "1.5", str(2**62)]).tolist() == [3, 1.5, float(2**62)]
    assert times_of([str(2**62 + 1)]).tolist() == [2**62 + 1]


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20), st.integers(0, 17))
def test_values_are_the_nearest_doubles(values, digits):
    for write in (repr, f"{{:.{digits}g}}".format, f"{{:.{digits}e}}".format, lambda v: f"{v:.{digits}f}"):
        texts = [write(value) for value in values]
        texts = [text for text in texts if len(text) < 300 and (float(text) == 0 or 1e-300 < abs(float(text)) < 1e300)]
        if texts:
            lines = "".join(f"{k},0,{text}\n" for k, text in enumerate(texts))
            data = Interactions.from_csv(io.StringIO(lines), user=0, item=1, value=2)
            assert data.matrix.data.tolist() == [float(text) for text in texts]


field = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["", '"', '""', ",", "\n", "\r\n", "\r", "a,b", 'say "so"', " x ", "\t", "::", "'"]
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(field, field, field), min_size=1, max_size=8), st.booleans(),
       st.sampled_from(["\n", "\r\n"]), st.sampled_from([",", ";", "\t"]), st.sampled_from(READERS))  # fmt: skip
def test_what_pythons_csv_module_writes_is_read(rows, quote_all, end, delimiter, by):
    text = io.StringIO(newline="")
    # It leaves a lone \r without quotes, which with the \n behind it would end a line of Windows, and an empty field at
    # the end, or blanks before quotes, where they mean nothing.
    quote_all = quote_all or any(not text or text[0] == " " or "\r" in text for row in rows for text in row)
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=end, quoting=quoting, delimiter=delimiter).writerows(rows)
    wanted = {str(place): (place, "text") for place in range(3)}
    with reading(by):
        columns = read_text([io.BytesIO(text.getvalue().encode())], wanted, Dialect(delimiter=delimiter), False)
    for place in range(3):
        texts, codes = columns[str(place)]
        known = [*texts.tolist(), ""]
        assert [known[code] for code in codes] == [row[place] for row in rows]


def test_quotes_mean_nothing_if_told_so(reader):
    text = 'a\t"x\nb\ty"z\n'
    data = Interactions.from_csv(io.StringIO(text), user=0, item=1, quote=None)
    assert data.item_ids.tolist() == ['"x', 'y"z']
    assert Interactions.from_csv(io.StringIO("'a,b',1\n"), user=0, item=1, quote="'").user_ids.tolist() == ["a,b"]


def test_many_batches_and_columns_in_any_order(reader):
    n = 100_000
    lines = "".join(f"{k % 7},junk,item {k},{k / 8}\n" for k in range(n))
    data = Interactions.from_csv(io.StringIO(lines), user=2, item=0, value=3)
    assert data.shape == (n, 7)
    assert data.matrix[data.users.encode(f"item {n - 1}")[0], (n - 1) % 7] == (n - 1) / 8
    assert data.matrix.sum() == n * (n - 1) / 16


def test_from_parquet_reads_files_and_folders(tmp_path, monkeypatch):
    pytest.importorskip("duckdb")
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [line.split(",") for line in TEXT.replace("\r", "").split("\n")[1:] if line]
    table = pa.table({
        "who": [row[0] for row in rows],
        "what": [int(row[1]) for row in rows],
        "stars": [float(row[2]) for row in rows],
        "when": [int(row[3]) for row in rows],
        "rest": [[1]] * 5,
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "one.parquet", row_group_size=2)
    check(Interactions.from_parquet(tmp_path / "one.parquet", **COLUMNS))
    folder = tmp_path / "many"
    folder.mkdir()
    parquet.write_table(table.slice(0, 2), folder / "a.parquet")
    parquet.write_table(table.slice(2), folder / "b.parquet")
    check(Interactions.from_parquet(folder, **COLUMNS))
    check(Interactions.from_file(folder / "*.parquet", **COLUMNS))
    with pytest.raises(ValueError, match=r"did you mean 'stars'\? Columns: 'who', 'what', 'stars', 'when', 'rest'"):
        Interactions.from_parquet(folder, user="who", item="what", value="star")
    with pytest.raises(ValueError, match=r"delimiter= is for delimited text, but .* is a Parquet file"):
        Interactions.from_file(folder, **COLUMNS, delimiter=",")
    monkeypatch.setattr(duckdb_text, "load", lambda: None)
    with pytest.raises(ImportError, match=r"read by DuckDB: pip install 'coals\[files\]'"):
        Interactions.from_parquet(folder, **COLUMNS)


WELL_FORMED = {
    "plain": ("u,i,v,t\n1,a,5,7\n2,b,4.5,8\n", {}),
    "windows": ("u,i,v,t\r\n1,a,5,7\r\n2,b,4.5,8\r\n", {}),
    "without an end": ("u,i,v,t\n1,a,5,7\n2,b,4.5,8", {}),
    "quoted names, as R writes them": ('"u","i","v","t"\n1,"a",5,7\n2,"b",4.5,8\n', {}),
    "a byte order mark": ("\ufeffu,i,v,t\n1,a,5,7\n2,b,4.5,8\n", {}),
    "a byte order mark and quoted names": ('\ufeff"u","i","v","t"\n1,a,5,7\n2,b,4.5,8\n', {}),
    "comments": ("# top\n#\nu,i,v,t\n1,a,5,7\n2,b,4.5,8\n", {"comment": "#"}),
    "lines to skip": ('an "export"\n\nu,i,v,t\n1,a,5,7\n2,b,4.5,8\n', {"skip_lines": 2}),
    "an open quote at the top": ('an 6" export\nu,i,v,t\n1,a,5,7\n2,b,4.5,8\n', {"skip_lines": 1}),
    "a decimal comma": ("u;i;v;t\n1;a;5;7\n2;b;4,5;8\n", {"decimal": ","}),
    "colons": ("u::i::v::t\n1::a::5::7\n2::b::4.5::8\n", {}),
    "blanks": ("u  i v t\n1 a  5 7\n2 b 4.5   8\n", {}),
    "blanks in fields": ("u,i,v,t\n1,a, 5 , 7\n2,b,4.5 ,8 \n", {}),
    "empty lines": ("u,i,v,t\n\n1,a,5,7\n\n\n2,b,4.5,8\n\n", {}),
    "markers": ("u,i,v,t,x\n1,a,5,7,NULL\n2,b,4.5,8,\n", {"missing": "NULL"}),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize(("text", "options"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_well_formed_text_needs_duckdb_alone(write, monkeypatch, text, options, encoding, packed):
    content = text.encode(encoding)
    path = write(gzip.compress(content) if packed else content)
    monkeypatch.setattr(delimited, "PlainColumns", None)
    with reading("duckdb"):
        given = {"user": "u", "item": "i", "value": "v", "time": "t"}
        if "\ufeff" in text and encoding != "utf-8":
            encoding = "utf-16"
        data = Interactions.from_csv(path, **given, encoding=encoding, **options)
    assert data.matrix.toarray().tolist() == [[5, 0], [0, 4.5]]
    assert data.times.tolist() == [7, 8]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("No module named 'duckdb'", None),
        ("_duckdb.so: failed to map segment from shared object", MemoryError),
        ("_duckdb.so: cannot allocate memory in static TLS block", MemoryError),
    ],
)
def test_too_little_memory_to_load_duckdb_is_an_error(monkeypatch, message, outcome):
    def refuse(name):
        raise ImportError(message)

    monkeypatch.setattr(duckdb_text.importlib, "import_module", refuse)
    if outcome is None:
        assert duckdb_text.load() is None
    else:
        with pytest.raises(outcome, match="too little memory to load DuckDB"):
            duckdb_text.load()


def test_dates_and_reals_need_duckdb_alone(monkeypatch):
    monkeypatch.setattr(delimited, "PlainColumns", None)
    with reading("duckdb"):
        assert times_of(["3", "1.5", "2"]).tolist() == [3, 1.5, 2]
        assert times_of([str(k) for k in range(150)] + ["0.5"]).tolist()[-1] == 0.5  # beyond the sample
        for text in DATES.keys() - {"2000-03-01T00:30-0130"}:  # a zone without seconds, for which DuckDB 1 has no cast
            times_of([text, " 2020-01-31", "2020-01-31 00:00:00 UTC", "2020-01-31T00:00:00+00:00"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
def test_a_pipe_is_read_once(reader, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines = "".join(f"{k % 9},{k}\n" for k in range(50_000))
    writer = threading.Thread(target=pipe.write_text, args=("u,i\n" + lines,), daemon=True)
    writer.start()
    assert Interactions.from_csv(pipe, user="u", item="i").shape == (9, 50_000)
    writer.join()
