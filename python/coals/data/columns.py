"""What a column holds, as what it is for: ids with codes, numbers, or times.

A column is a NumPy array or whatever becomes one, a `_core.Column` that native code has read, or `Encoded` from a
file. `name` words it in errors.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import refuse_masked, refuse_unordered
from coals.data.dates import date_ids, nanoseconds
from coals.data.id_arrays import as_id_array, is_missing, place
from coals.data.ids import factorize
from coals.data.readers.encoded import Encoded

__all__ = ["arrow_column", "column_ids", "column_numbers", "column_seconds", "column_times", "column_titles"]

Array = npt.NDArray[Any]

_WORDS = {
    "text": "text", "bytes": "bytes", "integers": "integers", "unsigned_integers": "integers", "reals": "real numbers",
    "booleans": "true or false", "times": "dates", "missing": "nothing but nulls",
}  # fmt: skip


def arrow_column(name: str, values: Any) -> Any:
    """The `_core.Column` of an object that hands over one Arrow column; any other object as it is."""
    # pandas has the protocol too, but needs pyarrow for it.
    if not hasattr(values, "__arrow_c_stream__") or type(values).__module__.startswith("pandas."):
        return values
    try:
        return _core.ArrowStream(values.__arrow_c_stream__()).read([0], 0)[0]
    except _core.ArrowTypeError as error:
        raise TypeError(f"{name} has the Arrow type {error.args[1]!r}, which is not read: cast it first") from None


def column_ids(name: str, values: Any) -> tuple[Array, Array]:
    """The different ids in increasing order, and for every row the place of its id among them."""
    if isinstance(values, Encoded):
        return as_id_array(name, values.ids.tolist()) if values.ids.dtype.kind == "O" else values.ids, values.codes
    if not isinstance(values, _core.Column):
        return factorize(name, values)
    _refuse_missing(name, values, "give it an id or drop it")
    if values.kind in ("text", "bytes"):
        try:
            ids, codes = values.sorted_ids(False, 0)
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} has an id that is not in UTF-8, {error.object!r}") from None
        if values.extension == "arrow.uuid":
            ids = np.fromiter((uuid.UUID(bytes=id) for id in ids), dtype=object, count=len(ids))
        return ids, codes
    if values.kind == "booleans":
        raise TypeError(f"{name} must be ids (integers, floats, strings or hashable objects), got {_WORDS['booleans']}")
    unit = values.unit
    if values.kind != "times":
        return factorize(name, values.numbers())
    places, codes = factorize(name, values.numbers())
    return date_ids(name, places.view(f"M8[{unit.rstrip('+')}]"), utc=unit.endswith("+")), codes


def column_titles(name: str, values: Any) -> list[str | None]:
    """Texts, one for each row; None for nulls and empty ones."""
    if isinstance(values, _core.Column) and values.kind == "text":
        try:
            values = Encoded(*values.sorted_ids(False, 0))
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} has a text that is not in UTF-8, {error.object!r}") from None
    if isinstance(values, Encoded):
        known = [*values.ids.tolist(), ""]  # for the code -1 of nulls
        return [known[code] or None for code in values.codes.tolist()]
    if isinstance(values, _core.Column):
        if values.kind == "missing":
            return [None] * values.rows
        values = values.numbers()
    return [None if is_missing(value) or value == "" else str(value) for value in list(values)]


def column_numbers(name: str, values: Any) -> Array:
    """Real numbers, one for each row; NaN and infinity pass, for the caller to refuse with their place."""
    if isinstance(values, _core.Column):
        _refuse_missing(name, values, "give it a value or drop it")
        if values.kind not in ("integers", "unsigned_integers", "reals", "booleans"):
            raise TypeError(f"{name} must be real numbers, got {_WORDS[values.kind]}")
        single = values.unit == "f4"
        numbers = values.numbers()
        return numbers.astype(np.float32) if single else numbers
    refuse_masked(name, values)
    refuse_unordered(name, values)
    data = np.asarray(values)
    if data.dtype.kind == "O" and data.ndim == 1:
        data = _numbers_of_objects(name, data)
    if data.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be real numbers, got dtype {data.dtype}")
    return data


def column_times(name: str, values: Any) -> Array:
    """int64 or float64, one for each row: numbers as they are, dates as nanoseconds since 1970 in UTC."""
    return _numbers_or_nanoseconds(name, values)[0]


def column_seconds(name: str, values: Any) -> npt.NDArray[np.float64]:
    """One for each row: numbers as they are, dates as seconds since 1970 in UTC."""
    times, dates = _numbers_or_nanoseconds(name, values)
    return times / 1e9 if dates else times.astype(np.float64, copy=False)


def _numbers_or_nanoseconds(name: str, values: Any) -> tuple[Array, bool]:
    """Times, and whether they are nanoseconds, which dates have become."""
    if isinstance(values, _core.Column):
        _refuse_missing(name, values, "give it a time or drop it")
        kind, unit = values.kind, values.unit.rstrip("+")
        if kind == "times":
            return nanoseconds(name, values.numbers(), unit), True
        if kind not in ("integers", "unsigned_integers", "reals"):
            raise _no_times(name, _WORDS[kind])
        values = values.numbers()
    refuse_masked(name, values)
    refuse_unordered(name, values)
    times = np.asarray(values)
    if times.dtype.kind == "O" and times.ndim == 1:
        times = _dates_of_objects(name, times)
    if times.dtype.kind == "M":
        _refuse_first(name, np.isnat(times))
        unit = np.datetime_data(times.dtype)[0]
        fine = times if unit in ("s", "ms", "us", "ns") and np.datetime_data(times.dtype)[1] == 1 else None
        fine = times.astype("M8[D]" if unit in ("Y", "M", "W", "D") else "M8[s]") if fine is None else fine
        return nanoseconds(name, fine.astype(np.int64), np.datetime_data(fine.dtype)[0]), True
    if times.dtype.kind not in "iuf":
        text = times.dtype.kind in "UST" and times.size
        raise _no_times(name, f"text such as {times.flat[0]!s:.40}" if text else f"dtype {times.dtype}")
    if times.dtype.kind == "f":
        _refuse_first(name, ~np.isfinite(times))
        return times.astype(np.float64, copy=False), False
    if times.dtype.kind == "u" and times.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"{name} has times that exceed 64 bits")
    return times.astype(np.int64, copy=False), False


def _no_times(name: str, given: str) -> TypeError:
    remedy = " make dates of it with numpy.array(..., dtype='datetime64[s]') or pandas.to_datetime"
    return TypeError(f"{name} must be times (numbers or dates), got {given}:{remedy}")


def _refuse_missing(name: str, column: _core.Column, remedy: str) -> None:
    if column.first_missing >= 0:
        raise ValueError(f"{place(name, column.first_missing)} is missing: {remedy}")


def _refuse_first(name: str, bad: Array) -> None:
    if bad.any():
        raise ValueError(f"{place(name, int(np.argmax(bad)))} is missing or infinite: give it a time or drop it")


def _numbers_of_objects(name: str, objects: Array) -> Array:
    """Python's numbers, Decimal and Fraction among them; the first other value is named."""
    for row, value in enumerate(objects.tolist()):
        if is_missing(value):
            raise ValueError(f"{place(name, row)} is missing ({value!r}): give it a value or drop it")
        if isinstance(value, (str, bytes, complex)) or not hasattr(value, "__float__"):
            raise TypeError(f"{name} must be real numbers, got {value!r} ({type(value).__name__}) in row {row}")
    try:
        return objects.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} has a number beyond the range of float64") from None


def _dates_of_objects(name: str, objects: Array) -> Array:
    """`datetime` and `date` objects as datetime64, those with a time zone in UTC."""
    listed = objects.tolist()
    for row, value in enumerate(listed):
        if is_missing(value):
            raise ValueError(f"{place(name, row)} is missing ({value!r}): give it a time or drop it")
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in listed):
        return np.asarray(listed)
    zoned = None
    for row, value in enumerate(listed):
        if isinstance(value, str):
            raise _no_times(name, f"text such as {value:.40}")
        if not isinstance(value, dt.date):
            raise TypeError(f"{name} must be times (numbers or dates), got {value!r} ({type(value).__name__})")
        has_zone = getattr(value, "tzinfo", None) is not None
        if zoned not in (None, has_zone):
            raise ValueError(f"{name} mixes dates with and without a time zone: make them all of one kind")
        zoned = has_zone
        if isinstance(value, dt.datetime) and has_zone:
            listed[row] = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    return np.array(listed, dtype="M8[us]")
