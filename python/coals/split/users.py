"""Splits by user, for models that must serve people they were not fitted with. `coals.split` passes `by_user` on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coals._util.checks import check_int, check_number, check_random_state
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions, as_interactions
from coals.data.sparse import trusted_csr

__all__ = ["FoldInData", "UserSplit", "by_user", "select_users", "told_and_held_out"]


class FoldInData(NamedTuple):
    """Users a model was not fitted with: what it is given of them, and what it should find, row by row."""

    history: Interactions
    held_out: Interactions


class UserSplit(NamedTuple):
    """What `by_user` gives: training users, and validation and test users with their histories."""

    train: Interactions
    validation: FoldInData
    test: FoldInData


def by_user(
    data: Any,
    *,
    validation_users: int,
    test_users: int,
    held_out_fraction: float = 0.2,
    random_state: Any = 0,
) -> UserSplit:
    """Whole users for validation and test, part of whose items the model is given: "strong generalisation".

    The protocol of Liang et al. 2018 (Mult-VAE): fit to the training users, then recommend to each of the others from
    four fifths of their items, and look for the rest. See `coals.evaluate_fold_in`.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    validation_users, test_users : int
        How many users go to each, at least 1. They are drawn from those with at least two stored pairs; all others,
        users with a single pair or none included, are for training.
    held_out_fraction : float, default 0.2
        Share of a user's pairs that is held out, rounded, at least one, and never all.
    random_state : int, numpy.random.Generator or None, default 0
        The same integer gives the same split; None gives another one each time.

    Returns
    -------
    UserSplit
        ``(train, validation, test)``; validation and test are ``(history, held_out)``. Each has rows for its own users
        alone, with their ids (row numbers of `data` if that has none), and all items of `data`. Items without a
        training pair stay in; the protocol's authors drop them.

    Raises
    ------
    ValueError
        If too few users have two pairs, or none with a pair is left to train on.

    Examples
    --------
    >>> parts = coals.split.by_user(coals.datasets.goodbooks(), validation_users=200, test_users=300)
    >>> parts.train.n_users, parts.test.history.n_users, parts.test.held_out.n_users
    (3773, 300, 300)
    """
    validation_users = check_int("validation_users", validation_users, minimum=1)
    test_users = check_int("test_users", test_users, minimum=1)
    fraction = check_number("held_out_fraction", held_out_fraction)
    if not 0 < fraction < 1:
        raise ValueError(f"held_out_fraction must lie between 0 and 1, both excluded, got {fraction}")
    rng = check_random_state(random_state)
    data = as_interactions(data)
    lengths = np.diff(data.matrix.indptr)
    able = np.flatnonzero(lengths >= 2)
    if len(able) < validation_users + test_users:
        raise ValueError(
            f"{validation_users} validation and {test_users} test users were asked for, but {len(able)} users have two "
            "stored pairs: ask for fewer"
        )
    chosen = rng.permutation(able)[: validation_users + test_users]
    rest = np.setdiff1d(np.arange(data.n_users), chosen)
    if not lengths[rest].any():
        raise ValueError("no user with a stored pair is left to train on: ask for fewer validation and test users")
    validation, test = np.sort(chosen[:validation_users]), np.sort(chosen[validation_users:])
    return UserSplit(
        select_users(data, rest),
        told_and_held_out(select_users(data, validation), fraction, rng),
        told_and_held_out(select_users(data, test), fraction, rng),
    )


def told_and_held_out(data: Interactions, fraction: float, rng: np.random.Generator) -> FoldInData:
    """A share of the entries of each user, one at least and never all, apart from the rest."""
    lengths = np.diff(data.matrix.indptr)
    counts = np.clip(np.rint(fraction * lengths).astype(np.int64), 1, lengths - 1)
    rows = np.repeat(np.arange(data.n_users), lengths)
    shuffled = np.lexsort((rng.random(data.nnz), rows))
    rank = np.arange(data.nnz) - data.matrix.indptr[:-1][rows]
    held_out = np.zeros(data.nnz, dtype=bool)
    held_out[shuffled[rank < counts[rows]]] = True
    return FoldInData(data.select(~held_out), data.select(held_out))


def select_users(data: Interactions, rows: NDArray[np.int64]) -> Interactions:
    """The given rows alone, with their ids; the row numbers are their ids where there are none."""
    indptr = data.matrix.indptr
    sizes = np.diff(indptr)[rows]
    begin = np.append(0, np.cumsum(sizes))
    entries = np.repeat(indptr[rows] - begin[:-1], sizes) + np.arange(begin[-1])
    shape = len(rows), data.n_items
    matrix = trusted_csr(data.matrix.data[entries], data.matrix.indices[entries], begin, shape)
    users = IdIndex.trusted(data.users.decode(rows), len(rows), "user")
    counts = None if data.row_counts is None else data.row_counts[entries]
    times = None if data.times is None else data.times[entries]
    return Interactions._trusted(matrix, users, data.items, data.item_titles, counts, times)
