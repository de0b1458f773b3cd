"""`Events` from tables: data frames and CSV files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coals._util.checks import check_bool
from coals.data.entries import Columns
from coals.data.readers.csv import Dialect, read_csv
from coals.data.readers.frames import read_frame

if TYPE_CHECKING:
    from coals.data.events import Events

__all__ = ["EventsFromTables"]

_REQUIRED = ("group", "item")


class EventsFromTables(ABC):
    """The constructors of `Events` that read tables."""

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
        wanted = {argument: name for argument, name in given.items() if name is not None or argument in _REQUIRED}
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
        delimiter: str | None = None,
        header: bool | None = None,
        quote: str | None = '"',
        encoding: str = "utf-8",
        text_ids: bool = False,
        progress: bool | None = None,
    ) -> Events:
        """Events from a file of delimited text, one line for each, read in blocks.

        Parameters
        ----------
        path : path, or file open for reading
            May be compressed by gzip, bzip2 or xz.
        group, item, time : str or int
            Columns by name, or by position from 0; each its own. A time is a number (of seconds) or a date in ISO 8601.
            Without one, events of a group come in the order of the lines.
        item_titles : mapping of item id to str, or None
            As in `from_frame`.
        delimiter, header, quote, encoding, text_ids, progress
            As in `Interactions.from_csv`.

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
        roles = {"group": "ids", "item": "ids", "time": "times"}
        wanted = {
            argument: (column, roles[argument])
            for argument, column in given.items()
            if column is not None or argument in _REQUIRED
        }
        read = read_csv(path, wanted, Dialect(delimiter, header, quote, encoding), progress)
        as_numbers = not check_bool("text_ids", text_ids)
        return cls._of_columns(_columns(read, given)._replace(detect_integers=as_numbers), item_titles)

    @classmethod
    @abstractmethod
    def _of_columns(cls, columns: Columns, titles: Mapping[Any, str] | None) -> Events:
        """What the columns hold, checked and in order."""


def _columns(read: Mapping[str, Any], given: Mapping[str, Any]) -> Columns:
    """Groups stand in the place of users."""
    group, item, time = (f"column {given[name]!r}" for name in ("group", "item", "time"))
    return Columns(read["group"], read["item"], None, read.get("time"), names=(group, item, "", time))
