"""The loop of the tutorials: a Python set of users for each item, and for each pair of items their Jaccard index.

It runs on so many items, taken evenly in order of their size, that it ends; the seconds are multiplied by all pairs of
items over those done. Making the sets is timed, choosing the best of a row is not part of it.
"""

from __future__ import annotations

import platform
from typing import Any

import scipy.sparse

from bench.harness.data import part_of_rows
from bench.suites.knn.contender import Contender

ITEMS = 500


class Sets(Contender):
    def version(self) -> str:
        return platform.python_version()

    def prepare(self, matrix: Any) -> None:
        by_item = matrix.T.tocsr()
        every = max(1, by_item.shape[0] // ITEMS)
        self.by_item = by_item[part_of_rows(by_item, every)] if every > 1 else by_item
        n, all_items = self.by_item.shape[0], by_item.shape[0]
        self.scale = all_items * (all_items - 1) / (n * (n - 1))

    def run(self) -> Any:
        indptr, indices = self.by_item.indptr.tolist(), self.by_item.indices.tolist()
        users = [set(indices[indptr[k] : indptr[k + 1]]) for k in range(len(indptr) - 1)]
        similarity = {}
        for i in range(len(users)):
            for j in range(i):
                both = len(users[i] & users[j])
                if both:
                    similarity[i, j] = both / len(users[i] | users[j])
        return similarity

    def rows(self, result: Any) -> Any:
        n = self.by_item.shape[0]
        pairs = list(result)
        half = scipy.sparse.csr_array((list(result.values()), tuple(zip(*pairs, strict=True))), shape=(n, n))
        return (half + half.T).tocsr()
