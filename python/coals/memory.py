"""How much memory a fit takes, said beforehand."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy

from coals import _core
from coals._checks import check_choice, check_int
from coals._factor_model import MOST_FACTORS
from coals._solvers import SOLVERS, workspace_bytes
from coals.interactions import Interactions

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
    X: Any, *, factors: int, dtype: str = "float32", solver: str = "auto", num_threads: int | None = None
) -> MemoryEstimate:
    """Memory that fitting an ALS model takes at its peak, beyond the data itself.

    Parameters
    ----------
    X : Interactions, scipy sparse matrix, or (n_users, n_items, nnz)
        The data, or its size.
    factors, dtype, solver, num_threads
        As for `ExplicitALS` and `ImplicitALS`.

    Returns
    -------
    MemoryEstimate
        Bytes, no less than what a fit takes, and within 10 % of it where data and factors outweigh the workspace,
        which short rows or an approximate solver do not fill. A model with weights takes 2 nnz more values, one with
        features the features twice and another copy of the factors, a snapshot in a callback one more. What `fit`
        converts first, a matrix that is not CSR in order already, is not counted.

    Examples
    --------
    >>> print(coals.estimate_memory((138_493, 26_744, 20_000_263), factors=128, num_threads=2))
    MemoryEstimate(sparse 321.3 MB, factors 85.3 MB, workspace 6.6 MB, total 413.2 MB)
    """
    factors = check_int("factors", factors, minimum=1, maximum=MOST_FACTORS)
    check_choice("dtype", dtype, ("float32", "float64"))
    check_choice("solver", solver, SOLVERS)
    threads = (
        _core.default_num_threads()
        if num_threads is None
        else check_int("num_threads", num_threads, minimum=1, maximum=1024)
    )
    users, items, nnz = _size_of(X)
    itemsize = np.dtype(dtype).itemsize
    pointers = 8 * (users + 1) + 8 * (items + 1)
    sparse = pointers + 2 * nnz * (4 + itemsize)
    dense = (users + items) * (factors + 1) * itemsize
    thread, shared = workspace_bytes(factors, itemsize)
    counts = 8 * (users + items)
    workspace = threads * thread + shared + counts
    return MemoryEstimate(sparse, dense, workspace, sparse + dense + workspace)


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
        f"X must be Interactions, a SciPy sparse matrix or a tuple (n_users, n_items, nnz), got {type(X).__name__}"
    )
