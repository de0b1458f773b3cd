"""Metrics of ranked lists, a value for each user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_choice, check_int, check_threads
from coals.metrics.names import known_metrics, metric, parse_metrics
from coals.metrics.ranked_lists import exponential, listed_scores, refuse_repeated, with_relevant

#: What `coals.metrics` passes on.
__all__ = [
    "auc",
    "average_precision",
    "compute",
    "f1",
    "hit_rate",
    "ndcg",
    "precision",
    "recall",
    "recall_min",
    "reciprocal_rank",
]

Floats = NDArray[np.float64]
TIES = ("listed", "expected")
GAINS = ("binary", "linear", "exponential")


def compute(
    recommended: Any,
    relevant: Any,
    metrics: str | Iterable[str],
    *,
    scores: Any = None,
    ties: str = "listed",
    gain: str = "binary",
    n_items: int | None = None,
    unknown: str = "raise",
    num_threads: int | None = None,
) -> dict[str, Floats]:
    """Several metrics of the same lists in one pass.

    Parameters
    ----------
    recommended, relevant, scores, ties, unknown, num_threads, gain, n_items
        As the module says; the last two as for `ndcg` and `auc`.
    metrics : str or sequence of str
        Names as in ``"ndcg@10"``, of the metrics that the module lists as given relevant items.

    Returns
    -------
    dict of metric to (n_users,) float64 array

    Raises
    ------
    ValueError
        For an unknown metric, a k below 1, a list with an item twice or out of range, or other than one list for each
        row of `relevant`.

    Examples
    --------
    >>> found = compute([["d", "a", "b"], ["a"]], [["b", "d"], ["c"]], ["recall@2", "mrr@3"])
    >>> {metric: values.tolist() for metric, values in found.items()}
    {'recall@2': [0.5, 0.0], 'mrr@3': [1.0, 0.0]}
    """
    parsed = parse_metrics(metrics)
    for each in parsed:
        if each.definition.kind != "ranking":
            raise ValueError(f"{each} is not a metric of lists with relevant items: {known_metrics('ranking')} are")
    check_choice("ties", ties, TIES)
    graded = check_choice("gain", gain, GAINS) != "binary"
    has_columns = hasattr(relevant, "shape")
    for each in parsed:
        if n_items is None and not has_columns and "n_items" in each.definition.options:
            raise ValueError(f"{each.name} needs n_items, the number of items that could have been listed")
    found = with_relevant(recommended, relevant, n_items, graded, unknown)
    rows = exponential(found.relevant) if gain == "exponential" else found.relevant
    tied = listed_scores(recommended, scores, found.counts) if ties == "expected" else None
    wanted, threads = [each.native for each in parsed], check_threads(num_threads)
    try:
        values = _core.ranking_metrics(found.ids, found.counts, tied, rows, 0, graded, wanted, threads)
    except ValueError:
        refuse_repeated(found)
        raise
    return {str(each): row for each, row in zip(parsed, values, strict=True)}


def _one(name: str, recommended: Any, relevant: Any, k: int, **options: Any) -> Floats:
    named = f"{name}@{check_int('k', k, minimum=1)}"
    return compute(recommended, relevant, named, **options)[named]


@metric("precision", "ranking", "h / k")
def precision(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """Share of the first k places that is relevant: hits / k.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> precision([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=2)
    array([0.5])
    """
    return _one(
        "precision", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads
    )


@metric("recall", "ranking", "h / |R|")
def recall(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """Share of the user's relevant items that is among the first k: hits / |R|.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> recall([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=5)
    array([1.])
    """
    return _one("recall", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads)


@metric("recall_min", "ranking", "h / min(k, |R|)", '"Recall@k" of Liang et al. 2018 (Mult-VAE)')
def recall_min(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """hits / min(k, |R|), the "Recall@k" of Liang et al. 2018 (Mult-VAE): a perfect list has 1 at every k.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> [recall_min([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=k).round(4).item() for k in (1, 2, 3, 5)]
    [1.0, 0.5, 0.6667, 1.0]
    """
    return _one(
        "recall_min", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads
    )


@metric("f1", "ranking", "harmonic mean of precision@k and recall@k: 2 h / (k + |R|)")
def f1(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """Harmonic mean of precision@k and recall@k: 2 hits / (k + |R|).

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> f1([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=5)
    array([0.75])
    """
    return _one("f1", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads)


@metric(
    "ndcg",
    "ranking",
    "Σ gain_p / log2(p + 1) over ranks p <= k, divided by that of the best list of min(k, |R|) items",
    "Järvelin, Kekäläinen 2002",
    options=("gain",),
)
def ndcg(
    recommended: Any,
    relevant: Any,
    k: int,
    *,
    scores: Any = None,
    ties: str = "listed",
    gain: str = "binary",
    unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:
    """Σ gain_p / log2(p + 1) over places p <= k, divided by that of the best list (Järvelin and Kekäläinen 2002).

    Parameters
    ----------
    recommended, relevant, k, scores, ties, unknown, num_threads
        As the module says.
    gain : {"binary", "linear", "exponential"}
        A relevant item gains 1, its value in `relevant`, or 2^value - 1. A user whose items gain nothing has value 0.

    Returns
    -------
    (n_users,) float64 array, in [0, 1]; NaN for a user without relevant items

    Raises
    ------
    ValueError
        As `compute`, and for a negative value where it is a gain.

    Examples
    --------
    >>> [ndcg([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=k).round(6).item() for k in (1, 2, 3, 5)]
    [1.0, 0.613147, 0.703918, 0.88546]

    The same if items 1 and 2 had the same score:

    >>> ndcg([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=2, scores=[[4, 3, 3, 2, 1]], ties="expected").round(6)
    array([0.806574])
    """
    options: dict[str, Any] = {"scores": scores, "ties": ties, "unknown": unknown, "num_threads": num_threads}
    return _one("ndcg", recommended, relevant, k, gain=gain, **options)


@metric("map", "ranking", "Σ precision@p over the hits at ranks p <= k, divided by min(k, |R|)")
def average_precision(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """Sum of the precision at each hit among the first k, over min(k, |R|). Its mean over users is MAP@k.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> average_precision([[5, 1, 2, 9, 7]], [[2, 5, 7]], k=2)
    array([0.5])
    """
    return _one("map", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads)


@metric("hit_rate", "ranking", "1 if h > 0, else 0")
def hit_rate(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """1 if there is a hit among the first k, else 0.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> hit_rate([[5, 1], [1, 5]], [[5], [7]], k=1)
    array([1., 0.])
    """
    return _one(
        "hit_rate", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads
    )


@metric("mrr", "ranking", "1 / rank of the first hit, 0 without a hit")
def reciprocal_rank(
    recommended: Any, relevant: Any, k: int, *, scores: Any = None, ties: str = "listed", unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:  # fmt: skip
    """1 / place of the first hit among the first k, 0 without one. Its mean over users is MRR@k.

    Parameters, result and errors as in `compute`.

    Examples
    --------
    >>> reciprocal_rank([[1, 5, 7]], [[5, 7]], k=3)
    array([0.5])
    """
    return _one("mrr", recommended, relevant, k, scores=scores, ties=ties, unknown=unknown, num_threads=num_threads)


@metric(
    "auc",
    "ranking",
    "fraction of (relevant, other) pairs of the catalogue in the right order; all items after the first k are tied",
    options=("n_items",),
)
def auc(
    recommended: Any,
    relevant: Any,
    k: int,
    *,
    n_items: int | None = None,
    scores: Any = None,
    ties: str = "listed",
    unknown: str = "raise",
    num_threads: int | None = None,
) -> Floats:
    """Share of the pairs of a relevant and another item of the catalogue that stand in the right order.

    All that is not among the first k is tied behind them, so that a list of half the catalogue has a value too. Items
    that were never candidates, such as seen ones, count among the others behind.

    Parameters
    ----------
    recommended, relevant, k, scores, ties, unknown, num_threads
        As the module says.
    n_items : int, optional
        Size of the catalogue; needed, and used, if `relevant` is a list of lists.

    Returns
    -------
    (n_users,) float64 array, in [0, 1]; NaN for a user without relevant items, 1 if all items are relevant

    Raises
    ------
    ValueError
        As `compute`, and if `n_items` is missing or below the number of different items.

    Examples
    --------
    >>> auc([[0, 1, 2, 3]], [[0, 2]], k=4, n_items=4)
    array([0.75])
    """
    options: dict[str, Any] = {"scores": scores, "ties": ties, "unknown": unknown, "num_threads": num_threads}
    return _one("auc", recommended, relevant, k, n_items=n_items, **options)
