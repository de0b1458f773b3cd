"""Generated interactions: no download, the same on every machine.

Activity of users is log-normal, popularity of items Zipf-like, and each pair occurs at most once, so the busiest and
the most popular saturate as in real catalogues. Ratings are uniform on 1..5. Nothing in it can be learned; that does
not matter here, as the time of every model measured depends on which pairs there are and not on their values.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse

__all__ = [
    "SHAPES", "SIZES", "Size", "distinct_ratings", "interactions", "load_matrix", "part_of_rows", "ratings",
    "save_matrix",
]  # fmt: skip


class Size(NamedTuple):
    """A shape, its number of entries, and how often contenders take turns on it.

    Popularity of the item of rank r is (r + offset)^-exponent. Each of the `heavy` users has half a percent of all
    draws, many of them of the same popular items.
    """

    users: int
    items: int
    entries: int
    rounds: int
    exponent: float = 1.0
    offset: int = 20
    heavy: int = 0


SIZES = {
    "tutorial": Size(365, 5_000, 10_000, rounds=9),
    "small": Size(2_000, 1_000, 60_000, rounds=9),
    "medium": Size(50_000, 10_000, 6_000_000, rounds=3),
    "large": Size(138_000, 27_000, 23_000_000, rounds=2),
    "short": Size(500_000, 100_000, 6_000_000, rounds=2),
    "wide": Size(200_000, 300_000, 10_000_000, rounds=2),
    "skewed": Size(100_000, 50_000, 8_000_000, rounds=2, exponent=1.1, offset=1, heavy=8),
}
#: What `bench.peers` and `bench.suites.knn` run on. "long" is "large" by the length of its rows, against "short" with
#: 12 entries a user. "wide" has more items than a dense row of counts fits in cache. "skewed" has items and users that
#: hold a large part of the work by themselves.
SHAPES = ("small", "medium", "long", "short", "wide", "skewed", "goodbooks")


def interactions(shape: str, goodbooks: Path | None = None) -> Any:
    """Users x items csr_array of one of `SHAPES`; goodbooks is read from its ratings.csv.gz, the others generated."""
    if shape != "goodbooks":
        return ratings("large" if shape == "long" else shape)
    if goodbooks is None:
        raise ValueError("the shape goodbooks needs the path of its ratings.csv.gz: --ratings")
    return _read_ratings(goodbooks)


def _read_ratings(path: Path) -> Any:
    """Columns user_id, book_id and rating of goodbooks; of a pair that comes twice the last row counts."""
    with gzip.open(path, "rt") as file:
        titles = file.readline().strip().split(",")
        columns = [titles.index(title) for title in ("user_id", "book_id", "rating")]
        table = np.loadtxt(file, delimiter=",", usecols=columns, dtype=np.int64)[::-1]
    users, items = (np.unique(table[:, k], return_inverse=True)[1] for k in (0, 1))
    _, last = np.unique(users * (items.max() + 1) + items, return_index=True)
    values = table[last, 2].astype(np.float32)
    return scipy.sparse.csr_array((values, (users[last].astype(np.int32), items[last].astype(np.int32))))


@cache
def ratings(size: str) -> Any:
    """Users x items csr_array of float32 ratings, canonical, with exactly the size's number of entries."""
    return distinct_ratings(SIZES[size])


def distinct_ratings(size: Size) -> Any:
    """The same for any size."""
    users, items, entries, _, exponent, offset, heavy = size
    random = np.random.default_rng(0)
    activity = random.lognormal(sigma=1.1, size=users)
    popularity = random.permutation(1.0 / (np.arange(items) + offset) ** exponent)
    if heavy:
        activity[random.choice(users, heavy, replace=False)] = activity.sum() / 200
    keys = _distinct_pairs(random, activity / activity.sum(), popularity / popularity.sum(), entries)
    values = random.integers(1, 6, entries).astype(np.float32)
    row_ends = np.cumsum(np.bincount(keys // items, minlength=users))
    indptr = np.append(0, row_ends).astype(np.int32)
    return scipy.sparse.csr_array((values, (keys % items).astype(np.int32), indptr), shape=(users, items))


def _distinct_pairs(
    random: np.random.Generator,
    activity: npt.NDArray[np.float64],
    popularity: npt.NDArray[np.float64],
    count: int,
) -> npt.NDArray[np.int64]:
    """Sorted keys user * items + item of `count` different pairs."""
    items = len(popularity)
    steps = np.cumsum(popularity)
    keys = np.empty(0, np.int64)
    while len(keys) < count:
        draws = (count - len(keys)) * 5 // 4 + 1000
        user = np.repeat(np.arange(len(activity)), random.multinomial(draws, activity))
        item = np.minimum(np.searchsorted(steps, random.random(draws)), items - 1)
        keys = np.sort(np.concatenate([keys, user * items + item]))
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    kept = np.ones(len(keys), dtype=bool)
    kept[random.choice(len(keys), len(keys) - count, replace=False, shuffle=False)] = False
    return keys[kept]


def part_of_rows(matrix: Any, every: int) -> npt.NDArray[np.int64]:
    """Every `every`-th row in order of size, starting in the middle: short and long rows in their true proportions."""
    by_size = np.argsort(np.diff(matrix.indptr), kind="stable")
    return by_size[every // 2 :: every]


def save_matrix(path: Path, matrix: Any) -> None:
    """Uncompressed, so that a child reads it in a second."""
    np.savez(path, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=matrix.shape)


def load_matrix(path: str) -> Any:
    """Users x items csr_matrix of float32: some peers do not know csr_array."""
    with np.load(path) as file:
        parts = file["data"], file["indices"], file["indptr"]
        return scipy.sparse.csr_matrix(parts, shape=tuple(file["shape"]))
