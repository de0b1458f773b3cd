"""Malformed files: each a one-line error that says where, and nothing else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coals.data.interactions import Interactions
from coals.data.readers import text_files, text_layout, text_records
from coals.data.readers.text_records import Tokenizer
from text_readers import READERS, reading

HEAD = "user,item,rating,time\n"
GOOD = "ann,x,1,5\n"
NAMES = {"user": "user", "item": "item", "value": "rating", "time": "time"}
PLACES = {"user": 0, "item": 1, "value": 2, "time": 3}

BAD_LINES = {
    "no fields": (" \n", "has 1 field where the first line has 4"),
    "a field too few": ("bob,x,3\n", "has 3 fields where the first line has 4"),
    "a field too many": ("bob,x,3,4,5\n", "has 5 fields where the first line has 4"),
    "a field behind two delimiters": ("bob,x,3,4,,5\n", "has 6 fields where the first line has 4"),
    "another delimiter": ("bob;x;3;4\n", "has 1 field where the first line has 4"),
    "no user": (",x,3,4\n", "column 'user': the id is missing: give it one or drop the line"),
    "no item": ("bob,,3,4\n", "column 'item': the id is missing"),
    "an item of quotes": ('bob,"",3,4\n', "column 'item': the id is missing"),
    "no value": ("bob,x,,4\n", "column 'rating': the number is missing: give it one or drop the line"),
    "a blank value": ("bob,x, ,4\n", "column 'rating': ' ' is not a finite number"),
    "a word for a value": ("bob,x,good,4\n", "column 'rating': 'good' is not a finite number"),
    "nan": ("bob,x,nan,4\n", "column 'rating': 'nan' is not a finite number"),
    "inf": ("bob,x,-inf,4\n", "column 'rating': '-inf' is not a finite number"),
    "overflow": ("bob,x,1e999,4\n", "column 'rating': '1e999' is not a finite number"),
    "hexadecimal": ("bob,x,0x10,4\n", "column 'rating': '0x10' is not a finite number"),
    "an underscore": ("bob,x,1_000,4\n", "column 'rating': '1_000' is not a finite number"),
    "two signs": ("bob,x,+-1,4\n", "column 'rating': '.-1' is not a finite number"),
    "two points": ("bob,x,1.2.3,4\n", "column 'rating': '1.2.3' is not a finite number"),
    "a point alone": ("bob,x,.,4\n", "column 'rating': '.' is not a finite number"),
    "a unit": ("bob,x,5 stars,4\n", "column 'rating': '5 stars' is not a finite number"),
    "a decimal comma": ('bob,x,"3,5",4\n', "column 'rating': '3,5' is not a finite number"),
    "a long word": (f"bob,x,{'long' * 50},4\n", "column 'rating': 'longlong.*…' is not a finite number"),
    "no time": ("bob,x,3,\n", "column 'time': the time is missing"),
    "a word for a time": ("bob,x,3,noon\n", "column 'time': 'noon' is not a time"),
    "a date among numbers": ("bob,x,3,2020-01-01\n", "column 'time': '2020-01-01' is not a time"),
    "a NUL": ("bob,x\0,3,4\n", r"has a NUL byte: is it text, and encoding= right\?"),
    "a NUL in quotes": ('bob,"x\0",3,4\n', "has a NUL byte"),
    "text behind a quote": ('bob,"x"y,3,4\n', "a quoted field is followed by more text: double the quotes inside"),
    "an open quote": ('bob,"x,3,4\n', "opens a quote that is never closed: close it, or pass quote=None"),
}


@pytest.mark.parametrize("block", [1, 5, 1 << 23])
@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_named(monkeypatch, reader, line, message, block):
    monkeypatch.setattr(text_files, "BLOCK", block)
    after = GOOD if '"x,3' not in line else ""
    for head, columns, number in ((HEAD, NAMES, 5), ("", PLACES, 4)):
        text = io.StringIO(head + GOOD + 'ann,"a\nb",2,5\n'.replace("2,5", "2,6") + line + after)
        expected = message if head else message.replace("'user'", "0").replace("'item'", "1")
        expected = expected if head else expected.replace("'rating'", "2").replace("column 'time'", "column 3")
        with pytest.raises(ValueError, match=f"^the file, line {number},? ?{expected}") as caught:
            Interactions.from_csv(text, **columns)
        assert "\n" not in str(caught.value)


def packed_badly():
    whole = gzip.compress((HEAD + GOOD * 1000).encode())
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    return {
        "gzip cut off": (whole[:-12], "is corrupt or cut off"),
        "gzip with a wrong bit": (bytes(flipped), "is corrupt"),
        "gzip of nothing": (gzip.compress(b""), "is empty"),
        "bzip2 cut off": (bz2.compress(HEAD.encode() * 99)[:-9], "is corrupt or cut off"),
        "xz cut off": (lzma.compress(HEAD.encode() * 99)[:-9], "is corrupt or cut off"),
        "bzip2 that is none": (b"BZh9" + b"x" * 50, "is corrupt"),
        "xz that is none": (b"\xfd7zXZ\x00" + b"x" * 50, "is corrupt"),
    }


BAD_FILES = {
    "empty": (b"", "is empty"),
    "newlines": (b"\n\r\n\n", "is empty"),
    "a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "a header": (HEAD.encode(), "has no rows under its header"),
    "a header without its end": (HEAD.strip().encode(), "has no rows under its header"),
    "UTF-16": ((HEAD + GOOD).encode("utf-16"), "is encoded in UTF-16: pass encoding='utf-16'"),
    "UTF-32": ((HEAD + GOOD).encode("utf-32"), "is encoded in UTF-32: pass encoding='utf-32'"),
    "UTF-16 without a mark": ((HEAD + GOOD).encode("utf-16-le"), "line 1 has a NUL byte"),
    "a header in latin-1": ("användare,item,rating,time\n".encode("latin-1"), "line 1 is not in UTF-8: pass encoding="),
    "an id in latin-1": (
        HEAD.encode() + "bj\u00f6rn,x,1,2\n".encode("latin-1"),
        "column 'user' has an id that is not in UTF-8, b'bj.xf6rn': pass encoding=",
    ),
    "a ZIP archive": (b"PK\x03\x04 and so on", "is a ZIP archive that cannot be read"),
    "zstd": (b"\x28\xb5\x2f\xfd and so on", "is compressed with zstd: unpack it first|is corrupt"),
    "Parquet": (b"PAR1 and so on", r"is a Parquet file: read it with Interactions\.from_parquet"),
    "DuckDB": (bytes(8) + b"DUCK" + bytes(9), r"is a DuckDB database: read it with Interactions\.from_sql"),
    "zeros": (bytes(100), "line 1 has a NUL byte"),
    "a header with an open quote": (
        b'user,"item,rating,time\nann,x,1,5\n',
        "line 1 opens a quote that is never closed",
    ),
    "a column twice": (b"user,item,rating,time,user\na,b,1,2,c\n", "user='user': 2 columns have this name"),
    "other names": (
        b"User_ID,item,rating,time\na,b,1,2\n",
        r"user='user': there is no such column.* Columns: 'User_ID'",
    ),
    "one column": (b"user\na\n", r"item='item': there is no such column\. Columns: 'user'"),
    **packed_badly(),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_named(tmp_path, reader, content, message):
    path = tmp_path / "ratings.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        Interactions.from_csv(path, **NAMES)
    assert "\n" not in str(caught.value)
    if "column" not in message:
        assert str(path) in str(caught.value)


BAD_ARGUMENTS = [
    ({"user": 4}, ValueError, "user=4: there are 4 columns, so 0 to 3 would do"),
    ({"user": -1}, ValueError, "user=-1: there are 4 columns, so 0 to 3 would do"),
    ({"user": 1.0}, TypeError, r"user must be the name or the position of a column, got 1\.0"),
    ({"user": True}, TypeError, "user must be the name or the position of a column, got True"),
    ({"user": None}, TypeError, "user must be the name or the position of a column, got None"),
    ({"user": "item"}, ValueError, "item='item' is the column that user names, too: each needs its own"),
    ({"header": False}, ValueError, "user='user': header=False leaves columns without names: give its position"),
    ({"header": "yes"}, TypeError, "header must be True or False"),
    ({"delimiter": ""}, ValueError, "delimiter must be one or more characters"),
    ({"delimiter": "\n"}, ValueError, "delimiter must be one or more characters"),
    ({"delimiter": 5}, ValueError, "delimiter must be one or more characters"),
    ({"quote": "''"}, ValueError, "quote must be one ASCII character, or None"),
    ({"encoding": "utf-99"}, ValueError, "encoding must be one that Python knows, such as 'utf-8', got 'utf-99'"),
    ({"encoding": None}, ValueError, "encoding must be one that Python knows"),
    ({"duplicates": "first"}, ValueError, "duplicates must be one of"),
    ({"text_ids": 1}, TypeError, "text_ids must be True or False"),
    ({"min_user_items": 0}, ValueError, "min_user_items must be >= 1"),
    ({"min_user_items": 2}, ValueError, "min_user_items=2 and min_item_users=1 leave no entry"),
    ({"binarize": 9}, ValueError, "binarize=9 keeps none of the 1 entries: the largest value is 1"),
    ({"binarize": "9"}, TypeError, "binarize must be a number"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS)
def test_bad_arguments(reader, arguments, error, message):
    with pytest.raises(error, match=message):
        Interactions.from_csv(io.StringIO(HEAD + GOOD), **{**NAMES, **arguments})


def test_what_is_no_file(tmp_path, reader):
    with pytest.raises(IsADirectoryError, match="is a folder: give the path of a file"):
        Interactions.from_csv(tmp_path, **NAMES)
    with pytest.raises(FileNotFoundError, match=r"no\.csv"):
        Interactions.from_csv(tmp_path / "no.csv", **NAMES)
    with pytest.raises(TypeError, match="path must be the path of a file, or a file open for reading, got list"):
        Interactions.from_csv([HEAD], **NAMES)


def test_what_is_no_parquet(tmp_path):
    pytest.importorskip("duckdb")
    with pytest.raises(ValueError, match=r"is a folder without \.parquet files"):
        Interactions.from_parquet(tmp_path, user="user", item="item")
    (tmp_path / "text.csv").write_text(HEAD)
    with pytest.raises(ValueError, match=r"is not a Parquet file: read text with Interactions\.from_csv"):
        Interactions.from_parquet(tmp_path / "text.csv", user="user", item="item")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(ValueError, match="cannot be read as Parquet") as caught:
        Interactions.from_parquet(tmp_path / "cut.parquet", user="user", item="item")
    assert "\n" not in str(caught.value)


def test_a_header_taken_for_a_row_is_guessed(reader):
    with pytest.raises(ValueError, match=r"line 1, column 2: 'rating' is not a finite number: if .* header=True"):
        Interactions.from_csv(io.StringIO(HEAD + GOOD), **PLACES)


def test_the_first_bad_line_is_the_one_named(reader):
    lines = [f"u{k},i,{k},{k}\n" for k in range(70_000)]
    lines[50_000] = "u,i,3,bad\n"
    lines[60_000] = "u,i,bad,3\n"
    lines[65_000] = "ragged\n"
    with pytest.raises(ValueError, match="line 50001, column 3: 'bad' is not a time"):
        Interactions.from_csv(io.StringIO("".join(lines)), **PLACES)


pieces = st.sampled_from(
    ["ann", "x", "1", "2.5", ",", "\t", ";", "\n", "\r\n", "\r", '"', '""', "\0", "\ufeff", "-", "nan", "1e999", " ",
     str(2**63), str(-(2**64)), "é", "\U0001f600", "2020-01-01", "::", "#", "'"]
)  # fmt: skip


@settings(deadline=None, max_examples=100)
@given(st.lists(pieces, max_size=25).map("".join), st.binary(max_size=3), st.booleans())
def test_anything_is_read_or_refused_in_one_line_and_by_both_readers_alike(text, junk, named):
    content = (HEAD if named else "").encode() + text.encode() + junk
    answers = []
    for by in READERS:
        with reading(by), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of doubtful ids
            try:
                data = Interactions.from_csv(io.BytesIO(content), **(NAMES if named else PLACES), duplicates="sum")
            except ValueError as error:
                answers.append(str(error))
            else:
                assert np.isfinite(data.matrix.data).all()
                answers.append((data.user_ids.tolist(), data.item_ids.tolist(), data.matrix.toarray().tolist(),
                                data.times.tolist()))  # fmt: skip
    assert answers[0] == answers[1]
    assert not isinstance(answers[0], str) or "\n" not in answers[0]


@pytest.mark.parametrize("where", ["top", "below"])
def test_an_open_quote_is_searched_for_its_end_in_linear_time(monkeypatch, reader, where):
    """Four times the text, four times the letters looked at: a record is not searched again with each block."""
    looked_at = []
    within = Tokenizer.within

    def counted(self, text, **options):
        looked_at.append(len(text))
        return within(self, text, **options)

    monkeypatch.setattr(Tokenizer, "within", counted)
    monkeypatch.setattr(text_files, "BLOCK", 1 << 12)
    totals = []
    for lines in (1 << 14, 1 << 16):
        looked_at.clear()
        text = ("" if where == "top" else "7,8\n") + '"7,8\n' + "7,8\n" * lines
        with pytest.raises(ValueError, match=r"line [12] opens a quote that is never closed"):
            Interactions.from_csv(io.StringIO(text), user=0, item=1, delimiter=",")
        totals.append(sum(looked_at))
    assert totals[1] < 6 * totals[0]
    assert totals[0] < 12 * 4 * (1 << 14)


def test_a_record_without_end_is_given_up(monkeypatch, reader):
    for module in (text_records, text_layout):
        monkeypatch.setattr(module, "LONGEST", 1 << 17)
    longer = "7,8\n7," + "8" * 3_000_000  # than DuckDB takes
    for text in ('"7,8\n' + "7,8\n" * 100_000, "7" * 400_000, longer):
        line = 2 if text.startswith("7,8") else 1
        with pytest.raises(ValueError, match=f"line {line} is longer than 64 MB: is a quote left open"):
            Interactions.from_csv(io.StringIO(text), user=0, item=1)
