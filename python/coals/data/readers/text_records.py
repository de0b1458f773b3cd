"""Cuts text into records and fields.

Fields may be quoted as in RFC 4180: a quoted field begins and ends with a quote, doubles quotes inside, and may contain
delimiters and line ends. Blanks around a quoted field, and an extra delimiter at the end of a line, are ignored. Lines
end in \\n or \\r\\n; empty lines are skipped. Text that breaks these rules raises a `TextError` with its line.
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
    """The error for a record that is longer than `LONGEST`."""
    return TextError(line, -1, "is longer than 64 MB: is a quote left open? Then pass quote=None")


class Tokenizer:
    """Cuts pieces of text into records. `line` is the number of the next line, and `at` its offset in the text."""

    def __init__(self, delimiter: str, quote: str | None, comment: str | None, line: int = 1) -> None:
        self.delimiter = delimiter
        self.quote = None if delimiter == LOOSE_BLANKS else quote
        self.comment = comment
        self.line = line
        self.at = 0

    def batches(self, pieces: Iterable[str]) -> Iterator[list[Record]]:
        """All records, in one batch for each piece. An error is raised after the batch of the records before it.

        An incomplete record is scanned again only when the text has doubled, so that long records take linear time.
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
        """The first records that end in this text, and the error after them. `last`: the text ends the last record."""
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
        """The text in quotes from `at` on, and the position after the closing quote; None if there is none."""
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
        """The end of the line that contains `at`, before its \\n or \\r\\n."""
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        return end - 1 if end > at and text[end - 1] == "\r" else end
