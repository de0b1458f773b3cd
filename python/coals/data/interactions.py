"""Who did what and how much: the users x items matrix models are fitted with, and the ids that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals._util.checks import refuse_masked
from coals._util.progress import working
from coals.data.columns import arrow_column
from coals.data.entries import Columns, entry_namer, parts_of
from coals.data.from_tables import FromTables
from coals.data.ids import IdIndex
from coals.data.reduce import Intake, binarized, core
from coals.data.reports import Reports
from coals.data.sparse import canonical_csr, check_sparse
from coals.data.titled_items import TitledItems
from coals.data.titles import checked_titles, titles_of

__all__ = ["Interactions", "as_interactions"]


@dataclass(frozen=True, eq=False, repr=False)
class Interactions(FromTables, TitledItems, Reports):
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
    times : ndarray of int64 or float64, shape (nnz,), or None
        When each entry came about, the last time if it was merged from several rows; follows ``matrix.data``. Numbers
        as they were given, dates as nanoseconds since 1970 in UTC.

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
        item_titles : sequence of str, shape (n_items,), or None
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
        users, items = IdIndex(user_ids, n_users, "user"), IdIndex(item_ids, n_items, "item")
        rows, row_counts = canonical_csr(matrix, duplicates=duplicates, copy=True, name=entry_namer(users, items))
        return cls(rows, users, items, checked_titles(item_titles, len(items)), row_counts)

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
        item_titles : mapping of item id to str, or None
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
        intake = Intake(duplicates, min_user_items, min_item_users, binarize)
        with working("encoding", progress):
            columns = Columns(*(arrow_column(name, column) for name, column in given.items()))
            return cls._of_columns(columns, item_titles, intake)

    @classmethod
    def _of_columns(cls, columns: Columns, titles: Mapping[Any, str] | None, intake: Intake) -> Interactions:
        parts = parts_of(columns, intake.duplicates)
        named = checked_titles(titles_of(parts.items.decode(np.arange(len(parts.items))), titles), len(parts.items))
        return intake.reduced(cls(parts.matrix, parts.users, parts.items, named, parts.row_counts, parts.times))

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
        return self.n_users, self.n_items

    @property
    def n_users(self) -> int:
        """Number of rows."""
        return len(self.users)

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
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(f"mask must be of dtype bool, got {mask.dtype}")
        if mask.shape != (self.nnz,):
            raise ValueError(f"mask must have shape ({self.nnz},), one for each entry, got {mask.shape}")
        if not mask.any():
            raise ValueError(f"mask keeps none of the {self.nnz} entries")
        rows = self.matrix
        indptr = np.append(0, np.cumsum(mask))[rows.indptr]
        kept = scipy.sparse.csr_array((rows.data[mask], rows.indices[mask], indptr), shape=self.shape)
        kept, _ = canonical_csr(kept)
        counts = None if self.row_counts is None else self.row_counts[mask]
        times = None if self.times is None else self.times[mask]
        return Interactions(kept, self.users, self.items, self.item_titles, counts, times)

    def binarized(self, threshold: float) -> Interactions:
        """Only the entries of at least `threshold`, each with the value 1; the same users, items, ids and titles.

        >>> Interactions.from_arrays([0, 0, 1], ["x", "y", "y"], [5.0, 1.0, 4.0]).binarized(4).matrix.toarray()
        array([[1., 0.],
               [0., 1.]], dtype=float32)
        """
        return binarized(self, threshold)

    def core(self, min_user_items: int | None = None, min_item_users: int | None = None) -> Interactions:
        """Only users with at least so many items and items with at least so many users among what is left.

        The largest such part; None stands for 1. Nothing left is a ValueError. Cost: O(nnz) a round, and rounds until
        nothing changes, a few as a rule.

        >>> data = Interactions.from_arrays(["a", "a", "b", "c"], ["x", "y", "x", "z"])
        >>> data.core(min_item_users=2).matrix.toarray(), data.core(min_item_users=2).user_ids
        (array([[1.],
               [1.]], dtype=float32), array(['a', 'b'], dtype='<U1'))
        """
        return core(self, min_user_items, min_item_users)

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
    return Interactions(matrix, IdIndex(None, matrix.shape[0], "user"), IdIndex(None, matrix.shape[1], "item"))
