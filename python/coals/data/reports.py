"""What `Interactions` tells about itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals._util.checks import check_choice
from coals._util.order import best_first
from coals.data.id_arrays import as_id_array
from coals.data.tables import Table

__all__ = ["Reports"]

_QUANTILES = (("min", 0.0), ("25 %", 0.25), ("median", 0.5), ("75 %", 0.75), ("max", 1.0))


class Reports:
    """The tables that `Interactions` makes."""

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
        order = best_first(counts[by])
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
