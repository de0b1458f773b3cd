"""What factor models have learned, for other programs: NumPy, Arrow, Parquet, faiss."""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import numpy as np

from coals._util.checks import check_choice
from coals.models.base import Array
from coals.persistence.atomic import written_whole

__all__ = ["Vectors", "arrow_table", "faiss_index", "vectors_of", "write_parquet"]


class Vectors(NamedTuple):
    """Vectors whose inner products are the scores of a model: what `to_numpy` returns.

    Attributes
    ----------
    user_ids, item_ids : ndarray of shape (n_users,), (n_items,)
    users, items : ndarray of shape (n_users, L), (n_items, L)
        ``users @ items.T`` are the scores. L is the number of factors, and one or two more where there are biases.
    """

    user_ids: Array
    users: Array
    item_ids: Array
    items: Array


def vectors_of(model: Any) -> Vectors:
    """What `to_numpy` does."""
    model._require_fitted()
    neighbors = getattr(model._as_fitted(), "neighbors", None)
    if neighbors is not None:
        raise ValueError(
            f"neighbors={neighbors!r} scores by what near users have, not by inner products: "
            "fit with neighbors=None, or take user_factors_ and item_factors_"
        )
    ids = [index.decode(np.arange(len(index))) for index in (model.user_index_, model.item_index_)]
    return Vectors(ids[0], model._all_queries(), ids[1], model._targets())


def faiss_index(model: Any) -> Any:
    """What `to_faiss` does."""
    faiss = _imported("faiss", "faiss-cpu", "to_faiss")
    items = np.ascontiguousarray(vectors_of(model).items, dtype=np.float32)
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    return index


def arrow_table(model: Any, side: str) -> Any:
    """What `to_arrow` does."""
    pa = _imported("pyarrow", "pyarrow", "to_arrow")
    model._require_fitted()
    check_choice("side", side, ("items", "users"))
    one = side[:-1]
    index, factors = getattr(model, f"{one}_index_"), getattr(model, f"{one}_factors_")
    columns: dict[str, Any] = {"id": _id_column(pa, index.decode(np.arange(len(index))))}
    if side == "items" and model.item_titles_ is not None:
        columns["title"] = pa.array(model.item_titles_.tolist(), pa.string())
    for name in ("bias", "mean"):
        if getattr(model, f"{one}_{name}_", None) is not None:
            columns[name] = pa.array(getattr(model, f"{one}_{name}_"))
    columns["factors"] = pa.FixedSizeListArray.from_arrays(pa.array(factors.reshape(-1)), factors.shape[1])
    return pa.table(columns)


def write_parquet(model: Any, path: str | os.PathLike[str], side: str) -> None:
    """What `to_parquet` does."""
    table = arrow_table(model, side)
    parquet = importlib.import_module("pyarrow.parquet")
    with written_whole(path) as file:
        parquet.write_table(table, file)


def _id_column(pa: Any, ids: Array) -> Any:
    if ids.dtype.kind in "iuf":
        return pa.array(ids)
    listed = ids.tolist()
    kinds = {type(id) for id in listed}
    return pa.array(listed if kinds in ({str}, {bytes}, {int}) else [str(id) for id in listed])


def _imported(module: str, package: str, what: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ImportError(f"{what} needs {module}: pip install {package}") from None
