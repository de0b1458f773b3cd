"""Ids in, ids out: the map between what a caller calls a user or an item and its row or column."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_indices, given
from coals.data.dates import microseconds
from coals.data.id_arrays import WORDS, as_id_array, hashable, is_missing, refuse_missing, wasteful, widened

__all__ = ["IdIndex", "factorize"]


class IdIndex:
    """Two-way map between ids and positions 0..size-1.

    Parameters
    ----------
    ids : array-like of shape (size,), or None
        Integers, floats, strings or any hashable objects, all different and none missing. None means that the
        ids are the positions themselves, which costs nothing.
    size : int
        How many users or items there are.
    kind : {"user", "item"}
        The word for error messages.

    Raises
    ------
    TypeError
        Ids that are bools or unhashable.
    ValueError
        Wrong number of ids, a missing or a repeated one.

    Notes
    -----
    Cost: one sort of numeric or string ids unless they come sorted, one dict of other kinds; a look-up is a
    binary search or a dict access for each id. Ids are matched by value and never converted: "7" is not 7,
    while 1.0 is 1, as it is for a Python dict.

    Examples
    --------
    >>> index = IdIndex(["b", "a", "c"], 3, "item")
    >>> index.encode(["a", "c"])
    array([1, 2])
    >>> index.decode([[0, -1]])
    array([['b', None]], dtype=object)
    """

    def __init__(self, ids: Any, size: int, kind: str) -> None:
        self.kind = kind
        self.size = size
        self.ids: npt.NDArray[Any] | None = None
        if ids is None:
            return
        array = as_id_array(self._name, ids)
        if len(array) != size:
            raise ValueError(f"{self._name} holds {len(array)} ids, but there are {size} {kind}s: give one for each")
        self.ids = array.copy()
        self.ids.setflags(write=False)
        refuse_missing(self._name, self.ids)
        self._refuse_repeated()

    @classmethod
    def trusted(cls, ids: npt.NDArray[Any] | None, size: int, kind: str) -> IdIndex:
        """Around an array that another index held or `factorize` made: nothing is checked or copied."""
        index = cls(None, size, kind)
        if ids is not None:
            ids.setflags(write=False)
            index.ids = ids
        return index

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        what = "plain integers" if self.ids is None else WORDS[self.ids.dtype.kind] + " ids"
        return f"IdIndex({self.size} {self.kind}s, {what})"

    def encode(self, values: Any, name: str | None = None, *, remedy: str = "leave it out") -> npt.NDArray[np.int64]:
        """Positions, shape (n,) int64, of a scalar or a 1-D sequence of ids. An unknown id is an error.

        `name` is that of the argument, where it is not called users or items; `remedy` is what the error advises.
        """
        name = name or f"{self.kind}s"
        if self.ids is None:
            return check_indices(name, values, self.size)
        wanted = widened(as_id_array(name, values))
        positions = self._find(wanted)
        found = positions >= 0
        if not found.all():
            raise self._unknown(wanted[~found].tolist(), remedy)
        return positions

    def find(self, values: Any, name: str | None = None) -> npt.NDArray[np.int64]:
        """`encode` with -1 for unknown ids. An id of a type that no known one has is still an error."""
        name = name or f"{self.kind}s"
        if self.ids is None:
            limits = np.iinfo(np.int64)
            places = check_indices(name, values, limits.max, minimum=limits.min)
            return np.where((places >= 0) & (places < self.size), places, -1)
        wanted = widened(as_id_array(name, values))
        positions = self._find(wanted)
        if (positions < 0).any():
            error = self._unknown(wanted[positions < 0].tolist())
            if isinstance(error, TypeError):
                raise error
        return positions

    def find_all(self, other: IdIndex) -> npt.NDArray[np.int64]:
        """Positions here of all ids of `other`, in its order; -1 for those that are not here."""
        if self.ids is other.ids is None:
            return np.where(np.arange(other.size) < self.size, np.arange(other.size), -1)
        if self.ids is not None:
            return self._find(widened(other.decode(np.arange(other.size))))
        ids = other.ids.tolist()  # type: ignore[union-attr]
        known = (id if isinstance(id, int) and 0 <= id < self.size else -1 for id in ids)
        return np.fromiter(known, np.int64, len(ids))

    def _find(self, wanted: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Positions of ids, -1 for unknown ones."""
        ordered, order = self._ordered
        if wanted.dtype.kind == ordered.dtype.kind != "O" and self.size and not _far_wider(wanted, ordered):
            places = np.minimum(np.searchsorted(ordered, wanted), self.size - 1)
            positions = (places if order is None else order[places]).astype(np.int64, copy=False)
            return np.where(ordered[places] == wanted, positions, -1)
        listed = hashable(f"{self.kind}s", wanted)
        return np.fromiter((self._positions.get(v, -1) for v in listed), np.int64, len(listed))

    def decode(self, positions: Any) -> npt.NDArray[Any]:
        """Ids at the given positions, in an array of the same shape.

        Position -1, which pads short lists, becomes -1 where ids are integers and -1 is not one of them; else the
        result is an object array with None in its place. Positions below -1 or beyond the last are a ValueError.
        """
        at = np.asarray(positions)
        flat = check_indices(f"{self.kind} positions", at.reshape(-1), self.size, minimum=-1)
        at = flat.reshape(at.shape)
        if self.ids is None:
            return at
        if (at >= 0).all():
            return self.ids[at]
        ids = widened(self.ids)
        plain = ids.dtype.kind == "i" and not self.has_minus_one
        padded: npt.NDArray[Any] = np.where(at < 0, np.array(-1 if plain else None), ids[at])
        return padded

    def named(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """`decode` for positions that a model has found: where there are no ids, nothing to do or to check."""
        return positions if self.ids is None else self.decode(positions)

    def same_as(self, other: IdIndex) -> bool:
        """Whether both give the same ids to the same positions."""
        if self.ids is other.ids or self.size != other.size:
            return self.size == other.size
        everyone = np.arange(self.size)
        return bool(np.array_equal(self.decode(everyone), other.decode(everyone)))

    @cached_property
    def has_minus_one(self) -> bool:
        """Whether -1 is an id, so that it cannot be padding."""
        if self.ids is None or self.ids.dtype.kind not in "ifO":
            return False
        return -1 in self._positions if self.ids.dtype.kind == "O" else bool((self.ids == -1).any())

    @property
    def _name(self) -> str:
        return f"{self.kind}_ids"

    @cached_property
    def _ordered(self) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64] | None]:
        """Ids in increasing order and the positions they have, None if they are in order already."""
        assert self.ids is not None
        ids = widened(self.ids)
        if ids.dtype.kind == "O" or (ids[1:] > ids[:-1]).all():
            return ids, None
        order = np.argsort(ids, kind="stable")
        return ids[order], order

    @cached_property
    def _positions(self) -> dict[Any, int]:
        assert self.ids is not None
        return {v: position for position, v in enumerate(hashable(self._name, self.ids))}

    def _refuse_repeated(self) -> None:
        ordered, _ = self._ordered
        if ordered.dtype.kind != "O":
            repeats = ordered[1:][ordered[1:] == ordered[:-1]].tolist()
        elif len(self._positions) < self.size:
            repeats = [v for position, v in enumerate(ordered.tolist()) if self._positions[v] != position]
        else:
            return
        if repeats:
            raise ValueError(f"{self._name} holds {repeats[0]!r} more than once: ids must all be different")

    def _unknown(self, missing: list[Any], remedy: str = "") -> Exception:
        assert self.ids is not None
        known_types = {type(v) for v in self.ids.tolist()}
        first = next((id for id in missing if type(id) not in known_types), missing[0])
        if type(first) not in known_types:
            words = " or ".join(sorted(t.__name__ for t in known_types))
            return TypeError(f"{self.kind} ids are {words} here, got {given(first)}")
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        return ValueError(
            f"unknown {self.kind} id {first!r}{more}: not among the {self.size} {self.kind}s of this data; "
            f"{remedy}, or fit again with data that has it"
        )


def _far_wider(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether one of two arrays would grow out of proportion when NumPy gives both the wider type."""
    return wasteful(max(a.itemsize, b.itemsize) * (len(a) + len(b)), a.nbytes + b.nbytes)


def factorize(name: str, values: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The different ids in increasing order and, for every value, its place among them, int32 or int64.

    Objects that cannot be ordered (say strings beside integers) stand in the order of their first appearance.
    Cost: linear, and a sort of the different ids alone.
    """
    array = as_id_array(name, values)
    if array.dtype.kind == "O":
        return _factorize_objects(name, array)
    refuse_missing(name, array)
    wide = widened(array)
    if wide.dtype.kind == "i" and array.size:
        low = int(wide.min())
        span = int(wide.max()) - low + 1
        if span <= 4 * array.size:
            present = np.zeros(span, dtype=bool)
            present[wide - low] = True
            codes = np.cumsum(present) - 1
            return (np.flatnonzero(present) + low).astype(array.dtype), codes[wide - low]
    if wide.dtype.kind == "f":
        wide = wide + 0.0  # -0.0 is 0.0, in other bytes
    if wide.size == 0 or wide.itemsize == 0:
        return np.unique(array), np.zeros(array.size, dtype=np.int64)
    contiguous = np.ascontiguousarray(wide)
    codes, firsts = _core.encode_fixed(contiguous.view(np.uint8).reshape(len(wide), wide.itemsize))
    ids = array[firsts]
    order = np.argsort(ids, kind="stable")
    return ids[order], _ranks(order)[codes]


def _ranks(order: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks


def _plain_keys(listed: list[Any]) -> list[int] | None:
    """Whole numbers of the same order, for objects of one kind whose own comparisons are slow."""
    types = set(map(type, listed))
    if types == {uuid.UUID}:
        return [value.int for value in listed]
    if types == {dt.date}:
        return [value.toordinal() for value in listed]
    if types == {dt.datetime} and all(value.tzinfo is None for value in listed):
        return microseconds(listed)
    return None


def _factorize_objects(name: str, array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    listed = array.tolist()
    texts = _core.encode_texts(listed, 0)
    if texts is not None:
        codes, firsts = texts
        return array[firsts], codes
    keys = _plain_keys(listed)
    if keys is not None:
        objects = dict(zip(keys, listed, strict=True))
        order = {key: place for place, key in enumerate(sorted(objects))}
        codes = np.fromiter(map(order.__getitem__, keys), np.int64, len(keys))
        return np.fromiter(map(objects.__getitem__, order), dtype=object, count=len(order)), codes
    listed = hashable(name, array)
    ids = list(dict.fromkeys(listed))
    if any(map(is_missing, ids)):
        refuse_missing(name, array)
    try:
        ids.sort()
    except TypeError:  # list.sort may leave a half-sorted list behind
        ids = list(dict.fromkeys(listed))
    places = {v: place for place, v in enumerate(ids)}
    codes = np.fromiter(map(places.__getitem__, listed), np.int64, len(listed))
    return np.fromiter(ids, dtype=object, count=len(ids)), codes
