"""Who did what and how much: the users x items matrix models are fitted with, and the ids that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals._checks import refuse_masked, refuse_unordered
from coals._id_arrays import as_id_array
from coals._ids import IdIndex, factorize
from coals._sparse import canonical_csr, check_sparse

__all__ = ["Interactions", "as_interactions"]


@dataclass(frozen=True, eq=False, repr=False)
class Interactions:
    """Users x items matrix with the ids and titles that belong to it.

    Made by `from_matrix` or `from_arrays`, which check everything; not to be changed afterwards (its arrays
    are read-only).

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

    def __post_init__(self) -> None:
        indexed = isinstance(self.users, IdIndex) and isinstance(self.items, IdIndex)
        if not indexed or getattr(self.matrix, "format", None) != "csr":
            raise TypeError("make Interactions with Interactions.from_matrix or Interactions.from_arrays")
        shape, nnz = check_sparse(self.matrix), self.matrix.nnz
        if shape != self.shape:
            raise ValueError(f"the matrix has shape {shape}, but there are ids for {self.n_users} x {self.n_items}")
        for name, array, size in (("item_titles", self.item_titles, shape[1]), ("row_counts", self.row_counts, nnz)):
            if array is not None and np.shape(array) != (size,):
                raise ValueError(f"{name} must have shape ({size},), got {np.shape(array)}")

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
        return cls._checked(matrix, users, items, item_titles, duplicates)

    @classmethod
    def from_arrays(
        cls,
        users: Any,
        items: Any,
        values: Any = None,
        *,
        item_titles: Mapping[Any, str] | None = None,
        duplicates: str = "error",
    ) -> Interactions:
        """Interactions from parallel sequences: users[e] gave items[e] the value values[e].

        Parameters
        ----------
        users, items : array-like of shape (n,)
            Ids of any hashable kind but bool, none missing. Rows and columns follow their sorted order.
            Values that Python calls equal are one id: 1 and 1.0 in one list are, 1 and "1" are not.
        values : array-like of shape (n,), real numbers, or None
            None: 1 for each entry, as float32.
        item_titles : mapping of item id to str, or None
            May hold more ids than occur; an item it lacks goes by its id.
        duplicates : {"error", "sum", "last", "max", "mean", "count"}
            What becomes of a repeated (user, item) pair, as in `from_matrix`.

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
        user_ids, rows = factorize("users", users)
        item_ids, columns = factorize("items", items)
        data = _checked_values(values, rows, columns)
        shape = len(user_ids), len(item_ids)
        matrix = scipy.sparse.coo_array((data, (rows, columns)), shape=shape)
        index = IdIndex(user_ids, shape[0], "user"), IdIndex(item_ids, shape[1], "item")
        return cls._checked(matrix, *index, _titles_of(item_ids, item_titles), duplicates)

    @classmethod
    def _checked(cls, matrix: Any, users: IdIndex, items: IdIndex, titles: Any, duplicates: str) -> Interactions:
        def name(row: int, column: int) -> str:
            user = f"row {row}" if users.ids is None else f"user {users.ids.tolist()[row]!r}"
            item = f"column {column}" if items.ids is None else f"item {items.ids.tolist()[column]!r}"
            return f"{user}, {item}"

        rows, row_counts = canonical_csr(matrix, duplicates=duplicates, copy=True, name=name)
        return cls(rows, users, items, _checked_titles(titles, len(items)), row_counts)

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
    def n_items(self) -> int:
        """Number of columns."""
        return len(self.items)

    @property
    def nnz(self) -> int:
        """Number of entries, stored zeros included."""
        return int(self.matrix.nnz)

    def titles(self, ids: Any) -> list[str]:
        """Titles of the given item ids, a scalar or a 1-D sequence; the id itself as text where there are
        none. The padding of a short list, -1 or None, has no title and is left out.

        >>> Interactions.from_arrays([0, 0], ["x", "y"]).titles(["y", "x"])
        ['y', 'x']
        """
        columns = self.items.encode(self._without_padding(ids))
        named = self.items.decode(columns) if self.item_titles is None else self.item_titles[columns]
        return [str(title) for title in named.tolist()]

    def _without_padding(self, ids: Any) -> Any:
        if not isinstance(ids, np.ndarray) or ids.ndim != 1:
            return ids
        if ids.dtype.kind == "O":
            return ids[[id is not None for id in ids]]
        is_id = self.item_ids is not None and bool((self.item_ids == -1).any())
        return ids if ids.dtype.kind != "i" or is_id else ids[ids != -1]

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
        return Interactions(kept, self.users, self.items, self.item_titles, counts)

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


def _titles_of(item_ids: npt.NDArray[Any], titles: Mapping[Any, str] | None) -> list[str] | None:
    if titles is None:
        return None
    if not isinstance(titles, Mapping):
        raise TypeError(f"item_titles must be a mapping of item id to title, got {type(titles).__name__}")
    return [titles.get(id, str(id)) for id in item_ids.tolist()]


def _checked_values(values: Any, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values that go with the rows and columns of `from_arrays`; None: 1 each."""
    refuse_masked("values", values)
    refuse_unordered("values", values)
    data = np.ones(len(rows), dtype=np.float32) if values is None else np.asarray(values)
    if data.ndim != 1 or not len(rows) == len(columns) == len(data):
        shapes = f"{rows.shape}, {columns.shape}, {data.shape}"
        raise ValueError(f"users, items and values must be 1-D and of one length, got shapes {shapes}")
    if data.dtype.kind not in "biuf":
        raise TypeError(f"values must be real numbers, got dtype {data.dtype}")
    if len(rows) == 0:
        raise ValueError("users, items and values are empty: there is nothing to recommend from")
    return data


def _checked_titles(titles: Any, n_items: int) -> npt.NDArray[Any] | None:
    if titles is None:
        return None
    refuse_masked("item_titles", titles)
    array = as_id_array("item_titles", titles) if isinstance(titles, (list, tuple)) else np.array(titles)
    if array.dtype.kind == "T":  # NumPy 2 variable-width strings
        array = array.astype(object)
    if array.dtype.kind != "U" and not (array.dtype.kind == "O" and all(isinstance(t, str) for t in array.flat)):
        raise TypeError(f"item_titles must be strings, got dtype {array.dtype}")
    if array.shape != (n_items,):
        raise ValueError(f"item_titles must have shape ({n_items},), one for each item, got {array.shape}")
    array.setflags(write=False)
    return array
