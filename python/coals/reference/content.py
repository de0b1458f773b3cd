"""Cosines of item features (Salton, Buckley 1988), dense."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["content_weights"]

Array = npt.NDArray[np.float64]


def content_weights(features: Array, neighbors: int | None = None) -> Array:
    """cos(f_i, f_j) for i ≠ j where they share a feature, the `neighbors` largest of each row; 0 for rows of zeros.

    Examples
    --------
    >>> content_weights(np.array([[3.0, 4.0], [1.0, 0.0]]))
    array([[0. , 0.6],
           [0.6, 0. ]])
    """
    norms = np.linalg.norm(features, axis=1)
    unit = features / np.where(norms > 0, norms, 1)[:, None]
    W: Array = unit @ unit.T
    share = (features != 0).astype(int) @ (features != 0).T.astype(int) > 0
    np.fill_diagonal(share, False)
    for i, row in enumerate(W):
        order = np.lexsort((np.arange(len(row)), -row, ~share[i]))
        row[~share[i]] = 0
        if neighbors is not None:
            row[order[neighbors:]] = 0
    return W
