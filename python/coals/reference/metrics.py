"""What every metric means, for one user at a time, in the plainest code that says it.

Throughout, `recommended` is one user's list, best first, without repeats; it may be shorter than `k`.
`relevant` is the set R of that user's relevant items, never empty: a user with nothing to find has no value.
A hit is a recommended item that is in R, and rel_p is 1 if the item at position p (counted from 1) is a hit,
else 0. Every value lies in [0, 1], also for k above the length of the list or the number of items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence, Set
from itertools import combinations, groupby, permutations, product


def _relevance(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> list[int]:
    """rel_1 ... rel_k, shorter if the list is."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if not relevant:
        raise ValueError("relevant is empty: the metric is undefined, leave the user out of the mean")
    return [int(item in relevant) for item in recommended[:k]]


def precision(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """hits / k. A list shorter than k is not forgiven: the missing places count as misses."""
    return sum(_relevance(recommended, relevant, k)) / k


def recall(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """hits / |R|. Cannot reach 1 while k < |R|."""
    return sum(_relevance(recommended, relevant, k)) / len(relevant)


def f1(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """2 P R / (P + R), the harmonic mean of precision@k and recall@k; 0 when both are 0."""
    p = precision(recommended, relevant, k)
    r = recall(recommended, relevant, k)
    return 2 * p * r / (p + r) if p + r > 0 else 0.0


def recall_min(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """hits / min(k, |R|), the "Recall@k" of Liang et al. 2018 (Mult-VAE): a perfect list has 1 at every k."""
    return sum(_relevance(recommended, relevant, k)) / min(k, len(relevant))


def ndcg(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """DCG@k / IDCG@k with binary gain (Järvelin and Kekäläinen 2002).

    DCG@k is the sum of rel_p / log2(p + 1) over p <= k. IDCG@k, that of the best list there can be, is the
    sum of 1 / log2(p + 1) over p <= min(k, |R|).
    """
    dcg = 0.0
    for position, rel in enumerate(_relevance(recommended, relevant, k), start=1):
        dcg += rel / math.log2(position + 1)
    ideal = 0.0
    for position in range(1, min(k, len(relevant)) + 1):
        ideal += 1 / math.log2(position + 1)
    return dcg / ideal


def average_precision(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """Sum over the hits at p <= k of precision@p, divided by min(k, |R|). Its mean over users is MAP@k."""
    total = 0.0
    hits = 0
    for position, rel in enumerate(_relevance(recommended, relevant, k), start=1):
        hits += rel
        total += rel * hits / position
    return total / min(k, len(relevant))


def hit_rate(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """1 if there is a hit among the first k, else 0. Its mean is the share of users with a hit."""
    return float(any(_relevance(recommended, relevant, k)))


def reciprocal_rank(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int) -> float:
    """1 / p for the first hit p <= k, 0 without one. Its mean over users is MRR@k."""
    for position, rel in enumerate(_relevance(recommended, relevant, k), start=1):
        if rel:
            return 1 / position
    return 0.0


def graded_ndcg(recommended: Sequence[Hashable], gains: Mapping[Hashable, float], k: int) -> float:
    """`ndcg` where a hit gains ``gains[item]``: linear gain takes ratings as they are, exponential 2^rating - 1."""
    _relevance(recommended, gains.keys(), k)
    dcg = sum(gains.get(item, 0) / math.log2(at + 2) for at, item in enumerate(recommended[:k]))
    best = sorted(gains.values(), reverse=True)[:k]
    ideal = sum(gain / math.log2(at + 2) for at, gain in enumerate(best))
    return dcg / ideal if ideal > 0 else 0.0


def auc(recommended: Sequence[Hashable], relevant: Set[Hashable], k: int, items: Set[Hashable]) -> float:
    """Share of the pairs of a relevant and another of all `items` that stand in the right order.

    What is not among the first k is tied behind them, and a tied pair counts half. 1 if all items are relevant.
    """
    hits = _relevance(recommended, relevant, k)
    place = dict(zip(recommended, range(len(hits)), strict=False))
    others = items - relevant
    right = 0.0
    for good, bad in product(relevant, others):
        first, second = place.get(good, len(hits)), place.get(bad, len(hits))
        right += 1.0 if first < second else 0.5 if first == second else 0.0
    return right / (len(relevant) * len(others)) if others else 1.0


def expected(
    metric: Callable[[Sequence[Hashable]], float], recommended: Sequence[Hashable], scores: Sequence[float]
) -> float:
    """Mean of `metric` over all lists that differ from `recommended` in the order of items of equal score alone."""
    ties = [[item for item, _ in tied] for _, tied in groupby(zip(recommended, scores, strict=True), lambda e: e[1])]
    values = [metric([item for tie in order for item in tie]) for order in product(*map(permutations, ties))]
    return sum(values) / len(values)


def coverage(lists: Sequence[Sequence[Hashable]], items: Set[Hashable]) -> float:
    """Share of all `items` that are in some list."""
    return len({item for recommended in lists for item in recommended}) / len(items)


def gini(lists: Sequence[Sequence[Hashable]], items: Set[Hashable]) -> float:
    """Half the mean difference, over the mean, of how often items are listed. Its mean over pairs includes (i, i)."""
    times = [sum(item in recommended for recommended in lists) for item in items]
    differences = sum(abs(one - other) for one, other in product(times, times))
    return differences / (2 * len(times) * sum(times))


def novelty(recommended: Sequence[Hashable], shares: Mapping[Hashable, float]) -> float:
    """Mean of 1 - share of the users who have the item (Vargas and Castells 2011)."""
    return sum(1 - shares[item] for item in recommended) / len(recommended)


def diversity(recommended: Sequence[Hashable], alike: Callable[[Hashable, Hashable], float]) -> float:
    """Mean of 1 - similarity over all pairs of a list (Ziegler et al. 2005, as a mean)."""
    pairs = list(combinations(recommended, 2))
    return sum(1 - alike(one, other) for one, other in pairs) / len(pairs)


def rmse(predicted: Collection[float], actual: Collection[float]) -> float:
    """sqrt(mean of (predicted - actual)^2) over the given ratings."""
    return math.sqrt(sum((p - a) ** 2 for p, a in zip(predicted, actual, strict=True)) / len(actual))


def mae(predicted: Collection[float], actual: Collection[float]) -> float:
    """Mean of |predicted - actual| over the given ratings."""
    return sum(abs(p - a) for p, a in zip(predicted, actual, strict=True)) / len(actual)
