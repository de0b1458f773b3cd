"""Reads columns of delimited text in Python, and raises the errors: if DuckDB is missing or refuses a text.

It also reads small texts. It is at least ten times slower than DuckDB; the results are the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coals.data.readers.encoded import Encoded
from coals.data.readers.text_layout import Layout
from coals.data.readers.text_records import Record, Tokenizer
from coals.data.readers.text_rules import (
    Dialect,
    TextError,
    no_number,
    no_time,
    number_of,
    time_of,
    whole_ids,
    whole_of,
)

__all__ = ["PlainColumns", "without_top"]

Problem = tuple[int, str]  # the index of a text, and what is wrong with it


class PlainColumns:
    """The requested columns of several texts, one after another. `wanted` maps names to (name or position, role)."""

    def __init__(self, wanted: Mapping[str, tuple[Any, str]], dialect: Dialect) -> None:
        self.dialect = dialect
        self.columns = {name: _COLUMNS[role](dialect) for name, (_, role) in wanted.items()}

    def read(self, pieces: Iterable[str], layout: Layout) -> None:
        """Adds the records of a text. `pieces` do not contain its top."""
        tokenizer = Tokenizer(layout.delimiter, self.dialect.quote, self.dialect.comment, layout.top_lines + 1)
        width = layout.width
        for records in tokenizer.batches(pieces):
            uneven = None
            for at, (fields, line, _) in enumerate(records):
                if len(fields) != width and (len(fields) < width or any(fields[width:])):
                    uneven = TextError(line, -1, layout.fields_error(len(fields)))
                    records = records[:at]
                    break
            self._take(records, layout.places)
            if uneven is not None:
                raise uneven

    def _take(self, records: list[Record], places: list[int]) -> None:
        first: tuple[int, int, str] | None = None
        for place, column in zip(places, self.columns.values(), strict=True):
            problem = column.take([fields[place] for fields, _, _ in records], bool(records) and records[0].line == 1)
            if problem is not None and (first is None or problem[0] < first[0]):
                first = problem[0], place, problem[1]
        if first is not None:
            at, place, what = first
            raise TextError(records[at].line, -1 if what.startswith("has a NUL") else place, what)

    @property
    def rows(self) -> int:
        """The number of records so far."""
        return len(next(iter(self.columns.values())))

    def found(self, as_numbers: bool) -> dict[str, Any]:
        """The column of each argument. With `as_numbers`, ids become integers if all are written as integers."""
        return {name: column.found(as_numbers) for name, column in self.columns.items()}


class _Texts:
    """Codes of ids, which must not be missing, or of other texts, in the order of first appearance."""

    def __init__(self, dialect: Dialect, are_ids: bool) -> None:
        self.missing = frozenset(dialect.missing)
        self.are_ids = are_ids
        self.known: dict[str, int] = {}
        self.codes = array("i")

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, texts: list[str], at_top: bool) -> Problem | None:
        known, codes = self.known, self.codes
        for at, text in enumerate(texts):
            code = known.get(text)
            if code is None:
                problem = self._problem(text)
                if problem is not None:
                    return at, problem
                code = -1 if text in self.missing else len(known)
                if code >= 0:
                    known[text] = code
            codes.append(code)
        return None

    def _problem(self, text: str) -> str | None:
        if text in self.missing:
            return "the id is missing: give it one or drop the line" if self.are_ids else None
        if "\0" in text:
            return "has a NUL byte: is it text, and encoding= right?"
        if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
            return None
        what, raw = "an id" if self.are_ids else "a text", text.encode("utf-8", "surrogateescape")
        return f"has {what} that is not in UTF-8, {raw!r}: pass encoding=, such as 'latin-1'"

    def found(self, as_numbers: bool) -> Encoded:
        ids = list(self.known)
        integers = whole_ids(ids) if self.are_ids and as_numbers else None
        return Encoded.in_order(ids, np.frombuffer(self.codes, np.int32), integers)


class _Numbers:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.values = array("d")

    def __len__(self) -> int:
        return len(self.values)

    def take(self, texts: list[str], at_top: bool) -> Problem | None:
        decimal, missing = self.dialect.decimal, self.dialect.missing
        for at, text in enumerate(texts):
            value = number_of(text, decimal)
            if value is None or text in missing:
                return at, no_number(text, self.dialect, at_top and at == 0)
            self.values.append(value)
        return None

    def found(self, as_numbers: bool) -> npt.NDArray[np.float64]:
        return np.array(self.values)


class _Times:
    """Dates if the first time is a date; else integers, or reals if any time is not an integer."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.values: array[Any] = array("q")
        self.dates: bool | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, texts: list[str], at_top: bool) -> Problem | None:
        for at, text in enumerate(texts):
            if self.dates is None:
                self.dates = time_of(text) is not None
            value = time_of(text) if self.dates else self._number(text)
            if value is None:
                return at, no_time(text, self.dialect, at_top and at == 0, self.dates)
            self.values.append(value)
        return None

    def _number(self, text: str) -> float | None:
        value: float | None = whole_of(text.strip()) if self.values.typecode == "q" else None
        if value is None and text not in self.dialect.missing:
            value = number_of(text, self.dialect.decimal)
            if value is not None and self.values.typecode == "q":
                self.values = array("d", self.values)
        return value

    def found(self, as_numbers: bool) -> npt.NDArray[Any]:
        times = np.array(self.values)
        return times.view("M8[ns]") if self.dates else times


_COLUMNS: dict[str, Any] = {
    "ids": partial(_Texts, are_ids=True),
    "text": partial(_Texts, are_ids=False),
    "numbers": _Numbers,
    "times": _Times,
}


def without_top(pieces: Iterator[str], size: int) -> Iterator[str]:
    """The text after its first `size` characters."""
    for piece in pieces:
        yield piece[size:]
        size = max(0, size - len(piece))
