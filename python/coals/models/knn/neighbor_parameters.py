"""Parameters of `ItemKNN` and `UserKNN`."""

from __future__ import annotations

from typing import Any

from coals._util.checks import check_bool, check_choice, check_int, check_number
from coals.models.predicted_ratings import PredictedRatings
from coals.similarities.measures import COUNTED, MEASURES, Measure, check_measure

__all__ = ["NeighborParameters"]


class NeighborParameters(PredictedRatings):
    """Constructor and checks. See `ItemKNN` for what each parameter does."""

    def __init__(
        self,
        *,
        similarity: str = "cosine",
        neighbors: int | None = 100,
        scoring: str = "sum",
        weighted: bool = False,
        alpha: float = 0.5,
        beta: float = 0.5,
        shrinkage: float = 0.0,
        min_support: int = 1,
        min_overlap: int = 1,
        k1: float = 1.2,
        b: float = 0.75,
        threshold: float | None = None,
        used_neighbors: int | None = None,
        keep_counts: bool = False,
        dtype: str = "float32",
        memory_limit: int | None = None,
        num_threads: int | None = None,
    ) -> None:
        self.similarity = similarity
        self.neighbors = neighbors
        self.scoring = scoring
        self.weighted = weighted
        self.alpha = alpha
        self.beta = beta
        self.shrinkage = shrinkage
        self.min_support = min_support
        self.min_overlap = min_overlap
        self.k1 = k1
        self.b = b
        self.threshold = threshold
        self.used_neighbors = used_neighbors
        self.keep_counts = keep_counts
        self.dtype = dtype
        self.memory_limit = memory_limit
        self.num_threads = num_threads

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("similarity", self.similarity, MEASURES)
        _ = self._measure
        check_choice("scoring", self.scoring, ("sum", "mean", "normalized", "rating"))
        check_choice("dtype", self.dtype, ("float32", "float64"))
        for name in ("neighbors", "used_neighbors", "memory_limit"):
            if getattr(self, name) is not None:
                check_int(name, getattr(self, name), minimum=1)
        if self.threshold is not None:
            check_number("threshold", self.threshold)
        check_bool("keep_counts", self.keep_counts)
        if self.used_neighbors is not None and self.scoring != "rating":
            raise ValueError(
                f"used_neighbors goes with scoring='rating', got scoring={self.scoring!r}: limit neighbors instead"
            )
        if self.keep_counts and not self._by_counts:
            raise ValueError(
                f"keep_counts goes with similarities by counts, not with {self.similarity!r}: leave it out"
            )

    @property
    def _measure(self) -> Measure:
        """The similarity, as the engine takes it. Weights matter to cosine alone: others take none, or always."""
        weighted = check_bool("weighted", self.weighted) and self.similarity == "cosine"
        options = (self.alpha, self.beta, self.shrinkage, self.min_support, self.min_overlap, self.k1, self.b)
        return check_measure(self.similarity, weighted, *options)

    @property
    def _by_counts(self) -> bool:
        """Whether the similarity follows from counts of who has both."""
        return self.similarity in COUNTED and not self._measure.weighted

    @property
    def _takes_values(self) -> bool:
        return self.weighted or self.scoring == "rating" or not self._by_counts

    _ratings_with = "scoring='rating'"

    @property
    def predicts_ratings(self) -> bool:
        fitted: dict[str, Any] = getattr(self, "_fitted_params_", {})
        return bool(fitted.get("scoring", self.scoring) == "rating")
