"""Numbers that networks start from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["glorot", "normal"]

Floats = npt.NDArray[np.float32]


def glorot(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Normal numbers of variance 2 / (rows + columns) (Glorot, Bengio 2010)."""
    return normal(rng, shape, float(np.sqrt(2 / sum(shape))))


def normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Floats:
    return (rng.standard_normal(shape) * deviation).astype(np.float32)
