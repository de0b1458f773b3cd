"""Splits of the stored pairs at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals._util.checks import check_int, check_number, check_random_state
from coals.data.interactions import Interactions, as_interactions

__all__ = ["k_fold", "leave_k_out", "random"]


def random(data: Any, *, test_fraction: float = 0.2, random_state: Any = 0) -> tuple[Interactions, Interactions]:
    """Put a random share of the stored pairs to the test part, whatever their user.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    test_fraction : float
        Share of the stored pairs that go to test, strictly between 0 and 1; rounded to whole pairs.
    random_state : int, numpy.random.Generator or None
        The same integer gives the same split; None gives another one each time.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`. A user or item may be without entries in either.

    Raises
    ------
    ValueError
        If `test_fraction` is out of range, or leaves train or test without a pair.

    Notes
    -----
    Time O(nnz), memory 16 bytes for each stored pair besides the result.

    Examples
    --------
    >>> import coals, scipy.sparse
    >>> train, test = coals.split.random(scipy.sparse.csr_array([[5, 3, 0], [1, 0, 2]]), test_fraction=0.25)
    >>> train.nnz, test.nnz, test.shape
    (3, 1, (2, 3))
    """
    fraction = check_number("test_fraction", test_fraction)
    if not 0 < fraction < 1:
        raise ValueError(f"test_fraction must lie between 0 and 1, both excluded, got {fraction}")
    rng = check_random_state(random_state)
    data = as_interactions(data)
    n_test = round(fraction * data.nnz)
    if not 0 < n_test < data.nnz:
        empty = "test" if n_test == 0 else "train"
        raise ValueError(
            f"test_fraction={fraction} leaves {empty} without any of the {data.nnz} stored pairs: "
            "give one that puts a pair on either side"
        )
    in_test = np.zeros(data.nnz, dtype=bool)
    in_test[np.argpartition(rng.random(data.nnz), n_test)[:n_test]] = True
    return _divide(data, in_test)


def leave_k_out(data: Any, *, k: int = 1, random_state: Any = 0) -> tuple[Interactions, Interactions]:
    """Put `k` random pairs of each user to the test part; users with `k` pairs or fewer stay whole in train.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    k : int
        Pairs of a user that go to test, at least 1. Users with `k` pairs or fewer keep them all for training.
    random_state : int, numpy.random.Generator or None
        The same integer gives the same split; None gives another one each time.

    Returns
    -------
    train, test : Interactions
        Of the shape of `data`.

    Raises
    ------
    ValueError
        If no user has more than `k` stored pairs.

    Notes
    -----
    Time O(nnz log nnz), memory about 60 bytes for each stored pair besides the result.

    Examples
    --------
    >>> import coals, scipy.sparse
    >>> train, test = coals.split.leave_k_out(scipy.sparse.csr_array([[5, 3, 4], [0, 1, 2], [0, 0, 1]]), k=1)
    >>> np.diff(test.matrix.indptr).tolist()  # test pairs of each user
    [1, 1, 0]
    """
    k = check_int("k", k, minimum=1)
    rng = check_random_state(random_state)
    data = as_interactions(data)
    starts, lengths = data.matrix.indptr[:-1].astype(np.int64), np.diff(data.matrix.indptr)
    if lengths.max() <= k:
        raise ValueError(f"no user has more than k={k} stored pairs (the most is {lengths.max()}): lower k")
    rows = np.repeat(np.arange(data.n_users), lengths)
    # Pairs in random order within their row: the place of a pair in its row is then a random rank.
    shuffled = np.lexsort((rng.random(data.nnz), rows))
    rank = np.arange(data.nnz) - starts[rows]
    in_test = np.zeros(data.nnz, dtype=bool)
    in_test[shuffled[(rank < k) & (lengths[rows] > k)]] = True
    return _divide(data, in_test)


def k_fold(data: Any, *, folds: int = 5, random_state: Any = 0) -> Iterator[tuple[Interactions, Interactions]]:
    """Cross-validation: every stored pair is in the test part of exactly one of `folds` splits.

    Parameters
    ----------
    data : Interactions or sparse matrix, (n_users, n_items)
    folds : int, default 5
        At least 2. The sizes of the test parts differ by one pair at most.
    random_state : int, numpy.random.Generator or None, default 0
        The same integer gives the same folds; None gives others each time.

    Returns
    -------
    iterator of (train, test)
        Interactions of the shape of `data`, made as they are asked for.

    Raises
    ------
    ValueError
        If there are fewer stored pairs than folds.

    Examples
    --------
    >>> import scipy.sparse
    >>> data = scipy.sparse.csr_array([[5, 3, 0], [1, 0, 2]])
    >>> [(train.nnz, test.nnz) for train, test in coals.split.k_fold(data, folds=2)]
    [(2, 2), (2, 2)]
    """
    folds = check_int("folds", folds, minimum=2)
    rng = check_random_state(random_state)
    data = as_interactions(data)
    if data.nnz < folds:
        raise ValueError(f"{folds} folds need as many stored pairs, and there are {data.nnz}: ask for fewer")
    fold = np.empty(data.nnz, dtype=np.int64)
    fold[rng.permutation(data.nnz)] = np.arange(data.nnz) % folds
    return (_divide(data, fold == number) for number in range(folds))


def _divide(data: Interactions, in_test: NDArray[np.bool_]) -> tuple[Interactions, Interactions]:
    return data.select(~in_test), data.select(in_test)
