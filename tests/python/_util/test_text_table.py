"""Tables of text: what stands where, whatever the letters."""

from __future__ import annotations

import unicodedata

import pytest

from coals._util.text_table import aligned, fitted


def test_columns_are_aligned_under_their_titles():
    rows = [["model", "fit s", "note"], ["ALS", "2.5", "a"], ["EASE", "10.25", "bcd"]]
    assert aligned(rows, (0, 2), rule=True) == [
        "model  fit s  note",
        "-----  -----  ----",
        "ALS      2.5  a",
        "EASE   10.25  bcd",
    ]
    assert aligned(rows, ()) == ["model  fit s  note", "  ALS    2.5     a", " EASE  10.25   bcd"]


def test_a_short_row_ends_in_a_text_that_widens_no_column():
    rows = [["model", "s", "error"], ["ALS", "2", "0.5"], ["CMF", "missing: a long reason"]]
    assert aligned(rows) == ["model  s  error", "ALS    2    0.5", "CMF    missing: a long reason"]


@pytest.mark.parametrize("title", ["日本語", "Amelie\u0301", "Łódź"])
def test_columns_are_as_wide_as_on_a_terminal(title):
    wide = sum(2 if unicodedata.east_asian_width(c) == "W" else not unicodedata.combining(c) for c in title)
    _, line, other = aligned([["title", "n"], [title, "1"], ["x" * 8, "2"]])
    assert line == title + " " * (8 - wide) + "  1"
    assert other == "xxxxxxxx  2"


def test_long_lines_are_cut_in_the_widest_column():
    rows = [["rank", "title", "score"], ["1", "The " * 10 + "End", "0.5"]]
    lines = aligned(rows, (1,), most=30)
    assert max(map(len, lines)) == 30
    assert lines[1] == "   1  The The The The…     0.5"
    assert aligned(rows, (1,), most=5)[1] == "   1  The The…    0.5"  # never narrower than 8


def test_a_text_cannot_move_the_cursor():
    assert aligned([["title"], ["a\x1b[2Jb\nc"]]) == ["title", "a [2Jb c"]


def test_cut_and_padded():
    assert (fitted("abc", 5), fitted("abc", 5, right=True), fitted("ab cdef", 4)) == ("abc  ", "  abc", "ab… ")
