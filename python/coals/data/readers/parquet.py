"""Parquet files, through whichever library is there that reads them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["open_parquet"]

_MAGIC = b"PAR1"


@contextmanager
def open_parquet(path: Any, columns: Sequence[str]) -> Iterator[Any]:
    """A table for `read_frame`, of these columns where they exist: else of all, for it to say what there is."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the path of a Parquet file or a folder of them, got {type(path).__name__}")
    name = os.fspath(path)
    for file in _files(name):
        with open(file, "rb") as opened:
            if opened.read(4) != _MAGIC:
                raise ValueError(f"{file} is not a Parquet file: read text with Interactions.from_csv")
    for library, reader in _READERS.items():
        try:
            module = importlib.import_module(library)
        except ImportError:
            continue
        try:
            yield reader(module, name, columns)
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("pyarrow", "polars", "duckdb", "_duckdb"):
                raise ValueError(f"{name} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
            raise
        return
    raise ImportError("from_parquet needs pyarrow, polars or DuckDB: pip install pyarrow")


def _files(name: str) -> list[Path]:
    path = Path(name)
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.parquet"))
    if not files:
        raise ValueError(f"{name} is a folder without .parquet files")
    return files


def _by_pyarrow(dataset: Any, name: str, columns: Sequence[str]) -> Any:
    whole = dataset.dataset([str(file) for file in _files(name)], format="parquet")
    known = [column for column in dict.fromkeys(columns) if column in whole.schema.names]
    # A few batches ahead are plenty; the default of 16 holds much of a small file.
    scanner = whole.scanner(columns=known if len(known) == len(columns) else None, batch_readahead=2)
    return scanner.to_reader()


def _by_polars(polars: Any, name: str, columns: Sequence[str]) -> Any:
    return polars.scan_parquet([str(file) for file in _files(name)])


def _by_duckdb(duckdb: Any, name: str, columns: Sequence[str]) -> Any:
    return duckdb.read_parquet([str(file) for file in _files(name)])


_READERS: dict[str, Callable[[Any, str, Sequence[str]], Any]] = {
    "pyarrow.dataset": _by_pyarrow,
    "polars": _by_polars,
    "duckdb": _by_duckdb,
}
