"""Models of ratings by products of embeddings: what `EmbeddingDot` and `EmbeddingDotBias` share."""

from __future__ import annotations

from typing import Any

from coals.data.interactions import Interactions
from coals.models.factors.sigmoid_range import check_sigmoid_range, sigmoid_range, unsquashed
from coals.neural.training.embedding_task import EmbeddingTask
from coals.neural.training.rating_task import mean_of
from coals.neural.unseen_raters import UnseenRaters

__all__ = ["EmbeddingModel"]


class EmbeddingModel(UnseenRaters):
    """See its subclasses."""

    sigmoid_range: Any
    #: Whether there are biases, and with them something to rank by for users without ratings.
    biases: bool

    def _check_params(self) -> None:
        super()._check_params()
        check_sigmoid_range(self.sigmoid_range)

    def _look_at(self, data: Interactions) -> None:
        self.sigmoid_range_ = sigmoid_range(self.sigmoid_range, *self.rating_range_)
        self.global_mean_ = unsquashed(mean_of(data), self.sigmoid_range_) if self.biases else 0.0

    def _task(self, torch: Any, device: str, data: Interactions) -> EmbeddingTask:
        return EmbeddingTask(self, torch, device, data)

    def _has_evidence(self, known: Any) -> Any:
        return known | self.biases
