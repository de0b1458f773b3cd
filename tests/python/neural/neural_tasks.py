"""Data, and models as they are when a task begins, for tests of what neural models learn by."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

import coals

__all__ = ["QUIET", "looked_at", "low_rank_ratings", "tensors"]

QUIET: dict[str, Any] = {"device": "cpu", "random_state": 0}


def tensors(arrays):
    import torch

    return {name: torch.tensor(np.asarray(array), dtype=torch.float32) for name, array in arrays.items()}


def looked_at(model, data):
    data = coals.Interactions.from_matrix(data)
    model.rating_range_ = float(data.matrix.data.min()), float(data.matrix.data.max())
    model._look_at(data)
    return model, data


def low_rank_ratings(seed=0, users=120, items=80, share=0.4):
    """4 + b + c + u · v with a little noise."""
    rng = np.random.default_rng(seed)
    user, item = (rng.standard_normal((size, 2)) * 0.7 for size in (users, items))
    full = 4 + rng.standard_normal(users)[:, None] * 0.5 + rng.standard_normal(items) * 0.5 + user @ item.T
    full += 0.1 * rng.standard_normal(full.shape)
    return sp.csr_array(np.where(rng.random(full.shape) < share, full, 0))
