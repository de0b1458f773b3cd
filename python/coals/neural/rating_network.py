"""What neural models of ratings share: parameters, and how a fit begins."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

from coals._util.checks import check_int
from coals._util.limits import MOST_FACTORS
from coals.data.interactions import Interactions
from coals.data.native import with_values
from coals.models.predicted_ratings import PredictedRatings
from coals.neural.neural_model import NeuralModel
from coals.neural.training.training import Task

__all__ = ["RatingNetwork"]

Self = TypeVar("Self", bound="RatingNetwork")


class RatingNetwork(PredictedRatings, NeuralModel):
    """See its subclasses."""

    factors: int | None

    #: Whether `factors` may be None.
    _may_be_full_rank = False

    # For `recommend_for`, where there is one.
    _row_dtype = "float32"

    def _check_params(self) -> None:
        super()._check_params()
        if self.factors is not None or not self._may_be_full_rank:
            check_int("factors", self.factors, minimum=1, maximum=MOST_FACTORS)

    def fit(self: Self, X: Any, *, progress: bool | None = None, callback: Any = None) -> Self:
        """Learns from ratings, afresh.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Stored entries are ratings, zeros included; all others are unknown.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each epoch; True ends the fit. What it raises is passed on.

        Returns
        -------
        The model itself. If `fit` raises, it is left unfitted; Ctrl-C leaves it as of the best epoch so far, if one
        is done, and is passed on.

        Raises
        ------
        ImportError
            Without torch.
        TypeError, ValueError
            Data that cannot be used; ``device="cuda"`` without a GPU; an objective that overflows.
        """
        data = self._start_fit(X)
        with_values(data, "float32", advise=False)  # an error for values that are out of its range
        torch, device = self._torch()
        try:
            ratings = data.matrix.data
            self.rating_range_ = float(ratings.min()), float(ratings.max())
            self._look_at(data)
            task = self._task(torch, device, data)
        except BaseException:
            self._forget_fit()
            raise
        self._run(task, data, torch, device, progress, callback)
        return self

    @abstractmethod
    def _look_at(self, data: Interactions) -> None:
        """Sets what follows from the ratings at once, such as their mean."""

    @abstractmethod
    def _task(self, torch: Any, device: str, data: Interactions) -> Task:
        """What is to be learned."""
