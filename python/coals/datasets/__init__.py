"""Small real data sets inside the package, and readers for the files of public ones, which are not downloaded.

Each data set inside has its own licence, next to it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import scipy

from coals.data.interactions import Interactions
from coals.datasets._readers import gowalla, last_fm, movielens

__all__ = ["goodbooks", "gowalla", "last_fm", "movielens"]


@cache
def goodbooks() -> Interactions:
    """Ratings of popular books: 176,233 of them, 1 to 5, by 4,273 users of 1,995 books.

    A part of goodbooks-10k (first edition) by Zygmunt Zając, under CC BY-SA 4.0; GOODBOOKS-LICENSE.md beside
    this file gives the terms and what was changed. User and item ids are the original user_id and book_id.
    Every user has rated 10 books or more; a book has about 100 ratings at most, so popularity is nearly flat.

    Returns
    -------
    Interactions of shape (4273, 1995)
        float32 ratings, int64 ids, titles. Read once (some 20 ms) and shared by later calls.

    Examples
    --------
    >>> from coals.datasets import goodbooks
    >>> data = goodbooks()
    >>> data
    Interactions(4273 users x 1995 items, 176233 entries)
    >>> data.titles([2, 1])
    ["Harry Potter and the Sorcerer's Stone (Harry Potter, #1)", 'The Hunger Games (The Hunger Games, #1)']
    """
    with files(__name__).joinpath("goodbooks.npz").open("rb") as file, np.load(file) as stored:
        columns, row_lengths = stored["columns"], stored["row_lengths"]
        indptr = np.append(0, np.cumsum(row_lengths, dtype=np.int64))
        user_ids, item_ids = (stored[name].astype(np.int64) for name in ("user_ids", "item_ids"))
        matrix = scipy.sparse.csr_array(
            (stored["ratings"].astype(np.float32), columns.astype(np.int32), indptr),
            shape=(len(user_ids), len(item_ids)),
        )
        titles = stored["titles"].tobytes().decode("utf-8").split("\n")
    return Interactions.from_matrix(matrix, user_ids=user_ids, item_ids=item_ids, item_titles=titles)
