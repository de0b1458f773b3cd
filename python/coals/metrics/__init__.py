"""What ranked lists are worth: metrics of lists from anywhere, a value for each user.

`coals.evaluate` asks fitted models and computes the same. Every function takes

    recommended    `Recommendations`; a (n_users, n) integer array, best first, short lists padded with -1; or a list of
                   lists of ids of any kind
    relevant       what each user should have found, a row for each list: a sparse matrix or `Interactions` of shape
                   (n_users, n_items), whose stored pairs are meant, or a list of lists of ids
    k              places that are looked at; a list shorter than that is not forgiven
    scores         of the shape of `recommended`; needed by ``ties="expected"`` and taken from `Recommendations`
    ties           "listed" takes the order as it is; "expected" gives the expected value if items of equal score come
                   in random order (McSherry, Najork 2008). A tie that reaches the end of a list is taken to end there,
                   so give lists that are longer than k by as much as ties are long
    num_threads    None: all that the process may use; the bits do not depend on it

and returns float64 values of shape (n_users,) in [0, 1], NaN for a user without relevant items: take `numpy.nanmean`.
`coals.reference.metrics` spells the definitions out for one user; docs/metrics.md holds them against other libraries.
Cost: linear in the places of the lists and the relevant pairs.
"""

from __future__ import annotations

from coals.metrics.list_metrics import coverage, diversity, gini, novelty
from coals.metrics.ranking import (
    auc,
    average_precision,
    compute,
    f1,
    hit_rate,
    ndcg,
    precision,
    recall,
    recall_min,
    reciprocal_rank,
)

__all__ = [
    "auc",
    "average_precision",
    "compute",
    "coverage",
    "diversity",
    "f1",
    "gini",
    "hit_rate",
    "ndcg",
    "novelty",
    "precision",
    "recall",
    "recall_min",
    "reciprocal_rank",
]
