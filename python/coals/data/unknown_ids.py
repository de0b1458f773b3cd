"""Ids that are not among the known ones: the argument `unknown=`, wherever ids come in, is handled here."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice
from coals.data.ids import IdIndex

__all__ = ["IDS", "LISTS", "RATINGS", "check_unknown", "known_places", "log_unknown", "places_of"]

Indices = npt.NDArray[np.int64]

#: The values of `unknown` that have a meaning where ids select something, where lists are made, and where ratings are
#: predicted.
IDS = ("raise", "skip")
LISTS = (*IDS, "popular")
RATINGS = (*IDS, "mean")

_MEANT_FOR = {"popular": "where lists of items are made", "mean": "where ratings are predicted"}
_REMEDY = "unknown='skip' leaves it out"

_log = logging.getLogger("coals")


def check_unknown(value: Any, choices: tuple[str, ...] = IDS) -> str:
    """`value` if it is one of `choices`; else an error that lists them, and says where a value of other places belongs.

    >>> check_unknown("skip")
    'skip'
    """
    if isinstance(value, str) and value in _MEANT_FOR and value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"unknown={value!r} has a meaning only {_MEANT_FOR[value]}: unknown must be one of {listed} here"
        )
    return check_choice("unknown", value, choices)


def places_of(
    index: IdIndex, ids: Any, unknown: str, choices: tuple[str, ...] = IDS, name: str | None = None
) -> Indices:
    """Positions of ids in the order given: -1 for unknown ones, unless ``unknown="raise"``, which names the first.

    How many are unknown is logged. An id of a type that no known id has is an error in any case.
    """
    if isinstance(unknown, str) and unknown == "raise":
        return index.encode(ids, name, remedy=_REMEDY)
    check_unknown(unknown, choices)
    places = index.find(ids, name)
    log_unknown(index.kind, int((places < 0).sum()), len(places), unknown)
    return places


def known_places(index: IdIndex, ids: Any, unknown: str, name: str | None = None) -> Indices:
    """Positions of the ids that are known. No ids at all are allowed; any other value than "raise" leaves ids out."""
    if not hasattr(ids, "tocsr") and hasattr(ids, "__len__") and len(ids) == 0:
        return np.zeros(0, np.int64)
    places = places_of(index, ids, unknown if unknown == "raise" else "skip", name=name)
    return places[places >= 0]


def log_unknown(kind: str, unknown: int, asked: int, value: str) -> None:
    """Says on the logger "coals" how many ids are unknown."""
    if unknown:
        _log.info("%d of %d %s ids are unknown: unknown=%r", unknown, asked, kind, value)
