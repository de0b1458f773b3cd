"""Means of ratings, and how far single ratings are from them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_number, given

__all__ = ["RatingMeans", "clipped", "deviations", "rating_means"]

Floats = npt.NDArray[np.float64]


class RatingMeans(NamedTuple):
    """Of one side: means of its rows, the overall one where there is no rating; lowest and highest rating."""

    means: Floats
    overall: float
    extent: tuple[float, float]


def rating_means(entries: _core.Csr, by: str, fallback: float | None = None) -> RatingMeans:
    """Means `by` "rows" or "columns". `fallback` stands in for the overall mean."""
    indptr, indices, values = entries.to_arrays()
    rows = by == "rows"
    sizes = np.diff(indptr) if rows else np.bincount(indices, minlength=entries.columns)
    of = np.repeat(np.arange(entries.rows), sizes) if rows else indices
    sums = np.bincount(of, weights=values, minlength=len(sizes))
    overall = float(values.mean(dtype=np.float64)) if fallback is None else fallback
    means = np.divide(sums, sizes, out=np.full(len(sizes), overall), where=sizes > 0)
    extent = (float(values.min()), float(values.max())) if len(values) else (overall, overall)
    return RatingMeans(means, overall, extent)


def deviations(entries: _core.Csr, means: Floats, by: str) -> _core.Csr:
    """Ratings less the mean of their row or column."""
    indptr, indices, values = entries.to_arrays()
    of = np.repeat(np.arange(entries.rows), np.diff(indptr)) if by == "rows" else indices
    return _core.Csr(indptr, indices, values - means[of], entries.columns, "float64")


def clipped(model: Any, scores: npt.NDArray[Any], clip: Any) -> npt.NDArray[Any]:
    """Scores kept within the training ratings' range (clip=True), a (lowest, highest) pair, or as they are (False)."""
    if clip is False:
        return scores
    if not model.predicts_ratings:
        unless = f" unless {model._ratings_with}" if model._ratings_with else ""
        raise ValueError(f"clip goes with predicted ratings: scores have no range to keep to{unless}")
    low, high = model.rating_range_ if clip is True else _checked_range(clip)
    kept: npt.NDArray[Any] = np.clip(scores, low, high)
    return kept


def _checked_range(clip: Any) -> tuple[float, float]:
    if not isinstance(clip, (tuple, list)) or len(clip) != 2:
        raise TypeError(f"clip must be True, False or a (lowest, highest) pair, got {given(clip)}")
    low, high = (check_number("clip", end) for end in clip)
    if low > high:
        raise ValueError(f"clip must be (lowest, highest), got {clip!r}")
    return low, high
