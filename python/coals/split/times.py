"""Splits that know when things happened. `coals.split` passes them on."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals._util.checks import check_int, check_number
from coals.data.interactions import Interactions, as_interactions

__all__ = ["by_time", "leave_last_out"]


def leave_last_out(data: Any, times: Any, *, k: int = 1) -> tuple[Interactions, Interactions]:
    """Put the last `k` pairs of each user to the test part; users with `k` pairs or fewer stay whole in train.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    times : Interactions or sparse matrix of the shape and stored pairs of `data`, or (nnz,) array
        When each pair happened: numbers, as values of the same pairs or in the order of
        ``Interactions.matrix.data``; the array may also hold dates (datetime64). Of a user's pairs at the same time,
        the item that comes last in `data` counts as later.
    k : int, default 1
        Pairs of a user that go to test, at least 1. Users with `k` pairs or fewer keep them all for training.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`.

    Raises
    ------
    ValueError
        If no user has more than `k` stored pairs, or `times` does not fit `data` or is not finite.

    Notes
    -----
    Time O(nnz log nnz).

    Examples
    --------
    >>> plays = coals.Interactions.from_arrays(["ann", "ann", "ann", "bob"], ["x", "y", "z", "x"])
    >>> train, test = coals.split.leave_last_out(plays, [30, 50, 40, 10])
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
    data: Any, times: Any, *, cutoff: Any = None, test_fraction: float | None = None
) -> tuple[Interactions, Interactions]:
    """Train on what happened before a moment, test on what happened then or later, whoever did it.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    times : Interactions, sparse matrix or array
        As for `leave_last_out`.
    cutoff : number or date, optional
        Pairs at this time or later go to test.
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
        Unless exactly one of `cutoff` and `test_fraction` is given.
    ValueError
        If train or test would be empty, or `times` does not fit `data` or is not finite.

    Examples
    --------
    >>> plays = coals.Interactions.from_arrays(["ann", "ann", "ann", "bob"], ["x", "y", "z", "x"])
    >>> train, test = coals.split.by_time(plays, [30, 50, 40, 10], cutoff=40)
    >>> train.nnz, test.matrix.toarray().tolist()
    (2, [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    """
    if (cutoff is None) == (test_fraction is None):
        raise TypeError("give either cutoff= or test_fraction=, and not both")
    data = as_interactions(data)
    when = checked_times(data, times)
    first = _moment_of(when, test_fraction) if cutoff is None else _as_time("cutoff", cutoff, when)
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
    if scipy.sparse.issparse(times) or isinstance(times, Interactions):
        given = as_interactions(times).matrix
        alike = given.shape == data.shape and given.nnz == data.nnz
        if not (alike and (given.indptr == data.matrix.indptr).all() and (given.indices == data.matrix.indices).all()):
            raise ValueError("times must store the pairs of data, each with its time, and no other")
        values: NDArray[Any] = given.data
        return values
    when = np.asarray(times)
    if when.dtype.kind not in "iufM":
        raise TypeError(f"times must be numbers or dates, got dtype {when.dtype}")
    if when.shape != (data.nnz,):
        raise ValueError(f"times must have shape ({data.nnz},), one for each stored pair of data, got {when.shape}")
    known = ~np.isnat(when) if when.dtype.kind == "M" else np.isfinite(when)
    if not known.all():
        raise ValueError(f"times[{int(np.argmin(known))}] is {when[np.argmin(known)]}: every pair needs a time")
    return when


def _as_time(name: str, value: Any, when: NDArray[Any]) -> Any:
    if when.dtype.kind != "M":
        return check_number(name, value)
    moment = np.asarray(value, dtype="datetime64")
    if moment.ndim or np.isnat(moment):
        raise ValueError(f"{name} must be one date, as times are, got {value!r}")
    return moment
