"""Layers of a fitted network, without torch: products of the core, the same bits for any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core

__all__ = ["dense", "sparse"]

Array = npt.NDArray[Any]


def sparse(rows: _core.Csr, weight: Array, bias: Array, threads: int) -> Array:
    """rows @ weight + bias, with a row of `weight` for each column."""
    out = _core.multiply_sparse(rows, np.ascontiguousarray(weight), threads)
    out += bias
    return out


def dense(rows: Array, weight: Array, bias: Array, threads: int) -> Array:
    """rows @ weight.T + bias, with a row of `weight` for each output, as torch has it."""
    out = np.tile(bias, (len(rows), 1))
    _core.add_low_rank(np.ascontiguousarray(rows), np.ascontiguousarray(weight), out, threads)
    return out
