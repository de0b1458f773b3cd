"""Splits that the caller has made. `coals.split` passes them on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy

from coals.data.id_arrays import as_id_array
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.native import pair_name
from coals.data.sparse import canonical_csr
from coals.data.weights import values_of_entries

__all__ = ["by_mask", "like"]


def by_mask(data: Any, mask: Any) -> tuple[Interactions, Interactions]:
    """Put the pairs where `mask` is true to the test part.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    mask : Interactions, sparse matrix or (nnz,) array of bool
        Interactions whose values are not 0 for test pairs, matched by ids; a sparse matrix with the shape and the
        stored pairs of `data`; or an array in the order of ``Interactions.matrix.data``, which is not that of a table's
        rows.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`.

    Raises
    ------
    TypeError
        If `mask` is a column of a table, or not of bools.
    ValueError
        If it does not fit `data`, or leaves train or test empty.

    Examples
    --------
    >>> plays = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"], [5, 1, 4])
    >>> train, test = coals.split.by_mask(plays, plays.matrix.data >= 4)
    >>> test.matrix.toarray().tolist()
    [[5.0, 0.0], [4.0, 0.0]]
    """
    data = as_interactions(data)
    if scipy.sparse.issparse(mask) or isinstance(mask, Interactions):
        mask = values_of_entries("mask", mask, data) != 0
    test = data.select(mask)
    if test.nnz == data.nnz:
        raise ValueError(f"mask is true for all {data.nnz} entries, which leaves train without any")
    return data.select(~np.asarray(mask)), test


def like(train: Any, test: Any) -> tuple[Interactions, Interactions]:
    """Give two parts that come from elsewhere, such as two files, the same users and items.

    Parameters
    ----------
    train, test : Interactions, or sparse matrices of one shape
        Matched by ids. Users and items that only `test` has come after those of `train`.

    Returns
    -------
    train, test : Interactions
        Of one shape, with the ids of both: a model that is fitted to the first can be evaluated on the second. Values,
        times and titles stay. Where `test` has no new ids, `train` is returned as it is.

    Warns
    -----
    UserWarning
        Pairs that are in both parts, with their number and the first.

    Raises
    ------
    TypeError
        If one of them has ids and the other has not.

    Examples
    --------
    >>> train = coals.Interactions.from_arrays(["ann", "ann", "bob"], ["x", "y", "x"])
    >>> test = coals.Interactions.from_arrays(["bob", "zoe"], ["y", "x"])
    >>> train, test = coals.split.like(train, test)
    >>> train.user_ids.tolist(), test.matrix.toarray().tolist()
    (['ann', 'bob', 'zoe'], [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    """
    first, second = as_interactions(train), as_interactions(test)
    users, items = _joined(first.users, second.users), _joined(first.items, second.items)
    titles = _titles(first, second, items)
    both = _moved(first, users, items, titles), _moved(second, users, items, titles)
    _warn_of_common_pairs(*both)
    return both


def _joined(ours: IdIndex, theirs: IdIndex) -> IdIndex:
    if (ours.ids is None) != (theirs.ids is None):
        raise TypeError(
            f"train and test must both have {ours.kind} ids, or neither: make both with Interactions.from_…"
        )
    if ours.ids is None or theirs.ids is None:
        return ours if len(ours) >= len(theirs) else theirs
    new = theirs.ids[ours.find_all(theirs) < 0]
    if not len(new):
        return ours
    if len(new) == len(theirs) and {type(id) for id in new.tolist()}.isdisjoint(type(id) for id in ours.ids.tolist()):
        raise TypeError(
            f"{ours.kind} ids are such as {ours.ids.tolist()[0]!r} in train and {new.tolist()[0]!r} in test: read both "
            "alike"
        )
    ids = as_id_array(f"{ours.kind}_ids", [*ours.ids.tolist(), *new.tolist()])
    return IdIndex(ids, len(ids), ours.kind)


def _moved(data: Interactions, users: IdIndex, items: IdIndex, titles: Any) -> Interactions:
    if users is data.users and items is data.items:
        return data
    rows, columns = users.find_all(data.users), items.find_all(data.items)
    entries = data.matrix.tocoo()
    numbered = scipy.sparse.coo_array(
        (np.arange(data.nnz, dtype=np.float64), (rows[entries.row], columns[entries.col])),
        shape=(len(users), len(items)),
    )
    ordered, _ = canonical_csr(numbered)
    order = ordered.data.astype(np.int64)
    matrix, _ = canonical_csr(
        scipy.sparse.csr_array((data.matrix.data[order], ordered.indices, ordered.indptr), shape=ordered.shape)
    )
    counts, times = (None if array is None else array[order] for array in (data.row_counts, data.times))
    return Interactions(matrix, users, items, titles, counts, times)


def _titles(first: Interactions, second: Interactions, items: IdIndex) -> Any:
    """Those of train count where both have one; items that neither names go by their id."""
    if first.item_titles is None and second.item_titles is None:
        return None
    titles = [str(id) for id in items.decode(np.arange(len(items))).tolist()]
    for data in (second, first):
        if data.item_titles is not None:
            for place, title in zip(items.find_all(data.items).tolist(), data.item_titles.tolist(), strict=True):
                titles[place] = title
    array = as_id_array("item_titles", titles)
    array.setflags(write=False)
    return array


def _warn_of_common_pairs(train: Interactions, test: Interactions) -> None:
    ones = [
        scipy.sparse.csr_array((np.ones(data.nnz, np.int8), data.matrix.indices, data.matrix.indptr), shape=data.shape)
        for data in (train, test)
    ]
    common = ones[0].multiply(ones[1]).tocsr()
    if common.nnz:
        row = int(np.searchsorted(common.indptr, 0, side="right")) - 1
        name = pair_name(test, row, int(common.indices[0]))
        warnings.warn(f"{common.nnz} of {test.nnz} test pairs are in train, too, such as {name}", stacklevel=3)
