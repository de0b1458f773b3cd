"""Both readers of delimited text: every case of text is read by each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coals.data.readers import delimited, duckdb_text

READERS = ["duckdb", "python"]


@contextmanager
def reading(by: str) -> Iterator[None]:
    """Text is read by DuckDB, however short it is, or by Python alone."""
    if by == "duckdb":
        pytest.importorskip("duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "SMALL", -1)
        if by == "python":
            patch.setattr(duckdb_text, "load", lambda: None)
        yield
