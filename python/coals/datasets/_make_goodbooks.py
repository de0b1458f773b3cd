"""Makes goodbooks.npz from the two CSV files of goodbooks-10k, first edition
(https://github.com/zygmuntz/goodbooks-10k).

    python -m coals.datasets._make_goodbooks RATINGS.csv.gz BOOKS.csv.gz OUT.npz

Kept are the books with book_id <= 2000, of a repeated (user, book) pair the last rating, and then the users
with at least 10 ratings, in this order. The same input gives the same arrays, and the same bytes under one
version of Python, NumPy and zlib.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

LAST_BOOK = 2000
MIN_RATINGS = 10


def read_ratings(path: Path) -> list[tuple[int, int, int]]:
    """The kept (user_id, book_id, rating), by user and then book."""
    rating: dict[tuple[int, int], int] = {}
    for row in _rows(path):
        user, book = int(row["user_id"]), int(row["book_id"])
        if book <= LAST_BOOK:
            rating[user, book] = int(row["rating"])
    ratings_of = Counter(user for user, _ in rating)
    return sorted((user, book, r) for (user, book), r in rating.items() if ratings_of[user] >= MIN_RATINGS)


def read_titles(path: Path) -> dict[int, str]:
    """Title by the book_id of the ratings, which is the column `id` of the books; runs of blanks made one."""
    return {int(row["id"]): " ".join(row["title"].split()) for row in _rows(path)}


def make(ratings: Path, books: Path, out: Path) -> None:
    """Write the arrays of a CSR matrix, with small integers and one UTF-8 text of titles, one to a line."""
    kept = np.array(read_ratings(ratings), dtype=np.int64)
    title = read_titles(books)
    user_ids, row_lengths = np.unique(kept[:, 0], return_counts=True)
    item_ids, columns = np.unique(kept[:, 1], return_inverse=True)
    titles = "\n".join(title[book] for book in item_ids.tolist())
    np.savez_compressed(
        out,
        user_ids=user_ids.astype(np.int32),
        item_ids=item_ids.astype(np.int32),
        row_lengths=row_lengths.astype(np.int32),
        columns=columns.astype(np.uint16),
        ratings=kept[:, 2].astype(np.uint8),
        titles=np.frombuffer(titles.encode("utf-8"), dtype=np.uint8),
    )
    print(f"{len(kept)} ratings, {len(user_ids)} users, {len(item_ids)} books, {out.stat().st_size} bytes")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python -m coals.datasets._make_goodbooks RATINGS.csv.gz BOOKS.csv.gz OUT.npz")
    make(*map(Path, sys.argv[1:]))
