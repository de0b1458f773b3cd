"""Normalises rows to unit length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from coals.data.native import blocks

__all__ = ["unit_rows"]

Array = npt.NDArray[Any]


def unit_rows(rows: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Rows of length 1 in the same direction, and which rows have a direction; the others stay zeros."""
    out = np.zeros_like(rows)
    known = np.zeros(len(rows), bool)
    for part in blocks(len(rows), rows.shape[1]):
        wide = rows[part].astype(np.float64)
        # Scaled first, so that no square can overflow or vanish.
        wide /= np.maximum(np.abs(wide).max(axis=1, keepdims=True, initial=0), np.finfo(np.float64).tiny)
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
        known[part] = norms[:, 0] > 0
        out[part] = np.divide(wide, norms, out=np.zeros_like(wide), where=norms > 0)
    return out, known
