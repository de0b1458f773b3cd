"""Matches arguments that go with users, items or rows by the labels that they carry, not by their order.

Labels are the index of a pandas object, the id column of a table, the keys of a mapping, and the ids of `Interactions`
and ranked lists. A pandas index that only numbers the rows (0, 1, 2, …, without a name) is not a label. If the data
have ids, a table without labels is refused: rows of the data are in the order of the sorted ids, rows of a table need
not be. Arrays, lists and sparse matrices have no labels: they are in the order that the argument's docstring gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from coals import _core
from coals.data.columns import column_numbers
from coals.data.id_arrays import as_id_array, is_missing
from coals.data.ids import IdIndex
from coals.data.readers.plain_columns import Coded, plain_column

__all__ = [
    "by_query",
    "has_index",
    "history_of_series",
    "is_column",
    "is_default_index",
    "matrix_by_id",
    "refuse_column",
    "refuse_other_indexes",
    "table_by_id",
    "values_by_id",
]

Array = npt.NDArray[Any]

_ID_NAME = re.compile(r"(?:^|[\W_])[iI][dD]$|[a-z0-9]I[dD]$")


def has_index(values: Any) -> bool:
    """Whether `values` is a Series or a DataFrame of pandas, or of a library that imitates it."""
    return hasattr(values, "to_numpy") and hasattr(values, "index") and not callable(values.index)


def is_default_index(index: Any) -> bool:
    """Whether a pandas index only numbers the rows from 0."""
    return type(index).__name__ == "RangeIndex" and (index.start, index.step, index.name) == (0, 1, None)


def is_column(values: Any) -> bool:
    """Whether `values` is one column of a table of pandas, polars or pyarrow."""
    library = type(values).__module__.partition(".")[0]
    return has_index(values) or (library in ("polars", "pyarrow") and not hasattr(values, "columns"))


def refuse_column(name: str, values: Any, follows: str, remedy: str) -> None:
    """Raises a TypeError for a column of a table, because its rows may be in another order than `follows`."""
    if is_column(values):
        kind = type(values).__name__
        raise TypeError(f"{name} must not be a {kind}, whose rows need not be in the order of {follows}: {remedy}")


def refuse_other_indexes(given: Mapping[str, Any]) -> None:
    """Raises a ValueError if parallel arguments are Series with different indexes: pandas would align them."""
    indexed = [(name, values) for name, values in given.items() if has_index(values)]
    for name, values in indexed[1:]:
        first, other = indexed[0][1].index, values.index
        if first is not other and len(first) == len(other) and not first.equals(other):
            raise ValueError(
                f"{indexed[0][0]} and {name} are Series with different indexes, so the order of their rows may differ: "
                "take both from one table with from_frame, or call reset_index(drop=True) on both if the order is right"
            )


# --- one row for each user or item ---


def matrix_by_id(name: str, given: Any, index: IdIndex) -> Any:
    """A matrix with a row for each id of `index`, in its order. An argument without labels is returned unchanged."""
    if isinstance(given, Mapping):
        return np.asarray(_of_mapping(name, given, index, required=True))
    names = _column_names(given)
    if names is None:
        return given
    column = None
    labels = _index_labels(given.index, index) if has_index(given) else None
    if labels is None:
        column = _id_column(given, names)
        labels = None if column is None else given[column]
    if labels is None:
        _refuse_unlabelled(name, given, index)
        return _numbers(name, given, names)
    where = "index" if column is None else f"column {column!r}"
    places = _places(name, where, labels, index, required=True)
    return _numbers(name, given, [other for other in names if other is not column])[places]


def table_by_id(name: str, given: Any, kind: str) -> tuple[Any, IdIndex | None]:
    """A table as a matrix, and the ids of its rows, or None if it has no labels."""
    names = _column_names(given)
    if names is None:
        return given, None
    column = _id_column(given, names)
    labels: Any = None
    if has_index(given) and not is_default_index(given.index):
        labels, column = given.index, None
    elif column is not None:
        labels = given[column]
    where = "index" if column is None else f"column {column!r}"
    ids = None if labels is None else _as_ids(f"{where} of {name}", labels, kind)
    return _numbers(name, given, [other for other in names if other is not column]), ids


def values_by_id(name: str, given: Any, index: IdIndex) -> Any:
    """A list with the value of each id of `index`, or None for an id without a value.

    An argument without labels is returned unchanged.
    """
    if isinstance(given, Mapping):
        return _of_mapping(name, given, index, required=False)
    if not has_index(given):
        return given
    if getattr(given, "ndim", 1) != 1:
        raise TypeError(f"{name} must be one column with the {index.kind} ids as its index, got a table")
    labels = _index_labels(given.index, index)
    if labels is None:
        _refuse_unlabelled(name, given, index)
        return given.tolist()
    values = given.tolist()
    places = _places(name, "index", labels, index, required=False)
    found = [values[place] if place >= 0 else None for place in places.tolist()]
    return [None if is_missing(value) else value for value in found]


def _of_mapping(name: str, given: Mapping[Any, Any], index: IdIndex, *, required: bool) -> list[Any]:
    ids = index.decode(np.arange(len(index))).tolist()
    missing = [id for id in ids if id not in given]
    if missing and (required or len(missing) == len(ids)) and len(given):
        _refuse_missing(name, "keys", index, missing, next(iter(given)))
    return [given.get(id) for id in ids]


def _index_labels(labels: Any, index: IdIndex) -> Any:
    """The ids in an index, or None if it only numbers the rows."""
    if not _counts_rows(labels):
        return labels.tolist() if labels.nlevels > 1 else labels
    # Integers without a name are ids only if they are exactly the ids of the data.
    places = IdIndex(None, 0, index.kind) if len(labels) != len(index) else index
    known = places.find_all(_as_ids("index", labels, index.kind)) if len(places) == len(labels) else np.array([-1])
    return labels if len(known) and (known >= 0).all() else None


def _counts_rows(labels: Any) -> bool:
    return labels.nlevels == 1 and labels.name is None and getattr(labels, "inferred_type", "") == "integer"


def _as_ids(what: str, labels: Any, kind: str) -> IdIndex:
    try:
        ids = as_id_array(f"{kind}_ids", labels)
        return IdIndex(ids, len(ids), kind)
    except (TypeError, ValueError) as error:
        text = str(error).replace(f"{kind}_ids", f"the {what}")
        raise type(error)(text) from None


def _places(name: str, where: str, labels: Any, index: IdIndex, *, required: bool) -> npt.NDArray[np.int64]:
    """The position of each id of `index` among the labels, -1 for an id without a label."""
    theirs = _as_ids(f"{where} of {name}", labels, index.kind)
    places = theirs.find_all(index)
    strangers = np.flatnonzero(places < 0)
    if len(strangers) and (required or len(strangers) == len(places)) and len(labels):
        some = theirs.decode(np.arange(1)).tolist()[0]
        _refuse_missing(name, where, index, index.decode(strangers).tolist(), some)
    if len(strangers) and required:
        raise ValueError(f"{name} is empty: give a row for each of the {len(index)} {index.kind}s")
    return places


def _refuse_missing(name: str, where: str, index: IdIndex, missing: list[Any], some: Any) -> None:
    first = missing[0]
    remedy = (
        "" if index.ids is not None else ": data without ids know rows by number, or give to_numpy() in their order"
    )
    raise ValueError(
        f"{name} has nothing for {len(missing)} of the {len(index)} {index.kind}s: its {where} must be {index.kind} "
        f"ids such as {first!r} ({type(first).__name__}), and has {some!r} ({type(some).__name__}){remedy}"
    )


def _refuse_unlabelled(name: str, given: Any, index: IdIndex) -> None:
    if index.ids is None:
        return
    how = "make the ids its index with set_index"
    if has_index(given) and not is_default_index(given.index):
        how = "name its index with rename_axis if it holds the ids and not the numbers of rows"
    raise TypeError(
        f"{name} is a {type(given).__name__} without the {index.kind} ids of its rows, whose order need not be that of "
        f"the data: {how}, give a mapping of {index.kind} id to row, or, if the rows are in the order of "
        f"data.{index.kind}_ids, give .to_numpy()"
    )


def _column_names(given: Any) -> list[Any] | None:
    """The names of a table's columns, or None if `given` is not a table."""
    library = type(given).__module__.partition(".")[0]
    if has_index(given) and getattr(given, "ndim", 0) == 2:
        return list(given.columns)
    if library == "polars" and hasattr(given, "collect_schema"):
        if hasattr(given, "collect"):
            raise TypeError("a LazyFrame has no rows yet: call collect() first")
        return list(given.columns)
    if library == "pyarrow" and hasattr(given, "column_names"):
        return list(given.column_names)
    return None


def _id_column(given: Any, names: list[Any]) -> Any:
    """The only column with a name like id, user_id or userId; without one, the only column that holds no numbers."""
    named = [name for name in names if isinstance(name, str) and _ID_NAME.search(name)]
    if not named:
        named = [name for name in names if not _holds_numbers(plain_column(given[name]))]
    return named[0] if len(named) == 1 else None


def _holds_numbers(column: Any) -> bool:
    if isinstance(column, _core.Column):
        return column.kind in ("integers", "unsigned_integers", "reals", "booleans", "decimals")
    if isinstance(column, Coded):
        return _holds_numbers(column.categories)
    return isinstance(column, np.ndarray) and column.dtype.kind in "biuf"


def _numbers(name: str, given: Any, names: list[Any]) -> Any:
    if not names:
        raise ValueError(f"{name} has no column but that of the ids")
    if has_index(given) and all(str(dtype).startswith("Sparse") for dtype in given[names].dtypes):
        return scipy.sparse.csr_array(given[names].sparse.to_coo())
    columns = []
    for column in names:
        try:
            columns.append(column_numbers(f"column {column!r} of {name}", plain_column(given[column])))
        except TypeError as error:
            what = str(error).partition(": make numbers")[0]
            raise TypeError(f"{what}: encode it as numbers first, categories one column each") from None
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


# --- filters for the requested users ---


def by_query(queries: Any, exclude_per_user: Any, allow_per_user: Any) -> tuple[Any, Any]:
    """Both filters as mappings from user to items if they carry labels, else unchanged.

    `queries` are the requested users. If they are a Series, a filter with the same index is matched to it row by row.
    """
    denied = _by_query("exclude_per_user", exclude_per_user, queries)
    return denied, _by_query("allow_per_user", allow_per_user, queries)


def _by_query(name: str, given: Any, queries: Any) -> Any:
    if hasattr(given, "matrix") and hasattr(given, "users"):  # Interactions
        rows, items = given.matrix, given.items
        users = given.users.decode(np.arange(len(given.users))).tolist()
        parts = (items.decode(rows.indices[a:b]) for a, b in zip(rows.indptr[:-1], rows.indptr[1:], strict=True))
        return dict(zip(users, parts, strict=True))
    if hasattr(given, "counts") and hasattr(given, "queries"):  # ranked lists
        if given.queries is None:
            return given.to_lists()
        return dict(zip(given.queries.tolist(), given.to_lists(), strict=True))
    if not has_index(given):
        return given
    if getattr(given, "ndim", 1) != 1:
        raise TypeError(f"{name} must be a mapping, or a Series, of user to items, got a table: group it by user first")
    beside = has_index(queries) and queries.index.equals(given.index)
    if beside or is_default_index(given.index):
        return given.tolist()
    if has_index(queries) and _counts_rows(given.index):
        raise ValueError(
            f"{name} has another index than users: give both from one table, or a mapping of user to items"
        )
    return dict(zip(given.index.tolist(), given.tolist(), strict=True))


# --- the history of one user ---


def history_of_series(history: Any, items: IdIndex) -> Any:
    """A pandas Series as {item: value} or as a list of items, whichever it is; a ValueError if it could be both.

    If all values are strings or bytes, they are items. Otherwise an index that has a name, or that is not of integers,
    holds the items. Any other index may number the rows of a table: the items are then the values or the index,
    whichever the model knows as items.
    """
    if not hasattr(history.index, "nlevels"):  # not of pandas
        return history.to_dict()
    if getattr(history, "ndim", 1) != 1:
        raise TypeError("history must be one column, of items or of values with items as its index, got a table")
    if len(history) == 0:
        return []
    values = history.tolist()
    if all(isinstance(value, (str, bytes)) for value in values):
        return values
    if not _counts_rows(history.index):
        return history.to_dict()
    as_index = _all_known(items, history.index)
    as_values = not any(isinstance(value, float) for value in values) and _all_known(items, history)
    if as_values and not as_index:
        return values
    if as_values or history.name is not None:
        raise ValueError(
            "history is a Series whose index may hold the items or the rows of a table: give history.tolist() if its "
            "values are the items, or history.to_dict() if its index holds the items"
        )
    return history.to_dict()


def _all_known(items: IdIndex, ids: Any) -> bool:
    try:
        return bool((items.find(ids) >= 0).all())
    except (TypeError, ValueError):
        return False
