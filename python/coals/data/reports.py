"""Tables of what `Interactions` hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals._util.checks import check_choice
from coals._util.order import best_first
from coals.data.id_arrays import as_id_array
from coals.data.tables import Table

__all__ = ["described", "popularity_table"]

_QUANTILES = (("min", 0.0), ("25 %", 0.25), ("median", 0.5), ("75 %", 0.75), ("max", 1.0))


def popularity_table(data: Any, by: str) -> Table:
    """What `Interactions.popularity_table` does."""
    check_choice("by", by, ("users", "rows", "sum"))
    columns = data.matrix.indices
    users = np.bincount(columns, minlength=data.n_items)
    rows = users
    if data.row_counts is not None:
        rows = np.bincount(columns, weights=data.row_counts, minlength=data.n_items).astype(np.int64)
    counts = {
        "users": users,
        "rows": rows,
        "sum": np.bincount(columns, weights=data.matrix.data, minlength=data.n_items),
    }
    order = best_first(counts[by])
    ids = data.items.decode(order)
    titles = as_id_array("titles", list(map(str, ids.tolist()))) if data.item_titles is None else None
    titles = data.item_titles[order] if titles is None else titles
    total = counts[by].sum()
    share = 100 * counts[by] / total if total else np.full(data.n_items, np.nan)
    numbers = {name: count[order] for name, count in counts.items()}
    return Table({"item": ids, "title": titles, **numbers, "share %": share[order]})


def described(data: Any) -> Table:
    """What `Interactions.describe` does."""
    matrix = data.matrix
    values = {
        "users": data.n_users,
        "items": data.n_items,
        "entries": data.nnz,
        "rows": data.nnz if data.row_counts is None else int(data.row_counts.sum()),
        "density": data.nnz / (data.n_users * data.n_items),
        "value: min": matrix.data.min(),
        "value: mean": matrix.data.mean(dtype=np.float64),
        "value: max": matrix.data.max(),
    }
    per_user, per_item = np.diff(matrix.indptr), np.bincount(matrix.indices, minlength=data.n_items)
    for words, counts in (("items per user", per_user), ("users per item", per_item)):
        values |= {f"{words}: {name}": np.quantile(counts, at) for name, at in _QUANTILES}
        values[f"{words}: mean"] = counts.mean()
    measures = np.array(list(values))
    return Table({"measure": measures, "value": np.array(list(values.values()), dtype=np.float64)})
