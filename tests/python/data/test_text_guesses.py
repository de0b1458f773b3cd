"""What is guessed of text is held against more than a line: delimiter, header, integer ids, missing markers, times."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest

from coals.data.interactions import Interactions

UPWARDS = {"user": 0, "item": 1}


def read(text, **options):
    content = text if isinstance(text, bytes) else text.encode()
    return Interactions.from_csv(io.BytesIO(content), **{**UPWARDS, **options})


PLACES = "u1\tParis, Ile-de-France, France, EU\t12\nu2\tLyon, Rhone, France, EU\t5\n"
DELIMITERS = {
    # text, the columns asked for, users, items
    "commas in the texts of a first line": (PLACES + "u2\tBern\t1\n", {}, ["u1", "u2"], 3),
    "commas in the texts of all lines": (PLACES, {}, ["u1", "u2"], 2),
    "commas without blanks in all texts but one": (
        "".join(f"u1\tA{k},B,C\n" for k in range(9)) + "u2\tD\n",
        {},
        ["u1", "u2"],
        10,
    ),
    "the same with values": (PLACES, {"value": 2}, ["u1", "u2"], 2),
    "artists": ("u1\tCrosby, Stills, Nash, and Young\t12\nu2\tBlur\t5\n", {"value": 2}, ["u1", "u2"], 2),
    "bars in the last column": ("7,A,x|y\n8,B,y|z\n", {}, [7, 8], 2),
    "a decimal comma": ("7;a;4,5\n8;b;3,0\n", {"value": 2, "decimal": ","}, [7, 8], 2),
    "a time with colons": ("7::a::5::2020-01-01 10:00\n8::b::3::2020-01-02 11:30\n", {"time": 3}, [7, 8], 2),
    "single blanks": ("7 a 5\n8 b 3\n", {"value": 2}, [7, 8], 2),
    "several blanks": ("7   a   5\n8   b   3\n 9 b 1 \n", {"value": 2}, [7, 8, 9], 2),
    "blanks around quotes": ('7 "a b" 5\n8 "c" 3\n', {"value": 2}, [7, 8], 2),
    "blanks and tabs in turns": ("7 a\t5\n8\tb 3\n", {"value": 2}, [7, 8], 2),
    "one line": ("7;a\n", {}, [7], 1),
    "names with blanks": ("user name;the item\nann b;x\n", {"user": "user name", "item": "the item"}, ["ann b"], 1),
}


@pytest.mark.parametrize(("text", "options", "users", "n_items"), DELIMITERS.values(), ids=DELIMITERS)
def test_the_delimiter_is_the_one_that_explains_all_lines(reader, text, options, users, n_items):
    data = read(text, **options)
    assert data.user_ids.tolist() == users
    assert data.n_items == n_items
    if "value" in options:
        assert data.nnz == len(text.strip().splitlines())


WRONG_GUESSES = {
    "no delimiter": ("7a\n8b\n", {}, r"item=1: there are 1 columns.*line 1 is '7a'; no delimiter was found"),
    "comments at the top": ("# nodes\n# edges\n7\t8\n", {}, "line 1 begins with '#': if such lines are comments, pass"),
    "a ragged line": ("7,a\n8,b\n9\n", {}, r"line 3 has 1 field where .* \(the delimiter ',' was guessed"),
    "a given delimiter": ("7,a\n", {"delimiter": ";"}, r"item=1: there are 1 columns.*line 1, cut at ';'"),
    "a line for Excel": ("sep=;\nu;i\n1;2\n", {}, "line 1 tells Excel the delimiter: pass skip_lines=1"),
    "lines of old Macs": ("1;2\r3;4\r", {"user": "u", "item": "i"}, "its lines seem to end in .r alone"),
    "thousands": ("1;a;1.234,5\n", {"value": 2}, "'1.234,5' is not a finite number: separators of thousands"),
    "names with integers below": ("userId,movieId\n1,10\n1,11\n", {}, "line 1, column 0: 'userId' is the only id of "
                                  "the first 3 lines that is not an integer: pass header=True"),
    "names with texts below": ("user_id,asin\nann,B1\n", {}, "'user_id' reads like the name of a column: pass"),
    "names with codes below": ("customer_id;product_id\nc1;p1\n", {}, "'customer_id' reads like the name"),
    "names above values": ("u,i,v\n1,a,5\n", {"value": 2}, "'v' is not a finite number: if the first line"),
    "names above times": ("u,i,t\n1,a,5\n", {"time": 2}, "'t' is not a time: if the first line .*header=True"),
    "a decimal comma": ("1;a;4,5\n", {"value": 2}, "'4,5' is not a finite number: if that is a decimal comma"),
    "a decimal point": ("1;a;4.5\n", {"value": 2, "decimal": ","}, "if that is a decimal point, pass decimal='.'"),
    "a marker among values": ("1,a,NULL\n", {"value": 2}, "'NULL' is not a finite number: if it marks"),
    "an American date": ("1,a,01/31/2020\n", {"time": 2, "header": False}, "numbers and dates in ISO 8601 are read"),
    "a date without an end": ("1,a,9999-12-31\n", {"time": 2}, "'9999-12-31' is outside the years 1678 to"),
    "a date among numbers": ("1,a,5\n1,b,2020-01-01\n", {"time": 2}, "'2020-01-01' is not a time like the first"),
    "a number among dates": ("1,a,2020-01-01\n1,b,5\n", {"time": 2}, "'5' is not a date like the first one"),
    "a zone alone": ("1,a,2020-01-01 00:00 Europe/Berlin\n", {"time": 2}, "is not a time: "),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options", "message"), WRONG_GUESSES.values(), ids=WRONG_GUESSES)
def test_a_wrong_guess_names_its_evidence(reader, text, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(text, **options)
    assert "\n" not in str(caught.value)


def test_what_looks_like_names_is_data_if_told_so(reader):
    data = read("userId,movieId\n1,10\n1,11\n", header=False)
    assert data.user_ids.tolist() == ["1", "userId"]
    assert read("userId,movieId\n1,10\n1,11\n", header=True).user_ids.tolist() == [1]
    assert read("ann,7\nbob,8\n").user_ids.tolist() == ["ann", "bob"]  # names of people are none of columns


def test_data_taken_for_names_is_told(reader):
    with pytest.warns(UserWarning, match="line 1 has '7', '10' and was taken for the names of columns"):
        assert read("7,10\n8,11\n", header=True).user_ids.tolist() == [8]


def test_ids_with_blanks_or_fractions_are_told(reader):
    with pytest.warns(UserWarning, match="column 1 has ids that all begin with a blank, ' 10' for example: pass a del"):
        assert read("7, 10\n8, 11\n").item_ids.tolist() == [" 10", " 11"]
    assert read("7, 10\n8, 11\n", delimiter=", ").item_ids.tolist() == [10, 11]
    with pytest.warns(UserWarning, match=r"column 0 has ids written as numbers with a fraction, '1\.0' for example"):
        assert read("1.0,7\n3.0,8\n").user_ids.tolist() == ["1.0", "3.0"]


@pytest.mark.parametrize("text", ["1.23457E+12", "1,23457E+12", "1E+15"])
def test_ids_that_a_spreadsheet_rounded_are_told(reader, text):
    with pytest.warns(
        UserWarning, match=r"column 0 has the id '1.*E\+1[25]', which looks as if a spreadsheet had rounded"
    ):
        assert read(f"{text};7\n12;8\n").user_ids.tolist() == sorted([text, "12"])


def test_names_of_columns_among_the_ids_are_told(reader):
    names = {"user": "u", "item": "i"}
    with pytest.warns(UserWarning, match="has the names of its columns among the ids") as caught:
        assert read("u,i\n1,7\n2,8\nu,i\n1,8\n", **names).user_ids.tolist() == ["1", "2", "u"]
    assert len(caught) == 1
    assert read("u,i\nu,a\nb,a\n", **names).user_ids.tolist() == ["b", "u"]  # might be an id


def test_thousands_are_not_taken_for_decimals(reader):
    with pytest.raises(ValueError, match=r"pass decimal=','; if it separates thousands, take it out$"):
        read('1,a,"3,500"\n', value=2)
    with pytest.raises(ValueError, match=r"pass decimal=','$"):
        read('1,a,"3,5"\n', value=2)


def test_ids_are_typed_by_the_whole_column(reader):
    lines = [f"{k},x\n" for k in range(30_000)]
    assert read("".join(lines)).user_ids.dtype == np.int64
    assert read("".join([*lines, "007,x\n"]), text_ids=True).user_ids.tolist()[:2] == ["0", "007"]
    with pytest.warns(UserWarning, match="column 0 has 30,000 ids that are integers, and '007': all are kept as text"):
        data = read("".join([*lines, "007,x\n"]))
    assert data.n_users == 30_001


def test_markers_of_missing_ids_are_told_and_named(reader):
    text = "who,what\nann,1\nNULL,2\nbob,\\N\n"
    with pytest.warns(UserWarning, match="has the id") as caught:
        Interactions.from_csv(io.StringIO(text), user="who", item="what")
    assert [str(warning.message).split(": if")[0] for warning in caught] == [
        "the file, column 'who' has the id 'NULL'", "the file, column 'what' has the id '\\\\N'"]  # fmt: skip
    with pytest.raises(ValueError, match="line 3, column 'who': the id is missing"):
        Interactions.from_csv(io.StringIO(text), user="who", item="what", missing="NULL")
    with pytest.raises(ValueError, match="line 4, column 'what': the id is missing"):
        Interactions.from_csv(io.StringIO(text), user="who", item="what", missing=["(none)", "\\N"])


def test_a_few_words_among_many_ids_are_no_reason_to_warn(reader):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read("a1,7\na2,8\n3,9\n")
        read("".join(f"u{k},{k}\n" for k in range(99)))


def test_numbers_keep_their_value_or_are_refused(reader):
    for text, value in (("1e308", 1e308), ("-.5", -0.5), ("5.", 5.0), (" 7\t", 7.0), ("1e-400", 0.0),
                        ("0.1", 0.1), ("123456789012345678901234567890", 1.2345678901234568e29)):  # fmt: skip
        assert read(f"1,a,{text}\n", value=2, delimiter=",").matrix.data.tolist() == [value]
    for text in ("1e400", "1_000", "0x1p3", "Infinity", "٥", "1,000", "5%", "--5"):
        with pytest.raises(ValueError, match=r"is not a finite number|has 4 fields"):
            read(f'1,a,"{text}"\n', value=2, delimiter=",")


def test_times_of_databases(reader):
    texts = ["2019-10-01 00:00:00 UTC", "2019-10-01 00:00:01 GMT", "2019-10-01 00:00:02Z", "2019-10-01T02:00:03+02:00",
             "2019-10-01 00:00:04", "2019-10-01 00:00:05.000", "2019-10-01T00:00:06.000000000Z"]  # fmt: skip
    data = read("".join(f"1,{k},{text}\n" for k, text in enumerate(texts)), time=2)
    assert data.times.tolist() == [(1569888000 + k) * 10**9 for k in range(len(texts))]
    exact = read("1,a,2019-10-01 00:00:00.123456789\n1,b,2019-10-01T01:00:00.123456789+01:00\n", time=2)
    assert set(exact.times.tolist()) == {1569888000123456789}
