"""Models of ratings by products of embeddings: what `EmbeddingDot` and `EmbeddingDotBias` share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from coals.data.interactions import Interactions
from coals.models.factors.biased_factors import BiasedFactors
from coals.models.factors.sigmoid_range import check_sigmoid_range, sigmoid_range, unsquashed
from coals.models.folded_rows import Rows
from coals.neural.neural_model import NeuralModel, check_factors, look_at_ratings
from coals.neural.training.embedding_task import EmbeddingTask
from coals.neural.training.rating_task import mean_of
from coals.neural.training.training import Training
from coals.neural.unseen_raters import likeliest_raters, noise_of
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["EmbeddingModel"]


class EmbeddingModel(NeuralModel, BiasedFactors):
    """Ratings by products of embeddings, with or without biases."""

    factors: int
    sigmoid_range: Any
    #: Whether there are biases, and with them something to rank by for users without ratings.
    biases: bool

    _spread_: npt.NDArray[np.float64]
    _noise_: float

    _fitted: ClassVar[Axes] = {"_spread_": (), "_noise_": ()}

    _space: ClassVar[dict[str, list[Any]]] = {"factors": [8, 16, 32], "weight_decay": [0.1, 0.3, 1.0]}

    def _check_params(self) -> None:
        super()._check_params()
        check_factors(self.factors)
        check_sigmoid_range(self.sigmoid_range)

    def _look_at(self, data: Interactions) -> None:
        self.sigmoid_range_ = sigmoid_range(self.sigmoid_range, *look_at_ratings(self, data))
        mean = mean_of(data)
        self.global_mean_ = unsquashed(mean, self.sigmoid_range_) if self.biases else 0.0
        self._fallback_ = None if self.biases else mean

    def _task(self, torch: Any, device: str, data: Interactions) -> EmbeddingTask:
        return EmbeddingTask(self, torch, device, data)

    def _has_evidence(self, known: Any) -> Any:
        return known | self.biases

    def _finish(self, data: Interactions, fitted: dict[str, Any], training: Training, epoch: int) -> None:
        super()._finish(data, fitted, training, epoch)
        self._noise_ = noise_of(training, epoch)

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        known = self._has_evidence(rows.entries.row_sizes() > 0)
        return self._ranked(*likeliest_raters(self, rows), n, excluded, known)
