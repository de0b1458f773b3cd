"""Offline evaluation: ask fitted models for recommendations and hold them against what was kept back.

Positions, not ids, are exchanged with a model, a batch of users at a time: memory grows with the batch and
the list length, never with users x items. Anything can be evaluated that has

    n_users_, n_items_                                the shape it was fitted with
    user_index_, item_index_                          the `IdIndex` of what it was fitted with
    recommend_indices(users, n, exclude_seen)         -> ids (len(users), n) padded with -1, scores, counts
    predict_indices(users, items), predicts_ratings   -> ratings (len(users),); needed for rmse and mae only
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_choice, check_int, check_threads
from coals._util.progress import progress_bar
from coals.data.interactions import as_interactions
from coals.data.native import structure
from coals.evaluation.held_out import HeldOut, ListOptions, check_models
from coals.evaluation.list_tally import ListTally
from coals.evaluation.result import Evaluation
from coals.metrics.names import METRICS, Metric, parse_metrics
from coals.metrics.ranking import GAINS, TIES
from coals.metrics.rating_errors import rating_error

__all__ = ["Curve", "evaluate", "precision_recall_curve"]

Floats = NDArray[np.float64]


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
    ties: str = "listed",
    gain: str = "binary",
    train: Any = None,
    batch_size: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
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
        Names as in ``"ndcg@10"``, with the list length after the @, or ``"rmse"``: the end of ``help(coals.metrics)``
        lists all with their definitions. Given relevant items they are values of users (``recall@k``), others describe
        the lists (``coverage@k``), or the errors of predicted ratings (``rmse``).
    users : sequence of user ids, optional
        Evaluate these users only; all by default.
    exclude_seen : bool
        Leave out of the lists what the user has in the training data (the default). A test pair that is in
        the training data too is then out of reach.
    relevance_threshold : float, optional
        Only test pairs with a value of at least this are relevant; all by default. rmse and mae are over all
        pairs.
    ties : {"listed", "expected"}
        "expected" gives the expected values if items of equal score come in random order, rather than in that of the
        training data. Lists are asked for to the end of the tie at the largest k.
    gain : {"binary", "linear", "exponential"}
        What a relevant item adds to ndcg: 1, its value in `test`, or 2^value - 1.
    train : Interactions or sparse matrix, (n_users, n_items), optional
        Training interactions, for novelty and diversity. By default those each model was fitted with.
    batch_size : int, optional
        Users asked for at a time; by default as many as keep their lists at 20 MB, 256 at least. Memory is about 50
        bytes x batch_size x the largest k.
    num_threads : int, optional
        For the metrics; models use their own. None: all that the process may use. The bits do not depend on it.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

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
                 hit_rate@1        recall@2
    popular  1.0000 ±0.0000  1.0000 ±0.0000
    2 users evaluated, 1 skipped (no relevant item)
    """
    parsed = parse_metrics(metrics)
    check_choice("ties", ties, TIES)
    check_choice("gain", gain, GAINS)
    threads = check_threads(num_threads)
    test = as_interactions(test)
    named = check_models(models, test)
    options = ListOptions(exclude_seen, relevance_threshold, batch_size, ties, gain)
    held_out = HeldOut.prepare(test, users, options)
    owned = None if train is None else structure(as_interactions(train))
    mean: dict[str, dict[str, float]] = {}
    per_user: dict[str, dict[str, Floats]] = {}
    with progress_bar("evaluate", len(named) * len(held_out.users), "user", progress) as bar:
        for place, (name, model) in enumerate(named.items(), start=1):
            found = _lists(held_out, name, model, parsed, owned, threads, bar)
            found |= _ratings(held_out, name, model, parsed)
            mean[name] = {str(metric): found[metric][0] for metric in parsed}
            per_user[name] = {str(m): values for m in parsed if (values := found[m][1]) is not None}
            bar.update(place * len(held_out.users) - bar.n)
    names = tuple(str(metric) for metric in parsed)
    return Evaluation(names, held_out.user_ids, mean, per_user, held_out.skipped_users, held_out.n_ratings)


def precision_recall_curve(
    models: Any,
    test: Any,
    k: Iterable[int] = range(1, 51),
    *,
    users: Any = None,
    exclude_seen: bool = True,
    relevance_threshold: float | None = None,
    batch_size: int | None = None,
    progress: bool | None = None,
) -> dict[str, Curve]:
    """Mean precision@k and recall@k of one or several fitted models for many k at the cost of the largest.

    Parameters
    ----------
    models, test, users, exclude_seen, relevance_threshold, batch_size, progress
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
    if not isinstance(k, Iterable):
        raise TypeError(f"k must be several list lengths, such as range(1, 51), got {k!r}")
    lengths = np.array(sorted({check_int("k", length, minimum=1) for length in k}), dtype=np.int64)
    if lengths.size == 0:
        raise ValueError("k is empty: give at least one list length, such as range(1, 51)")
    test = as_interactions(test)
    named = check_models(models, test)
    held_out = HeldOut.prepare(test, users, ListOptions(exclude_seen, relevance_threshold, batch_size))
    wanted = [(name, k) for name in ("precision", "recall") for k in lengths.tolist()]
    curves = {}
    with progress_bar("curve", len(named) * len(held_out.users), "user", progress) as bar:
        for name, model in named.items():
            total = np.zeros(len(wanted))
            for lists in held_out.lists(name, model, int(lengths[-1])):
                total += held_out.values(name, lists, wanted, 0).sum(axis=1)
                bar.update(len(lists[2]))
            curves[name] = Curve(lengths, *np.split(total / len(held_out.users), 2))
    return curves


_Found = dict[Metric, tuple[float, Floats | None]]  # metric -> mean, value of each evaluated user


def _lists(
    held_out: HeldOut, name: str, model: Any, metrics: list[Metric], train: _core.Csr | None, threads: int, bar: Any
) -> _Found:
    """The metrics of lists: a batch is ranked, measured and forgotten before the next."""
    ranking = [metric for metric in metrics if metric.definition.kind == "ranking"]
    listed = [metric for metric in metrics if metric.definition.kind in ("list", "lists")]
    wanted = [metric.native for metric in ranking]
    values = np.empty((len(ranking), len(held_out.users)))
    tally = ListTally(
        listed, len(held_out.users), held_out.test.n_items, _train_of(name, model, listed, train), threads
    )
    depth = max((metric.k or 1 for metric in ranking + listed), default=0)
    for lists in held_out.lists(name, model, depth) if depth else ():
        # Also where no metric needs it: the core refuses lists that make no sense.
        values[:, lists[0]] = held_out.values(name, lists, wanted, threads)
        tally.add(*lists[:3])
        bar.update(len(lists[2]))
    return {metric: (float(row.mean()), row) for metric, row in zip(ranking, values, strict=True)} | tally.found()


def _train_of(name: str, model: Any, metrics: list[Metric], train: _core.Csr | None) -> _core.Csr | None:
    if train is not None or not any(metric.definition.prepare for metric in metrics):
        return train
    seen = getattr(model, "_seen_", None)
    if not isinstance(seen, _core.Csr):
        needing = " and ".join(name for name, row in METRICS.items() if row.prepare)
        raise ValueError(f"{needing} of model {name!r} need train=, the data that it was fitted with")
    return seen


def _ratings(held_out: HeldOut, name: str, model: Any, metrics: list[Metric]) -> _Found:
    found: _Found = {}
    wanted = [metric for metric in metrics if metric.k is None]
    if wanted:
        errors, rows = held_out.rating_errors(name, model)
        for metric in wanted:
            overall, per_user = rating_error(metric.name, errors, rows, held_out.test.n_users)
            found[metric] = overall, per_user[held_out.users]
    return found
