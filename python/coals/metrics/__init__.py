"""What ranked lists are worth: metrics of lists from anywhere, a value for each user.

`coals.evaluate` asks fitted models and computes the same. Every function takes

    recommended    `Recommendations`; a (n_users, n) integer array, best first, short lists padded with -1; or a list of
                   lists of ids of any kind, where every id counts: -1 is padding in arrays alone
    relevant       what each user should have found, a row for each list: a sparse matrix or `Interactions` of shape
                   (n_users, n_items), whose stored pairs are meant, or a list of lists of ids. Where both name their
                   users, as `Recommendations`, `Interactions`, mappings of user to list and pandas Series do, they are
                   matched by user, and values are in the order of `recommended`
    k              places that are looked at; a list shorter than that is not forgiven
    scores         of the shape of `recommended`; needed by ``ties="expected"`` and taken from `Recommendations`
    ties           "listed" takes the order as it is; "expected" gives the expected value if items of equal score come
                   in random order (McSherry, Najork 2008). A tie that reaches the end of a list is taken to end there,
                   so give lists that are longer than k by as much as ties are long
    unknown        what becomes of listed items that `relevant`, with ids, does not know: "raise" names one; with "skip"
                   they keep their places, and are relevant to no user
    num_threads    None: all that the process may use; the bits do not depend on it

and returns float64 values of shape (n_users,) in [0, 1], NaN for a user without relevant items: take `numpy.nanmean`.
`coals.reference.metrics` spells the definitions out for one user; docs/metrics.md holds them against other libraries.
Cost: linear in the places of the lists and the relevant pairs.

The metrics that `evaluate` takes by name, for h hits among the first k items of a list and the set R of the user's
relevant items:
"""

from __future__ import annotations

from coals.metrics import list_metrics, ranking, rating_errors  # noqa: F401 (which enters its metrics into the table)
from coals.metrics.list_metrics import *  # noqa: F403
from coals.metrics.names import table
from coals.metrics.ranking import *  # noqa: F403

__all__ = []
__all__ += list_metrics.__all__
__all__ += ranking.__all__

__doc__ = f"{__doc__}\n{table()}"
