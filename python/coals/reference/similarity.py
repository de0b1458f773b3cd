"""Similarity of every two items, or users, from dense matrices: each measure as its formula says it.

Below an "item" is what is compared and a "user" the other side; `axis="users"` transposes first. c is the number of
users who have both items, n_i and n_j the numbers who have each, N the number of all users, those without items too.
Results are dense; 0 means that the pair is not stored. A user has the items that the matrix stores, zeros included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BY_COUNTS", "BY_VECTORS", "ON_COMMON_USERS", "cooccurrence", "similarity"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# A sum of squared deviations this small compared with the sum of squares is rounding of values that are all equal.
_NO_VARIATION = 1e-12


def cooccurrence(
    matrix: Any,
    *,
    axis: str = "items",
    neighbors: int | None = None,
    threshold: float | None = None,
    rows: Any = None,
    weighted: bool = False,
    diagonal: bool = False,
    dtype: str = "float64",
) -> Array:
    """How many users have both items; weighted: the sum over them of the product of their values.

    Parameters
    ----------
    matrix : sparse matrix of shape (users, items)
    axis, neighbors, threshold, rows, weighted, diagonal
        As in `coals.cooccurrence`; `rows` are positions.
    dtype : str
        What values are rounded to before they are compared.

    Returns
    -------
    ndarray of shape (items, items), or (len(rows), items)

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> cooccurrence(sp.csr_array([[1, 1, 0], [1, 2, 3]]))
    array([[0., 2., 1.],
           [2., 0., 1.],
           [1., 1., 0.]])
    """
    r, has = _dense(matrix, axis)
    out = r.T @ r if weighted else _common(has)
    if not diagonal:
        np.fill_diagonal(out, 0.0)
    return _selected(out, neighbors, threshold, rows, dtype)


def similarity(
    matrix: Any,
    measure: str = "cosine",
    *,
    axis: str = "items",
    neighbors: int | None = None,
    threshold: float | None = None,
    rows: Any = None,
    weighted: bool = False,
    alpha: float = 0.5,
    beta: float = 0.5,
    shrinkage: float = 0.0,
    min_support: int = 1,
    min_overlap: int = 1,
    k1: float = 1.2,
    b: float = 0.75,
    dtype: str = "float64",
) -> Array:
    """Similarity of every two items that max(1, min_overlap) users have both, and min_support users each.

    Every value is multiplied by c / (c + shrinkage), with c - 1 in place of c for "pearson_baseline". `BY_COUNTS`,
    `BY_VECTORS` and `ON_COMMON_USERS` hold the formulas.

    Parameters
    ----------
    matrix : sparse matrix of shape (users, items)
    measure : str
        A key of `BY_COUNTS`, `BY_VECTORS` or `ON_COMMON_USERS`.
    axis, neighbors, threshold, rows, weighted, alpha, beta, shrinkage, min_support, min_overlap, k1, b
        As in `coals.similarity`, but all neighbors unless told; `rows` are positions.
    dtype : str
        What values are rounded to before they are compared.

    Returns
    -------
    ndarray of shape (items, items), or (len(rows), items)
        Zero on the diagonal.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> similarity(sp.csr_array([[1, 1, 0], [1, 1, 1]]), "jaccard")
    array([[0. , 1. , 0.5],
           [1. , 0. , 0.5],
           [0.5, 0.5, 0. ]])
    """
    r, has = _dense(matrix, axis)
    if measure == "pearson_baseline":
        r = _residuals(r, has) if axis == "items" else _residuals(r.T, has.T).T
    c, n = _common(has), has.sum(axis=0).astype(np.float64)
    n_i, n_j = n[:, None] * np.ones_like(c), n[None, :] * np.ones_like(c)
    candidate = (c >= max(1, min_overlap)) & (n_i >= min_support) & (n_j >= min_support)
    np.fill_diagonal(candidate, False)

    out = np.zeros_like(c)
    if measure in BY_COUNTS and not weighted:
        counts = c[candidate], n_i[candidate], n_j[candidate]
        out[candidate] = BY_COUNTS[measure](*counts, len(has), alpha, beta)
    elif measure in ON_COMMON_USERS:
        for i, j in np.argwhere(candidate):
            both = has[:, i] & has[:, j]
            out[i, j] = ON_COMMON_USERS[measure](r, has, both, i, j)
    else:
        vectors = BY_VECTORS[measure](r, has, k1, b)
        out[candidate] = _cosine_of_vectors(vectors)[candidate]
    if shrinkage:
        free = c[candidate] - (measure == "pearson_baseline")
        out[candidate] *= free / (free + shrinkage)
    return _selected(out, neighbors, threshold, rows, dtype)


def _dense(matrix: Any, axis: str) -> tuple[Array, Mask]:
    """Values, 0 where there is no entry, and where there is one."""
    entries = matrix.tocoo()
    r, has = np.zeros(matrix.shape), np.zeros(matrix.shape, bool)
    r[entries.row, entries.col] = entries.data
    has[entries.row, entries.col] = True
    return (r, has) if axis == "items" else (r.T.copy(), has.T.copy())


def _common(has: Mask) -> Array:
    """c of every two items; sums of ones are exact in float64."""
    ones = has.astype(np.float64)
    counts: Array = ones.T @ ones
    return counts


def _selected(values: Array, neighbors: int | None, threshold: float | None, rows: Any, dtype: str) -> Array:
    """Of each row the values >= threshold, and of those the `neighbors` largest, ties to the lower index."""
    rounded = values.astype(dtype)[slice(None) if rows is None else np.asarray(rows, np.int64)]
    out = np.zeros(rounded.shape)
    for row, result in zip(rounded, out, strict=True):
        kept = np.flatnonzero(row)
        if threshold is not None:
            kept = kept[row[kept] >= rounded.dtype.type(threshold)]
        kept = kept[np.argsort(-row[kept], kind="stable")][:neighbors]
        result[kept] = row[kept]
    return out


# Measures by counts: functions of c, n_i, n_j, N, alpha, beta.


def _log_likelihood(c: Array, n_i: Array, n_j: Array, N: int, *_: float) -> Array:
    """G^2 = 2 sum over the 2 x 2 table of k ln(k N / (row sum column sum)), 0 ln 0 = 0; 0 where c N <= n_i n_j.

    The table: users with both, with i only, with j only, with neither. Dunning (1993), Accurate methods for the
    statistics of surprise and coincidence.
    """
    total = np.zeros_like(c)
    for k, row_sum, column_sum in (
        (c, n_i, n_j),
        (n_i - c, n_i, N - n_j),
        (n_j - c, N - n_i, n_j),
        (N - n_i - n_j + c, N - n_i, N - n_j),
    ):
        some = k > 0
        total[some] += k[some] * np.log(k[some] * N / (row_sum[some] * column_sum[some]))
    return np.where(c * N > n_i * n_j, 2 * total, 0.0)


def _npmi(c: Array, n_i: Array, n_j: Array, N: int, *_: float) -> Array:
    """ln(lift) / -ln(c / N), and 1 where c = N. Bouma (2009), Normalized (pointwise) mutual information."""
    out = np.ones_like(c)
    some = c < N
    out[some] = np.log(c[some] * N / (n_i[some] * n_j[some])) / -np.log(c[some] / N)
    return out


#: Church and Hanks (1990) for pmi, Tversky (1977), Aiolli (2013) for the asymmetric cosine.
BY_COUNTS: dict[str, Callable[..., Array]] = {
    "count": lambda c, n_i, n_j, N, alpha, beta: c,
    "conditional": lambda c, n_i, n_j, N, alpha, beta: c / n_i,
    "jaccard": lambda c, n_i, n_j, N, alpha, beta: c / (n_i + n_j - c),
    "cosine": lambda c, n_i, n_j, N, alpha, beta: c / np.sqrt(n_i * n_j),
    "asymmetric_cosine": lambda c, n_i, n_j, N, alpha, beta: c / (n_i**alpha * n_j ** (1 - alpha)),
    "dice": lambda c, n_i, n_j, N, alpha, beta: 2 * c / (n_i + n_j),
    "tversky": lambda c, n_i, n_j, N, alpha, beta: c / (c + alpha * (n_i - c) + beta * (n_j - c)),
    "lift": lambda c, n_i, n_j, N, alpha, beta: c * N / (n_i * n_j),
    "pmi": lambda c, n_i, n_j, N, alpha, beta: np.log(c * N / (n_i * n_j)),
    "npmi": _npmi,
    "log_likelihood": _log_likelihood,
}


# Measures by vectors: cosine of the items' vectors with whole norms; functions of r, has, k1, b give the vectors.


def _cosine_of_vectors(w: Array) -> Array:
    """w_i . w_j / (|w_i| |w_j|) of every two columns; 0 where a norm is 0."""
    norms = np.sqrt((w**2).sum(axis=0))
    unit = w / np.where(norms > 0, norms, 1.0)
    cosines: Array = unit.T @ unit
    return cosines


def _tfidf(r: Array, has: Mask, k1: float, b: float) -> Array:
    """r_ui (ln((1 + M) / (1 + n_u)) + 1): M items, of which user u has n_u. As smoothed by scikit-learn."""
    M, n_u = r.shape[1], has.sum(axis=1)
    idf: Array = np.log((1 + M) / (1 + n_u)) + 1
    return idf[:, None] * r


def _bm25(r: Array, has: Mask, k1: float, b: float) -> Array:
    """idf_u r_ui (k1 + 1) / (r_ui + k1 (1 - b + b len_i / mean len)), idf_u = ln(1 + (M - n_u + 0.5) / (n_u + 0.5)).

    len_i is the sum of the item's values, its mean over the items with users. 0 where r_ui is. Robertson and
    Zaragoza (2009), The probabilistic relevance framework: BM25 and beyond.
    """
    M, n_u, length = r.shape[1], has.sum(axis=1), r.sum(axis=0)
    idf: Array = np.log(1 + (M - n_u + 0.5) / (n_u + 0.5))
    out = np.zeros_like(r)
    for u, i in np.argwhere(r > 0):
        relative = length[i] / length[has.any(axis=0)].mean()
        out[u, i] = idf[u] * r[u, i] * (k1 + 1) / (r[u, i] + k1 * (1 - b + b * relative))
    return out


def _centered(r: Array, has: Mask, k1: float, b: float) -> Array:
    """r_ui minus the mean of the item's values; 0 throughout for an item whose values are all equal."""
    out = np.zeros_like(r)
    for i in range(r.shape[1]):
        own = r[has[:, i], i]
        if len(own) and ((own - own.mean()) ** 2).sum() > _NO_VARIATION * (own**2).sum():
            out[has[:, i], i] = own - own.mean()
    return out


BY_VECTORS: dict[str, Callable[..., Array]] = {
    "cosine": lambda r, has, k1, b: r,  # weighted=True
    "tfidf": _tfidf,
    "bm25": _bm25,
    "centered_cosine": _centered,
}


# Measures on common users: functions of r, has, who has both, i, j.


def _clipped_cosine(x: Array, y: Array, scale_x: float, scale_y: float) -> float:
    """Sxy / sqrt(Sxx Syy) in [-1, 1]; 0 where one of Sxx, Syy is only rounding compared with its scale."""
    Sxx, Syy = float(x @ x), float(y @ y)
    if Sxx <= _NO_VARIATION * scale_x or Syy <= _NO_VARIATION * scale_y:
        return 0.0
    return float(np.clip(float(x @ y) / (np.sqrt(Sxx) * np.sqrt(Syy)), -1, 1))


def _pearson(r: Array, has: Mask, both: Mask, i: int, j: int) -> float:
    """(c Sxy - Sx Sy) / sqrt((c Sxx - Sx^2) (c Syy - Sy^2)), here from deviations: c Sxx - Sx^2 = c S(x - mean)^2."""
    x, y = r[both, i], r[both, j]
    return _clipped_cosine(x - x.mean(), y - y.mean(), float(x @ x), float(y @ y))


def _adjusted_cosine(r: Array, has: Mask, both: Mask, i: int, j: int) -> float:
    """Sxy / sqrt(Sxx Syy) of x_ui = r_ui minus the mean of all the user's values.

    Sarwar, Karypis, Konstan and Riedl (2001), Item-based collaborative filtering recommendation algorithms.
    """
    mean = r[both].sum(axis=1) / has[both].sum(axis=1)
    x, y = r[both, i], r[both, j]
    return _clipped_cosine(x - mean, y - mean, float(x @ x), float(y @ y))


def _common_cosine(r: Array, has: Mask, both: Mask, i: int, j: int) -> float:
    """Sxy / sqrt(Sxx Syy)."""
    x, y = r[both, i], r[both, j]
    return _clipped_cosine(x, y, float(x @ x), float(y @ y))


def _common_centered(r: Array, has: Mask, both: Mask, i: int, j: int) -> float:
    """Sxy / sqrt(Sxx Syy) of x_ui = r_ui minus the mean of all the item's values."""
    mean_i, mean_j = r[has[:, i], i].mean(), r[has[:, j], j].mean()
    x, y = r[both, i], r[both, j]
    return _clipped_cosine(x - mean_i, y - mean_j, float(x @ x), float(y @ y))


def _residuals(r: Array, has: Mask) -> Array:
    """r - (mean + b_u + b_i), rows being users, after ten passes of

    b_i = sum over the item's users of (r - mean - b_u) / (10 + n_i),  b_u = the same over its items / (15 + n_u),

    from b_u = 0: Koren (2010), Factor in the neighbors, with the penalties of Surprise. Rounding of r counts as 0.
    """
    mean = r[has].mean() if has.any() else 0.0
    b_u, b_i = np.zeros(r.shape[0]), np.zeros(r.shape[1])
    for _ in range(10):
        for i in range(r.shape[1]):
            own = has[:, i]
            b_i[i] = (r[own, i] - mean - b_u[own]).sum() / (10 + own.sum())
        for u in range(r.shape[0]):
            own = has[u]
            b_u[u] = (r[u, own] - mean - b_i[own]).sum() / (15 + own.sum())
    rest = r - mean - b_u[:, None] - b_i
    return np.where(has & (rest**2 > _NO_VARIATION * r**2), rest, 0.0)


def _msd(r: Array, has: Mask, both: Mask, i: int, j: int) -> float:
    """1 / (1 + mean of (x - y)^2). Shardanand and Maes (1995) rank by this mean."""
    return float(1 / (1 + np.mean((r[both, i] - r[both, j]) ** 2)))


ON_COMMON_USERS: dict[str, Callable[..., float]] = {
    "pearson": _pearson,
    "adjusted_cosine": _adjusted_cosine,
    "common_cosine": _common_cosine,
    "common_centered": _common_centered,
    "pearson_baseline": _common_cosine,
    "msd": _msd,
}
