"""Bytes that fits of the models other than ALS take, as their steps hold them: data, what is learned, workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from coals.models.als.glove import GloVe
from coals.models.factors.bpr import BPR
from coals.models.factors.sgd_factorization import SGDFactorization
from coals.models.factors.svd import SVD
from coals.models.linear.content_knn import ContentKNN
from coals.models.linear.ease import EASE
from coals.models.linear.graph_filter import GraphFilter
from coals.models.linear.rp3beta import RP3beta

__all__ = ["Shape", "fit_bytes"]

_OVERSAMPLES = 10
#: Memory of finding neighbours in addition to the answer, in entries of the matrix.
_RANKED = 3


class Shape(NamedTuple):
    """Size of the data. `pairs`: how many entries the counts of pairs of items have at most."""

    users: int
    items: int
    nnz: int
    pairs: int
    features: int = 0  # entries of item features


Bytes = tuple[int, int, int]


def fit_bytes(model: Any, shape: Shape, threads: int) -> Bytes:
    """(data, learned, workspace) of a fit."""
    for cls, count in _COUNTS.items():
        if isinstance(model, cls):
            return count(model, shape, threads)
    names = ", ".join(cls.__name__ for cls in _COUNTS)
    raise TypeError(f"estimate_memory knows the ALS models, {names}, got {type(model).__name__}")


def _csr(rows: int, entries: int, itemsize: int) -> int:
    return 8 * (rows + 1) + entries * (4 + itemsize)


def _size(model: Any) -> int:
    return int(np.dtype(model.dtype).itemsize)


def _of_values(model: Any) -> int:
    """Bytes of a value of x: 0 without `weighted`."""
    return _size(model) if model.weighted else 0


def _krylov(users: int, items: int, width: int, steps: int, itemsize: int) -> int:
    """At most: the search may end after fewer steps."""
    shorter, longer, padded = min(users, items), max(users, items), -(-width // 16) * 16
    space = (steps + 1) * padded
    return (8 + itemsize) * shorter * width + itemsize * padded * ((steps + 3) * shorter + 2 * longer) + 24 * space**2


def _svd(model: SVD, shape: Shape, threads: int) -> Bytes:
    users, items, nnz = shape[:3]
    s = _size(model)
    copies = 2 if model.center else 1
    sparse = copies * _csr(users, nnz, s) + _csr(items, nnz, s) + _csr(users, nnz, 0)
    width = model.factors + model.n_oversamples
    return sparse, (2 * users + items) * model.factors * s, _krylov(users, items, width, model.power_iterations, s)


def _dense(model: Any, shape: Shape) -> Bytes:
    """items x items weights, and the strongest of them."""
    users, items, nnz = shape[:3]
    s, x = _size(model), _of_values(model)
    sparse = _csr(users, nnz, x) + 2 * _csr(items, nnz, x) + _csr(users, nnz, 0)
    kept = 0 if model.neighbors is None else 3 * items * min(model.neighbors, items) * (4 + s)
    return sparse, items * items * s + kept, 0


def _ease(model: EASE, shape: Shape, threads: int) -> Bytes:
    sparse, learned, _ = _dense(model, shape)
    return sparse, learned, 256 * shape.items * _size(model) + 400 * shape.items


def _graph_filter(model: GraphFilter, shape: Shape, threads: int) -> Bytes:
    sparse, learned, _ = _dense(model, shape)
    users, items, nnz = shape[:3]
    s, factors = _size(model), min(model.factors, users, items)
    normalized = 40 * nnz + _csr(users, nnz, s) + _csr(items, nnz, s)
    if model.alpha == 0:
        return sparse + normalized, learned, 0
    low_pass = _krylov(users, items, factors + _OVERSAMPLES, model.power_iterations, s) + 28 * items * factors
    return sparse + normalized, learned, low_pass + users * factors * s


def _neighbor_lists(items: int, neighbors: int | None, pairs: int, itemsize: int) -> int:
    kept = pairs if neighbors is None else min(pairs, items * min(neighbors, items))
    return kept * (4 + itemsize)


def _rp3beta(model: RP3beta, shape: Shape, threads: int) -> Bytes:
    users, items, nnz, pairs = shape[:4]
    sparse = _csr(users, nnz, _of_values(model)) + 40 * nnz + 2 * _csr(users, nnz, 8) + _csr(users, nnz, 0)
    learned = 3 * _neighbor_lists(items, model.neighbors, pairs, 8)
    return sparse, learned, _RANKED * _csr(items, nnz, 8) + threads * items * 16


def _content(model: ContentKNN, shape: Shape, threads: int) -> Bytes:
    users, items, nnz, _, features = shape
    sparse = _csr(users, nnz, _of_values(model)) + _csr(users, nnz, 0)
    learned = 3 * _neighbor_lists(items, model.neighbors, items * items, _size(model))
    return sparse, learned, (_RANKED + 4) * _csr(items, features, 8) + threads * items * 16


def _sgd(model: Any, shape: Shape, threads: int) -> Bytes:
    users, items, nnz = shape[:3]
    s, padded = _size(model), -(-model.factors * _size(model) // 64) * 64
    moved = 2 * (users + items) * (padded + s)
    start, epoch = 16 * max(users, items) * model.factors, nnz * (8 + s) + 8 * (users + items)
    fitted = (users + items) * (model.factors + 1) * s
    return _csr(users, nnz, s) + _csr(users, nnz, 0), moved + fitted, max(start - fitted, epoch)


def _glove(model: GloVe, shape: Shape, threads: int) -> Bytes:
    users, items, nnz, pairs = shape[:4]
    s = _size(model)
    logs = _csr(items, pairs, 8) + 8 * pairs + 2 * _csr(items, pairs, s) + 2 * pairs * s
    learned = (3 * items + users) * (model.factors + 1) * s
    padded = -(-(model.factors + 1) // 16) * 16
    last_chunks = min(pairs, threads << 20) * 8  # pairs are counted into chunks of this size
    workspace = threads * s * padded * (128 + 3 * padded) + last_chunks
    return logs + _csr(users, nnz, s) + _csr(users, nnz, 0), learned, workspace


_COUNTS: dict[type, Callable[[Any, Shape, int], Bytes]] = {
    SVD: _svd,
    EASE: _ease,
    GraphFilter: _graph_filter,
    RP3beta: _rp3beta,
    ContentKNN: _content,
    SGDFactorization: _sgd,
    BPR: _sgd,
    GloVe: _glove,
}
