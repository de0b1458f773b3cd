"""Embeddings of a user and an item through hidden layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from coals.models.factors.sigmoid_range import unsquashed
from coals.neural.training.rating_task import Pairs, RatingTask, mean_of
from coals.neural.training.start import glorot, normal
from coals.neural.training.training import Arrays

__all__ = ["NetTask"]

_START = 0.1  # standard deviation of embeddings


class NetTask(RatingTask):
    """[u v] through ReLU layers to one number, squashed if the model is. Dropout is drawn beforehand."""

    def start(self) -> Arrays:
        K, widths = int(self._model.factors), [int(width) for width in self._model.layers]
        users, items = (normal(self._rng, (size, K), _START) for size in self._data.shape)
        arrays: Arrays = {"users": users, "items": items}
        for k, (inner, outer) in enumerate(zip([2 * K, *widths], [*widths, 1], strict=True)):
            arrays[f"layer {k}"] = glorot(self._rng, (outer, inner))
            arrays[f"layer {k} bias"] = np.zeros(outer, np.float32)
        arrays[f"layer {len(widths)} bias"] += np.float32(unsquashed(mean_of(self._data), self._model.sigmoid_range_))
        self.undecayed = tuple(name for name in arrays if name.endswith("bias"))
        return arrays

    def _draw(self, size: int) -> Any:
        share = self._model.dropout
        if share == 0:
            return None
        widths = [2 * int(self._model.factors), *self._model.layers]
        masks = ((self._rng.random((size, width), np.float32) >= share) / np.float32(1 - share) for width in widths)
        return [self._torch.from_numpy(mask).to(self._device) for mask in masks]

    def predicted(self, weights: dict[str, Any], part: Pairs) -> Any:
        torch = self._torch
        embedded = (torch.nn.functional.embedding(rows, weights[name])
                    for rows, name in ((part.users, "users"), (part.items, "items")))  # fmt: skip
        h = torch.cat(list(embedded), 1)
        for k in range(len(self._model.layers) + 1):
            if part.drawn is not None:
                h = h * part.drawn[k]
            h = h @ weights[f"layer {k}"].T + weights[f"layer {k} bias"]
            if k < len(self._model.layers):
                h = torch.relu(h)
        return self.squashed(h[:, 0])

    def results(self, arrays: Arrays) -> dict[str, Any]:
        """Who or what has no rating gets the mean embedding of those that have."""
        fitted: dict[str, Any] = {"_known_users_": self.known_users, "_candidates_": self.candidates}
        for name, known in (("user", self.known_users), ("item", self.known_items)):
            embedded = arrays[f"{name}s"].copy()
            embedded[~known] = embedded[known].mean(axis=0)
            fitted[f"{name}_factors_"] = embedded
        fitted["network_"] = [array for name, array in arrays.items() if name.startswith("layer")]
        return fitted
