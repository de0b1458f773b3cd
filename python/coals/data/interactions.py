"""Who did what and how much: the users x items matrix models are fitted with, and the ids that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice, kind_word, refuse_masked
from coals._util.progress import working
from coals.data import reports
from coals.data.entries import Columns, entry_namer, parts_of
from coals.data.file_columns import FileOptions, ReadOptions, columns_of_files, columns_of_lists, columns_of_query
from coals.data.ids import IdIndex
from coals.data.labels import refuse_column, refuse_other_indexes
from coals.data.readers.frames import read_frame, values_of_series
from coals.data.readers.plain_columns import plain_column
from coals.data.reduce import Reduction, binarized, core
from coals.data.sparse import DUPLICATES, canonical_csr, check_sparse, trusted_csr
from coals.data.tables import Table
from coals.data.titled_items import TitledItems
from coals.data.titles import checked_titles, titles_beside, titles_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Interactions", "as_interactions", "unnamed"]


@dataclass(frozen=True, eq=False, repr=False)
class Interactions(TitledItems):
    """Users x items matrix with the ids and titles that belong to it.

    Made by `from_frame`, `from_csv`, `from_parquet`, `from_arrays` or `from_matrix`, which check everything; not to be
    changed afterwards (its arrays are read-only).

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of shape (n_users, n_items)
        Column indices increase strictly within each row, so no pair is repeated. float32 values stay float32;
        float64, integers and bools become float64. All are finite. Stored zeros are entries like any other.
    users, items : IdIndex
        `encode` turns ids into rows or columns, `decode` turns them back.
    item_titles : ndarray of str, shape (n_items,), or None
    row_counts : ndarray of int64, shape (nnz,), or None
        How many input rows each entry was merged from; None means one each.
    times : ndarray of int64, float64 or datetime64[ns], shape (nnz,), or None
        When each entry came about, the last time if it was merged from several rows; follows ``matrix.data``. Numbers
        stay the numbers that were given, dates are dates in UTC.

    Examples
    --------
    >>> data = Interactions.from_arrays(["ann", "ann", "bob"], [10, 20, 20], [5.0, 3.0, 4.0])
    >>> data
    Interactions(2 users x 2 items, 3 entries)
    >>> data.matrix.toarray()
    array([[5., 3.],
           [0., 4.]])
    >>> data.users.encode("bob")
    array([1])
    """

    matrix: Any
    users: IdIndex
    items: IdIndex
    item_titles: npt.NDArray[Any] | None = None
    row_counts: npt.NDArray[np.int64] | None = None
    times: npt.NDArray[Any] | None = None

    def __post_init__(self) -> None:
        indexed = isinstance(self.users, IdIndex) and isinstance(self.items, IdIndex)
        if not indexed or getattr(self.matrix, "format", None) != "csr":
            raise TypeError("make Interactions with Interactions.from_matrix or Interactions.from_arrays")
        shape, nnz = check_sparse(self.matrix), self.matrix.nnz
        if shape != self.shape:
            raise ValueError(f"the matrix has shape {shape}, but there are ids for {self.n_users} x {self.n_items}")
        for name, size in (("item_titles", shape[1]), ("row_counts", nnz), ("times", nnz)):
            array = getattr(self, name)
            if array is not None and np.shape(array) != (size,):
                raise ValueError(f"{name} must have shape ({size},), got {np.shape(array)}")
        if self.times is not None:
            self.times.setflags(write=False)

    @classmethod
    def _trusted(
        cls, matrix: Any, users: IdIndex, items: IdIndex, item_titles: npt.NDArray[Any] | None = None,
        row_counts: npt.NDArray[np.int64] | None = None, times: npt.NDArray[Any] | None = None,
    ) -> Interactions:  # fmt: skip
        """From a canonical matrix and the parts that go with it, which are not checked again."""
        data = cls.__new__(cls)
        vars(data).update(matrix=matrix, users=users, items=items, item_titles=item_titles)
        vars(data).update(row_counts=row_counts, times=times)
        if times is not None:
            times.setflags(write=False)
        return data

    @classmethod
    def from_matrix(
        cls,
        matrix: Any,
        *,
        user_ids: Any = None,
        item_ids: Any = None,
        item_titles: Any = None,
        duplicates: str = "error",
    ) -> Interactions:
        """Interactions from a SciPy sparse matrix or array of any format, which is copied.

        Parameters
        ----------
        matrix : sparse matrix of shape (n_users, n_items)
            Real numbers. Zeros that CSR, CSC, COO, LIL or DOK store are kept; BSR and DIA cannot tell a
            stored zero from padding, so theirs are dropped.
        user_ids, item_ids : array-like of shape (n_users,), (n_items,), or None
            Different integers, floats, strings or other hashable objects. None: the row and column numbers.
        item_titles : sequence of str, shape (n_items,), mapping of item id to str or such a pandas Series, or None
        duplicates : {"error", "sum", "last", "max", "mean", "count"}
            What becomes of a (user, item) pair stored more than once: an error that names it (the default),
            or one entry with the sum, the last in stored order, the largest, the mean, or how often it
            occurs. "count" ignores all values: a pair stored once gets 1.

        Raises
        ------
        TypeError
            Not sparse, or not real numbers.
        ValueError
            Empty, NaN or infinity, a repeated pair, an index out of range, ids or titles that do not fit. An
            axis longer than 2**31 - 1, or than both 100 million and 1000 times the number of entries.

        Notes
        -----
        Cost: linear in stored entries; a copy of a canonical CSR matrix takes milliseconds for millions of
        entries.
        """
        n_users, n_items = check_sparse(matrix)
        check_choice("duplicates", duplicates, DUPLICATES)
        users, items = IdIndex(user_ids, n_users, "user"), IdIndex(item_ids, n_items, "item")
        rows, row_counts = canonical_csr(matrix, duplicates=duplicates, copy=True, name=entry_namer(users, items))
        return cls(rows, users, items, titles_beside(item_titles, items, item_ids), row_counts)

    @classmethod
    def from_arrays(
        cls,
        users: Any,
        items: Any,
        values: Any = None,
        *,
        time: Any = None,
        item_titles: Mapping[Any, str] | None = None,
        duplicates: str = "error",
        min_user_items: int | None = None,
        min_item_users: int | None = None,
        binarize: float | None = None,
        progress: bool | None = None,
    ) -> Interactions:
        """Interactions from parallel sequences: users[e] gave items[e] the value values[e].

        Parameters
        ----------
        users, items : array-like of shape (n,)
            Ids of any hashable kind but bool, none missing: integers, strings, bytes, UUIDs, dates, tuples. Rows and
            columns follow their sorted order. Values that Python calls equal are one id: 1 and 1.0 in one list are, 1
            and "1" are not.
        values : array-like of shape (n,), real numbers, or None
            None: 1 for each entry, as float32.
        time : array-like of shape (n,), numbers or dates, or None
            Kept as `times`.
        item_titles : mapping of item id to str, pandas Series with item ids as its index, or None
            May hold more ids than occur; an item it lacks goes by its id.
        duplicates : {"error", "sum", "last", "max", "mean", "count"}
            What becomes of a repeated (user, item) pair, as in `from_matrix`; with `time`, "last" keeps the value of
            the latest row.
        min_user_items, min_item_users : int or None
            Leave out users with fewer items and items with fewer users, over and over until none is left, as
            `core` does.
        binarize : float or None
            Keep entries of at least this value, each as 1, as `binarized` does. Repeated pairs are merged before, users
            and items left out after.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.

        Raises
        ------
        TypeError, ValueError
            As `from_matrix`, and for sequences of unequal length, missing or masked ids, and what has no
            order to match values by: generators, sets, dicts.

        Examples
        --------
        >>> plays = Interactions.from_arrays(["ann", "ann", "ann"], ["x", "y", "x"], duplicates="sum")
        >>> plays.matrix.toarray(), plays.row_counts
        (array([[2., 1.]], dtype=float32), array([2, 1]))
        """
        given = {"users": users, "items": items, "values": values, "times": time}
        reduction = Reduction(duplicates, min_user_items, min_item_users, binarize)
        refuse_other_indexes(given)
        with working("encoding", progress):
            columns = Columns(*(plain_column(column, name) for name, column in given.items()))
            return cls._of_columns(columns, item_titles, reduction)

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
            ``__arrow_c_stream__``, and with narwhals installed all that it knows. None of them is required. Levels of
            a pandas index are columns too; a pandas Series is its index with the values, as ``groupby(…).size()`` is.
        user, item : str
            Names of the columns of ids, each its own: integers, strings, categories, bytes, UUIDs, dates, or with
            pandas and dicts any hashable objects. A null is an error that names its row, counted from 0. Rows and
            columns of the matrix follow the sorted order of the ids; unused categories are ignored.
        value : str or None
            Name of a column of numbers. None: the values of a pandas Series, else 1 for each row, as float32.
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
        frame, value = values_of_series(frame, value, time)
        given = {"user": user, "item": item, "value": value, "time": time}
        required = ("user", "item")
        wanted = {argument: name for argument, name in given.items() if name is not None or argument in required}
        with working("reading", progress):
            read = read_frame(frame, wanted)
            columns = read["user"], read["item"], read.get("value"), read.get("time")
            names = f"column {user!r}", f"column {item!r}", f"column {value!r}", f"column {time!r}"
            reduction = Reduction(duplicates, min_user_items, min_item_users, binarize)
            return cls._of_columns(Columns(*columns, names=names), None, reduction)

    @classmethod
    def from_csv(
        cls,
        path: Any,
        *,
        user: str | int,
        item: str | int,
        value: str | int | None = None,
        time: str | int | None = None,
        **options: Unpack[FileOptions],
    ) -> Interactions:
        r"""Interactions from delimited text, in one file or several.

        Parameters
        ----------
        path : path or pattern, or file open for reading
            "plays/*.csv" stands for its files in the order of their names. They may be compressed by gzip, bzip2, xz,
            zstd or ZIP (of which the first member is read; others are warned of).
        user, item, value, time : str or int
            Columns by name, or by position from 0; each its own. Ids are integers if every id of the column is written
            as one ("7", not "007"), else strings. A value is a finite number; None: 1 for each row. A time is a number,
            or a date in ISO 8601 ("2020-01-31", "2020-01-31 23:59:59.5", "…T23:59Z", "… UTC", "…+01:00"), kept as
            `times`. An empty field is an error.
        text_ids : bool, default False
            Keep ids strings even where all of them are written as integers.
        duplicates, min_user_items, min_item_users, binarize, progress
            As in `from_arrays`.
        delimiter : str or None, default None
            One character or more, "::" for example; ``r"\s+"`` is any number of blanks. None: whichever of tab, comma,
            semicolon, bar, "::" and blanks cuts the first hundred lines into equally many fields, with the columns
            asked for among them.
        header : bool or None, default None
            Whether the first line has the names of the columns. None: yes if a column is asked for by name; a first
            line that nevertheless reads like names is an error.
        quote : str or None, default '"'
            Fields may be quoted with it, and hold it doubled, delimiters and line ends then. None: it means nothing.
        encoding : str, default "utf-8"
            Any that Python knows. A byte order mark is skipped.
        comment : str or None, default None
            Lines that begin with it are left out.
        skip_lines : int, default 0
            How many lines at the top to leave out.
        decimal : {".", ","}, default "."
            The decimal point of numbers.
        missing : str or sequence of str, default ()
            Fields that mean, as empty ones do, that there is nothing: "NULL" for example.

        Raises
        ------
        ValueError
            A line with more or fewer fields than the first one, a missing id, a value that is not a number, a NUL byte,
            a quote that is not closed: with the line, counted from 1, and the column. An empty or corrupt file, and a
            column that is not there, with the names there are. Else as `from_arrays`.

        Notes
        -----
        Ids that look like markers of missing ones ("NULL"), and a few that keep the rest from being integers, are
        UserWarnings. Cost: linear. DuckDB cuts up the text, in parallel (``pip install 'coals[files]'``); where it is
        missing, and for text that it refuses, Python does: the same answers, about ten times as slowly. Memory: 8 bytes
        for each row and id column and value, about 60 at the peak.

        Examples
        --------
        >>> import io
        >>> text = io.StringIO("who,what,stars\nann,s1,5\nann,s2,3\nbob,s1,4\n")
        >>> data = coals.Interactions.from_csv(text, user="who", item="what", value="stars")
        >>> data.matrix.toarray()
        array([[5., 3.],
               [4., 0.]])
        """
        given = {"user": user, "item": item, "value": value, "time": time}
        return cls._of_columns(*columns_of_files(path, "text", given, options))

    @classmethod
    def from_parquet(
        cls,
        path: Any,
        *,
        user: str,
        item: str,
        value: str | None = None,
        time: str | None = None,
        **options: Unpack[ReadOptions],
    ) -> Interactions:
        """Interactions from a Parquet file, a folder of such files, or a pattern, read a batch at a time by DuckDB.

        Only the named columns are read, and ids are what they are there. Options are as in `from_frame`. Errors are
        those of `from_frame`, an ImportError where DuckDB is missing, and a ValueError for a file that is not Parquet.
        """
        given = {"user": user, "item": item, "value": value, "time": time}
        return cls._of_columns(*columns_of_files(path, "parquet", given, options))

    @classmethod
    def from_file(
        cls,
        path: Any,
        *,
        user: str | int,
        item: str | int,
        value: str | int | None = None,
        time: str | int | None = None,
        **options: Unpack[FileOptions],
    ) -> Interactions:
        """Interactions from a file of any kind: Parquet, JSON lines (named .jsonl, .ndjson or .json), or else text.

        `path` may be a pattern or, for Parquet, a folder. Columns of Parquet and JSON lines go by name, and their ids
        are what they are there. The rest is as in `from_csv`; options for the layout of text are an error elsewhere.

        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp(), "plays.tsv")
        >>> _ = path.write_text("ann\\ts1\\t5\\nbob\\ts1\\t2\\n")
        >>> coals.Interactions.from_file(path, user=0, item=1, value=2)
        Interactions(2 users x 1 items, 2 entries)
        """
        given = {"user": user, "item": item, "value": value, "time": time}
        return cls._of_columns(*columns_of_files(path, None, given, options))

    @classmethod
    def from_sql(
        cls,
        query: str,
        connection: Any = None,
        *,
        user: str | None = None,
        item: str | None = None,
        value: str | None = None,
        time: str | None = None,
        **options: Unpack[ReadOptions],
    ) -> Interactions:
        """Interactions from the rows of an SQL query.

        Parameters
        ----------
        query : str
            A SELECT, over files where there is no connection: "SELECT user_id, song_id, plays FROM 'plays/*.parquet'".
        connection : None, path, or connection
            None: DuckDB runs it. The path of an SQLite or DuckDB database, which no query changes; a connection of
            DuckDB, or any of DB-API 2.0, whose rows are fetched in batches.
        user, item, value, time : str or None
            Names of the columns. All None: the query has them in this order.
        **options
            duplicates, min_user_items, min_item_users, binarize and progress, as in `from_arrays`.

        Raises
        ------
        ValueError, TypeError, ImportError
            A query that cannot be run, with what the database says, a column that is not there, a missing id or value;
            a query over files without DuckDB. Nothing is downloaded for it.

        Notes
        -----
        Ids are what the database has, strings or integers; times are its numbers, dates, or dates in ISO 8601 as text.

        Examples
        --------
        >>> import sqlite3
        >>> shop = sqlite3.connect(":memory:")
        >>> _ = shop.executescript("CREATE TABLE sold (who, what); INSERT INTO sold VALUES ('ann', 7), ('bob', 7)")
        >>> coals.Interactions.from_sql("SELECT who, what FROM sold", shop)
        Interactions(2 users x 1 items, 2 entries)
        >>> shop.close()
        """
        given = {"user": user, "item": item, "value": value, "time": time}
        return cls._of_columns(*columns_of_query(query, connection, given, options))

    @classmethod
    def from_lists(cls, lists: Any, **options: Unpack[FileOptions]) -> Interactions:
        """Interactions from a list of items for each user, each pair with the value 1.

        `lists` is a mapping of user to items, a pandas Series of lists with users as its index, a sequence of lists,
        whose users are 0, 1, …, or the path of a file of adjacency lists, as LightGCN has them: on each line a user,
        then its items, set apart by blanks, or by `delimiter`. Users without items are left out. Options are as in
        `from_arrays`, for a file as in `from_csv`; a user whose items are not a list is a TypeError.

        >>> import io
        >>> coals.Interactions.from_lists({"ann": ["x", "y"], "bob": ["y"]}).matrix.toarray()
        array([[1., 1.],
               [0., 1.]], dtype=float32)
        >>> coals.Interactions.from_lists(io.StringIO("0 5 7 9\\n1 5\\n"))
        Interactions(2 users x 3 items, 4 entries)
        """
        return cls._of_columns(*columns_of_lists(lists, options))

    @classmethod
    def _of_columns(cls, columns: Columns, titles: Mapping[Any, str] | None, reduction: Reduction) -> Interactions:
        parts = parts_of(columns, reduction.duplicates)
        named = None if titles is None else checked_titles(titles_of(parts.items, titles), parts.items.size)
        return reduction.reduced(cls._trusted(*parts[:3], named, *parts[3:]))

    @property
    def user_ids(self) -> npt.NDArray[Any] | None:
        """Ids of the rows, shape (n_users,); None where they are the row numbers."""
        return self.users.ids

    @property
    def item_ids(self) -> npt.NDArray[Any] | None:
        """Ids of the columns, shape (n_items,); None where they are the column numbers."""
        return self.items.ids

    @property
    def has_ids(self) -> bool:
        """Whether users or items have ids of their own."""
        return self.user_ids is not None or self.item_ids is not None

    @property
    def shape(self) -> tuple[int, int]:
        """(n_users, n_items)"""
        return self.users.size, self.items.size

    @property
    def n_users(self) -> int:
        """Number of rows."""
        return self.users.size

    @property
    def nnz(self) -> int:
        """Number of entries, stored zeros included."""
        return int(self.matrix.nnz)

    def select(self, mask: npt.NDArray[np.bool_]) -> Interactions:
        """The same users, items, ids and titles with only the entries where `mask` is true.

        `mask` has shape (nnz,) and dtype bool and follows `matrix.data`. Nothing kept is a ValueError.

        >>> data = Interactions.from_arrays([0, 1, 2], ["x", "y", "x"], [5.0, 1.0, 4.0])
        >>> data.select(data.matrix.data >= 4)
        Interactions(3 users x 2 items, 2 entries)
        """
        refuse_masked("mask", mask)
        refuse_column("mask", mask, "matrix.data", "compare data.matrix.data or data.times, or give .to_numpy()")
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"mask must be of dtype bool, got {kind_word(mask.dtype)}")
        if mask.shape != (self.nnz,):
            raise ValueError(f"mask must have shape ({self.nnz},), one for each entry, got {mask.shape}")
        if not mask.any():
            raise ValueError(f"mask keeps none of the {self.nnz} entries")
        rows = self.matrix
        indptr = np.append(0, np.cumsum(mask))[rows.indptr]
        kept = trusted_csr(rows.data[mask], rows.indices[mask], indptr, self.shape)
        counts = None if self.row_counts is None else self.row_counts[mask]
        times = None if self.times is None else self.times[mask]
        return Interactions._trusted(kept, self.users, self.items, self.item_titles, counts, times)

    def binarized(self, threshold: float) -> Interactions:
        """Only the entries of at least `threshold`, each with the value 1; the same users, items, ids and titles.

        >>> Interactions.from_arrays([0, 0, 1], ["x", "y", "y"], [5.0, 1.0, 4.0]).binarized(4).matrix.toarray()
        array([[1., 0.],
               [0., 1.]], dtype=float32)
        """
        return binarized(self, threshold)

    def core(self, min_user_items: int | None = None, min_item_users: int | None = None) -> Interactions:
        """Keeps users with at least `min_user_items` kept items, and items with at least `min_item_users` kept users.

        It is the largest such part; None stands for 1. Nothing left is a ValueError. Cost: O(nnz), however long one
        removal leads to the next.

        >>> data = Interactions.from_arrays(["a", "a", "b", "c"], ["x", "y", "x", "z"])
        >>> data.core(min_item_users=2).matrix.toarray(), data.core(min_item_users=2).user_ids
        (array([[1.],
               [1.]], dtype=float32), array(['a', 'b'], dtype='<U1'))
        """
        return core(self, min_user_items, min_item_users)

    def popularity_table(self, by: str = "users") -> Table:
        """Items with how many users, rows and what sum of values they have, most popular first.

        Parameters
        ----------
        by : {"users", "rows", "sum"}, default "users"
            What to sort by; ties go to the item that comes first. "share %" is the item's part of its total.

        Returns
        -------
        Table
            Columns item, title (the id as text where there are no titles), users, rows, sum, "share %".

        Notes
        -----
        Cost: one pass over the entries and a sort of the items.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "y"], [5, 2, 7])
        >>> plays.popularity_table(by="sum")
        item  title  users  rows  sum  share %
        ----  -----  -----  ----  ---  -------
        y     y          2     2    9    64.29
        x     x          1     1    5    35.71
        """
        return reports.popularity_table(self, by)

    def describe(self) -> Table:
        """Sizes, density, values, and quantiles of items per user and users per item.

        Examples
        --------
        >>> coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "y"], [5, 2, 7]).describe().to_dict()
        {'measure': ['users', 'items', 'entries', 'rows', 'density',
        'value: min', 'value: mean', 'value: max',
        'items per user: min', 'items per user: 25 %', 'items per user: median', 'items per user: 75 %',
        'items per user: max', 'items per user: mean',
        'users per item: min', 'users per item: 25 %', 'users per item: median', 'users per item: 75 %',
        'users per item: max', 'users per item: mean'],
        'value': [2.0, 2.0, 3.0, 3.0, 0.75, 2.0, 4.66..., 7.0, 1.0, 1.25, 1.5, 1.75, 2.0, 1.5, 1.0, 1.25, 1.5, 1.75,
        2.0, 1.5]}
        """
        return reports.described(self)

    def __repr__(self) -> str:
        return f"Interactions({self.n_users} users x {self.n_items} items, {self.nnz} entries)"


def as_interactions(X: Any) -> Interactions:
    """X itself if it is `Interactions`, else a SciPy sparse matrix checked and without ids: what every `fit`
    calls.

    A CSR matrix in order already is not copied but shared, so it must not be changed while the result is in
    use; others are converted, and X itself is never changed. Repeated pairs are an error:
    `Interactions.from_matrix` merges them. Other errors and costs as there.
    """
    if isinstance(X, Interactions):
        return X
    matrix, _ = canonical_csr(X)
    return unnamed(matrix)


def unnamed(matrix: Any) -> Interactions:
    """Around a canonical matrix, without ids."""
    n_users, n_items = matrix.shape
    return Interactions._trusted(matrix, IdIndex(None, n_users, "user"), IdIndex(None, n_items, "item"))
