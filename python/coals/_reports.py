"""What `Interactions` tells about itself, and titles from another table."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coals._checks import check_choice
from coals._columns import column_ids, column_titles
from coals._csv import Dialect, read_csv
from coals._frames import read_frame
from coals._id_arrays import as_id_array
from coals._ids import IdIndex
from coals._parquet import open_parquet
from coals._titles import checked_titles
from coals.tables import Table

if TYPE_CHECKING:
    from coals.interactions import Interactions

__all__ = ["Reports"]

_QUANTILES = (("min", 0.0), ("25 %", 0.25), ("median", 0.5), ("75 %", 0.75), ("max", 1.0))


class Reports:
    """The tables that `Interactions` makes, and the one that it joins."""

    def with_items(self: Any, frame: Any, *, on: Any, title: Any) -> Interactions:
        """The same data with titles from a table of items: a left join.

        Parameters
        ----------
        frame : table or path
            Any that `from_frame` takes, or the path of a CSV file (with a header, as `from_csv` reads it), or of a
            Parquet file, whose name then ends in .parquet.
        on : str
            Name of the column of item ids, matched by value: 7 is not "7".
        title : str
            Name of the column of titles; what is no text becomes it.

        Returns
        -------
        Interactions
            Items without a title, or with an empty one, go by the one they had, or by their id.

        Warns
        -----
        UserWarning
            Ids that occur more than once in the table, of which the first row counts, with their number; items of the
            data that have no title, with their number and the first of them.

        Raises
        ------
        ValueError
            No item of the data is in the table, a missing id, a column that is not there.

        Examples
        --------
        >>> data = coals.Interactions.from_arrays([1, 1], ["s1", "s2"])
        >>> songs = {"song": ["s2", "s1", "s9"], "name": ["So What", "Blue Train", "Naima"]}
        >>> data.with_items(songs, on="song", title="name").titles(["s1", "s2"])
        ['Blue Train', 'So What']
        """
        keys, codes, titles = _read_items(frame, on, title, self.items)
        first = np.empty(len(keys), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]
        if len(codes) > len(keys):
            dropped = len(codes) - len(keys)
            warnings.warn(f"{dropped} rows repeat an id in column {on!r}: the first of each counts", stacklevel=2)
        places = IdIndex(keys, len(keys), "item").find_all(self.items)
        if (places < 0).all():
            raise ValueError(
                f"none of the {self.n_items} items is in column {on!r}: {_example(self.items.decode([0]))} here, "
                f"{_example(keys)} there"
            )
        found = [titles[first[place]] if place >= 0 else None for place in places.tolist()]
        missing = [column for column, text in enumerate(found) if text is None]
        ids = self.items.decode(np.arange(self.n_items)).tolist()
        if missing:
            named = ", ".join(repr(ids[column]) for column in missing[:5]) + (", …" if len(missing) > 5 else "")
            warnings.warn(f"{len(missing)} of {self.n_items} items have no title: {named}", stacklevel=2)
        for column in missing:
            found[column] = str(ids[column]) if self.item_titles is None else str(self.item_titles[column])
        named_items: Interactions = replace(self, item_titles=checked_titles(found, self.n_items))
        return named_items

    def popularity_table(self: Any, by: str = "users") -> Table:
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
        check_choice("by", by, ("users", "rows", "sum"))
        columns, data = self.matrix.indices, self.matrix.data
        users = np.bincount(columns, minlength=self.n_items)
        rows = users
        if self.row_counts is not None:
            rows = np.bincount(columns, weights=self.row_counts, minlength=self.n_items).astype(np.int64)
        counts = {"users": users, "rows": rows, "sum": np.bincount(columns, weights=data, minlength=self.n_items)}
        order = np.argsort(-counts[by], kind="stable")
        ids = self.items.decode(order)
        titles = as_id_array("titles", list(map(str, ids.tolist()))) if self.item_titles is None else None
        titles = self.item_titles[order] if titles is None else titles
        total = counts[by].sum()
        share = 100 * counts[by] / total if total else np.full(self.n_items, np.nan)
        numbers = {name: count[order] for name, count in counts.items()}
        return Table({"item": ids, "title": titles, **numbers, "share %": share[order]})

    def describe(self: Any) -> Table:
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
        matrix = self.matrix
        values = {
            "users": self.n_users,
            "items": self.n_items,
            "entries": self.nnz,
            "rows": self.nnz if self.row_counts is None else int(self.row_counts.sum()),
            "density": self.nnz / (self.n_users * self.n_items),
            "value: min": matrix.data.min(),
            "value: mean": matrix.data.mean(dtype=np.float64),
            "value: max": matrix.data.max(),
        }
        per_user, per_item = np.diff(matrix.indptr), np.bincount(matrix.indices, minlength=self.n_items)
        for words, counts in (("items per user", per_user), ("users per item", per_item)):
            values |= {f"{words}: {name}": np.quantile(counts, at) for name, at in _QUANTILES}
            values[f"{words}: mean"] = counts.mean()
        measures = np.array(list(values))
        return Table({"measure": measures, "value": np.array(list(values.values()), dtype=np.float64)})


def _read_items(
    frame: Any, on: Any, title: Any, items: IdIndex
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[str | None]]:
    """The different ids of a table, which of them each row has, and the titles of the rows."""
    wanted = {"on": on, "title": title}
    numeric = items.ids is None or items.ids.dtype.kind in "iu"
    if isinstance(frame, (str, os.PathLike)) and not os.fspath(frame).endswith(".parquet"):
        read = read_csv(frame, {"on": (on, "ids"), "title": (title, "text")}, Dialect(header=True), None)
    elif isinstance(frame, (str, os.PathLike)):
        with open_parquet(frame, [on, title]) as table:
            read = read_frame(table, wanted)
    else:
        read = read_frame(frame, wanted, nullable=("title",))
    from_text = isinstance(frame, (str, os.PathLike))
    keys, codes = column_ids(f"column {on!r}", read["on"], detect_integers=numeric and from_text)
    titles = column_titles(f"column {title!r}", read["title"])
    if len(titles) != len(codes):
        raise ValueError(f"columns {on!r} and {title!r} must be of one length, got {len(codes)} and {len(titles)}")
    if len(keys) == 0:
        raise ValueError(f"the table of titles has no rows: column {on!r} is empty")
    return keys, codes, titles


def _example(ids: npt.NDArray[Any]) -> str:
    first = ids[:1].tolist()[0]
    return f"ids such as {first!r} ({type(first).__name__})"
