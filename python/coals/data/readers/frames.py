"""Reads columns of a table of any library. Tables of known libraries are read without importing the library.

Most tables export their columns by the Arrow PyCapsule protocol, which native code reads without a copy. The columns of
pandas are usually NumPy arrays. Other tables are converted by narwhals or pyarrow, if these are installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from coals import _core
from coals._util.checks import check_column_name, column_error
from coals.data.readers.plain_columns import arrow_type_name, plain_column

__all__ = ["read_frame", "values_of_series"]


def read_frame(frame: Any, wanted: Mapping[str, Any], nullable: Collection[str] = ()) -> dict[str, Any]:
    """The column of each argument, given by name: an array, a list or a `_core.Column`.

    Nulls that only a library's own arrays can hold raise an error here. In the arguments `nullable` they become None.
    """
    for argument, name in wanted.items():
        check_column_name(argument, name)
    library = type(frame).__module__.partition(".")[0]
    if isinstance(frame, Mapping):
        _check_names(list(frame), wanted)
        return {argument: plain_column(frame[name], f"column {name!r}", nullable=argument in nullable)
                for argument, name in wanted.items()}  # fmt: skip
    if library == "pandas" and hasattr(frame, "index"):
        return _from_pandas(frame, wanted, nullable)
    if library == "polars" and hasattr(frame, "collect_schema"):
        return _from_polars(frame, wanted)
    if library == "narwhals":
        return read_frame(frame.to_native(), wanted, nullable)
    if library in ("duckdb", "_duckdb") and hasattr(frame, "project"):
        return _from_duckdb(frame, wanted)
    if hasattr(frame, "__arrow_c_stream__"):
        return _from_stream(frame, wanted)
    return read_frame(_by_another_library(frame), wanted, nullable)


def _refuse_shared(wanted: Mapping[str, Any]) -> None:
    given = list(wanted.items())
    for at, (argument, name) in enumerate(given):
        other = next((other for other, named in given[:at] if named == name), None)
        if other is not None:
            raise ValueError(f"{argument}={name!r} is the column that {other} names, too: each needs its own")


def _check_names(names: Sequence[Any], wanted: Mapping[str, Any]) -> None:
    for argument, name in wanted.items():
        found = names.count(name) if isinstance(names, list) else list(names).count(name)
        if found != 1:
            raise column_error(argument, name, names, found)
    _refuse_shared(wanted)


def _from_stream(frame: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    stream = _core.ArrowStream(frame.__arrow_c_stream__())
    names = stream.names
    _check_names(names, wanted)
    try:
        columns = stream.read([names.index(name) for name in wanted.values()], 0)
    except _core.ArrowTypeError as error:
        place, given = error.args
        kind = arrow_type_name(given)
        remedy = (
            "give each element its own row, with explode or unnest"
            if "list" in kind
            else ("cast it to numbers, strings or dates first")
        )
        raise TypeError(f"column {names[place]!r} has the Arrow type {kind!r}, which is not read: {remedy}") from None
    return dict(zip(wanted, columns, strict=True))


def _from_polars(frame: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    schema = frame.collect_schema()
    _check_names(schema.names(), wanted)
    part = frame.select(list(dict.fromkeys(wanted.values())))
    part = part.collect() if hasattr(part, "collect") else part
    objects = {argument: name for argument, name in wanted.items() if str(schema[name]) == "Object"}
    arrow = {argument: name for argument, name in wanted.items() if argument not in objects}
    columns = {argument: part[name].to_list() for argument, name in objects.items()}
    return {**columns, **(_from_stream(part.select(list(dict.fromkeys(arrow.values()))), arrow) if arrow else {})}


def _from_duckdb(relation: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    _check_names(list(relation.columns), wanted)
    quoted = ['"' + name.replace('"', '""') + '"' for name in dict.fromkeys(wanted.values())]
    return _from_stream(relation.project(", ".join(quoted)), wanted)


def _from_pandas(frame: Any, wanted: Mapping[str, Any], nullable: Collection[str]) -> dict[str, Any]:
    """Columns by name; if no column has the name, levels of the index. A Series is one column."""
    alone = not hasattr(frame, "columns")
    names = [frame.name] if alone else list(frame.columns)
    levels = [name for name in frame.index.names if name is not None and name not in names]
    _check_names([*names, *levels], wanted)
    columns = {}
    for argument, name in wanted.items():
        column = _level(frame.index, name) if name in levels else frame if alone else frame[name]
        columns[argument] = plain_column(column, f"column {name!r}", nullable=argument in nullable)
    return columns


def _level(index: Any, name: Any) -> Any:
    if index.nlevels == 1:
        return index
    place = index.names.index(name)
    return index.get_level_values(place)


def values_of_series(frame: Any, value: Any, time: Any) -> tuple[Any, Any]:
    """A pandas Series, and the name of its values: they are the values of interactions unless they are the times."""
    of_pandas = type(frame).__module__.partition(".")[0] == "pandas"
    if not of_pandas or hasattr(frame, "columns") or not hasattr(frame, "index"):
        return frame, value
    name = "value" if frame.name is None and value is None else frame.name
    return frame.rename(name), name if value is None and (time is None or time != name) else value


def _by_another_library(frame: Any) -> Any:
    """A table converted by narwhals (from dask, Ibis, PySpark, …) or by the dataframe interchange protocol."""
    kind = type(frame).__name__
    try:
        narwhals = importlib.import_module("narwhals")
        known = narwhals.from_native(frame, pass_through=True)
        if known is not frame:
            known = known.collect() if hasattr(known, "collect") else known
            return known.to_native()
        tried = "narwhals does not know it"
    except ImportError:
        tried = "narwhals, which knows more kinds, is not installed"
    if hasattr(frame, "__dataframe__"):
        try:
            return importlib.import_module("pyarrow.interchange").from_dataframe(frame)
        except ImportError:
            tried = "the dataframe interchange protocol needs pyarrow, which is not installed"
    raise TypeError(
        "a table must be of pandas, polars, pyarrow or DuckDB, a dict of columns, or have __arrow_c_stream__, got "
        f"{kind} ({tried})"
    )
