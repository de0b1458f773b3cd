"""Converts columns of other libraries to plain arrays, without loss and without a Python object for each row.

All ids, numbers and times pass through `plain_column`, so that nullable, categorical and Arrow types, and times with a
zone, have the same meaning in every argument.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core

__all__ = ["Boxed", "Coded", "arrow_type_name", "place", "plain_column"]

Array = npt.NDArray[Any]

_ARROW_NAMES = {
    "e": "float16", "Z": "large_binary", "tts": "time32[s]", "ttm": "time32[ms]", "ttu": "time64[us]",
    "ttn": "time64[ns]", "tDs": "duration[s]", "tDm": "duration[ms]", "tDu": "duration[us]", "tDn": "duration[ns]",
    "tiM": "interval of months", "tiD": "interval of days", "tin": "interval of months, days and nanoseconds",
    "+l": "list", "+L": "large_list", "+vl": "list_view", "+vL": "large_list_view", "+s": "struct", "+m": "map",
    "+r": "run_end_encoded",
}  # fmt: skip


class Coded(NamedTuple):
    """A categorical column: the categories, and for each row the index of its category."""

    categories: Any
    codes: Array


class Boxed(NamedTuple):
    """A column of dates with a time zone: datetime64 in UTC, and an array of the original objects."""

    utc: Array
    objects: Any

    def boxed(self, rows: Array) -> Array:
        """The original objects of the given rows."""
        return np.fromiter(self.objects[rows], dtype=object, count=len(rows))


def plain_column(values: Any, name: str = "the column", *, nullable: bool = False) -> Any:
    """A NumPy array, a `_core.Column`, a `Coded` or a `Boxed` for a column of pandas, polars or pyarrow.

    Anything else is returned unchanged. A null that only the library's own arrays can hold is a ValueError that names
    its row; with `nullable`, the column becomes a list with None in its place.
    """
    library = type(values).__module__.partition(".")[0]
    if library == "pandas" and hasattr(values, "dtype"):
        return _of_pandas(name, values, nullable)
    if library == "polars" and str(getattr(values, "dtype", "")) == "Object":
        return values.to_list()
    if library == "pyarrow" and hasattr(values, "__arrow_c_array__") and not hasattr(values, "__arrow_c_stream__"):
        values = importlib.import_module("pyarrow").chunked_array([values])
    if hasattr(values, "__arrow_c_stream__") and not hasattr(values, "columns"):
        return _of_stream(name, values)
    return values


def place(name: str, row: int) -> str:
    """The name of a row in errors; `name` is an argument or "column 'x'"."""
    return f"{name}, row {row}," if name.startswith("column ") else f"{name}[{row}]"


def arrow_type_name(format: str) -> str:
    """The name of a type in pyarrow, from its format string in Arrow's C interface."""
    if format.startswith("+w:"):
        return f"fixed_size_list[{format[3:]}]"
    return _ARROW_NAMES.get(format, format)


def _of_stream(name: str, values: Any) -> Any:
    try:
        return _core.ArrowStream(values.__arrow_c_stream__()).read([0], 0)[0]
    except _core.ArrowTypeError as error:
        given = arrow_type_name(error.args[1])
        raise TypeError(f"{name} has the Arrow type {given!r}, which is not read: cast it first") from None


def _of_pandas(name: str, values: Any, nullable: bool) -> Any:
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return values.to_numpy()
    missing = np.asarray(values.isna())
    if nullable:
        return [None if gone else value for value, gone in zip(values.tolist(), missing.tolist(), strict=True)]
    if missing.any():
        raise ValueError(f"{place(name, int(np.argmax(missing)))} is missing: give it a value or drop the row")
    array = getattr(values, "array", values)
    if hasattr(dtype, "categories"):
        return Coded(plain_column(array.categories, name), np.asarray(array.codes))
    if hasattr(dtype, "tz"):
        return Boxed(np.asarray(array.tz_convert(None)), array)
    if getattr(dtype, "storage", "") == "pyarrow" or hasattr(dtype, "pyarrow_dtype"):
        arrow = array.__arrow_array__()
        if hasattr(arrow, "__arrow_c_stream__"):
            return _of_stream(name, arrow)
    numpy = getattr(dtype, "numpy_dtype", None)  # of nullable numbers
    return values.to_numpy(dtype=numpy) if isinstance(numpy, np.dtype) else values.to_numpy()
