"""Writes the goodbooks sample as raw arrays, and what Python makes of it: what every other language has to repeat.

problem.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

import coals

FACTORS, SEED, SERVED, N = 32, 7, 100, 10


def main(folder: Path) -> None:
    def write(name, array):
        np.ascontiguousarray(array).tofile(folder / name)

    matrix = coals.datasets.goodbooks().matrix
    write("row_begin", matrix.indptr.astype(np.int64))
    write("column", matrix.indices.astype(np.int32))
    write("value", matrix.data.astype(np.float32))
    write("size", np.array(matrix.shape, np.int64))

    start = coals.core_start(*matrix.shape, FACTORS, SEED)
    implicit = coals.ImplicitALS(factors=FACTORS, iterations=4, init=start).fit(matrix)
    write("py_implicit_users", implicit.user_factors_)
    write("py_implicit_items", implicit.item_factors_)
    served = np.arange(SERVED)
    listed = implicit.recommend(served, n=N)
    write("py_implicit_ids", listed.ids)
    write("py_implicit_scores", listed.scores)
    users, items = implicit.user_factors_[:SERVED], implicit.item_factors_
    listed = coals.top_k(users, items, N, exclude_per_query=matrix[:SERVED])
    write("py_index_ids", listed.ids)
    write("py_index_scores", listed.scores)
    write("py_implicit_folded", implicit.transform_users(matrix[:SERVED]))
    write("py_new_ids", implicit.recommend_for(matrix[:SERVED], n=N).ids)

    ratings = coals.ExplicitALS(factors=FACTORS, iterations=4, init=start).fit(matrix)
    write("py_explicit_users", ratings.user_factors_)
    write("py_explicit_items", ratings.item_factors_)
    write("py_explicit_user_bias", ratings.user_bias_)
    write("py_explicit_item_bias", ratings.item_bias_)
    listed = ratings.recommend(served, n=N)
    write("py_explicit_ids", listed.ids)
    write("py_explicit_scores", listed.scores)

    similar = coals.similarity(matrix, "jaccard", neighbors=20)
    write("py_jaccard_column", similar.indices.astype(np.int32))
    write("py_jaccard_value", similar.data.astype(np.float32))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
