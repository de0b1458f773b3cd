"""`Interactions` from tables: data frames, CSV and Parquet files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from coals._util.checks import check_bool
from coals._util.progress import working
from coals.data.entries import Columns
from coals.data.readers.csv import Dialect, read_csv
from coals.data.readers.frames import read_frame
from coals.data.readers.parquet import open_parquet
from coals.data.reduce import Intake

if TYPE_CHECKING:
    from coals.data.interactions import Interactions

__all__ = ["FromTables"]


class FromTables(ABC):
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
        progress: bool | None = None,
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
        duplicates, min_user_items, min_item_users, binarize, progress
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
        with working("reading", progress):
            read = read_frame(frame, wanted)
            columns = read["user"], read["item"], read.get("value"), read.get("time")
            names = f"column {user!r}", f"column {item!r}", f"column {value!r}", f"column {time!r}"
            intake = Intake(duplicates, min_user_items, min_item_users, binarize)
            return cls._of_columns(Columns(*columns, names=names), None, intake)

    @classmethod
    def from_csv(
        cls,
        path: Any,
        *,
        user: str | int,
        item: str | int,
        value: str | int | None = None,
        time: str | int | None = None,
        delimiter: str | None = None,
        header: bool | None = None,
        quote: str | None = '"',
        encoding: str = "utf-8",
        text_ids: bool = False,
        duplicates: str = "error",
        min_user_items: int | None = None,
        min_item_users: int | None = None,
        binarize: float | None = None,
        progress: bool | None = None,
    ) -> Interactions:
        """Interactions from a file of delimited text, read in blocks: memory is needed for the result alone.

        Parameters
        ----------
        path : path, or file open for reading
            May be compressed by gzip, bzip2 or xz; what it is shows in its first bytes.
        user, item, value, time : str or int
            Columns by name, or by position from 0; each its own. Ids are integers if every id of the column is written
            as one ("7", not "007"), else strings. A value is a finite number; None: 1 for each row. A time is a number,
            or a date in ISO 8601 ("2020-01-31", "2020-01-31 23:59:59.5", "…T23:59Z", "…+01:00"), kept as `times`. An
            empty field is an error.
        delimiter : str or None, default None
            One character or more, such as "::". None: whichever of tab, comma, semicolon, bar and "::" the first line
            has most of.
        header : bool or None, default None
            Whether the first line has the names of the columns. None: yes if a column is asked for by name.
        quote : str or None, default '"'
            Fields may be quoted with it, and hold it doubled, delimiters and line ends then. None: it means nothing.
        encoding : str, default "utf-8"
            Any that Python knows. A byte order mark is skipped.
        text_ids : bool, default False
            Keep ids strings even where all of them are written as integers.
        duplicates, min_user_items, min_item_users, binarize
            As in `from_arrays`.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Raises
        ------
        ValueError
            A line with more or fewer fields than the first one, a missing id, a value that is no number, a NUL byte, a
            quote that is not closed: with the line, counted from 1, and the column. An empty or damaged file, and a
            column that is not there, with the names there are. Else as `from_arrays`.
        OSError
            A file that cannot be read.

        Notes
        -----
        Cost: linear. Text is cut up by one thread, columns are read by as many as there are; 10 million rows of 24
        bytes took 1.5 s on two cores. Memory: 8 bytes for each row and id column and value, about 60 at the peak, when
        the matrix is put in order.

        Examples
        --------
        >>> import io
        >>> text = io.StringIO("who,what,stars\\nann,s1,5\\nann,s2,3\\nbob,s1,4\\n")
        >>> data = coals.Interactions.from_csv(text, user="who", item="what", value="stars")
        >>> data.matrix.toarray()
        array([[5., 3.],
               [4., 0.]])
        """
        given = {"user": (user, "ids"), "item": (item, "ids"), "value": (value, "numbers"), "time": (time, "times")}
        wanted = {name: column for name, column in given.items() if column[0] is not None or name in ("user", "item")}
        read = read_csv(path, wanted, Dialect(delimiter, header, quote, encoding), progress)
        columns = read["user"], read["item"], read.get("value"), read.get("time")
        names = f"column {user!r}", f"column {item!r}", f"column {value!r}", f"column {time!r}"
        intake = Intake(duplicates, min_user_items, min_item_users, binarize)
        as_numbers = not check_bool("text_ids", text_ids)
        with working("encoding", progress):
            return cls._of_columns(Columns(*columns, names=names, detect_integers=as_numbers), None, intake)

    @classmethod
    def from_parquet(
        cls,
        path: Any,
        *,
        user: str,
        item: str,
        value: str | None = None,
        time: str | None = None,
        duplicates: str = "error",
        min_user_items: int | None = None,
        min_item_users: int | None = None,
        binarize: float | None = None,
        progress: bool | None = None,
    ) -> Interactions:
        """Interactions from a Parquet file, or a folder of such files, read a batch at a time.

        Needs pyarrow, polars or DuckDB, whichever is installed, tried in this order; only the named columns are read.

        Parameters
        ----------
        path : path
        user, item, value, time, duplicates, min_user_items, min_item_users, binarize, progress
            As in `from_frame`.

        Raises
        ------
        ImportError
            None of the three libraries is installed.
        TypeError, ValueError, OSError
            As `from_frame`, and for what is no Parquet file.
        """
        names: dict[str, Any] = {"user": user, "item": item, "value": value, "time": time}
        intake = {"min_user_items": min_user_items, "min_item_users": min_item_users, "binarize": binarize}
        options: dict[str, Any] = {"duplicates": duplicates, "progress": progress, **intake}
        with open_parquet(path, [name for name in names.values() if name is not None]) as frame:
            return cls.from_frame(frame, **names, **options)

    @classmethod
    @abstractmethod
    def _of_columns(cls, columns: Columns, titles: Any, intake: Intake) -> Interactions:
        """What the columns hold, checked and reduced."""
