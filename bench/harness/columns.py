"""Tables of text, columns aligned."""

from __future__ import annotations

from collections.abc import Collection, Sequence

__all__ = ["aligned"]


def aligned(titles: Sequence[str], rows: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    """Lines under the titles; columns are flush right but those in `left`. A reason to be missing widens none."""
    cells = [titles, *rows]
    widths = [max(len(row[k]) for row in cells if not row[k].startswith("missing:")) for k in range(len(titles))]
    lines = []
    for row in cells:
        pairs = enumerate(zip(row, widths, strict=True))
        parts = [cell.ljust(width) if k in left else cell.rjust(width) for k, (cell, width) in pairs]
        lines.append("  ".join(parts).rstrip())
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]
