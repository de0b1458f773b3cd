"""The rules for delimited text: layout options, numbers, dates, integer ids and markers of missing values.

Both readers of text follow these rules: the one with DuckDB, whose own guesses are turned off, and the one in Python.
`text_layout`, which finds the delimiter and the header, builds on them.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_bool, check_int

__all__ = [
    "LAYOUT_OPTIONS",
    "LOOSE_BLANKS",
    "Dialect",
    "TextError",
    "TextLayout",
    "date_pattern",
    "doubtful_ids",
    "no_number",
    "no_time",
    "number_of",
    "shown",
    "time_of",
    "whole_ids",
    "whole_of",
]

#: The delimiter for any number of blanks and tabs, written as in pandas.
LOOSE_BLANKS = r"\s+"

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,' \u00a0]\d{3})+([.,]\d+)?", re.ASCII)
# What a spreadsheet makes of an integer with twelve digits or more.
_ROUNDED = re.compile(r"[+-]?\d([.,]\d+)?E\+\d+", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_CLOCK = r"[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d|60)(?:\.(\d+))?)?"
# A date, optionally followed by a time of day, and that by a zone.
_DATE = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)(?:{_CLOCK}( ?(?:Z|UTC|GMT)|[+-]\d\d(?::?[0-5]\d)?)?)?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # the range of nanoseconds in 64 bits
_EPOCH = dt.date(1970, 1, 1).toordinal()
_MARKERS = ("NULL", "null", "NA", "N/A", "#N/A", "NaN", "nan", "NAN", "None", "<NA>", "NaT", "\\N", "(null)")


class TextLayout(TypedDict, total=False):
    """The options for the layout of text, which every reader of text takes. `Dialect` checks them."""

    delimiter: str | None
    header: bool | None
    quote: str | None
    encoding: str
    comment: str | None
    skip_lines: int
    decimal: str
    missing: str | Sequence[str]


LAYOUT_OPTIONS = tuple(TextLayout.__annotations__)


class Dialect(NamedTuple):
    """The layout of text. If None, the delimiter is guessed, and a column requested by name implies a header."""

    delimiter: str | None = None
    header: bool | None = None
    quote: str | None = '"'
    encoding: str = "utf-8"
    comment: str | None = None
    skip_lines: int = 0
    decimal: str = "."
    missing: tuple[str, ...] = ("",)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Dialect:
        """A dialect from options by name, after checking them."""
        for name in options:
            if name not in LAYOUT_OPTIONS:
                raise TypeError(f"unknown option {name}=: those for the layout of text are {', '.join(LAYOUT_OPTIONS)}")
        missing = options.get("missing", ())
        listed = (missing,) if isinstance(missing, str) else tuple(missing) if _listable(missing) else None
        if listed is None or not all(isinstance(text, str) for text in listed):
            raise TypeError(f"missing must be a text such as 'NULL', or several, got {missing!r}")
        dialect = cls(**{**options, "missing": tuple(dict.fromkeys(("", *listed)))})
        dialect._check()
        return dialect

    def _check(self) -> None:
        delimiter, quote, comment = self.delimiter, self.quote, self.comment
        if self.header is not None:
            check_bool("header", self.header)
        if delimiter is not None and (
            not isinstance(delimiter, str) or not delimiter or set(delimiter) & {"\n", "\r", "\0", quote or "\0"}
        ):
            raise ValueError(
                f"delimiter must be one or more characters other than line ends and quotes, got {delimiter!r}"
            )
        if quote is not None and (not isinstance(quote, str) or len(quote.encode()) != 1 or quote in "\n\r\0 "):
            raise ValueError(f"quote must be one ASCII character, or None, got {quote!r}")
        if comment is not None and (not isinstance(comment, str) or not comment or set(comment) & set("\n\r\0")):
            raise ValueError(
                f"comment must be what lines to leave out begin with, such as '#', or None, got {comment!r}"
            )
        check_int("skip_lines", self.skip_lines, minimum=0)
        if self.decimal not in (".", ","):
            raise ValueError(f"decimal must be '.' or ',', got {self.decimal!r}")


def _listable(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset))


class TextError(ValueError):
    """An error in a line, or in a column of it: `place` is the position of the column, -1 for the whole line."""

    def __init__(self, line: int, place: int, what: str) -> None:
        super().__init__(line, place, what)
        self.line, self.place, self.what = line, place, what


# --- numbers ---


def number_of(text: str, decimal: str = ".") -> float | None:
    """The double nearest to a decimal number; None for anything else, including "nan" and numbers that overflow."""
    if decimal != ".":
        text = "" if "." in text else text.replace(decimal, ".")
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if np.isfinite(value) else None


def no_number(text: str, dialect: Dialect, first: bool) -> str:
    """The message for a field that is not a number. `first`: it is in the first line."""
    if text in dialect.missing:
        return "the number is missing: give it one or drop the line"
    if text.strip() in _MARKERS:
        return f"{shown(text)} is not a finite number: if it marks a missing value, drop the line"
    other = "." if dialect.decimal == "," else ","
    hint = ""
    grouped = _THOUSANDS.fullmatch(text.strip()) is not None
    if number_of(text, other) is not None:
        hint = f": if that is a decimal {'comma' if other == ',' else 'point'}, pass decimal={other!r}"
        hint += "; if it separates thousands, take it out" if grouped else ""
    elif grouped:
        hint = ": separators of thousands are not read"
    elif first:
        hint = ": if the first line has the names of the columns, pass header=True"
    return f"{shown(text)} is not a finite number{hint}"


# --- times ---


def whole_of(text: str) -> int | None:
    """The 64-bit integer that a text spells in its only form, "7"; None for "007", "+7", "7.0" and all else."""
    if _INTEGER.fullmatch(text) is None:
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def time_of(text: str) -> int | None:
    """A date in ISO 8601 as nanoseconds since 1970 in UTC; None for anything else."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        days = dt.date(int(year), int(month), int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    minutes = 60 * int(hour or 0) + int(minute or 0) - _ahead(zone)
    return ((days * 1440 + minutes) * 60 + int(second or 0)) * 10**9 + int(f"{fraction or '':0<9.9}")


def _ahead(zone: str | None) -> int:
    """The minutes by which a zone is ahead of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    return (60 * int(digits[:2]) + int(digits[2:] or 0)) * (-1 if zone[0] == "-" else 1)


def no_time(text: str, dialect: Dialect, first: bool, dates: bool) -> str:
    """The message for a field that is not a time. `dates`: the first time of the column is a date."""
    if text in dialect.missing:
        return "the time is missing: give it one or drop the line"
    found = _DATE.fullmatch(text.strip())
    if found is not None and not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        return f"{shown(text)} is outside the years {_FIRST_YEAR} to {_LAST_YEAR}, which times are kept for"
    what = "a date like the first one" if dates else "a time like the first one" if found else "a time"
    hint = "numbers and dates in ISO 8601 are read, such as 2020-01-31, 2020-01-31 23:59:59 and 2020-01-31T23:59Z"
    if first:
        hint = "if the first line has the names of the columns, pass header=True; " + hint
    return f"{shown(text)} is not {what}: {hint}"


def date_pattern(offset: bool) -> str:
    """A regular expression for dates that DuckDB reads as `time_of` does, with or without an offset from UTC."""
    zone = r"[+-]\d\d(:?[0-5]\d)?" if offset else "( ?(Z|UTC|GMT))?"
    digits = "{1,6}" if offset else "+"  # DuckDB's times with offsets hold microseconds
    clock = rf"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{digits})?)?{zone}"
    return r"\d{4}-\d\d-\d\d" + (clock if offset else f"({clock})?")


# --- ids ---


def whole_ids(ids: Sequence[str]) -> list[int] | None:
    """The ids as integers if every one is written as an integer, else None."""
    integers: list[int] = []
    for text in ids:
        value = whole_of(text)
        if value is None:
            return None
        integers.append(value)
    return integers


def doubtful_ids(ids: npt.NDArray[Any]) -> str:
    """A warning about text ids that look wrong, for example markers of missing ids, or a few words among integers.

    "" if nothing looks wrong. `ids` are the distinct ids, sorted, and not all integers.
    """
    places = [(marker, bisect_left(ids, marker)) for marker in _MARKERS]
    found = [marker for marker, at in places if at < len(ids) and ids[at] == marker]
    if found:
        listed = ", ".join(map(repr, found))
        return f"has the id {listed}: if that marks a missing id, pass missing={found[0]!r}, which names its lines"
    if ids[0][:1] == ids[-1][:1] == " ":
        return (
            f"has ids that all begin with a blank, {shown(ids[0])} for example: pass a delimiter= with the blank in it"
        )
    rounded = next((str(text) for text in ids[:: 1 + len(ids) // 1000] if _ROUNDED.fullmatch(str(text))), None)
    if rounded is not None:
        return (
            f"has the id {shown(rounded)}, which looks as if a spreadsheet had rounded a long number, so that several "
            "ids became one: export the column as text"
        )
    if all(str(text).endswith(".0") and whole_of(str(text)[:-2]) is not None for text in ids):
        return f"has ids written as numbers with a fraction, {shown(ids[0])} for example: they are kept as text"
    others: list[str] = []
    for text in ids:
        if whole_of(str(text)) is None:
            others.append(str(text))
            if len(others) > 3 or 20 * len(others) > len(ids):
                return ""
    if not others:
        return ""
    listed = ", ".join(map(shown, others))
    return f"has {len(ids) - len(others):,} ids that are integers, and {listed}: all are kept as text"


def shown(text: str) -> str:
    """The beginning of a field, in quotes and on one line."""
    plain = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[:40])
    return f"'{plain}…'" if len(text) > 40 else f"'{plain}'"
