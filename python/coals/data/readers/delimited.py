"""Reads columns of delimited text, given by name or position, from one file or several."""

from __future__ import annotations

import codecs
import logging
import re
import time
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import Any

from coals._util.phases import spend
from coals.data.readers import duckdb_text
from coals.data.readers.plain_text import PlainColumns, without_top
from coals.data.readers.text_files import copied, open_text
from coals.data.readers.text_layout import Layout, find_layout
from coals.data.readers.text_rules import LOOSE_BLANKS, Dialect, TextError, doubtful_ids

__all__ = ["read_text"]

HEAD = 1 << 16  # bytes at the beginning, from which the layout is found
# Python alone reads texts up to this size: that takes less time than DuckDB takes to start.
SMALL = HEAD

_log = logging.getLogger(__name__)


def read_text(
    paths: Sequence[Any],
    wanted: Mapping[str, tuple[Any, str]],
    dialect: Dialect,
    progress: bool | None = None,
    text_ids: bool = False,
) -> dict[str, Any]:
    """The column of each argument, from all files in order. `wanted` maps arguments to (name or position, role).

    Roles are "ids" and "text", which become `Encoded`, "numbers" and "times". Ids become integers if all are written
    as integers, unless `text_ids` is set. Errors name the file, the line and the column.
    """
    started = time.perf_counter()
    with ExitStack() as stack:
        texts = [_Text(stack, path, wanted, dialect, progress) for path in paths]
        found = None
        duckdb = duckdb_text.load() if any(not text.small for text in texts) else None
        if duckdb is not None and all(len(text.layout.delimiter.encode()) <= 4 for text in texts):
            local = [text.local(stack) for text in texts]
            found = duckdb_text.read_local(duckdb, local, wanted, dialect, not text_ids)
            if found is None:
                _log.info("DuckDB refuses %s: read by Python alone, which is slower", texts[0].name)
        elif any(not text.small for text in texts):
            _log.info("without DuckDB texts are read by Python alone: pip install 'coals[files]' is faster")
        if found is None:
            found = _read_plainly(texts, wanted, dialect, not text_ids)
    if not text_ids:
        _warn_of_ids(found, wanted, texts[0])
    spend("reading", time.perf_counter() - started)
    return found


def _read_plainly(
    texts: Sequence[_Text], wanted: Mapping[str, tuple[Any, str]], dialect: Dialect, as_numbers: bool
) -> dict[str, Any]:
    columns = PlainColumns(wanted, dialect)
    for text in texts:
        try:
            columns.read(text.pieces(), text.layout)
        except TextError as error:
            raise text.error(error) from None
    if columns.rows == 0:
        header = texts[0].layout.names is not None
        raise ValueError(f"{texts[0].name} has no rows{' under its header' if header else ''}")
    return columns.found(as_numbers)


def _warn_of_ids(found: Mapping[str, Any], wanted: Mapping[str, tuple[Any, str]], text: _Text) -> None:
    if _names_again(found, wanted, text.layout):
        warnings.warn(
            f"{text.name} has the names of its columns among the ids, as files that were put together do: each name "
            "counts as an id; take these lines out",
            stacklevel=6,
        )
        return
    for (name, (_, role)), place in zip(wanted.items(), text.layout.places, strict=True):
        column = found[name]
        if role == "ids" and column.ids.dtype.kind != "i":
            doubt = doubtful_ids(column.ids)
            if doubt:
                warnings.warn(f"{text.name}, {text.layout.column(place)} {doubt}", stacklevel=6)


def _names_again(found: Mapping[str, Any], wanted: Mapping[str, tuple[Any, str]], layout: Layout) -> bool:
    """Whether the ids of every column have the name of the column among them."""
    if layout.names is None:
        return False
    for (name, (_, role)), place in zip(wanted.items(), layout.places, strict=True):
        if role == "ids":
            ids, title = found[name].ids, layout.names[place]
            at = 0 if ids.dtype.kind == "i" else bisect_left(ids, title)
            if ids.dtype.kind == "i" or at == len(ids) or ids[at] != title:
                return False
    return True


class _Text:
    """A text with a known layout that can be read from its beginning."""

    def __init__(
        self,
        stack: ExitStack,
        path: Any,
        wanted: Mapping[str, tuple[Any, str]],
        dialect: Dialect,
        progress: bool | None,
    ) -> None:
        self._dialect = dialect
        self._progress = progress
        self._file = stack.enter_context(open_text(path, dialect.encoding))
        self._head = b""
        self._copy: str | None = None
        self.name = self._file.name
        self.layout = self._find_layout(wanted)

    def _find_layout(self, wanted: Mapping[str, tuple[Any, str]]) -> Layout:
        while True:
            read = self._file.read(max(HEAD, len(self._head)))
            self._head += read
            self.small = len(read) == 0 and len(self._head) <= SMALL
            if not read or len(self._head) >= HEAD:
                text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(self._head, final=not read)
                try:
                    layout = find_layout(text, not read, wanted, self._dialect)
                except TextError as error:
                    raise self.error(error) from None
                if layout is not None:
                    self._whole = None if read else text[layout.top_size :]
                    self._line_end = "\\r\\n" if "\r\n" in text else "\\n"
                    self._top = text[: layout.top_size].encode("utf-8", "surrogateescape")
                    return layout
            if not read:
                raise ValueError(f"{self.name} is empty")

    def error(self, error: TextError) -> ValueError:
        """The same error, with the names of the file and the column."""
        layout = getattr(self, "layout", None)
        at = "" if error.place < 0 else f", {layout.column(error.place) if layout else f'column {error.place}'}"
        colon = "" if error.place < 0 or error.what.startswith("has ") else ":"
        return ValueError(f"{self.name}, line {error.line}{at}{colon} {error.what}")

    def pieces(self) -> Iterable[str]:
        """The text after its top: the header, and the skipped and the comment lines above it."""
        if self._whole is not None:
            return [self._whole]
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        if self._copy is None:
            blocks, top = self._rest(), self.layout.top_size
        else:
            blocks, top = _blocks_of(self._copy), 0
        # The empty block at the end tells the decoder that the text has ended.
        return without_top((decoder.decode(block, final=not block) for block in chain(blocks, [b""])), top)

    def _rest(self) -> Iterator[bytes]:
        return chain([self._head], self._file.blocks(self._progress))

    def local(self, stack: ExitStack) -> duckdb_text.LocalText:
        """The text as a file for DuckDB: the file itself, or a copy without the top."""
        layout, quote = self.layout, self._dialect.quote or ""
        loose = layout.delimiter == LOOSE_BLANKS
        if self._file.path is not None and layout.simple_top and not loose:
            return duckdb_text.LocalText(
                self._file.path, self._file.packing, layout, layout.top_lines, self._line_end, layout.delimiter, quote
            )
        blocks = chain([self._head[len(self._top) :]], self._file.blocks(self._progress))
        self._copy = stack.enter_context(copied(_with_tabs(blocks) if loose else blocks))
        delimiter, quote = ("\t", "") if loose else (layout.delimiter, quote)
        return duckdb_text.LocalText(self._copy, "", layout, 0, self._line_end, delimiter, quote)


def _blocks_of(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            yield block


def _with_tabs(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Replaces each run of blanks and tabs by one tab, and removes those at both ends of lines."""
    rest = b""
    for block in chain(blocks, [b"\n"]):
        lines, newline, rest = (rest + block).rpartition(b"\n")
        spaced = re.sub(rb"[ \t\v\f]+", b"\t", lines + newline)
        yield re.sub(rb"\t(?=\r?\n)|(?<=\n)\t|\A\t", b"", spaced)
