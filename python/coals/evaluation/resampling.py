"""How sure a mean over users is: bootstrap over users, and tests of two models on the same users."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coals._util.checks import check_choice, check_int, check_number, check_random_state

__all__ = ["TESTS", "Sample", "bootstrap_means", "interval_of", "p_value_of", "standard_error_of"]

Floats = NDArray[np.float64]
TESTS = ("bootstrap", "t", "wilcoxon")


class Sample(NamedTuple):
    """A number for each user, NaN where there is none, and how much it weighs in the mean.

    `root` takes the square root of the mean, as RMSE does of squares.
    """

    values: Floats
    weights: Floats | None = None
    root: bool = False


def standard_error_of(values: Floats) -> float:
    """Of the mean over the users who have a value; NaN for fewer than two."""
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1) / np.sqrt(known.size)) if known.size > 1 else float("nan")


def bootstrap_means(samples: list[Sample], resamples: int, random_state: object) -> Floats:
    """Means of each sample over users drawn with replacement, the same users for all: `(resamples, n_samples)`.

    Time O(resamples x n_users x n_samples).
    """
    rng = check_random_state(random_state)
    resamples = check_int("resamples", resamples, minimum=1)
    n_users = len(samples[0].values)
    known = np.stack([~np.isnan(s.values) for s in samples])
    weights = known * np.stack([np.ones(n_users) if s.weights is None else s.weights for s in samples])
    both = np.vstack([weights * np.stack([np.nan_to_num(s.values) for s in samples]), weights])
    means = np.empty((resamples, len(samples)))
    for draw in range(resamples):
        times = np.bincount(rng.integers(n_users, size=n_users), minlength=n_users).astype(np.float64)
        # Not a product by BLAS, which may sum equal samples to other last digits: models that are alike must stay so.
        total, weight = np.split((times * both).sum(axis=1), 2)
        with np.errstate(invalid="ignore"):
            means[draw] = total / weight
    rooted = [at for at, sample in enumerate(samples) if sample.root]
    means[:, rooted] = np.sqrt(means[:, rooted])
    return means


def interval_of(draws: Floats, level: float) -> tuple[float, float]:
    """The percentile interval that holds `level` of the draws."""
    level = check_number("level", level)
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, both excluded, got {level}")
    if np.isnan(draws).any():
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def p_value_of(test: str, first: Floats, second: Floats, draws: Floats) -> float:
    """Two-sided, that the models are alike. `draws` are resampled differences of the means."""
    check_choice("test", test, TESTS)
    if test == "bootstrap":
        if np.isnan(draws).any():
            return float("nan")
        beyond = min((draws <= 0).sum(), (draws >= 0).sum())
        return float(min(1.0, 2 * (beyond + 1) / (len(draws) + 1)))
    both = ~(np.isnan(first) | np.isnan(second))
    difference = first[both] - second[both]
    if not difference.any():
        return 1.0  # also without users; SciPy would divide 0 by 0
    from scipy import stats  # takes half a second to load

    if test == "t":
        return float(stats.ttest_1samp(difference, 0).pvalue) if len(difference) > 1 else float("nan")
    return float(stats.wilcoxon(difference, zero_method="pratt").pvalue)
