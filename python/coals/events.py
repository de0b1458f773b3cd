"""What happened in which order: events by basket, session or user, for co-occurrence in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._checks import check_number, refuse_masked, refuse_unordered
from coals._ids import IdIndex, factorize
from coals._start import LARGEST
from coals.interactions import Interactions

__all__ = ["Events"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Events:
    """Events by group, in order. Made by `from_arrays`, which checks everything; its arrays are read-only.

    Attributes
    ----------
    groups, items : IdIndex
        `encode` turns ids into positions, `decode` turns them back.
    group_begin : int64 array of shape (n_groups + 1,)
        Group g has events group_begin[g] to group_begin[g + 1].
    item : int32 array of shape (n_events,)
        Positions of the items, in order within each group.
    time : float64 array of shape (n_events,), or None
        Seconds, where given as dates since 1970; never falling within a group. None: order is all there is.
    item_titles : mapping of item id to str, or None

    Examples
    --------
    >>> events = coals.Events.from_arrays(["mon", "mon", "tue", "tue"], ["tea", "cake", "tea", "milk"])
    >>> events
    Events(4 events in 2 groups, 3 items)
    >>> events.to_interactions().matrix.toarray()
    array([[1., 0., 1.],
           [0., 1., 1.]], dtype=float32)
    """

    groups: IdIndex
    items: IdIndex
    group_begin: npt.NDArray[np.int64]
    item: npt.NDArray[np.int32]
    time: Floats | None = None
    item_titles: Mapping[Any, str] | None = None

    @classmethod
    def from_arrays(
        cls, groups: Any, items: Any, times: Any = None, *, item_titles: Mapping[Any, str] | None = None
    ) -> Events:
        """Events from parallel sequences: items[e] occurred in groups[e] at times[e].

        Parameters
        ----------
        groups, items : array-like of shape (n,)
            Ids of any hashable kind but bool, none missing. A group is whatever is to be looked at together: a
            basket, a session, a user.
        times : array-like of shape (n,), or None
            Numbers, taken as seconds, or dates (datetime64, datetime). Within each group events are put in their
            order, those of the same time as they come. None: the order in which they come.
        item_titles : mapping of item id to str, or None

        Raises
        ------
        TypeError, ValueError
            As `Interactions.from_arrays`, and for times that are missing, infinite or no numbers or dates.

        Notes
        -----
        Cost: the ids are sorted once, and the events. Memory: 12 bytes an event.
        """
        group_ids, rows = factorize("groups", groups)
        item_ids, columns = factorize("items", items)
        if len(rows) != len(columns):
            raise ValueError(f"groups and items must be of one length, got {len(rows)} and {len(columns)}")
        if len(rows) == 0:
            raise ValueError("groups and items are empty: there are no events")
        seconds = None if times is None else _seconds(times, len(rows))
        order = np.argsort(rows, kind="stable") if seconds is None else np.lexsort((seconds, rows))
        group_begin = np.append(0, np.cumsum(np.bincount(rows, minlength=len(group_ids)))).astype(np.int64)
        item, time = columns[order].astype(np.int32), None if seconds is None else seconds[order]
        for part in (group_begin, item, time):
            if part is not None:
                part.setflags(write=False)
        index = IdIndex(group_ids, len(group_ids), "group"), IdIndex(item_ids, len(item_ids), "item")
        return cls(*index, group_begin, item, time, item_titles)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.item)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.groups)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    def to_interactions(self, *, half_life: float | None = None, now: Any = None) -> Interactions:
        r"""Groups x items for any model: how often each item occurs in each group, old events counting for less.

        Only models that weigh values see the decay (ALS, ``weighted=True``); others ask who has what alone. Ages are
        those at `now`, so parts that are to be added up need one `now` for all.

        Parameters
        ----------
        half_life : float or None, default None
            Seconds after which an event counts for half: it adds :math:`2^{-(now - t) / half\_life}`. None: 1 each.
        now : number, date or None, default None
            None is the time of the last event.

        Examples
        --------
        >>> events = coals.Events.from_arrays(["ann", "ann"], ["tea", "tea"], [0, 60])
        >>> events.to_interactions(half_life=60).matrix.toarray()
        array([[1.5]])
        """
        weights = None if half_life is None else self.weights(half_life, now)
        rows = np.repeat(np.arange(self.n_groups), np.diff(self.group_begin))
        data = Interactions.from_arrays(rows, self.item, weights, duplicates="sum")
        titles = None
        if self.item_titles is not None and self.items.ids is not None:
            titles = [self.item_titles.get(id, str(id)) for id in self.items.ids.tolist()]
        return Interactions.from_matrix(
            data.matrix, user_ids=self.groups.ids, item_ids=self.items.ids, item_titles=titles
        )

    def weights(self, half_life: float, now: Any = None) -> Floats:
        """What each event counts for, by age: shape (n_events,). A ValueError where events have no times."""
        half_life = check_half_life(half_life)
        moment = self.moment(now)
        assert self.time is not None  # or moment would have complained
        weights: Floats = np.exp2(-(moment - self.time) / half_life)
        return weights

    def moment(self, now: Any = None) -> float:
        """`now` in seconds; None is the time of the last event. Before that is a ValueError."""
        if self.time is None:
            raise ValueError("events without times have no age: give times to Events.from_arrays")
        last = float(self.time.max())
        if now is None:
            return last
        moment = float(_seconds([now], 1, "now")[0])
        if moment < last:
            raise ValueError(f"now is {last - moment:g} seconds before the last event: leave out what is in the future")
        return moment

    def __repr__(self) -> str:
        timed = "" if self.time is None else ", with times"
        return f"Events({self.n_events} events in {self.n_groups} groups, {self.n_items} items{timed})"


def check_half_life(value: Any) -> float:
    """A positive number of seconds."""
    return check_number("half_life", value, minimum=0, strict=True, maximum=LARGEST)


def _seconds(times: Any, size: int, name: str = "times") -> Floats:
    refuse_masked(name, times)
    refuse_unordered(name, times)
    array = np.asarray(times)
    if array.dtype.kind == "O" and array.ndim == 1 and all(hasattr(time, "isoformat") for time in array):
        array = _of_dates(name, array)
    if array.ndim != 1 or len(array) != size:
        raise ValueError(f"{name} must have shape ({size},), one for each event, got {array.shape}")
    if array.dtype.kind == "M":
        missing = np.isnat(array)
        seconds = array.astype("datetime64[ns]").astype(np.int64) / 1e9
    elif array.dtype.kind in "iuf":
        seconds = array.astype(np.float64)
        missing = ~np.isfinite(seconds)
    else:
        raise TypeError(f"{name} must be numbers (seconds) or dates, got dtype {array.dtype}")
    if missing.any():
        at = int(np.argmax(missing))
        raise ValueError(f"{name}: {array[at]} at position {at}: leave out events without a time")
    return seconds


def _of_dates(name: str, dates: npt.NDArray[Any]) -> npt.NDArray[Any]:
    aware = {getattr(date, "tzinfo", None) is not None for date in dates}
    if len(aware) > 1:
        raise ValueError(f"{name} mix dates with and without a time zone: make them all of one kind")
    if aware == {True}:
        return np.array([date.timestamp() for date in dates], dtype=np.float64)
    return dates.astype("datetime64[us]")
