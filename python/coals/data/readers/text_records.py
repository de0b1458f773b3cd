"""Cuts text into records and fields.

Fields may be quoted as RFC 4180 says: a quote at the start of a field, doubled quotes for one inside, delimiters and
line ends as they are. Blanks around a quoted field, and one delimiter more at the end of a line, mean nothing. Lines
end in \\n or \\r\\n; empty ones are skipped. Whatever else breaks these rules is a `TextError` with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from coals.data.readers.text_rules import LOOSE_BLANKS, TextError

__all__ = ["LONGEST", "Record", "Tokenizer", "too_long"]

LONGEST = 1 << 26  # characters of a record

_BLANKS = " \t\v\f"
_RUNS = re.compile(f"[{_BLANKS}]+")


class Record(NamedTuple):
    """The fields of a record, the number of its first line, and where the next one begins in the text."""

    fields: list[str]
    line: int
    end: int


def too_long(line: int) -> TextError:
    """The error for a record that does not end."""
    return TextError(line, -1, "is longer than 64 MB: is a quote left open? Then pass quote=None")


class Tokenizer:
    """Records of text that comes in pieces. `line` is the number of the next line, and `at` its place in the text."""

    def __init__(self, delimiter: str, quote: str | None, comment: str | None, line: int = 1) -> None:
        self.delimiter = delimiter
        self.quote = None if delimiter == LOOSE_BLANKS else quote
        self.comment = comment
        self.line = line
        self.at = 0  # where the next line begins in the text

    def batches(self, pieces: Iterable[str]) -> Iterator[list[Record]]:
        """All records, as pieces have them; an error is raised once the records before it are taken.

        A record that goes on for long is searched from its beginning only when it has doubled.
        """
        waiting: list[str] = []
        size = least = 0
        for piece, last in chain(((piece, False) for piece in pieces), [("", True)]):
            waiting.append(piece)
            size += len(piece)
            if size < least and not last:
                continue
            text = "".join(waiting)
            records, error = self.within(text, last=last)
            yield records
            if error is not None:
                raise error
            waiting = [text[self.at :]]
            size = len(waiting[0])
            least = 2 * size
            if size > LONGEST:
                raise too_long(self.line)

    def within(self, text: str, *, last: bool, most: int | None = None) -> tuple[list[Record], TextError | None]:
        """The first records that end in this text, and what ended them. `last`: its last record ends with it."""
        records: list[Record] = []
        at = self.at = 0
        while at < len(text) and (most is None or len(records) < most):
            end = text.find("\n", at)
            if end < 0:
                if not last:
                    break
                end = len(text)
            begin, body = at, text[at:end]
            if self.comment is not None and body.startswith(self.comment):
                fields, at = list[str](), end + 1
            elif self.quote is not None and self.quote in body:
                try:
                    found = self._with_quotes(text, at, last)
                except TextError as error:
                    return records, error
                if found is None:
                    break
                fields, at = found
            else:
                body = body[:-1] if body.endswith("\r") else body
                fields, at = self._plain(body), end + 1
            line, self.line = self.line, self.line + text.count("\n", begin, at)
            self.at = at
            if fields:
                records.append(Record(fields, line, at))
        return records, None

    def _plain(self, body: str) -> list[str]:
        if self.delimiter == LOOSE_BLANKS:
            spaced = body.strip(_BLANKS)
            return _RUNS.split(spaced) if spaced else []
        return body.split(self.delimiter) if body else []

    def _with_quotes(self, text: str, at: int, last: bool) -> tuple[list[str], int] | None:
        """The fields of a record with quotes, and where the next one begins; None if it does not end in this text."""
        assert self.quote is not None
        fields: list[str] = []
        begin, quote = at, self.quote
        while True:
            opened = at
            while text.startswith(" ", opened):
                opened += 1
            if text.startswith(quote, opened):
                found = self._quoted(text, opened + 1)
                if found is None:
                    if last:
                        line = self.line + text.count("\n", begin, at)
                        raise TextError(line, -1, "opens a quote that is never closed: close it, or pass quote=None")
                    return None
                field, at = found
                while text.startswith(" ", at) and not text.startswith(self.delimiter, at):
                    at += 1
            else:
                end = self._end_of_line(text, at)
                cut = text.find(self.delimiter, at, end)
                cut = end if cut < 0 else cut
                field, at = text[at:cut], cut
            fields.append(field)
            if text.startswith(self.delimiter, at):
                at += len(self.delimiter)
                continue
            ended = at if at == len(text) else self._end_of_line(text, at)
            if at < len(text) and ended != at:
                line = self.line + text.count("\n", begin, at)
                what = "a quoted field is followed by more text: double the quotes inside it, or pass quote=None"
                raise TextError(line, -1, what)
            newline = text.find("\n", at)
            return None if newline < 0 and not last else (fields, len(text) if newline < 0 else newline + 1)

    def _quoted(self, text: str, at: int) -> tuple[str, int] | None:
        """What stands in quotes from `at` on, and the place behind them."""
        assert self.quote is not None
        parts: list[str] = []
        while True:
            end = text.find(self.quote, at)
            if end < 0:
                return None
            if not text.startswith(self.quote, end + 1):
                return "".join([*parts, text[at:end]]), end + 1
            parts.append(text[at : end + 1])
            at = end + 2

    @staticmethod
    def _end_of_line(text: str, at: int) -> int:
        """Where the line that `at` lies in has its end, \\r\\n included."""
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        return end - 1 if end > at and text[end - 1] == "\r" else end
