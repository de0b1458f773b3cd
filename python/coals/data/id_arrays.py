"""Converts ids to a 1-D array without changing any value."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import refuse_masked, refuse_unordered, shown, type_word
from coals.data.dates import date_ids
from coals.data.readers.plain_columns import Boxed, Coded, place, plain_column

__all__ = [
    "WORDS",
    "as_id_array",
    "coded_ids",
    "hashable",
    "is_missing",
    "place",
    "refuse_missing",
    "refuse_null",
    "wasteful",
    "widened",
]

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
    if hasattr(values, "tocsr"):
        raise TypeError(f"{name} must be ids (integers, floats, strings or hashable objects), got {type_word(values)}")
    if not isinstance(values, np.ndarray):
        values = plain_column(values, name)
    if isinstance(values, (_core.Column, Coded, Boxed)):
        array = _ids_of_column(name, values)
    elif hasattr(values, "__array__"):
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


def coded_ids(name: str, column: _core.Column) -> tuple[Any, Any]:
    """The different ids of a column that holds codes, in increasing order, and for every row the place of its id."""
    try:
        ids, codes = column.sorted_ids(False, 0)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} has an id that is not in UTF-8, {error.object!r}") from None
    if column.kind == "decimals":
        return _decimal_ids(ids.tolist(), codes, int(column.unit))
    if column.extension == "arrow.uuid":
        ids = np.fromiter((uuid.UUID(bytes=id) for id in ids), dtype=object, count=len(ids))
    return ids, codes


def _decimal_ids(ids: list[bytes], codes: npt.NDArray[Any], scale: int) -> tuple[Any, Any]:
    """Whole numbers as integers, others as Decimal, each with its exact value."""
    numbers = [int.from_bytes(id, "little", signed=True) for id in ids]
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    numbers = [numbers[place] for place in order]
    rank = np.empty(len(order), codes.dtype)
    rank[order] = np.arange(len(order))
    if scale <= 0:
        whole = _array_of_list([number * 10**-scale for number in numbers])
        return whole, rank[codes]
    exact = [Decimal((number < 0, tuple(map(int, str(abs(number)))), -scale)) for number in numbers]
    return np.fromiter(exact, dtype=object, count=len(exact)), rank[codes]


def refuse_null(name: str, column: _core.Column, remedy: str) -> None:
    """A ValueError that names the first row that is null."""
    if column.first_missing >= 0:
        raise ValueError(f"{place(name, column.first_missing)} is missing: {remedy}")


def _ids_of_column(name: str, values: Any) -> npt.NDArray[Any]:
    """An id for each row."""
    if isinstance(values, Coded):
        ids: npt.NDArray[Any] = as_id_array(name, values.categories)[values.codes]
        return ids
    if isinstance(values, Boxed):
        return values.boxed(np.arange(len(values.utc)))
    refuse_null(name, values, "give it an id or drop it")
    if values.kind in ("text", "bytes", "decimals"):
        distinct, codes = coded_ids(name, values)
        return np.asarray(distinct[codes])
    unit = values.unit
    if values.kind == "times":
        return date_ids(name, values.numbers().view(f"M8[{unit.rstrip('+')}]"), utc=unit.endswith("+"))
    numbers: npt.NDArray[Any] = values.numbers()
    return numbers != 0 if values.kind == "booleans" else numbers


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
        as_shown = " ".join(repr(value)[:60].split())  # some have lines
        in_column = name.startswith("column") and isinstance(value, (list, np.ndarray))
        remedy = ": give each id its own row, as explode does" if in_column else ""
        raise TypeError(f"{name} must be hashable, got {as_shown} ({type_word(value)}){remedy}") from None
    return listed


def is_missing(value: Any) -> bool:
    """None, NaN, NaT or pandas.NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # pandas.NA has no truth value
        return True


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
        raise ValueError(f"{place(name, position)} is missing ({shown(ids[position])}): give it an id or drop it")


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
