"""Reads columns of delimited text, Parquet files or JSON lines, from one file or all files that match a pattern."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coals import _core
from coals.data.readers import duckdb_text
from coals.data.readers.delimited import read_text
from coals.data.readers.duckdb_text import connected, quoted_text
from coals.data.readers.frames import read_frame
from coals.data.readers.json_lines import read_json_lines
from coals.data.readers.text_rules import Dialect

__all__ = ["read_files"]

_PARQUET = b"PAR1"
_JSON = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".jsonl.zst", ".ndjson.zst", ".json.zst")


def read_files(
    path: Any,
    wanted: Mapping[str, tuple[Any, str]],
    options: Mapping[str, Any],
    *,
    kind: str | None = None,
    progress: bool | None = None,
    text_ids: bool = False,
) -> dict[str, Any]:
    """The column of each argument. `wanted` maps arguments to (name or position, role).

    `options` are those of `TextLayout`. `kind` is "text" or "parquet"; None detects it from the file.
    """
    paths = _listed(path, kind)
    kind = kind or _kind_of(paths[0])
    if kind == "text":
        return read_text(paths, wanted, Dialect.of(options), progress, text_ids)
    if options or text_ids:
        named = next(iter(options), "text_ids")
        raise ValueError(f"{named}= is for delimited text, but {os.fspath(paths[0])} is {_WORDS[kind]}")
    names = {argument: column for argument, (column, _) in wanted.items()}
    for argument, name in names.items():
        if not isinstance(name, str):
            raise TypeError(f"{argument} must be the name of a column of {_WORDS[kind]}, got {name!r}")
    if kind == "json":
        return read_json_lines(paths, wanted)
    return _read_parquet(paths, names, [argument for argument, (_, role) in wanted.items() if role == "text"])


_WORDS = {"parquet": "a Parquet file", "json": "a file of JSON lines"}


def _listed(path: Any, kind: str | None) -> list[Any]:
    """The files of a path, a pattern or a folder of Parquet files. An open file is returned unchanged."""
    if hasattr(path, "read") and kind != "parquet":
        return [path]
    if not isinstance(path, (str, os.PathLike)):
        what = "a Parquet file or a folder of them" if kind == "parquet" else "a file, or a file open for reading"
        raise TypeError(f"path must be the path of {what}, got {type(path).__name__}")
    name = os.fspath(path)
    if isinstance(name, str) and glob.has_magic(name) and not Path(name).exists():
        files: Sequence[Any] = sorted(found for found in glob.glob(name, recursive=True) if Path(found).is_file())
        if not files:
            raise FileNotFoundError(f"no file matches {name}")
        return list(files)
    if Path(name).is_dir() and kind != "text":
        files = sorted(Path(name).rglob("*.parquet"))
        if not files:
            raise ValueError(f"{name} is a folder without .parquet files")
        return [str(file) for file in files]
    return [path]


def _kind_of(path: Any) -> str:
    if hasattr(path, "read"):
        return "text"
    name = os.fspath(path)
    with open(name, "rb") as file:
        if file.read(4) == _PARQUET:
            return "parquet"
    return "json" if str(name).endswith(_JSON) else "text"


def _read_parquet(paths: Sequence[Any], names: Mapping[str, str], nullable: Sequence[str]) -> dict[str, Any]:
    for path in paths:
        with open(path, "rb") as opened:
            if opened.read(4) != _PARQUET:
                raise ValueError(f"{os.fspath(path)} is not a Parquet file: read text with Interactions.from_csv")
    duckdb = duckdb_text.load()
    if duckdb is None:
        raise ImportError(
            "Parquet files are read by DuckDB: pip install 'coals[files]', or give from_frame another library's table"
        )
    listed = ", ".join(quoted_text(duckdb_text.no_glob(os.fspath(path))) for path in paths)
    with connected(duckdb) as connection:
        try:
            relation = connection.sql(f"FROM read_parquet([{listed}])")
            read = read_frame(relation, names, nullable)
            del relation
            return read
        except (duckdb.Error, _core.ArrowError) as error:
            name = os.fspath(paths[0])
            raise ValueError(f"{name} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
