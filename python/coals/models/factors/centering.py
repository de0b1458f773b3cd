"""Ratings less a mean, for models that take what is not there for the mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals.models.rating_means import rating_means

__all__ = ["CENTERS", "Centering"]

CENTERS = ("global", "user", "item")

Floats = npt.NDArray[np.float64]


@dataclass
class Centering:
    """What is taken from each entry, and added to each score: a mean of all, of the user's, or of the item's entries.

    Users and items without entries have the overall mean.
    """

    center: str | None
    overall: float = 0.0
    of_users: Floats | None = None
    of_items: Floats | None = None
    extent: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, entries: _core.Csr, center: str | None) -> Centering:
        if center is None:
            return cls(None)
        means, overall, extent = rating_means(entries, "columns" if center == "item" else "rows")
        users, items = means if center == "user" else None, means if center == "item" else None
        return cls(center, overall, users, items, extent)

    def user_terms(self, entries: _core.Csr) -> Floats:
        """For each row, which need not be a training user."""
        if self.center == "user":
            return rating_means(entries, "rows", self.overall).means
        return np.full(entries.rows, self.overall if self.center == "global" else 0.0)

    def apply(self, entries: _core.Csr, dtype: str) -> _core.Csr:
        """The same entries less their mean."""
        indptr, indices, values = entries.to_arrays()
        taken: Any = np.repeat(self.user_terms(entries), np.diff(indptr))
        if self.of_items is not None:
            taken = taken + self.of_items[indices]
        return _core.Csr(indptr, indices, values - taken, entries.columns, dtype)
