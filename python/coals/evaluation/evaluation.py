"""Offline evaluation: ask fitted models for recommendations and hold them against what was kept back.

Positions, not ids, are exchanged with a model, a batch of users at a time: memory grows with the batch and
the list length, never with users x items. Anything can be evaluated that has

    n_users_, n_items_                                the shape it was fitted with
    user_index_, item_index_                          the `IdIndex` of what it was fitted with
    recommend_indices(users, n, exclude_seen)         -> ids (len(users), n) padded with -1, scores, counts
    predict_indices(users, items), predicts_ratings   -> ratings (len(users),); needed for rmse and mae only
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_choice, check_int, check_threads, given
from coals._util.progress import progress_bar
from coals.data.interactions import Interactions, as_interactions
from coals.data.unknown_ids import IDS, LISTS, check_unknown
from coals.evaluation.held_out import HeldOut, ListOptions
from coals.evaluation.list_tally import ListTally
from coals.evaluation.placement import named_models, same_kind_places
from coals.evaluation.remarks import remarks
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
    unknown: str = "skip",
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
        Held-out interactions: a part of the data set that the models were fitted with, or `Interactions` from
        elsewhere, whose users and items are matched by id. A user's relevant items are the stored pairs of their row.
    metrics : str or sequence of str
        Names as in ``"ndcg@10"``, with the list length after the @, or ``"rmse"``: the end of ``help(coals.metrics)``
        lists all with their definitions. Given relevant items they are values of users (``recall@k``), others describe
        the lists (``coverage@k``), or the errors of predicted ratings (``rmse``).
    users : sequence of user ids, optional
        Evaluate these users only; all by default.
    exclude_seen : bool
        Leave out of the lists what the user has in the training data (the default). A test pair that is in
        the training data too is then out of reach, and warned of.
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
    unknown : {"skip", "raise", "popular", "mean"}, default "skip"
        What becomes of users and items of `test` that a model does not know. "skip": users unknown to one of the models
        are left out and counted in ``unknown_users``; unknown items stay relevant, and are missed; ratings of either
        are left out. "raise": a ValueError that names one. "popular": unknown users get the items that most users
        have. "mean": ratings are predicted as by ``predict(..., unknown="mean")``.
    batch_size : int, optional
        Users asked for at a time; by default as many as keep their lists at 20 MB, 256 at least. Memory is about 50
        bytes x batch_size x the largest k; with ties="expected" fewer are asked for where lists grow longer.
    num_threads : int, optional
        For the metrics; models use their own. None: all that the process may use. The bits do not depend on it.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Raises
    ------
    ValueError
        If a model is not fitted, or was fitted with another shape than a `test` without ids has; if a metric is
        unknown, or if no user has a relevant item or is known.

    Warns
    -----
    UserWarning
        Where values mean little: test pairs are training pairs too, or no test item is known.

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
    check_unknown(unknown, _choices(parsed))
    named = named_models(models)
    options = ListOptions(exclude_seen, relevance_threshold, batch_size, ties, gain, unknown)
    held_out = HeldOut.prepare(as_interactions(test), users, options, named)
    owned = None if train is None else as_interactions(train)
    mean: dict[str, dict[str, float]] = {}
    per_user: dict[str, dict[str, Floats]] = {}
    empty: list[str] = []
    with progress_bar("evaluate", len(named) * len(held_out.users), "user", progress) as bar:
        for place, (name, model) in enumerate(named.items(), start=1):
            found, places = _lists(held_out, name, model, parsed, owned, threads, bar)
            empty += [name] if places == 0 else []
            found |= _ratings(held_out, name, model, parsed)
            mean[name] = {str(metric): found[metric][0] for metric in parsed}
            per_user[name] = {str(m): values for m in parsed if (values := found[m][1]) is not None}
            bar.update(place * len(held_out.users) - bar.n)
    names = tuple(str(metric) for metric in parsed)
    notes = remarks(held_out, named, parsed, empty)
    for note in notes.doubts:
        warnings.warn(note, UserWarning, stacklevel=2)
    counts = held_out.skipped_users, held_out.n_ratings, held_out.unknown_users
    return Evaluation(names, held_out.user_ids, mean, per_user, *counts, (*notes.plain, *notes.doubts))


def _choices(metrics: list[Metric]) -> tuple[str, ...]:
    """Values of `unknown` that these metrics have a use for."""
    lists = LISTS if any(metric.k is not None for metric in metrics) else IDS
    return (*lists, "mean") if any(metric.k is None for metric in metrics) else lists


def precision_recall_curve(
    models: Any,
    test: Any,
    k: Iterable[int] = range(1, 51),
    *,
    users: Any = None,
    exclude_seen: bool = True,
    relevance_threshold: float | None = None,
    unknown: str = "skip",
    batch_size: int | None = None,
    progress: bool | None = None,
) -> dict[str, Curve]:
    """Mean precision@k and recall@k of one or several fitted models for many k at the cost of the largest.

    Parameters
    ----------
    models, test, users, exclude_seen, relevance_threshold, unknown, batch_size, progress
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
        raise TypeError(f"k must be several list lengths, such as range(1, 51), got {given(k)}")
    lengths = np.array(sorted({check_int("k", length, minimum=1) for length in k}), dtype=np.int64)
    if lengths.size == 0:
        raise ValueError("k is empty: give at least one list length, such as range(1, 51)")
    named = named_models(models)
    options = ListOptions(exclude_seen, relevance_threshold, batch_size, unknown=check_unknown(unknown, LISTS))
    held_out = HeldOut.prepare(as_interactions(test), users, options, named)
    wanted = [(name, k) for name in ("precision", "recall") for k in lengths.tolist()]
    curves = {}
    with progress_bar("curve", len(named) * len(held_out.users), "user", progress) as bar:
        for name, model in named.items():
            total, relevant = np.zeros(len(wanted)), held_out.relevant_to(name)
            for batch in held_out.lists(name, model, int(lengths[-1])):
                total += held_out.values(name, batch, relevant, wanted, 0).sum(axis=1)
                bar.update(len(batch.at))
            curves[name] = Curve(lengths, *np.split(total / len(held_out.users), 2))
    for note in remarks(held_out, named, parse_metrics("recall@1"), []).doubts:
        warnings.warn(note, UserWarning, stacklevel=2)
    return curves


_Found = dict[Metric, tuple[float, Floats | None]]  # metric -> mean, value of each evaluated user


def _lists(
    held_out: HeldOut, name: str, model: Any, metrics: list[Metric], train: Interactions | None, threads: int, bar: Any
) -> tuple[_Found, int | None]:
    """The metrics of lists, and how many items are on these: a batch is ranked, measured and forgotten at a time."""
    ranking = [metric for metric in metrics if metric.definition.kind == "ranking"]
    listed = [metric for metric in metrics if metric.definition.kind in ("list", "lists")]
    wanted = [metric.native for metric in ranking]
    values = np.empty((len(ranking), len(held_out.users)))
    n_items = held_out.places[name].n_items
    tally = ListTally(listed, len(held_out.users), n_items, _train_of(name, model, listed, train), threads)
    depth = max((metric.k or 1 for metric in ranking + listed), default=0)
    relevant, places = held_out.relevant_to(name), 0
    for batch in held_out.lists(name, model, depth) if depth else ():
        # Also where no metric needs it: the core refuses lists that make no sense.
        values[:, batch.at] = held_out.values(name, batch, relevant, wanted, threads)
        tally.add(batch.at, batch.ids, batch.counts)
        bar.update(len(batch.at))
        places += int(batch.counts.sum())
    means: _Found = {metric: (float(row.mean()), row) for metric, row in zip(ranking, values, strict=True)}
    return means | tally.found(), places if depth else None


def _train_of(name: str, model: Any, metrics: list[Metric], train: Interactions | None) -> _core.Csr | None:
    if not any(metric.definition.prepare for metric in metrics):
        return None
    if train is not None:
        places = same_kind_places("item ids", train.items, model.item_index_, "train", f"model {name!r}")
        known = places[train.matrix.indices] >= 0
        indptr = np.append(0, np.cumsum(known))[train.matrix.indptr]
        columns = places[train.matrix.indices[known]]
        rows = scipy.sparse.csr_array((np.ones(len(columns)), columns, indptr), shape=(train.n_users, model.n_items_))
        rows.sort_indices()
        return _core.Csr(rows.indptr, rows.indices, None, int(model.n_items_), "float64")
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
