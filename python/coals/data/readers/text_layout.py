"""Finds the delimiter, the header and the columns of a text from its first hundred records.

A guess that these records contradict is an error, which names the guess and the option to set instead.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from coals._util.checks import column_error
from coals.data.readers.text_records import LONGEST, Record, Tokenizer, too_long
from coals.data.readers.text_rules import LOOSE_BLANKS, Dialect, TextError, number_of, shown, time_of, whole_of

__all__ = ["Layout", "find_layout"]

_SAMPLE = 100  # records
# In order of preference, if several fit equally well.
_DELIMITERS = ("\t", ";", "::", "|", ",")
_WORD = re.compile(r"[A-Za-z_][\w .:/-]*", re.ASCII)
_COLUMN = re.compile(
    r"(user|customer|visitor|client|member|reviewer|session|basket|order|group|item|movie|product|song|track|artist|"
    r"book|business|article|category)[ _-]?(id|no|nr|name)?|uid|iid|asin|isbn|sku|.*[ ._-]id|(?-i:[a-z]+I[dD])",
    re.IGNORECASE,
)


class Layout(NamedTuple):
    """The layout of one text, with its first records as a sample."""

    delimiter: str
    guessed: bool
    names: list[str] | None
    places: list[int]
    width: int
    top_lines: int
    top_size: int
    simple_top: bool
    sample: list[list[str]]

    def column(self, place: int) -> str:
        """The name of a column in errors."""
        return f"column {self.names[place]!r}" if self.names else f"column {place}"

    def fields_error(self, found: int) -> str:
        """The message for a line with `found` fields."""
        guess = f" (the delimiter {self.delimiter!r} was guessed: pass delimiter= if it is another)"
        few = f"has {found} field{'' if found == 1 else 's'} where the first line has {self.width}"
        return few + (guess if self.guessed else "")


class _Try(NamedTuple):
    """The first records as one delimiter cuts them, and the error after them, if any."""

    delimiter: str
    records: list[Record]
    error: TextError | None


def find_layout(head: str, whole: bool, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect) -> Layout | None:
    """The layout of a text that begins with `head`; None if `head` has no complete record. `whole`: it is all text."""
    top_lines, at = _top(head, dialect)
    tries = [_tried(head, at, top_lines, whole, delimiter, dialect) for delimiter in _candidates(dialect)]
    best = max(tries, key=lambda one: _fit(one, wanted, dialect))
    if dialect.delimiter is None and not _has_columns(best, wanted):
        blanks = " " if dialect.quote is not None and dialect.quote in head else LOOSE_BLANKS
        spaced = _tried(head, at, top_lines, whole, blanks, dialect)
        best = spaced if _has_columns(spaced, wanted) else best
    broken = next((one.error for one in tries if one.error is not None and not one.records), None)
    if broken is not None and not _has_columns(best, wanted):
        raise broken
    if not best.records:
        if not whole and len(head) > LONGEST:
            raise too_long(1 + top_lines)
        return None
    return _checked(best, head, top_lines, at, wanted, dialect)


def _candidates(dialect: Dialect) -> tuple[str, ...]:
    return _DELIMITERS if dialect.delimiter is None else (dialect.delimiter,)


def _top(head: str, dialect: Dialect) -> tuple[int, int]:
    """The number of lines to skip at the top, and of their characters."""
    at = lines = 0
    while at < len(head):
        end = head.find("\n", at) + 1 or len(head)
        line = head[at:end]
        comment = dialect.comment is not None and line.startswith(dialect.comment)
        if lines >= dialect.skip_lines and not comment and line.strip("\r\n"):
            break
        lines, at = lines + 1, end
    return lines, at


def _tried(head: str, at: int, lines: int, whole: bool, delimiter: str, dialect: Dialect) -> _Try:
    tokenizer = Tokenizer(delimiter, dialect.quote, dialect.comment, lines + 1)
    found, error = tokenizer.within(head[at:] if at else head, last=whole, most=_SAMPLE + 1)
    return _Try(delimiter, found, error)


def _fit(one: _Try, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect) -> tuple[Any, ...]:
    """How well a delimiter fits: the requested columns exist, records have equally many fields, and values fit."""
    if not one.records:
        return (False,)
    first = one.records[0].fields
    rest = [record.fields for record in one.records[1:]] or [first]
    even = sum(_even(fields, len(first)) for fields in rest) / len(rest)
    places = [(column, role) for column, role in wanted.values() if isinstance(column, int)]
    right = all(
        column < len(fields) and _reads(fields[column], role, dialect) for fields in rest[:5] for column, role in places
    )
    prose = any(field[:1] == " " and field[1:2].isalpha() for fields in rest for field in fields[1:])
    order = _DELIMITERS.index(one.delimiter) if one.delimiter in _DELIMITERS else 0
    return _has_columns(one, wanted), even, right, not prose, len(first), -order


def _reads(text: str, role: str, dialect: Dialect) -> bool:
    """Whether a field can be a value of its role."""
    if role not in ("numbers", "times") or number_of(text, dialect.decimal) is not None:
        return True
    return role == "times" and time_of(text) is not None


def _even(fields: list[str], width: int) -> bool:
    return len(fields) == width or (len(fields) > width and not any(fields[width:]))


def _has_columns(one: _Try, wanted: Mapping[str, tuple[Any, str]]) -> bool:
    """Whether the first record has the requested columns."""
    first = one.records[0].fields if one.records else []
    return all(
        column in first if isinstance(column, str) else isinstance(column, int) and column < len(first)
        for column, _ in wanted.values()
    )


def _checked(
    one: _Try, head: str, top_lines: int, at: int, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect
) -> Layout:
    first = one.records[0]
    if any("\0" in field for field in first.fields):
        raise TextError(first.line, -1, "has a NUL byte: is it text, and encoding= right?")
    if first.fields[0].startswith("sep=") and len(first.fields[0]) < 6:
        raise TextError(first.line, -1, f"tells Excel the delimiter: pass skip_lines={first.line}")
    header = dialect.header
    if header is None:
        header = any(isinstance(column, str) for column, _ in wanted.values())
    names = None
    if dialect.header is None and dialect.comment is None and re.match(r"#(\s|$)|%", first.fields[0]) and not header:
        what = f"begins with {first.fields[0][0]!r}: if such lines are comments, pass comment={first.fields[0][0]!r}"
        raise TextError(first.line, -1, f"{what}; if it has the names of columns, header=True; else header=False")
    if header:
        names = list(first.fields)
        if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
            raise TextError(first.line, -1, "is not in UTF-8: pass encoding=, such as 'latin-1'")
    places = _places(wanted, names, one, dialect)
    sample = [record.fields for record in one.records]
    if header:
        _warn_of_data(first, places, dialect)
        sample = sample[1:]
        top_lines, at = top_lines + head.count("\n", at, at + first.end), at + first.end
    else:
        _refuse_names(sample, places, [role for _, role in wanted.values()], first.line, dialect)
    # DuckDB counts skipped lines in the same way, unless one is empty (depends on its version) or ends inside a quote.
    quote, top = dialect.quote or "\0", head[:at].split("\n")[:-1]
    simple = all(line.strip("\r") and line.count(quote) % 2 == 0 for line in top)
    guessed = dialect.delimiter is None
    return Layout(one.delimiter, guessed, names, places, len(first.fields), top_lines, at, simple, sample)


def _places(wanted: Mapping[str, tuple[Any, str]], names: list[str] | None, one: _Try, dialect: Dialect) -> list[int]:
    places: list[int] = []
    first = one.records[0]
    fields = len(first.fields)
    for argument, (column, _) in wanted.items():
        if isinstance(column, str):
            if names is None:
                raise ValueError(f"{argument}={column!r}: header=False leaves columns without names: give its position")
            if names.count(column) != 1:
                error = column_error(argument, column, names, names.count(column))
                raise ValueError(f"{error}{_evidence(one, dialect)}") if column not in names else error
            place = names.index(column)
        elif isinstance(column, int) and not isinstance(column, bool):
            place = column
            if not 0 <= place < fields:
                what = f"{argument}={column}: there are {fields} columns, so 0 to {fields - 1} would do"
                raise ValueError(f"{what}{_evidence(one, dialect)}")
        else:
            raise TypeError(f"{argument} must be the name or the position of a column, got {column!r}")
        if place in places:
            other = list(wanted)[places.index(place)]
            raise ValueError(f"{argument}={column!r} is the column that {other} names, too: each needs its own")
        places.append(place)
    return places


def _evidence(one: _Try, dialect: Dialect) -> str:
    """The evidence for the columns, as the end of a message."""
    first = one.records[0]
    if dialect.delimiter is not None:
        return f" (line {first.line}, cut at {dialect.delimiter!r})"
    text = shown(one.delimiter.join(first.fields))
    hint = "pass delimiter= if it is another"
    if text[1:2] in "#%" and dialect.comment is None:
        hint += f", or comment={text[1]!r} to leave out such lines"
    if "\r" in one.delimiter.join(first.fields):
        hint = "its lines seem to end in \\r alone, as those of old Macs: convert them to \\n"
    guess = f"the delimiter {one.delimiter!r} was guessed" if len(first.fields) > 1 else "no delimiter was found"
    return f" (line {first.line} is {text}; {guess}: {hint})"


def _refuse_names(sample: list[list[str]], places: list[int], roles: list[str], line: int, dialect: Dialect) -> None:
    """Raises an error if the first record looks like the names of the columns."""
    ids = [place for place, role in zip(places, roles, strict=True) if role == "ids"]
    first, rest = sample[0], [fields for fields in sample[1:] if len(fields) == len(sample[0])]
    if dialect.header is not None or len(ids) < len(roles) or not all(_WORD.fullmatch(first[place]) for place in ids):
        return
    for place in ids:
        if len(rest) > 1 and all(whole_of(fields[place]) is not None for fields in rest):
            what = f"{shown(first[place])} is the only id of the first {len(rest) + 1} lines that is not an integer"
            raise TextError(line, place, f"{what}: pass header=True if it is the name of the column, else header=False")
    if all(_COLUMN.fullmatch(first[place]) for place in ids):
        what = f"{shown(first[ids[0]])} reads like the name of a column"
        raise TextError(line, ids[0], f"{what}: pass header=True if it is, else header=False")


def _warn_of_data(first: Record, places: list[int], dialect: Dialect) -> None:
    if dialect.header and all(number_of(first.fields[place]) is not None for place in places):
        listed = ", ".join(shown(first.fields[place]) for place in places)
        warnings.warn(
            f"line {first.line} has {listed} and was taken for the names of columns, since header=True", stacklevel=2
        )
