"""Every door that reads text takes all options for its layout: interactions, events, titles of items."""

from __future__ import annotations

import io
import zipfile

import pytest

import coals
from coals.data.interactions import Interactions
from coals.data.readers import delimited, text_files
from coals.data.readers.text_rules import LAYOUT_OPTIONS, Dialect

# The file of a spreadsheet in Europe, with a comment and a title above the names of the columns.
SHEET = (
    "Export\n# from the till\nwer;was;wert\nJosé;'café; crème';4,5\n# a break\nBjörn;'tea ''x''';(leer)\nJosé;tee;3\n"
)
LAYOUT = {"delimiter": ";", "header": True, "quote": "'", "encoding": "cp1252", "comment": "#", "skip_lines": 1,
          "decimal": ",", "missing": "(leer)"}  # fmt: skip


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes(SHEET.encode("cp1252"))
    return path


def without(name):
    return {option: value for option, value in LAYOUT.items() if option != name}


def by_interactions(path, **layout):
    data = Interactions.from_csv(path, user="wer", item="was", **layout)
    return data.user_ids.tolist(), data.item_ids.tolist()


def by_file(path, **layout):
    data = Interactions.from_file(path, user="wer", item="was", **layout)
    return data.user_ids.tolist(), data.item_ids.tolist()


def by_events(path, **layout):
    events = coals.Events.from_csv(path, group="wer", item="was", **layout)
    return events.groups.ids.tolist(), events.items.ids.tolist()


def by_titles(path, **layout):
    data = Interactions.from_arrays(["x", "x", "y"], ["café; crème", "tea 'x'", "tee"])
    named = data.with_items(path, on="was", title="wer", **layout)
    return sorted(set(named.item_titles.tolist())), named.item_ids.tolist()


DOORS = [by_interactions, by_file, by_events, by_titles]
EXPECTED = (["Björn", "José"], ["café; crème", "tea 'x'", "tee"])


@pytest.mark.parametrize("door", DOORS)
def test_every_door_takes_every_option(reader, sheet, door):
    assert set(LAYOUT) == set(LAYOUT_OPTIONS)
    assert door(sheet, **LAYOUT) == EXPECTED


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("option", ["quote", "encoding", "comment"])
def test_each_of_these_options_is_needed(reader, sheet, door, option):
    with pytest.raises(ValueError, match=r"sheet\.csv|there is no such column"):
        door(sheet, **without(option))


@pytest.mark.parametrize("door", DOORS)
def test_an_unknown_option_is_refused_by_every_door(sheet, door):
    with pytest.raises(TypeError, match=r"unknown (argument|option) seperator=.* delimiter, header, quote"):
        door(sheet, **LAYOUT, seperator=";")


def test_values_go_by_the_decimal_comma_and_missing_ones_are_named(reader, sheet):
    with pytest.raises(ValueError, match=r"line 6, column 'wert': the number is missing"):
        Interactions.from_csv(sheet, user="wer", item="was", value="wert", **LAYOUT)
    sheet.write_bytes(SHEET.replace("(leer)", "2").encode("cp1252"))
    data = Interactions.from_csv(sheet, user="wer", item="was", value="wert", **LAYOUT)
    assert data.matrix.toarray().tolist() == [[0, 2, 0], [4.5, 0, 3]]


def test_missing_titles_are_none(reader, tmp_path):
    path = tmp_path / "songs.csv"
    path.write_text("id,title\n1,One\n2,NULL\n3,\n")
    data = Interactions.from_arrays([1, 1, 1], [1, 2, 3])
    with pytest.warns(UserWarning, match="2 of 3 items have no title: 2, 3"):
        assert data.with_items(path, on="id", title="title", missing="NULL").item_titles.tolist() == ["One", "2", "3"]
    with pytest.raises(TypeError, match="delimiter= is for files of text, not for a dict"):
        data.with_items({"id": [1, 2, 3], "title": ["a", "b", "c"]}, on="id", title="title", delimiter=",")


COMMENTS = {
    "of a graph": "# Directed graph\n# Nodes: 3 Edges: 2\n# From\tTo\n0\t1\n1\t2\n",
    "with quotes": '# say "hi\n0\t1\n1\t2\n',
    "below the top": "# top\n0\t1\n#0\t9\n1\t2\n",
    "at the end": "0\t1\n1\t2\n# that is all\n#\n",
    "and empty lines": "\n# top\n\n0\t1\n\n1\t2\n",
    "in Windows": "# top\r\n0\t1\r\n1\t2\r\n",
}


@pytest.mark.parametrize("text", COMMENTS.values(), ids=COMMENTS)
def test_lines_of_comments_are_left_out(reader, text):
    data = Interactions.from_csv(io.StringIO(text), user=0, item=1, comment="#")
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([0, 1], [1, 2])


def test_a_mark_within_a_line_is_text(reader):
    text = '"#1 Crush",#9\nann,#1\n"a\n#b",c\n'
    data = Interactions.from_csv(io.StringIO(text), user=0, item=1, comment="#")
    assert data.user_ids.tolist() == ["#1 Crush", "a\n#b", "ann"]
    assert data.item_ids.tolist() == ["#1", "#9", "c"]


@pytest.mark.parametrize("top", ['"open\n', "a;b;c\n", '# "\n\n', "\n\n", '"x ""y""\n'])
def test_lines_left_out_at_the_top_may_hold_anything(reader, top):
    lines = top.count("\n")
    data = Interactions.from_csv(io.StringIO(top + "u,i\n7,8\n"), user="u", item="i", skip_lines=lines)
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([7], [8])
    with pytest.raises(ValueError, match=f"line {lines + 3}, column 'i': the id is missing"):
        Interactions.from_csv(io.StringIO(top + "u,i\n7,8\n7,\n"), user="u", item="i", skip_lines=lines)


def test_excel_writes_a_byte_order_mark_and_windows_lines(reader, tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbf" + b'user;"item name";stars\r\n1;"a\r\nb";4,5\r\n2;c;3\r\n;;\r\n')
    with pytest.raises(ValueError, match="line 5, column 'user': the id is missing"):
        Interactions.from_csv(path, user="user", item="item name", value="stars", decimal=",")
    path.write_bytes(path.read_bytes().replace(b";;\r\n", b""))
    data = Interactions.from_csv(path, user="user", item="item name", value="stars", decimal=",")
    assert (data.item_ids.tolist(), data.matrix.data.tolist()) == (["a\r\nb", "c"], [4.5, 3])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"comment": ""}, ValueError, "comment must be what lines to leave out begin with"),
        ({"skip_lines": -1}, ValueError, "skip_lines must be >= 0"),
        ({"skip_lines": 1.5}, TypeError, "skip_lines must be an integer"),
        ({"decimal": ";"}, ValueError, r"decimal must be '\.' or ','"),
        ({"missing": 5}, TypeError, "missing must be a text such as 'NULL', or several, got 5"),
        ({"missing": ["a", None]}, TypeError, "missing must be a text"),
        ({"delimiter": 'a"'}, ValueError, "delimiter must be one or more characters"),
        ({"quote": " "}, ValueError, "quote must be one ASCII character"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        Dialect.of(options)


def test_text_of_an_open_file_is_decoded_already(tmp_path, reader):
    path = tmp_path / "latin.csv"
    path.write_bytes("bjørn,å\n".encode("latin-1"))
    with path.open(encoding="latin-1") as file:
        data = Interactions.from_csv(file, user=0, item=1, encoding="latin-1")
    assert data.user_ids.tolist() == ["bjørn"]


def test_zip_archives_give_their_first_file(reader, tmp_path):
    path = tmp_path / "plays.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/plays.csv", "u,i\n1,2\n3,2\n")
        archive.writestr("__MACOSX/folder/._plays.csv", "nothing")
        archive.writestr("folder/.DS_Store", "nothing")
    assert Interactions.from_csv(path, user="u", item="i").user_ids.tolist() == [1, 3]
    with path.open("rb") as file:
        assert Interactions.from_csv(file, user="u", item="i").user_ids.tolist() == [1, 3]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("february.csv", "u,i\n5,2\n")
    with pytest.warns(UserWarning, match=r"of 2 files: 'folder/plays.csv' is read, 'february.csv' is not") as caught:
        assert Interactions.from_csv(path, user="u", item="i").user_ids.tolist() == [1, 3]
    assert len(caught) == 1
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    with pytest.raises(ValueError, match="is an Excel workbook: save it as CSV"):
        Interactions.from_csv(path, user="u", item="i")


def test_zstd_is_read_by_duckdb(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "plays.csv.zst"
    rows = "SELECT range % 50 AS u, 'i' || range AS i FROM range(30000)"
    duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT csv, COMPRESSION zstd)")
    data = Interactions.from_csv(path, user="u", item="i")
    assert (data.shape, data.user_ids.dtype.kind) == ((50, 30_000), "i")


def test_a_pattern_is_its_files_one_after_another(reader, tmp_path):
    (tmp_path / "a.csv").write_text("u,i\n1,2\n")
    (tmp_path / "b.csv").write_text("i;u;more\r\n3;4;x\r\n5;1;y\r\n")
    (tmp_path / "c.csv").write_text("\ufeffu\ti\n007\t8\n", encoding="utf-8")
    data = Interactions.from_csv(tmp_path / "[ab].csv", user="u", item="i")
    assert (data.user_ids.tolist(), data.item_ids.tolist(), data.nnz) == ([1, 4], [2, 3, 5], 3)
    assert Interactions.from_csv(str(tmp_path / "*.csv"), user="u", item="i").user_ids.tolist() == ["007", "1", "4"]
    with pytest.raises(FileNotFoundError, match=r"no file matches .*\*\.tsv"):
        Interactions.from_csv(tmp_path / "*.tsv", user="u", item="i")
    (tmp_path / "b.csv").write_text("i;u;more\r\n3;4;x\r\n;1;y\r\n")
    with pytest.raises(ValueError, match=r"b\.csv, line 3, column 'i': the id is missing"):
        Interactions.from_csv(tmp_path / "*.csv", user="u", item="i")
    odd = tmp_path / "odd [1]*.csv"
    odd.write_text("u,i\n1,2\n")
    assert Interactions.from_csv(odd, user="u", item="i").user_ids.tolist() == [1]


@pytest.mark.parametrize("block", [1, 3, 50])
def test_lines_are_counted_across_comments_and_blocks(reader, monkeypatch, block):
    monkeypatch.setattr(text_files, "BLOCK", block)
    monkeypatch.setattr(delimited, "HEAD", 8)
    text = "7,a\n\n# one\n# two\n\n8,b\n#\n\n,c\n"
    with pytest.raises(ValueError, match="the file, line 9, column 0: the id is missing"):
        Interactions.from_csv(io.StringIO(text), user=0, item=1, comment="#", delimiter=",")
