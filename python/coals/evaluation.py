"""Offline evaluation: ask fitted models for recommendations and hold them against what was kept back.

Positions, not ids, are exchanged with a model, a batch of users at a time: memory grows with the batch and
the list length, never with users x items. Anything can be evaluated that has

    n_users_, n_items_                                the shape it was fitted with
    user_index_, item_index_                          the `IdIndex` of what it was fitted with
    recommend_indices(users, n, exclude_seen)         -> ids (len(users), n) padded with -1, scores, counts
    predict_indices(users, items), predicts_ratings   -> ratings (len(users),); needed for rmse and mae only
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals._checks import check_int
from coals._held_out import HeldOut, check_models
from coals.interactions import as_interactions
from coals.metrics import Floats, Metric, compute, parse_metrics, rating_error


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """What `evaluate` found; printing it shows the table of means.

    Attributes
    ----------
    metrics : tuple of str
        The metrics, in the order asked for.
    users : (evaluated_users,) array
        Ids of the evaluated users: those with at least one relevant item.
    mean : dict of model name to dict of metric to float
        Means over `users`; for rmse and mae the error over all test ratings of the users asked for, each
        rating weighing the same. NaN for rmse and mae where a model does not predict ratings.
    per_user : dict of model name to dict of metric to (evaluated_users,) float64 array
        The same for each user, aligned with `users`.
    skipped_users : int
        How many users were asked for but have no relevant item.
    """

    metrics: tuple[str, ...]
    users: NDArray[Any]
    mean: dict[str, dict[str, float]]
    per_user: dict[str, dict[str, Floats]]
    skipped_users: int

    @property
    def evaluated_users(self) -> int:
        """How many users the means are over."""
        return len(self.users)

    def to_dict(self) -> dict[str, Any]:
        """Means and user counts as plain Python, ready for JSON: a missing value is None."""
        mean = {
            model: {metric: None if np.isnan(value) else value for metric, value in values.items()}
            for model, values in self.mean.items()
        }
        return {"mean": mean, "evaluated_users": self.evaluated_users, "skipped_users": self.skipped_users}

    def __str__(self) -> str:
        columns = [_aligned(["", *self.mean], str.ljust)]
        for metric in self.metrics:
            values = [means[metric] for means in self.mean.values()]
            cells = ["-" if np.isnan(value) else f"{value:.4f}" for value in values]
            columns.append(_aligned([metric, *cells], str.rjust))
        lines = ["  ".join(row) for row in zip(*columns, strict=True)]
        skipped = f", {self.skipped_users:,} skipped (no relevant item)" if self.skipped_users else ""
        return "\n".join([*lines, f"{self.evaluated_users:,} users evaluated{skipped}"])

    __repr__ = __str__


def _aligned(column: list[str], justify: Callable[[str, int], str]) -> list[str]:
    width = max(map(len, column))
    return [justify(cell, width) for cell in column]


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean precision and recall of one model at each list length, as `(len(k),)` arrays."""

    k: NDArray[np.int64]
    precision: Floats
    recall: Floats


def evaluate(
    models: Any,
    test: Any,
    metrics: str | Iterable[str] = ("ndcg@10", "recall@20"),
    *,
    users: Any = None,
    exclude_seen: bool = True,
    relevance_threshold: float | None = None,
    batch_size: int = 1024,
) -> Evaluation:
    """Mean and per-user metrics of one or several fitted models on held-out interactions.

    Parameters
    ----------
    models : fitted model, or dict of name to fitted model
        A single model goes by the name of its class.
    test : Interactions or sparse matrix, (n_users, n_items)
        Held-out interactions, of the shape and with the ids that the models were fitted with. A user's
        relevant items are the stored pairs of their row.
    metrics : str or sequence of str
        ``precision@k``, ``recall@k``, ``f1@k``, ``recall_min@k``, ``ndcg@k``, ``map@k``, ``hit_rate@k``,
        ``mrr@k``, ``rmse``, ``mae``. `coals.reference.metrics` has the equations.
    users : sequence of user ids, optional
        Evaluate these users only; all by default.
    exclude_seen : bool
        Leave out of the lists what the user has in the training data (the default). A test pair that is in
        the training data too is then out of reach.
    relevance_threshold : float, optional
        Only test pairs with a value of at least this are relevant; all by default. rmse and mae are over all
        pairs.
    batch_size : int
        Users asked for at a time. Memory is about 50 bytes x batch_size x the largest k.

    Raises
    ------
    ValueError
        If a model is not fitted or was fitted with another shape or other ids than `test` has, if a metric is
        unknown, or if no user has a relevant item.

    Notes
    -----
    Users without a relevant item have no value and are left out; they are counted in ``skipped_users``. One
    pass over the users per model, with lists of the largest k, serves all metrics.

    Examples
    --------
    >>> import coals, scipy.sparse
    >>> train = scipy.sparse.csr_array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])
    >>> test = scipy.sparse.csr_array([[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    >>> coals.evaluate({"popular": coals.Popularity().fit(train)}, test, ["hit_rate@1", "recall@2"])
             hit_rate@1  recall@2
    popular      1.0000    1.0000
    2 users evaluated, 1 skipped (no relevant item)
    """
    parsed = parse_metrics(metrics)
    test = as_interactions(test)
    named = check_models(models, test)
    held_out = HeldOut.prepare(test, users, exclude_seen, relevance_threshold, batch_size)
    mean: dict[str, dict[str, float]] = {}
    per_user: dict[str, dict[str, Floats]] = {}
    for name, model in named.items():
        found = _rankings(held_out, name, model, parsed) | _ratings(held_out, name, model, parsed)
        mean[name] = {str(metric): found[metric][0] for metric in parsed}
        per_user[name] = {str(metric): found[metric][1] for metric in parsed}
    names = tuple(str(metric) for metric in parsed)
    return Evaluation(names, held_out.user_ids, mean, per_user, held_out.skipped_users)


def precision_recall_curve(
    models: Any,
    test: Any,
    k: Iterable[int] = range(1, 51),
    *,
    users: Any = None,
    exclude_seen: bool = True,
    relevance_threshold: float | None = None,
    batch_size: int = 1024,
) -> dict[str, Curve]:
    """Mean precision@k and recall@k of one or several fitted models for many k at the cost of the largest.

    Parameters
    ----------
    models, test, users, exclude_seen, relevance_threshold, batch_size
        As for `evaluate`.
    k : iterable of int
        List lengths; sorted, each counted once.

    Returns
    -------
    dict of model name to Curve
        Means over the users with a relevant item, equal to those of `evaluate`.

    Raises
    ------
    ValueError
        As for `evaluate`, and if `k` is empty or holds a number below 1.

    Examples
    --------
    >>> import coals, scipy.sparse
    >>> train = scipy.sparse.csr_array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])
    >>> test = scipy.sparse.csr_array([[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    >>> models = {"popular": coals.Popularity().fit(train)}
    >>> curve = coals.precision_recall_curve(models, test, k=[1, 2])["popular"]
    >>> curve.precision.tolist(), curve.recall.tolist()
    ([1.0, 0.5], [1.0, 1.0])
    """
    lengths = np.array(sorted({check_int("k", length, minimum=1) for length in k}), dtype=np.int64)
    if lengths.size == 0:
        raise ValueError("k is empty: give at least one list length, such as range(1, 51)")
    test = as_interactions(test)
    named = check_models(models, test)
    held_out = HeldOut.prepare(test, users, exclude_seen, relevance_threshold, batch_size)
    curves = {}
    for name, model in named.items():
        hits_sum, recall_sum = np.zeros(len(lengths)), np.zeros(len(lengths))
        for _, hits in held_out.hits(name, model, int(lengths[-1])):
            found = hits.cumulative[:, np.minimum(lengths, hits.depth)]
            hits_sum += found.sum(axis=0)
            recall_sum += (found / hits.n_relevant[:, None]).sum(axis=0)
        n_users = len(held_out.users)
        curves[name] = Curve(lengths, hits_sum / lengths / n_users, recall_sum / n_users)
    return curves


_Found = dict[Metric, tuple[float, Floats]]  # metric -> mean, value of each evaluated user


def _rankings(held_out: HeldOut, name: str, model: Any, metrics: list[Metric]) -> _Found:
    depths = {metric: metric.k for metric in metrics if metric.k is not None}
    values = {metric: np.empty(len(held_out.users)) for metric in depths}
    if depths:
        for batch, hits in held_out.hits(name, model, max(depths.values())):
            for metric in depths:
                values[metric][batch] = compute(metric, hits)
    return {metric: (float(value.mean()), value) for metric, value in values.items()}


def _ratings(held_out: HeldOut, name: str, model: Any, metrics: list[Metric]) -> _Found:
    found: _Found = {}
    wanted = [metric for metric in metrics if metric.k is None]
    if wanted:
        errors, rows = held_out.rating_errors(name, model)
        for metric in wanted:
            overall, per_user = rating_error(metric.name, errors, rows, held_out.test.n_users)
            found[metric] = overall, per_user[held_out.users]
    return found
