"""Splits that know when things happened. `coals.split` passes them on."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals._util.checks import check_int, check_number, refuse_masked
from coals.data.columns import column_times
from coals.data.interactions import Interactions, as_interactions
from coals.data.labels import refuse_column
from coals.data.weights import values_of_entries

__all__ = ["by_time", "leave_last_out"]


def leave_last_out(data: Any, times: Any = None, *, k: int = 1) -> tuple[Interactions, Interactions]:
    """Put the last `k` pairs of each user to the test part; users with `k` pairs or fewer stay whole in train.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    times : Interactions, sparse matrix or (nnz,) array, or None, default None
        When each pair happened. None takes ``data.times``. Interactions hold them as values of the same pairs, matched
        by ids; a sparse matrix has the shape and the stored pairs of `data`; an array has numbers or dates in the order
        of ``Interactions.matrix.data``, which is not that of a table's rows. Of a user's pairs at the same time, the
        item that comes last in `data` counts as later.
    k : int, default 1
        Pairs of a user that go to test, at least 1. Users with `k` pairs or fewer keep them all for training.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`.

    Raises
    ------
    TypeError
        If `times` is a column of a table.
    ValueError
        If no user has more than `k` stored pairs, `times` is None and `data` has none, or `times` does not fit `data`
        or is not finite.

    Notes
    -----
    Time O(nnz log nnz).

    Examples
    --------
    >>> users, items = ["ann", "ann", "ann", "bob"], ["x", "y", "z", "x"]
    >>> plays = coals.Interactions.from_arrays(users, items, time=[30, 50, 40, 10])
    >>> train, test = coals.split.leave_last_out(plays)
    >>> test.matrix.toarray().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    k = check_int("k", k, minimum=1)
    data = as_interactions(data)
    when = checked_times(data, times)
    lengths = np.diff(data.matrix.indptr)
    if lengths.max() <= k:
        raise ValueError(f"no user has more than k={k} stored pairs (the most is {lengths.max()}): lower k")
    rows = np.repeat(np.arange(data.n_users), lengths)
    ordered = np.lexsort((when, rows))
    place = np.arange(data.nnz) - np.repeat(data.matrix.indptr[:-1], lengths)
    in_test = np.zeros(data.nnz, dtype=bool)
    in_test[ordered[(place >= lengths[rows] - k) & (lengths[rows] > k)]] = True
    return data.select(~in_test), data.select(in_test)


def by_time(
    data: Any, times: Any = None, *, cutoff: Any = None, test_fraction: float | None = None
) -> tuple[Interactions, Interactions]:
    """Train on what happened before a moment, test on what happened then or later, whoever did it.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    times : Interactions, sparse matrix, array or None, default None
        As for `leave_last_out`: None takes ``data.times``.
    cutoff : number or date, optional
        Pairs at this time or later go to test. Where times are dates: a `date`, a `datetime`, a datetime64 or a string
        in ISO 8601, in UTC unless it has a time zone.
    test_fraction : float, optional
        In place of `cutoff`: the share of the stored pairs that go to test, between 0 and 1. Pairs at the same time
        stay together, in train where the fraction would part them, if any pair is later.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`. A user or item may be without entries in either.

    Raises
    ------
    TypeError
        Unless exactly one of `cutoff` and `test_fraction` is given, for a date where times are numbers, and the other
        way round.
    ValueError
        If train or test would be empty, `times` is None and `data` has none, or `times` does not fit `data` or is not
        finite.

    Examples
    --------
    >>> days = np.array(["2024-01-30", "2024-03-01", "2024-02-15", "2024-01-01"], "M8[D]")
    >>> plays = coals.Interactions.from_arrays(["ann", "ann", "ann", "bob"], ["x", "y", "z", "x"], time=days)
    >>> train, test = coals.split.by_time(plays, cutoff="2024-02-01")
    >>> train.nnz, test.matrix.toarray().tolist()
    (2, [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    """
    if (cutoff is None) == (test_fraction is None):
        raise TypeError("give either cutoff= or test_fraction=, and not both")
    data = as_interactions(data)
    when = checked_times(data, times)
    first = _moment_of(when, test_fraction) if cutoff is None else _as_time(cutoff, when)
    in_test = when >= first
    if in_test.all() or not in_test.any():
        empty = "train" if in_test.all() else "test"
        raise ValueError(f"{empty} would be empty: times run from {when.min()} to {when.max()}, the cutoff is {first}")
    return data.select(~in_test), data.select(in_test)


def _moment_of(when: NDArray[Any], test_fraction: Any) -> Any:
    fraction = check_number("test_fraction", test_fraction)
    if not 0 < fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, both excluded, got {fraction}")
    ordered = np.sort(when)
    first = len(when) - max(1, round(fraction * len(when)))
    later = ordered[ordered > ordered[first - 1]] if first else ordered
    return later[0] if later.size else ordered[-1]


def checked_times(data: Interactions, times: Any) -> NDArray[Any]:
    """A finite time for each stored pair, in the order of ``data.matrix.data``."""
    if times is None:
        if data.times is None:
            raise ValueError(
                "data has no times: give time= to Interactions.from_frame or from_arrays, or a time for each pair here"
            )
        return data.times
    if scipy.sparse.issparse(times) or isinstance(times, Interactions):
        return values_of_entries("times", times, data)
    refuse_column("times", times, "the pairs of data", "give time= to Interactions.from_frame and leave times out")
    refuse_masked("times", times)
    when = np.asarray(times)
    if when.dtype.kind == "O":
        when = column_times("times", when)
    if when.dtype.kind not in "iufM":
        raise TypeError(f"times must be numbers or dates, got dtype {when.dtype}")
    if when.shape != (data.nnz,):
        raise ValueError(f"times must have shape ({data.nnz},), one for each stored pair of data, got {when.shape}")
    known = ~np.isnat(when) if when.dtype.kind == "M" else np.isfinite(when)
    if not known.all():
        raise ValueError(f"times[{int(np.argmin(known))}] is {when[np.argmin(known)]}: every pair needs a time")
    return when


def _as_time(cutoff: Any, when: NDArray[Any]) -> Any:
    if when.dtype.kind == "M":
        return _as_date(cutoff)
    if isinstance(cutoff, (dt.date, np.datetime64, str)):
        raise TypeError(
            f"cutoff must be a number, as times are (from {when.min()} to {when.max()}), got {cutoff!r}: give the "
            "number of that moment, or dates for times"
        )
    number = check_number("cutoff", cutoff)
    if when.dtype.kind == "f":
        return number
    # Whole numbers are compared as such: float64 holds them to 2^53 alone.
    return int(cutoff) if isinstance(cutoff, (int, np.integer)) else math.ceil(number)


def _as_date(cutoff: Any) -> Any:
    if not isinstance(cutoff, (dt.date, np.datetime64, str)):
        raise TypeError(f"cutoff must be a date, as times are, got {cutoff!r} ({type(cutoff).__name__})")
    moment: Any = cutoff
    if isinstance(cutoff, str):
        moment = _parsed(cutoff)
    elif hasattr(cutoff, "to_datetime64"):  # of pandas: UTC, to the nanosecond
        moment = cutoff.to_datetime64()
    if getattr(moment, "tzinfo", None) is not None:
        moment = moment.astimezone(dt.timezone.utc).replace(tzinfo=None)
    date = np.datetime64(moment)
    if np.isnat(date):
        raise ValueError(f"cutoff must be a date, as times are, got {cutoff!r}")
    return date


def _parsed(text: str) -> Any:
    """A date as datetime64, or as a datetime if it has a time zone."""
    try:
        if text.endswith(("Z", "z")):
            return np.datetime64(text[:-1])
        zoned = "+" in text or text.count("-") > 2
        return dt.datetime.fromisoformat(text) if zoned else np.datetime64(text)
    except ValueError:
        raise ValueError(f"cutoff must be a date in ISO 8601, such as '2024-02-15', got {text!r}") from None
