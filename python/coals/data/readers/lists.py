"""Reads adjacency lists, the format of LightGCN, NGCF and KGAT: each line holds a user and all items of the user."""

from __future__ import annotations

import codecs
from array import array
from itertools import chain
from typing import Any

import numpy as np

from coals.data.readers.encoded import Encoded
from coals.data.readers.text_files import open_text
from coals.data.readers.text_records import Tokenizer
from coals.data.readers.text_rules import LOOSE_BLANKS, Dialect, TextError, whole_ids

__all__ = ["read_lists"]


def read_lists(path: Any, dialect: Dialect, text_ids: bool = False) -> tuple[Encoded, Encoded]:
    """The user and the item of each pair. Lines with only a user are ignored. By default, blanks separate fields."""
    users, items = _Codes(), _Codes()
    tokenizer = Tokenizer(dialect.delimiter or LOOSE_BLANKS, dialect.quote, dialect.comment)
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_text(path, dialect.encoding) as file:
        texts = (decoder.decode(block, final=not block) for block in chain(file.blocks(False), [b""]))
        try:
            for fields, line, _ in chain.from_iterable(tokenizer.batches(texts)):
                if line <= dialect.skip_lines:
                    continue
                if any(text in dialect.missing or "\0" in text for text in fields):
                    raise TextError(line, -1, "has an empty field or a NUL byte: are delimiter= and encoding= right?")
                if len(fields) > 1:
                    users.codes.extend([users.code(fields[0])] * (len(fields) - 1))
                    items.codes.extend(map(items.code, fields[1:]))
        except UnicodeDecodeError:
            raise ValueError(f"{file.name} is not in UTF-8: pass encoding=, such as 'latin-1'") from None
        except TextError as error:
            raise ValueError(f"{file.name}, line {error.line} {error.what}") from None
        if not items.codes:
            raise ValueError(f"{file.name} has no line with a user and an item")
    return users.found(not text_ids), items.found(not text_ids)


class _Codes:
    """Codes of ids, in the order of first appearance."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.codes = array("i")

    def code(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))

    def found(self, as_numbers: bool) -> Encoded:
        ids = list(self.known)
        return Encoded.in_order(ids, np.frombuffer(self.codes, np.int32), whole_ids(ids) if as_numbers else None)
