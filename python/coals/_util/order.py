"""The order of all ranked lists: the larger score first, ties to the lower index (`better` in the core)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["best_first"]


def best_first(scores: npt.NDArray[Any], index: npt.NDArray[Any] | None = None) -> npt.NDArray[np.intp]:
    """Positions along the last axis from the best score to the worst; NaN comes last.

    `index` are what ties are broken by, where they are not the positions.
    """
    return np.argsort(-scores, axis=-1, kind="stable") if index is None else np.lexsort((index, -scores))
