"""How rows may be solved, by name, and the memory that takes."""

from __future__ import annotations

__all__ = ["SINGULAR", "SOLVERS", "workspace_bytes"]

SOLVERS = ("auto", "cholesky", "cg", "block")
SINGULAR = ("error", "minimum_norm", "jitter")


def workspace_bytes(factors: int, itemsize: int) -> tuple[int, int]:
    """Memory of a fit in addition to data and factors: (bytes of each thread, bytes in all threads together).

    A thread has a panel of gathered rows and the system it solves, of K and, for short rows, of up to as many entries;
    or 16 small ones. All share the partial Gram matrices and the axes.
    """
    padded = -(-factors // 16) * 16
    square = padded * padded * itemsize
    partial = min(max(2 * square, 16 << 20), 64 * square)
    thread = 128 * padded * itemsize + (3 if factors > 80 else 18) * square
    return thread, partial + 4 * 8 * factors * factors
