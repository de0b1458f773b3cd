"""Dates and times: as ids the objects of `datetime`, as the time of an entry nanoseconds since 1970 in UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["date_ids", "microseconds", "nanoseconds"]

_FACTORS = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def date_ids(name: str, array: npt.NDArray[Any], *, utc: bool = False) -> npt.NDArray[Any]:
    """datetime64 values as objects: `date` where they count days, else `datetime`; NaT becomes None.

    Python knows neither years beyond 9999 nor fractions of microseconds: such ids are a ValueError.
    """
    unit = np.datetime_data(array.dtype)[0]
    if unit in ("Y", "M", "W", "D"):
        exact = array.astype("M8[D]")
    else:
        exact = array.astype("M8[us]")
        if unit in ("ns", "ps", "fs", "as") and (exact != array)[~np.isnat(array)].any():
            raise ValueError(f"{name} has ids finer than microseconds: make them integers or strings first")
    listed = exact.tolist()
    if any(isinstance(value, int) for value in listed):
        raise ValueError(f"{name} has dates outside the years 1 to 9999: make them integers or strings first")
    if utc:
        listed = [value if value is None else value.replace(tzinfo=dt.timezone.utc) for value in listed]
    return np.fromiter(listed, dtype=object, count=len(listed))


def microseconds(moments: list[dt.datetime]) -> list[int]:
    """Microseconds since 1970 of datetimes that all have a time zone, or all none; NumPy takes five times as long."""
    zone = dt.timezone.utc if moments and moments[0].tzinfo is not None else None
    epoch, one = dt.datetime(1970, 1, 1, tzinfo=zone), dt.timedelta(microseconds=1)
    return [(moment - epoch) // one for moment in moments]


def nanoseconds(name: str, values: Any, unit: str) -> npt.NDArray[np.int64]:
    """int64 counts of a unit since 1970 as nanoseconds; beyond the years 1678 to 2261 they do not fit: an error."""
    integers = np.asarray(values, dtype=np.int64)
    factor = _FACTORS[unit]
    limit = np.iinfo(np.int64).max // factor
    outside = (integers > limit) | (integers < -limit)
    if outside.any():
        raise ValueError(f"{name} has a time outside the years 1678 to 2261 in row {int(np.argmax(outside))}")
    return integers * factor
