"""What an evaluation found: means, how sure they are, and comparisons of models."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals._util.checks import check_choice
from coals._util.text_table import aligned
from coals.evaluation.resampling import TESTS, Sample, bootstrap_means, interval_of, p_value_of, standard_error_of
from coals.metrics.names import METRICS

__all__ = ["Comparison", "Evaluation"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Two models on the same users; printing it shows a table. Made by `Evaluation.compare`.

    Attributes
    ----------
    first, second : str
        Names of the models.
    test : str
        Where the p values come from: "bootstrap", "t" or "wilcoxon".
    level : float
        How much of the resampled differences the intervals hold.
    difference : dict of metric to float
        Mean of `first` less that of `second`.
    interval : dict of metric to (low, high)
        Percentile bootstrap interval of the difference.
    p_value : dict of metric to float
        Two-sided, that there is no difference. Not corrected for the number of comparisons.
    higher, lower : dict of metric to int
        Users for whom `first` has the higher, and the lower, value.
    """

    first: str
    second: str
    test: str
    level: float
    difference: dict[str, float]
    interval: dict[str, tuple[float, float]]
    p_value: dict[str, float]
    higher: dict[str, int]
    lower: dict[str, int]

    def __str__(self) -> str:
        rows = [["", "difference", f"{100 * self.level:g}% interval", f"p ({self.test})", "users higher", "lower"]]
        for metric, difference in self.difference.items():
            low, high = self.interval[metric]
            p = self.p_value[metric]
            rows.append(
                [
                    metric,
                    f"{difference:+.4f}",
                    f"{low:+.4f} to {high:+.4f}",
                    f"{p:.4f}" if p >= 1e-4 or np.isnan(p) else f"{p:.0e}",
                    f"{self.higher[metric]:,}",
                    f"{self.lower[metric]:,}",
                ]
            )
        return "\n".join([f"{self.first} less {self.second}", *aligned(rows)])

    __repr__ = __str__


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """What `evaluate` found; printing it shows the means and their standard errors.

    Attributes
    ----------
    metrics : tuple of str
        The metrics, in the order asked for.
    users : (evaluated_users,) array
        Ids of the evaluated users: those with at least one relevant item.
    mean : dict of model name to dict of metric to float
        Means over `users`; for coverage and gini the value of all their lists together; for rmse and mae the error
        over all test ratings of the users asked for, each rating weighing the same. NaN for rmse and mae where a model
        does not predict ratings.
    per_user : dict of model name to dict of metric to (evaluated_users,) float64 array
        The same for each user, aligned with `users`; coverage and gini are not in it. NaN, and left out of the mean,
        where a user's list is too short for novelty (empty) or diversity (one item).
    skipped_users : int
        How many users were asked for but have no relevant item.
    unknown_users : int
        How many users of the test data, or of `users`, are unknown to a model, or to the test data.
    notes : tuple of str
        What was left out, and what makes values doubtful, such as test pairs that were in the training data.
    standard_error : dict of model name to dict of metric to float
        Of the mean, from the spread over users; NaN for coverage, gini, rmse and mae.
    """

    metrics: tuple[str, ...]
    users: NDArray[Any]
    mean: dict[str, dict[str, float]]
    per_user: dict[str, dict[str, Floats]]
    skipped_users: int
    # How many test ratings each user has; None if users who are not evaluated have some.
    _n_ratings: Floats | None = field(default=None)
    unknown_users: int = 0
    notes: tuple[str, ...] = ()

    @property
    def evaluated_users(self) -> int:
        """How many users the means are over."""
        return len(self.users)

    @cached_property
    def standard_error(self) -> dict[str, dict[str, float]]:
        return {
            model: {
                metric: standard_error_of(values[metric]) if self._is_plain_mean(metric) else float("nan")
                for metric in self.metrics
            }
            for model, values in self.per_user.items()
        }

    def _is_plain_mean(self, metric: str) -> bool:
        return metric in next(iter(self.per_user.values())) and not _of_ratings(metric)

    def confidence_interval(
        self, level: float = 0.95, *, resamples: int = 1000, random_state: Any = 0
    ) -> dict[str, dict[str, tuple[float, float]]]:
        """Percentile bootstrap interval of each mean: users are drawn with replacement, the same for all models.

        Parameters
        ----------
        level : float, default 0.95
            Share of the resampled means that an interval holds.
        resamples : int, default 1000
        random_state : int, numpy.random.Generator or None, default 0
            The same integer gives the same intervals.

        Returns
        -------
        dict of model name to dict of metric to (low, high)
            Without coverage and gini, and without rmse and mae if `relevance_threshold` left users out.

        Notes
        -----
        Time O(resamples x users x models x metrics): about a second for 50,000 users.

        Examples
        --------
        >>> train, test = coals.split.random(coals.datasets.goodbooks(), random_state=0)
        >>> result = coals.evaluate(coals.Popularity().fit(train), test, "recall@20")
        >>> low, high = result.confidence_interval(0.9)["Popularity"]["recall@20"]
        >>> low < result.mean["Popularity"]["recall@20"] < high
        True
        """
        names = [(model, metric) for model in self.per_user for metric in self._resampled()]
        if not names:
            return {model: {} for model in self.per_user}
        draws = bootstrap_means([self._sample(*name) for name in names], resamples, random_state)
        found: dict[str, dict[str, tuple[float, float]]] = {model: {} for model in self.per_user}
        for (model, metric), column in zip(names, draws.T, strict=True):
            found[model][metric] = interval_of(column, level)
        return found

    def _resampled(self) -> list[str]:
        known = next(iter(self.per_user.values()))
        return [m for m in self.metrics if m in known and (not _of_ratings(m) or self._n_ratings is not None)]

    def _sample(self, model: str, metric: str) -> Sample:
        values = self.per_user[model][metric]
        if not _of_ratings(metric):
            return Sample(values)
        root = METRICS[metric].root
        return Sample(values**2 if root else values, self._n_ratings, root=root)

    def compare(
        self,
        first: str,
        second: str,
        metrics: str | list[str] | None = None,
        *,
        test: str = "bootstrap",
        level: float = 0.95,
        resamples: int = 1000,
        random_state: Any = 0,
    ) -> Comparison:
        """Paired test of two models on the same users.

        Parameters
        ----------
        first, second : str
            Names of models of this evaluation.
        metrics : str or list of str, optional
            All by default that have values for users.
        test : {"bootstrap", "t", "wilcoxon"}
            Whether the sign of the difference holds when users are drawn with replacement (the default, two-sided; the
            smallest p value is 2 / (resamples + 1)), the paired t test, or Wilcoxon's signed ranks, with Pratt's
            treatment of users without a difference. The last two are SciPy's; not for rmse and mae, which weigh
            ratings rather than users.
        level, resamples, random_state
            As for `confidence_interval`.

        Returns
        -------
        Comparison

        Raises
        ------
        ValueError
            For an unknown model or metric, or one that has no values for users.

        Examples
        --------
        >>> train, test = coals.split.random(coals.datasets.goodbooks(), random_state=0)
        >>> models = {"knn": coals.ItemKNN().fit(train), "popular": coals.Popularity().fit(train)}
        >>> found = coals.evaluate(models, test, ["ndcg@10"]).compare("knn", "popular")
        >>> found.difference["ndcg@10"] > 0, found.p_value["ndcg@10"] < 0.01
        (True, True)
        """
        for name in (first, second):
            check_choice("model", name, tuple(self.per_user))
        check_choice("test", test, TESTS)
        asked = self._compared(metrics, test)
        samples = [self._sample(model, metric) for metric in asked for model in (first, second)]
        draws = bootstrap_means(samples, resamples, random_state)
        shifts = dict(zip(asked, (draws[:, ::2] - draws[:, 1::2]).T, strict=True))
        ours, theirs = self.per_user[first], self.per_user[second]
        return Comparison(
            first,
            second,
            test,
            level,
            {m: self.mean[first][m] - self.mean[second][m] for m in asked},
            {m: interval_of(shifts[m], level) for m in asked},
            {m: p_value_of(test, ours[m], theirs[m], shifts[m]) for m in asked},
            {m: int((ours[m] > theirs[m]).sum()) for m in asked},
            {m: int((ours[m] < theirs[m]).sum()) for m in asked},
        )

    def _compared(self, metrics: str | list[str] | None, test: str) -> list[str]:
        possible = [m for m in self._resampled() if test == "bootstrap" or not _of_ratings(m)]
        asked = possible if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
        for metric in asked:
            if metric not in possible:
                raise ValueError(f"metric {metric!r} cannot be compared by {test!r} here; these can: {possible}")
        if not asked:
            raise ValueError(f"none of {list(self.metrics)} can be compared by {test!r}: evaluate one with user values")
        return asked

    def to_dict(self) -> dict[str, Any]:
        """Means, standard errors and user counts as plain Python, ready for JSON: a missing value is None."""
        return {
            "mean": _plain(self.mean),
            "standard_error": _plain(self.standard_error),
            "evaluated_users": self.evaluated_users,
            "skipped_users": self.skipped_users,
            "unknown_users": self.unknown_users,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        rows = [["", *self.metrics]]
        for model, means in self.mean.items():
            rows.append([model, *(_cell(means[m], self.standard_error[model][m]) for m in self.metrics)])
        skipped = f", {self.skipped_users:,} skipped (no relevant item)" if self.skipped_users else ""
        return "\n".join([*aligned(rows), f"{self.evaluated_users:,} users evaluated{skipped}", *self.notes])

    __repr__ = __str__


def _of_ratings(metric: str) -> bool:
    return metric in METRICS and METRICS[metric].kind == "ratings"


def _plain(values: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    return {
        model: {metric: None if np.isnan(value) else value for metric, value in found.items()}
        for model, found in values.items()
    }


def _cell(mean: float, error: float) -> str:
    if np.isnan(mean):
        return "-"
    return f"{mean:.4f}" if np.isnan(error) else f"{mean:.4f} ±{error:.4f}"
