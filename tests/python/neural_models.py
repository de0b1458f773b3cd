"""Neural models for the shared tests, where torch is installed. A few epochs from a fixed seed, on the CPU."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from coals import neural

__all__ = ["NEURAL"]

SMALL = {"iterations": 3, "batch_size": 16, "device": "cpu", "random_state": 0}
RATINGS = SMALL | {"batch_size": 100}


def maker(cls: type, **own: Any) -> Callable[..., Any]:
    return lambda **p: cls(**{**own, **p})


NEURAL: dict[str, Callable[..., Any]] = {
    "neural-vae": maker(neural.MultVAE, layers=[8, 5, 3], **SMALL),
    "neural-dae": maker(neural.MultDAE, layers=[7], validation_fraction=0.0, **SMALL),
    "neural-dot": maker(neural.EmbeddingDot, factors=5, validation_fraction=0.0, **RATINGS),
    "neural-dot-bias": maker(neural.EmbeddingDotBias, factors=5, sigmoid_range="data", **RATINGS),
    "neural-net": maker(neural.EmbeddingNet, factors=4, layers=[8, 5], **RATINGS),
    "neural-autorec": maker(neural.AutoRec, factors=6, dropout=0.2, **SMALL),
    "neural-autorec-users": maker(neural.AutoRec, based_on="users", factors=6, activity_penalty=0.1, **SMALL),
    "neural-nade": maker(neural.CFNADE, layers=[8, 5], factors=4, ordinal_weight=0.5, **SMALL),
    "neural-nade-users": maker(neural.CFNADE, based_on="users", layers=[8, 5], factors=4, **SMALL),
}
if importlib.util.find_spec("torch") is None:
    NEURAL = {}
