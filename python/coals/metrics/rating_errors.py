"""RMSE and MAE, over all ratings and by user."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coals.metrics.names import METRICS, Definition

__all__ = ["rating_error"]

Floats = NDArray[np.float64]

# The value is the mean of the losses of the errors, or its square root.
METRICS["rmse"] = Definition(
    "ratings",
    "rmse",
    "square root of the mean squared error over all test ratings, equally weighted",
    falling=True,
    loss=np.square,
    root=True,
)
METRICS["mae"] = Definition(
    "ratings", "mae", "mean absolute error over all test ratings, equally weighted", falling=True, loss=np.abs
)


def rating_error(name: str, errors: Floats, rows: NDArray[np.int64], n_users: int) -> tuple[float, Floats]:
    """A metric of ``errors = predicted - actual``, over all of them and per user.

    Parameters
    ----------
    name : str
        A metric of kind "ratings".
    errors : (n_ratings,) float array, n_ratings >= 1
    rows : (n_ratings,) int array
        The user of each error, in 0 ... n_users - 1.
    n_users : int

    Returns
    -------
    overall : float
        Over all ratings alike, so that a user weighs as much as they have ratings.
    per_user : (n_users,) float array
        NaN for a user without ratings.

    Examples
    --------
    >>> overall, per_user = rating_error("mae", np.array([1.0, -2.0, 3.0]), np.array([0, 0, 1]), 2)
    >>> overall, per_user.tolist()
    (2.0, [1.5, 3.0])
    """
    row = METRICS[name]
    assert row.loss is not None
    losses = row.loss(errors)
    with np.errstate(invalid="ignore"):
        per_user = np.bincount(rows, losses, minlength=n_users) / np.bincount(rows, minlength=n_users)
    overall = losses.mean()
    return (float(np.sqrt(overall)), np.sqrt(per_user)) if row.root else (float(overall), per_user)
