"""Products of embeddings, with biases or without."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals.neural.training.rating_task import Pairs, RatingTask, spread_of
from coals.neural.training.start import normal
from coals.neural.training.training import Arrays

__all__ = ["EmbeddingTask"]

_START = 0.1  # standard deviation of embeddings


class EmbeddingTask(RatingTask):
    """mean + b + c + u · v, or u · v alone, squashed if the model is."""

    def start(self) -> Arrays:
        shape = self._data.shape
        arrays = {
            name: normal(self._rng, (size, self._model.factors), _START)
            for name, size in zip(("users", "items"), shape, strict=True)
        }
        if self._model.biases:
            arrays |= {
                name: np.zeros((size, 1), np.float32)
                for name, size in zip(("user bias", "item bias"), shape, strict=True)
            }
        return arrays

    def predicted(self, weights: dict[str, Any], part: Pairs) -> Any:
        embedding = self._torch.nn.functional.embedding
        scores = (embedding(part.users, weights["users"]) * embedding(part.items, weights["items"])).sum(1)
        if self._model.biases:
            scores = scores + embedding(part.users, weights["user bias"])[:, 0]
            scores = scores + embedding(part.items, weights["item bias"])[:, 0]
        return self.squashed(scores + self._model.global_mean_)

    def results(self, arrays: Arrays) -> dict[str, Any]:
        """What no rating has moved is zero, and without biases there is nothing to rank it by."""
        known = {"user": self.known_users, "item": self.known_items}
        candidates = self.candidates if self._model.biases else self.known_items
        fitted: dict[str, Any] = {"_known_users_": self.known_users, "_candidates_": candidates}
        for name, rows in known.items():
            fitted[f"{name}_factors_"] = arrays[f"{name}s"] * rows[:, None]
            bias = arrays[f"{name} bias"][:, 0] if self._model.biases else np.zeros(len(rows), np.float32)
            fitted[f"{name}_bias_"] = bias * rows
        return {**fitted, **spread_of(fitted)}
