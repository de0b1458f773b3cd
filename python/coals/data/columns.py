"""What a column holds, as what it is for: ids with codes, numbers, or times.

A column is a NumPy array or whatever becomes one, a `_core.Column` that native code has read, or `Encoded` from a
file. `name` words it in errors.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import given, kind_word, refuse_masked, refuse_unordered
from coals.data.dates import date_ids, microseconds, nanoseconds
from coals.data.id_arrays import as_id_array, coded_ids, is_missing, place, refuse_null
from coals.data.ids import factorize
from coals.data.readers.encoded import Encoded
from coals.data.readers.plain_columns import Boxed, Coded

__all__ = ["column_ids", "column_numbers", "column_times", "column_titles", "seconds_of"]

Array = npt.NDArray[Any]

_WORDS = {
    "text": "text", "bytes": "bytes", "decimals": "decimal numbers", "integers": "integers",
    "unsigned_integers": "integers", "reals": "real numbers",
    "booleans": "true or false", "times": "dates", "missing": "nothing but nulls",
}  # fmt: skip


def column_ids(name: str, values: Any) -> tuple[Array, Array]:
    """The different ids in increasing order, and for every row the place of its id among them."""
    if isinstance(values, Encoded):
        return as_id_array(name, values.ids.tolist()) if values.ids.dtype.kind == "O" else values.ids, values.codes
    if isinstance(values, Coded):
        return _ids_of_categories(name, values)
    if isinstance(values, Boxed):
        moments, codes = factorize(name, values.utc.astype(np.int64))
        return values.boxed(_first_rows(codes, len(moments))), codes
    if not isinstance(values, _core.Column):
        return _ids_of_array(name, values)
    refuse_null(name, values, "give it an id or drop it")
    if values.kind in ("text", "bytes", "decimals"):
        return coded_ids(name, values)
    if values.kind == "booleans":
        raise TypeError(f"{name} must be ids (integers, floats, strings or hashable objects), got {_WORDS['booleans']}")
    unit = values.unit
    if values.kind != "times":
        return factorize(name, values.numbers())
    places, codes = factorize(name, values.numbers())
    return date_ids(name, places.view(f"M8[{unit.rstrip('+')}]"), utc=unit.endswith("+")), codes


def _ids_of_array(name: str, values: Any) -> tuple[Array, Array]:
    dates = isinstance(values, np.ndarray) and values.dtype.kind == "M" and values.ndim == 1
    if not dates or np.datetime_data(values.dtype)[0] == "generic":
        return factorize(name, values)
    refuse_masked(name, values)
    _refuse_first(name, np.isnat(values), "an id")
    moments, codes = factorize(name, values.astype(np.int64))  # objects for the different ones alone
    return date_ids(name, moments.view(values.dtype)), codes


def _ids_of_categories(name: str, values: Coded) -> tuple[Array, Array]:
    """Categories that do not occur are ignored."""
    used = np.flatnonzero(np.bincount(values.codes)) if len(values.codes) else np.zeros(0, np.int64)
    ids, codes = column_ids(name, values.categories)
    ids, codes = factorize(name, ids[codes[used]])
    new = np.zeros(used[-1] + 1 if len(used) else 0, codes.dtype)
    new[used] = codes
    return ids, new[values.codes]


def _first_rows(codes: Array, size: int) -> npt.NDArray[np.int64]:
    first = np.empty(size, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def column_titles(name: str, values: Any) -> list[str | None]:
    """Texts, one for each row; None for nulls and empty ones."""
    values = _rows_of(values)
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
    values = _rows_of(values)
    if isinstance(values, _core.Column):
        refuse_null(name, values, "give it a value or drop it")
        if values.kind not in ("integers", "unsigned_integers", "reals", "decimals", "booleans"):
            raise _no_numbers(name, _WORDS[values.kind], values.kind == "text")
        single = values.unit == "f4"
        numbers = values.numbers()
        return numbers.astype(np.float32) if single else numbers
    refuse_masked(name, values)
    refuse_unordered(name, values)
    data = np.asarray(values)
    if data.dtype.kind == "O" and data.ndim == 1:
        data = _numbers_of_objects(name, data)
    if data.dtype.kind not in "biuf":
        raise _no_numbers(name, kind_word(data.dtype), data.dtype.kind in "UST")
    return data


def _no_numbers(name: str, given: str, is_text: bool) -> TypeError:
    remedy = ": make numbers of it with numpy.array(..., dtype=float) or pandas.to_numeric" if is_text else ""
    return TypeError(f"{name} must be real numbers, got {given}{remedy}")


def column_times(name: str, values: Any) -> Array:
    """One for each row: numbers as they are, int64 or float64; dates as datetime64[ns], in UTC."""
    values = _rows_of(values)
    if isinstance(values, _core.Column):
        refuse_null(name, values, "give it a time or drop it")
        kind, unit = values.kind, values.unit.rstrip("+")
        if kind == "times":
            return nanoseconds(name, values.numbers(), unit).view("M8[ns]")
        if kind == "decimals":
            values = _exact_decimals(name, values)
        elif kind not in ("integers", "unsigned_integers", "reals"):
            raise _no_times(name, _WORDS[kind])
        else:
            values = values.numbers()
    refuse_masked(name, values)
    refuse_unordered(name, values)
    times = np.asarray(values)
    if times.dtype.kind == "O" and times.ndim == 1:
        times = _times_of_objects(name, times)
    elif times.dtype.kind == "f" and isinstance(values, (list, tuple)) and np.abs(times).max(initial=0) >= 2**53:
        times = _exact_numbers(name, list(values))
    if times.dtype.kind == "M":
        _refuse_first(name, np.isnat(times))
        unit = np.datetime_data(times.dtype)[0]
        fine = times if unit in ("s", "ms", "us", "ns") and np.datetime_data(times.dtype)[1] == 1 else None
        fine = times.astype("M8[D]" if unit in ("Y", "M", "W", "D") else "M8[s]") if fine is None else fine
        return nanoseconds(name, fine.astype(np.int64), np.datetime_data(fine.dtype)[0]).view("M8[ns]")
    if times.dtype.kind not in "iuf":
        text = times.dtype.kind in "UST" and times.size
        raise _no_times(name, f"text such as {times.flat[0]!s:.40}" if text else kind_word(times.dtype))
    if times.dtype.kind == "f":
        _refuse_first(name, ~np.isfinite(times))
        return times.astype(np.float64, copy=False)
    if times.dtype.kind == "u" and times.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"{name} has times that exceed 64 bits")
    return times.astype(np.int64, copy=False)


def seconds_of(times: Array) -> npt.NDArray[np.float64]:
    """What `column_times` gives as seconds: numbers as they are, dates since 1970 in UTC."""
    return times.view(np.int64) / 1e9 if times.dtype.kind == "M" else times.astype(np.float64, copy=False)


def _rows_of(values: Any) -> Any:
    """A value for each row of a column with categories or time zones."""
    if isinstance(values, Boxed):
        return values.utc
    if not isinstance(values, Coded):
        return values
    categories = values.categories
    if isinstance(categories, _core.Column):
        ids, codes = column_ids("the categories", categories)
        return np.asarray(ids[codes][values.codes])
    return np.asarray(_rows_of(categories))[values.codes]


def _exact_decimals(name: str, column: _core.Column) -> Array:
    ids, codes = coded_ids(name, column)
    times: Array = (_times_of_objects(name, ids) if ids.dtype.kind == "O" else ids)[codes]
    return times


def _no_times(name: str, given: str) -> TypeError:
    remedy = " make dates of it with numpy.array(..., dtype='datetime64[s]') or pandas.to_datetime"
    return TypeError(f"{name} must be times (numbers or dates), got {given}:{remedy}")


def _refuse_first(name: str, bad: Array, needed: str = "a time") -> None:
    if bad.any():
        what = "missing" if needed == "an id" else "missing or infinite"
        raise ValueError(f"{place(name, int(np.argmax(bad)))} is {what}: give it {needed} or drop it")


def _numbers_of_objects(name: str, objects: Array) -> Array:
    """Python's numbers, Decimal and Fraction among them; the first other value is named."""
    for row, value in enumerate(objects.tolist()):
        if is_missing(value):
            raise ValueError(f"{place(name, row)} is missing ({value!r}): give it a value or drop it")
        if isinstance(value, (str, bytes, complex)) or not hasattr(value, "__float__"):
            raise _no_numbers(name, f"{given(value)} in row {row}", isinstance(value, str))
    try:
        return objects.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} has a number beyond the range of float64") from None


def _times_of_objects(name: str, objects: Array) -> Array:
    """Numbers, or `datetime` and `date` objects as datetime64, those with a time zone in UTC."""
    listed = objects.tolist()
    if set(map(type, listed)) == {dt.datetime} and len({value.tzinfo is None for value in listed}) == 1:
        return np.array(microseconds(listed)).view("M8[us]")
    for row, value in enumerate(listed):
        if is_missing(value):
            raise ValueError(f"{place(name, row)} is missing ({value!r}): give it a time or drop it")
    if all(isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in listed):
        return _exact_numbers(name, listed)
    zoned = None
    finest = "us"
    for row, value in enumerate(listed):
        if isinstance(value, str):
            raise _no_times(name, f"text such as {value:.40}")
        if not isinstance(value, dt.date):
            raise TypeError(f"{name} must be times (numbers or dates), got {given(value)}")
        has_zone = getattr(value, "tzinfo", None) is not None
        if zoned not in (None, has_zone):
            raise ValueError(f"{name} mixes dates with and without a time zone: make them all of one kind")
        zoned = has_zone
        if hasattr(value, "to_datetime64"):  # of pandas, to the nanosecond and in UTC
            listed[row], finest = value.to_datetime64(), "ns"
        elif isinstance(value, dt.datetime) and has_zone:
            listed[row] = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
    return np.array(listed, dtype=f"M8[{finest}]")


def _exact_numbers(name: str, listed: list[Any]) -> Array:
    """int64 where all are whole and none is a float, else float64, which must hold the whole ones exactly."""
    whole = [row for row, value in enumerate(listed) if _is_whole(value)]
    if len(whole) == len(listed):
        return np.asarray([int(value) for value in listed])
    times = np.asarray(listed, dtype=np.float64)
    for row in whole:
        if int(times[row]) != listed[row]:
            raise ValueError(
                f"{place(name, row)} is {listed[row]}, which float64 cannot hold: give whole numbers alone"
            )
    return times


def _is_whole(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, (int, np.integer))
