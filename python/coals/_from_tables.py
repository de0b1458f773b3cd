"""`Interactions` from tables: data frames, CSV and Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coals._entries import Columns
from coals._frames import read_frame
from coals._reduce import Intake

if TYPE_CHECKING:
    from coals.interactions import Interactions

__all__ = ["FromTables"]


class FromTables:
    """The constructors of `Interactions` that read tables."""

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        user: Any,
        item: Any,
        value: Any = None,
        time: Any = None,
        duplicates: str = "error",
        min_user_items: int | None = None,
        min_item_users: int | None = None,
        binarize: float | None = None,
    ) -> Interactions:
        """Interactions from the columns of a table.

        Parameters
        ----------
        frame : table
            Of pandas, polars (lazy ones too), pyarrow or DuckDB, a dict of columns, anything with
            ``__arrow_c_stream__``, and with narwhals installed all that it knows. None of them is required.
        user, item : str
            Names of the columns of ids: integers, strings, categories, bytes, UUIDs, dates, or with pandas and dicts
            any hashable objects. A null is an error that names its row, counted from 0. Rows and columns of the
            matrix follow the sorted order of the ids; categories that do not occur are none.
        value : str or None
            Name of a column of numbers. None: 1 for each row, as float32.
        time : str or None
            Name of a column of numbers or dates, kept as `times`: the last one of each entry.
        duplicates, min_user_items, min_item_users, binarize
            As in `from_arrays`.

        Raises
        ------
        TypeError, ValueError
            As `from_arrays`, and for a column that is not there, with the names there are.

        Notes
        -----
        Cost: linear, and a sort of the different ids. Arrow columns are read where they lie and in parallel; memory
        beside the table is about 50 bytes for each row while it runs.

        Examples
        --------
        >>> plays = {"who": ["ann", "ann", "bob"], "what": ["s1", "s2", "s2"], "plays": [5, 2, 7]}
        >>> data = coals.Interactions.from_frame(plays, user="who", item="what", value="plays")
        >>> data.matrix.toarray()
        array([[5., 2.],
               [0., 7.]])
        """
        given = {"user": user, "item": item, "value": value, "time": time}
        required = ("user", "item")
        wanted = {argument: name for argument, name in given.items() if name is not None or argument in required}
        read = read_frame(frame, wanted)
        columns = read["user"], read["item"], read.get("value"), read.get("time")
        names = f"column {user!r}", f"column {item!r}", f"column {value!r}", f"column {time!r}"
        intake = Intake(duplicates, min_user_items, min_item_users, binarize)
        return cls._of_columns(Columns(*columns, names=names), None, intake)

    @classmethod
    def _of_columns(cls, columns: Columns, titles: Any, intake: Intake) -> Interactions:
        raise NotImplementedError
