"""What happened in which order: events by basket, session or user, for co-occurrence in time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_bool, check_seconds, type_word
from coals._util.limits import LARGEST
from coals.data.columns import column_ids, column_times, seconds_of
from coals.data.entries import Columns
from coals.data.id_arrays import place
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.labels import refuse_other_indexes
from coals.data.readers.files import read_files
from coals.data.readers.frames import read_frame
from coals.data.readers.plain_columns import plain_column
from coals.data.readers.queries import read_query
from coals.data.readers.text_rules import TextLayout
from coals.data.titled_items import TitledItems
from coals.data.titles import checked_titles, titles_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Events"]

# 2^-1000 is about the least that float64 can hold.
_MOST_LIVES = 1000

_YEAR = 365.2425 * 86_400  # seconds
_YEAR_3000 = 1030 * _YEAR
_UNITS = ((10**3, "milliseconds", "ms"), (10**6, "microseconds", "us"), (10**9, "nanoseconds", "ns"))

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Events(TitledItems):
    """Events by group, in order.

    Made by `from_frame`, `from_csv` or `from_arrays`, which check everything; its arrays are read-only. ``len(events)``
    is the number of events.

    Attributes
    ----------
    groups, items : IdIndex
        `encode` turns ids into positions, `decode` turns them back; ``items.ids`` are all ids, in sorted order.
    group_begin : int64 array of shape (n_groups + 1,)
        Group g has events group_begin[g] to group_begin[g + 1].
    item : int32 array of shape (n_events,)
        Positions of the items, in order within each group.
    time : float64 array of shape (n_events,), or None
        Seconds, where given as dates since 1970; never falling within a group. None: order is all there is.
    item_titles : ndarray of str, shape (n_items,), or None
        `titles` looks them up by id.
    dates : datetime64[ns] array of shape (n_events,), or None
        The times exactly, in UTC, where they were given as dates.

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
    item_titles: npt.NDArray[Any] | None = None
    dates: npt.NDArray[np.datetime64] | None = None

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
            May hold more ids than occur; an item it lacks goes by its id.

        Raises
        ------
        TypeError, ValueError
            As `Interactions.from_arrays`, and for times that are missing, infinite or no numbers or dates.

        Notes
        -----
        Cost: the ids are sorted once, and the events. Memory: 12 bytes an event.
        """
        given = {"groups": groups, "items": items, "times": times}
        refuse_other_indexes(given)
        columns = [plain_column(column, name) for name, column in given.items()]
        return cls._of_columns(Columns(columns[0], columns[1], None, columns[2]), item_titles)

    @classmethod
    def from_frame(
        cls, frame: Any, *, group: Any, item: Any, time: Any = None, item_titles: Mapping[Any, str] | None = None
    ) -> Events:
        """Events from the columns of a table, one row for each.

        Parameters
        ----------
        frame : table
            Any that `Interactions.from_frame` takes: of pandas, polars, pyarrow or DuckDB, a dict of columns, ….
        group, item : str
            Names of the columns of ids of baskets, sessions or users, and of items, as in `Interactions.from_frame`.
        time : str or None
            Name of a column of numbers (seconds) or dates. None: events of a group come in the order of the rows.
        item_titles : mapping of item id to str, or None
            May hold more ids than occur; an item it lacks goes by its id. `with_items` takes titles from a table.

        Raises
        ------
        TypeError, ValueError
            As `from_arrays`, and for a column that is not there, with the names there are.

        Notes
        -----
        Cost: linear, and a sort of the different ids and of the events.

        Examples
        --------
        >>> rows = {"basket": [1, 1, 2], "sku": ["tea", "cake", "tea"], "at": np.array(["2026-01-02"] * 3, "M8[s]")}
        >>> coals.Events.from_frame(rows, group="basket", item="sku", time="at")
        Events(3 events in 2 groups, 2 items, with times)
        """
        given = {"group": group, "item": item, "time": time}
        wanted = {
            argument: name for argument, name in given.items() if name is not None or argument in ("group", "item")
        }
        return cls._of_columns(_columns(read_frame(frame, wanted), given), item_titles)

    @classmethod
    def from_csv(
        cls,
        path: Any,
        *,
        group: str | int,
        item: str | int,
        time: str | int | None = None,
        item_titles: Mapping[Any, str] | None = None,
        text_ids: bool = False,
        progress: bool | None = None,
        **layout: Unpack[TextLayout],
    ) -> Events:
        """Events from delimited text, one line for each, in one file or several.

        Parameters
        ----------
        path : path or pattern, or file open for reading
            As in `Interactions.from_csv`.
        group, item, time : str or int
            Columns by name, or by position from 0; each its own. A time is a number (of seconds) or a date in ISO 8601.
            Without one, events of a group come in the order of the lines.
        item_titles : mapping of item id to str, or None
            As in `from_frame`.
        text_ids, progress, **layout
            As in `Interactions.from_csv`, with all options for the layout of text.

        Raises
        ------
        ValueError, OSError
            As `Interactions.from_csv`, with the line and the column.

        Examples
        --------
        >>> import io
        >>> text = io.StringIO("who,what,when\\nann,intro,2026-01-02\\nann,verse,2026-01-03\\n")
        >>> coals.Events.from_csv(text, group="who", item="what", time="when")
        Events(2 events in 1 groups, 2 items, with times)
        """
        given = {"group": group, "item": item, "time": time}
        return cls._of_files(path, "text", given, item_titles, text_ids, progress, layout)

    @classmethod
    def from_file(
        cls,
        path: Any,
        *,
        group: str | int,
        item: str | int,
        time: str | int | None = None,
        item_titles: Mapping[Any, str] | None = None,
        text_ids: bool = False,
        progress: bool | None = None,
        **layout: Unpack[TextLayout],
    ) -> Events:
        """Events from a file of any kind that `Interactions.from_file` reads; the rest as in `from_csv`."""
        given = {"group": group, "item": item, "time": time}
        return cls._of_files(path, None, given, item_titles, text_ids, progress, layout)

    @classmethod
    def from_sql(
        cls,
        query: str,
        connection: Any = None,
        *,
        group: str | None = None,
        item: str | None = None,
        time: str | None = None,
        item_titles: Mapping[Any, str] | None = None,
    ) -> Events:
        """Events from the rows of an SQL query, as in `Interactions.from_sql`: groups, items and perhaps times."""
        read, names = read_query(query, connection, {"group": group, "item": item, "time": time})
        return cls._of_columns(_columns(read, {"time": None, **names}), item_titles)

    @classmethod
    def _of_files(
        cls, path: Any, kind: str | None, given: Mapping[str, Any], titles: Mapping[Any, str] | None, text_ids: bool,
        progress: bool | None, layout: Mapping[str, Any],
    ) -> Events:  # fmt: skip
        roles = {"group": "ids", "item": "ids", "time": "times"}
        wanted = {name: (given[name], role) for name, role in roles.items() if role == "ids" or given[name] is not None}
        text_ids = check_bool("text_ids", text_ids)
        read = read_files(path, wanted, layout, kind=kind, progress=progress, text_ids=text_ids)
        return cls._of_columns(_columns(read, given), titles)

    @classmethod
    def _of_columns(cls, columns: Columns, titles: Mapping[Any, str] | None) -> Events:
        """Groups stand in the place of users."""
        names = ("groups", *columns.names[1:]) if columns.names[0] == "users" else columns.names
        group_ids, rows = column_ids(names[0], columns.users)
        item_ids, places = column_ids(names[1], columns.items)
        if len(rows) != len(places):
            raise ValueError(f"{names[0]} and {names[1]} must be of one length, got {len(rows)} and {len(places)}")
        if len(rows) == 0:
            raise ValueError(f"{names[0]} and {names[1]} are empty: there are no events")
        times = None if columns.times is None else _checked_times(names[3], columns.times, len(rows))
        order = np.argsort(rows, kind="stable") if times is None else np.lexsort((times, rows))
        group_begin = np.append(0, np.cumsum(np.bincount(rows, minlength=len(group_ids)))).astype(np.int64)
        item, ordered = places[order].astype(np.int32), None if times is None else times[order]
        time = None if ordered is None else seconds_of(ordered)
        dates = None if ordered is None or ordered.dtype.kind != "M" else ordered
        for part in (group_begin, item, time, dates):
            if part is not None:
                part.setflags(write=False)
        groups = IdIndex.trusted(group_ids, len(group_ids), "group")
        items = IdIndex.trusted(item_ids, len(item_ids), "item")
        return cls(groups, items, group_begin, item, time, checked_titles(titles_of(items, titles), items.size), dates)

    def __len__(self) -> int:
        return self.n_events

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.item)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.groups)

    def to_interactions(self, *, half_life: Any = None, now: Any = None) -> Interactions:
        r"""Groups x items for any model: how often each item occurs in each group, old events counting for less.

        Only models that weigh values see the decay (ALS, ``weighted=True``); others ignore values. Ages are
        those at `now`, so parts that are to be added up need one `now` for all. Ids and titles stay, and `times` are
        those of the last event of each entry: seconds, or dates where the events have dates.

        Parameters
        ----------
        half_life : float, timedelta or None, default None
            Seconds after which an event counts for half: it adds :math:`2^{-(now - t) / half\_life}`. None: 1 each.
        now : number, date or None, default None
            For `half_life`. None is the time of the last event.

        Raises
        ------
        ValueError
            If `half_life` is given and the events have no times, `now` without `half_life`, or a `now` before the last
            event.

        Warns
        -----
        UserWarning
            If `half_life` is given and times, numbers that are taken as seconds, lie beyond the year 3000: they are
            milliseconds, or finer, as a rule.

        Examples
        --------
        >>> events = coals.Events.from_arrays(["ann", "ann"], ["tea", "tea"], [0, 60])
        >>> events.to_interactions(half_life=60).matrix.toarray()
        array([[1.5]])
        """
        refuse_idle_now(now, half_life)
        weights = None if half_life is None else self.weights(half_life, now)
        rows = np.repeat(np.arange(self.n_groups), np.diff(self.group_begin))
        times = self.time if self.dates is None else self.dates
        data = Interactions.from_arrays(rows, self.item, weights, time=times, duplicates="sum")
        return Interactions(data.matrix, self.groups, self.items, self.item_titles, data.row_counts, data.times)

    def weights(self, half_life: Any, now: Any = None) -> Floats:
        """What each event counts for, by age: shape (n_events,). `half_life` and `now` as in `to_interactions`."""
        half_life = check_half_life(half_life)
        warn_of_units(self, "half_life")
        moment = self.moment(now, half_life)
        assert self.time is not None  # or moment would have complained
        weights: Floats = np.exp2(-(moment - self.time) / half_life)
        return weights

    def moment(self, now: Any = None, half_life: float | None = None) -> float:
        """`now` in seconds; None is the time of the last event.

        A ValueError if that is before the last event, or so long after it that no event weighs anything.
        """
        if self.time is None:
            raise ValueError("events without times have no age: give times to Events.from_arrays")
        last = float(self.time.max())
        if now is None:
            return last
        if not np.isscalar(now) and not hasattr(now, "isoformat"):
            raise TypeError(f"now must be a number (seconds) or a date, got {type_word(now)}")
        moment = float(seconds_of(_checked_times("now", [now], 1))[0])
        if moment < last:
            raise ValueError(f"now is {last - moment:g} seconds before the last event: leave out what is in the future")
        lives = 0.0 if half_life is None else (moment - last) / half_life
        if lives > _MOST_LIVES:
            raise ValueError(
                f"now is {lives:g} half-lives after the last event, so that all weigh nothing: give times, now and "
                "half_life in one unit"
            )
        return moment

    def __repr__(self) -> str:
        timed = "" if self.time is None else ", with times"
        return f"Events({self.n_events} events in {self.n_groups} groups, {self.n_items} items{timed})"


def check_half_life(value: Any) -> float:
    """A positive length of time, in seconds."""
    return check_seconds("half_life", value, minimum=0, strict=True, maximum=LARGEST)


def refuse_idle_now(now: Any, half_life: Any) -> None:
    """A ValueError where `now` would change nothing."""
    if now is not None and half_life is None:
        raise ValueError("now says when events have age 0, which half_life alone asks for: give half_life, or no now")


def warn_of_units(events: Events, argument: str) -> None:
    """A warning where numbers that are taken as seconds would be dates far beyond the present."""
    if events.time is None or events.dates is not None:
        return
    last = float(np.abs(events.time).max())
    if last <= _YEAR_3000:
        return
    word, dtype = next((words for factor, *words in _UNITS if last / factor <= _YEAR_3000), ("nanoseconds", "ns"))
    warnings.warn(
        f"{argument} is in seconds, and so are times that are numbers, but a time of {last:.0f} would be in the year "
        f"{1970 + last / _YEAR:.0f}: if the times are {word}, give dates, such as times.astype('datetime64[{dtype}]')",
        stacklevel=4,
    )


def _checked_times(name: str, times: Any, size: int) -> npt.NDArray[Any]:
    given = column_times(name, times)
    if given.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), one for each event, got {given.shape}")
    seconds = seconds_of(given)
    large = np.abs(seconds) > LARGEST
    if large.any():
        at = int(np.argmax(large))
        raise ValueError(f"{place(name, at)} is {seconds[at]:g}, and more than {LARGEST:g} seconds are no time")
    return given


def _columns(read: Mapping[str, Any], given: Mapping[str, Any]) -> Columns:
    """Groups stand in the place of users."""
    group, item, time = (f"column {given[name]!r}" for name in ("group", "item", "time"))
    return Columns(read["group"], read["item"], None, read.get("time"), names=(group, item, "", time))
