"""What factor models have learned, for other programs: NumPy, Arrow, Parquet, faiss."""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import numpy as np

from coals._util.checks import check_choice
from coals.models.base import Array
from coals.models.factors.inner_product import InnerProductModel
from coals.persistence.atomic import written_whole

__all__ = ["Exports", "Vectors"]


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


class Exports(InnerProductModel):
    """A factor model that hands on its factors. See its subclasses."""

    def to_numpy(self) -> Vectors:
        """Vectors of all users and items, whose inner products are the scores that `recommend` ranks by.

        Returns
        -------
        Vectors
            ``(user_ids, users, item_ids, items)``. Biases and means are one or two more columns. Ids are the positions
            where the training data had none. Arrays may share the model's memory and be read-only.

        Raises
        ------
        ValueError
            `SVD` with ``neighbors="user"``, whose scores are no inner products.

        Notes
        -----
        Users that nothing is known of, and items that nothing speaks for, which `recommend` leaves out, have vectors
        too: zeros, beside the biases. `SGDFactorization` with a `sigmoid_range` squashes the inner products into it,
        which leaves their order.

        Examples
        --------
        >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
        >>> model = coals.ImplicitALS(factors=2, random_state=0).fit(plays)
        >>> vectors = model.to_numpy()
        >>> vectors.item_ids, (vectors.users @ vectors.items.T).shape
        (array(['x', 'y'], dtype='<U1'), (2, 2))
        """
        self._require_fitted()
        if getattr(self._as_fitted(), "neighbors", None) is not None:
            raise ValueError(
                f"neighbors={self._as_fitted().neighbors!r} scores by what near users have, not by inner products: "
                "fit with neighbors=None, or take user_factors_ and item_factors_"
            )
        ids = [index.decode(np.arange(len(index))) for index in (self.user_index_, self.item_index_)]
        return Vectors(ids[0], self._all_queries(), ids[1], self._targets())

    def to_faiss(self) -> Any:
        """Items as a `faiss.IndexFlatIP`: ``index.search(vectors.users[rows], n)`` finds the best n of all items.

        Searches know nothing of what a user has seen, and give positions, not ids: ``item_index_.decode(positions)``.
        Vectors of users are those of `to_numpy`. Needs faiss (``pip install faiss-cpu``). Vectors become float32.
        """
        faiss = _imported("faiss", "faiss-cpu", "to_faiss")
        items = np.ascontiguousarray(self.to_numpy().items, dtype=np.float32)
        index = faiss.IndexFlatIP(items.shape[1])
        index.add(items)
        return index

    def to_arrow(self, side: str = "items") -> Any:
        """Factors of users or items as a `pyarrow.Table`.

        Parameters
        ----------
        side : {"items", "users"}, default "items"

        Returns
        -------
        pyarrow.Table
            Columns "id" (of other kinds than numbers, strings and bytes: as text), "title" for items that have titles,
            "bias" for models with biases, "mean" for `SVD` with a `center` of this side, and "factors", lists of K
            numbers. Needs pyarrow.

        Raises
        ------
        ImportError
            Without pyarrow.
        """
        pa = _imported("pyarrow", "pyarrow", "to_arrow")
        self._require_fitted()
        check_choice("side", side, ("items", "users"))
        one = side[:-1]
        index, factors = getattr(self, f"{one}_index_"), getattr(self, f"{one}_factors_")
        columns: dict[str, Any] = {"id": _id_column(pa, index.decode(np.arange(len(index))))}
        if side == "items" and self.item_titles_ is not None:
            columns["title"] = pa.array(self.item_titles_.tolist(), pa.string())
        for name in ("bias", "mean"):
            if getattr(self, f"{one}_{name}_", None) is not None:
                columns[name] = pa.array(getattr(self, f"{one}_{name}_"))
        columns["factors"] = pa.FixedSizeListArray.from_arrays(pa.array(factors.reshape(-1)), factors.shape[1])
        return pa.table(columns)

    def to_parquet(self, path: str | os.PathLike[str], side: str = "items") -> None:
        """Writes the table of `to_arrow` to a Parquet file, as a whole or not at all. Needs pyarrow."""
        table = self.to_arrow(side)
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
