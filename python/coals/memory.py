"""How much memory a fit takes, said beforehand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy

import coals
from coals import _core
from coals._util.checks import check_int, type_word
from coals.data.interactions import Interactions
from coals.models.als.implicit import ImplicitALS
from coals.models.fit_memory import Shape
from coals.models.linear.content_knn import ContentKNN

__all__ = ["MemoryEstimate", "estimate_memory"]


class MemoryEstimate(NamedTuple):
    """Bytes that a fit takes at its peak beyond what is there before it: what `estimate_memory` returns.

    Attributes
    ----------
    sparse : int
        The data by user and by item: int64 row pointers, int32 columns, values.
    factors : int
        Factors and biases of users and items.
    workspace : int
        What threads work with.
    total : int
        Their sum.

    Examples
    --------
    >>> coals.estimate_memory((1000, 500, 20_000), factors=64, num_threads=1).factors
    390000
    """

    sparse: int
    factors: int
    workspace: int
    total: int

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in self._asdict().items())
        return f"MemoryEstimate({parts})"


def estimate_memory(
    X: Any,
    model: Any = None,
    *,
    factors: int | None = None,
    dtype: str = "float32",
    solver: str = "auto",
    num_threads: int | None = None,
    item_features: Any = None,
) -> MemoryEstimate:
    """Memory that fitting a model takes at its peak, beyond the data itself.

    Parameters
    ----------
    X : Interactions, scipy sparse matrix, or (n_users, n_items, nnz)
        The data, or its size.
    model : model or None, default None
        With its parameters, fitted or not. A model without a formula is a TypeError that names those with one. None: an
        ALS model with what follows.
    factors, dtype, solver, num_threads
        Of an ALS model, in place of `model`.
    item_features : sparse matrix of shape (n_items, p), or int
        For `ContentKNN`: the features, or how many entries they have.

    Returns
    -------
    MemoryEstimate
        Bytes, no less than what a fit takes. For ALS within 10 % of it where data and factors outweigh the workspace,
        which short rows or an approximate solver do not fill. A model with weights takes 2 nnz more values, one with
        features the features twice and another copy of the factors, a snapshot in a callback one more. For the others
        up to 1.6 times what it is where all steps and neighbors asked for are taken, since not all is there at once;
        "factors" is what they learn, be it weights or neighbors, and pairs of items are counted as if no two users
        shared one, unless that is more than there are. What `fit` converts first, a matrix that is not CSR in order
        already, is not counted.

    Raises
    ------
    TypeError, ValueError
        For a model or data that it knows nothing of, and arguments that do not go together.

    Examples
    --------
    >>> print(coals.estimate_memory((138_493, 26_744, 20_000_263), factors=128, num_threads=2))
    MemoryEstimate(sparse 321.3 MB, factors 85.3 MB, workspace 6.6 MB, total 413.2 MB)
    >>> print(coals.estimate_memory((138_493, 26_744, 20_000_263), coals.EASE(num_threads=2)))
    MemoryEstimate(sparse 322.6 MB, factors 2861.0 MB, workspace 38.1 MB, total 3221.7 MB)
    """
    if model is not None:
        if (factors, dtype, solver, num_threads) != (None, "float32", "auto", None):
            raise TypeError("factors, dtype, solver and num_threads are those of the model: leave them out")
    elif factors is None:
        raise TypeError("give a model, or the factors of an ALS model")
    else:
        model = ImplicitALS(factors=factors, dtype=dtype, solver=solver, num_threads=num_threads)
    if (item_features is not None) != isinstance(model, ContentKNN):
        raise TypeError(
            "item_features go with model=ContentKNN(), and ContentKNN with item_features: give or leave out both"
        )
    if not hasattr(model, "_memory"):
        names = ", ".join(name for name in coals.MODELS if hasattr(getattr(coals, name), "_memory"))
        raise TypeError(f"estimate_memory knows {names}, got {type_word(model)}")
    entries = 0
    if item_features is not None:
        entries = int(item_features.nnz if scipy.sparse.issparse(item_features) else item_features)
    sparse, learned, workspace = model._memory(_shape_of(X, entries), _threads(model.num_threads))
    return MemoryEstimate(sparse, learned, workspace, sparse + learned + workspace)


def _shape_of(X: Any, features: int) -> Shape:
    users, items, nnz = _size_of(X)
    pairs = items * max(items - 1, 0)
    if isinstance(X, Interactions):
        X = X.matrix
    if scipy.sparse.issparse(X):
        sizes = np.bincount(X.tocoo().coords[0], minlength=users).astype(np.int64)
        pairs = min(pairs, int((sizes * (sizes - 1)).sum()))
    else:
        # However the entries are shared out, no user has more than all items.
        pairs = min(pairs, nnz * max(items - 1, 0))
    return Shape(users, items, nnz, pairs, features)


def _threads(num_threads: int | None) -> int:
    if num_threads is None:
        return int(_core.default_num_threads())
    return check_int("num_threads", num_threads, minimum=1, maximum=1024)


def _size_of(X: Any) -> tuple[int, int, int]:
    if isinstance(X, Interactions):
        return X.n_users, X.n_items, X.nnz
    if scipy.sparse.issparse(X) and X.ndim == 2:
        return int(X.shape[0]), int(X.shape[1]), int(X.nnz)
    if isinstance(X, (tuple, list)) and len(X) == 3:
        users, items, nnz = (
            check_int(name, value, minimum=0) for name, value in zip(("n_users", "n_items", "nnz"), X, strict=True)
        )
        if nnz > users * items:
            raise ValueError(f"{nnz} entries do not fit into {users} x {items} cells")
        return users, items, nnz
    raise TypeError(
        f"X must be Interactions, a SciPy sparse matrix or a tuple (n_users, n_items, nnz), got {type_word(X)}"
    )
