"""RMSE and MAE, over all ratings and by user."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["rating_error"]

Floats = NDArray[np.float64]


def rating_error(name: str, errors: Floats, rows: NDArray[np.int64], n_users: int) -> tuple[float, Floats]:
    """RMSE or MAE of ``errors = predicted - actual``, over all of them and per user.

    Parameters
    ----------
    name : "rmse" or "mae"
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
    losses = errors**2 if name == "rmse" else np.abs(errors)
    with np.errstate(invalid="ignore"):
        per_user = np.bincount(rows, losses, minlength=n_users) / np.bincount(rows, minlength=n_users)
    overall = losses.mean()
    return (float(np.sqrt(overall)), np.sqrt(per_user)) if name == "rmse" else (float(overall), per_user)
