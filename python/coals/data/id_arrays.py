"""Converts ids to a 1-D array without changing any value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import refuse_masked, refuse_unordered
from coals.data.dates import date_ids

__all__ = ["WORDS", "as_id_array", "hashable", "is_missing", "place", "refuse_missing", "wasteful", "widened"]

#: The kinds of array that may hold ids, and what to call them.
WORDS = {"i": "integer", "u": "integer", "f": "float", "U": "string", "S": "bytes", "O": "object"}

_INT64_MAX = np.iinfo(np.int64).max
_TOLERATED_WASTE = 2**24  # bytes


def as_id_array(name: str, values: Any) -> npt.NDArray[Any]:
    """A scalar or a 1-D sequence of ids as a 1-D array; mixed or compound ids stay the objects they are.

    So do strings that fixed width would change (those that end in NUL) or blow up (one long among many
    short). bools are a TypeError even beside integers: Python calls True and 1 equal, so they would be one
    id. datetime64 becomes objects of `datetime`. Masked entries, iterators, sets and dicts are one, too.
    """
    refuse_masked(name, values)
    refuse_unordered(name, values)
    if hasattr(values, "__array__"):
        array = np.asarray(values)
    else:
        scalar = isinstance(values, (str, bytes)) or not hasattr(values, "__len__")
        array = _array_of_list([values] if scalar else list(values))
    if array.dtype.kind == "T":  # NumPy 2 variable-width strings
        array = array.astype(object)
    if array.dtype.kind == "M" and array.ndim <= 1 and np.datetime_data(array.dtype)[0] != "generic":
        array = date_ids(name, array.reshape(-1))
    _refuse_kind(name, array)
    if array.ndim > 1:
        raise ValueError(f"{name} must be 1-D, got shape {array.shape}")
    return array.reshape(-1)


def wasteful(fixed: int, needed: int) -> bool:
    """Whether `fixed` bytes are far too many to hold what `needed` bytes would."""
    return fixed > max(4 * needed, _TOLERATED_WASTE)


def widened(ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Integers as int64 wherever they fit: comparing int64 with uint64 would go through float64."""
    if ids.dtype.kind == "i" or (ids.dtype.kind == "u" and ids.max(initial=0) <= _INT64_MAX):
        return ids.astype(np.int64, copy=False)
    return ids


def hashable(name: str, ids: npt.NDArray[Any]) -> list[Any]:
    """The ids as a list, once each is known to have a hash."""
    listed: list[Any] = ids.tolist()
    value = None
    try:
        for value in listed:
            hash(value)
    except TypeError:
        shown = " ".join(repr(value)[:60].split())  # some have lines
        raise TypeError(f"{name} must be hashable, got {shown} ({type(value).__name__})") from None
    return listed


def is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas.NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True


def place(name: str, row: int) -> str:
    """How errors call a row of an argument, or of "column 'x'"."""
    return f"{name}, row {row}," if name.startswith("column ") else f"{name}[{row}]"


def refuse_missing(name: str, ids: npt.NDArray[Any]) -> None:
    """A ValueError that names the first missing id."""
    if ids.dtype.kind == "f":
        missing = np.isnan(ids)
    elif ids.dtype.kind == "O":
        missing = np.fromiter(map(is_missing, ids.tolist()), bool, len(ids))
    else:
        return
    if missing.any():
        position = int(np.argmax(missing))
        raise ValueError(f"{place(name, position)} is missing ({ids[position]!r}): give it an id or drop it")


def _refuse_kind(name: str, array: npt.NDArray[Any]) -> None:
    given = "" if array.dtype.kind in WORDS else str(array.dtype)
    if array.dtype.kind == "O":
        listed = array.reshape(-1).tolist()
        if not {bool, np.bool_}.isdisjoint(map(type, listed)):
            position = next(at for at, value in enumerate(listed) if isinstance(value, (bool, np.bool_)))
            given = f"bool at position {position}"
    if given:
        raise TypeError(f"{name} must be ids (integers, floats, strings or hashable objects), got {given}")


def _array_of_list(values: list[Any]) -> npt.NDArray[Any]:
    # NumPy would make strings of [1, "a"], floats of [-1, 2**63] and two dimensions of [(1, 2)].
    types = {type(v) for v in values}
    plain_types = (bool, int, float, str, np.generic)
    if len(types) == 1 and issubclass(next(iter(types)), plain_types) and not _outgrows_fixed_width(values):
        plain = np.asarray(values)
        if WORDS.get(plain.dtype.kind) == WORDS.get(np.asarray(values[0]).dtype.kind):
            return plain
    return np.fromiter(values, dtype=object, count=len(values))


def _outgrows_fixed_width(values: list[Any]) -> bool:
    """Whether strings of one type would lose a NUL at their end, or far too much memory, in one array."""
    if not isinstance(values[0], (str, bytes)):
        return False
    text: Any = type(values[0])().join(values)
    ends = "\0" if isinstance(text, str) else b"\0"
    return ends in text or wasteful(4 * len(values) * max(map(len, values)), 4 * len(text))
