"""Tables of text: columns padded by their width on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

__all__ = ["aligned", "fitted"]

_NARROWEST = 8


def aligned(
    rows: Sequence[Sequence[str]], left: Collection[int] = (0,), *, rule: bool = False, most: int | None = None
) -> list[str]:
    """Lines of a table whose first row holds the titles. Columns are flush right, except those in `left`.

    The last text of a row that is shorter than the titles may extend over the columns that the row lacks. `rule`
    underlines the titles; lines longer than `most` are shortened in the widest column.

    >>> for line in aligned([["model", "fit s", "RMSE"], ["ALS", "2.5", "0.84"], ["CMF", "not installed"]], rule=True):
    ...     print(line)
    model  fit s  RMSE
    -----  -----  ----
    ALS      2.5  0.84
    CMF    not installed
    """
    cells = [[_one_line(text) for text in row] for row in rows]
    count = len(cells[0])
    columns = [[row[k] for row in cells if k < len(row) - (len(row) < count)] for k in range(count)]
    widths = [max(map(_width, column)) for column in columns]
    if most is not None:
        over = sum(widths) + 2 * (count - 1) - most
        widest = max(range(count), key=widths.__getitem__)
        widths[widest] = max(widths[widest] - max(over, 0), _NARROWEST)
    if rule:
        cells.insert(1, ["-" * width for width in widths])
    lines = []
    for row in cells:
        last = len(row) - 1 if len(row) < count else count
        parts = [text if k == last else fitted(text, widths[k], k not in left) for k, text in enumerate(row)]
        lines.append("  ".join(parts).rstrip())
    return lines


def fitted(text: str, width: int, right: bool = False) -> str:
    """Padded to `width` columns, or cut to it, with an ellipsis at the end."""
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text = text.rstrip() + "…"
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _one_line(text: str) -> str:
    """Without control characters: a title could contain one that moves the cursor."""
    if text.isprintable():
        return text
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)


def _width(text: str) -> int:
    """Columns on a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
