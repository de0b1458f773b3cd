"""What all neural models share: parameters of the training, and how a fit begins and ends."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping, Set
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice, check_int, check_number, check_random_state
from coals._util.limits import LARGEST, MOST_FACTORS
from coals.data.interactions import Interactions
from coals.data.native import structure, with_values
from coals.models.base import Recommender
from coals.models.early_stopping import best_of
from coals.models.sweeps import Sweep, check_callbacks, run_sweeps
from coals.neural.training.torch import DEVICES, Workers, import_torch, pick_device
from coals.neural.training.training import Task, Training, refuse_out_of_range
from coals.persistence.model_classes import Axes

__all__ = ["NeuralModel", "check_factors", "check_layers", "check_share", "look_at_ratings"]

Self = TypeVar("Self", bound="NeuralModel")

_MOST_UNITS = 65536
_PAIRS_CHECKED = 1000


class NeuralModel(Recommender):
    """A model whose numbers torch finds. A fitted one is NumPy arrays: it serves, saves and loads without torch."""

    learning_rate: float
    weight_decay: float
    batch_size: int | None
    iterations: int
    validation_fraction: float
    patience: int
    device: str | None
    random_state: Any

    objective_: npt.NDArray[np.float64]
    validation_: npt.NDArray[np.float64] | None
    best_epoch_: int

    _fitted: ClassVar[Axes] = {"objective_": ("epochs",), "validation_": ("epochs",), "best_epoch_": ()}

    #: Whether `batch_size` may be None.
    _may_size_batches = False

    # For `run_sweeps`.
    dtype = "float32"
    tolerance = 0.0

    @property
    def _row_dtype(self) -> str:
        return self.dtype

    def _check_params(self) -> None:
        super()._check_params()
        check_number("learning_rate", self.learning_rate, minimum=0, strict=True, maximum=LARGEST)
        check_number("weight_decay", self.weight_decay, minimum=0, maximum=LARGEST)
        if self.batch_size is not None or not self._may_size_batches:
            check_int("batch_size", self.batch_size, minimum=1)
        check_int("iterations", self.iterations, minimum=1)
        check_share("validation_fraction", self.validation_fraction)
        check_int("patience", self.patience, minimum=1)
        if self.device is not None:
            check_choice("device", self.device, DEVICES)
        check_random_state(self.random_state)

    def fit(self: Self, X: Any, *, progress: bool | None = None, callback: Any = None) -> Self:
        """Learns from ratings, from scratch.

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
        self._fit(self._start_fit(X), progress, callback)
        return self

    def _fit(self, data: Interactions, progress: bool | None, callback: Any, *given: Any) -> None:
        try:
            self._look_at(data)
            torch, device = self._torch()
            task = self._task(torch, device, data, *given)
        except BaseException:
            self._forget_fit()
            raise
        self._run(task, data, torch, device, progress, callback)

    def _look_at(self, data: Interactions) -> None:
        """Sets what follows from the data at once, such as the mean of the ratings."""

    @abstractmethod
    def _task(self, torch: Any, device: str, data: Interactions, *args: Any, **kwargs: Any) -> Task:
        """What is to be learned."""

    def _torch(self) -> tuple[Any, str]:
        """The module and the device to use."""
        torch = import_torch(type(self).__name__)
        return torch, pick_device(torch, self.device)

    def _run(self, task: Task, data: Interactions, torch: Any, device: str, progress: bool | None, given: Any) -> None:
        """Epochs until enough; then fitted as of the best one, also where Ctrl-C has ended them."""
        callbacks = check_callbacks(given)

        def ended(_: Sweep) -> bool:
            return training.exhausted if training.values else False

        def snapshot(history: list[float]) -> Any:
            twin = copy.copy(self)
            twin._finish(data, task.results(training.arrays()), training, len(training.losses))
            return twin

        with Workers(torch, self._threads) as workers:
            training = Training(self, task, torch, device, workers)
            try:
                run_sweeps(
                    self, training.epoch, lambda: training.losses[-1], self.iterations, progress,
                    [*callbacks, ended], snapshot,
                )  # fmt: skip
            except KeyboardInterrupt:
                if training.best is None or not training.completed:
                    self._forget_fit()
                else:
                    self._end(data, task, training, callbacks)
                raise
            except BaseException:
                self._forget_fit()
                raise
        self._end(data, task, training, callbacks)

    def _end(self, data: Interactions, task: Task, training: Training, callbacks: list[Any]) -> None:
        assert training.best is not None
        with np.errstate(over="ignore", invalid="ignore"):  # reported as an error below
            fitted, epoch = task.results(training.best), training.best_epoch
        fitted, sweep = best_of(callbacks, fitted)
        epoch = sweep or epoch
        self._finish(data, fitted, training, epoch)
        self._check_scores(data, epoch)

    def _check_scores(self, data: Interactions, epoch: int) -> None:
        """Checks the result of the last step, which no loss has covered: on some pairs, at little cost."""
        items = data.matrix.indices[:_PAIRS_CHECKED].astype(np.int64)
        users = np.searchsorted(data.matrix.indptr, np.arange(len(items)), side="right") - 1
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                refuse_out_of_range([self._predict_pairs(users, items)], epoch)
        except ValueError:
            self._forget_fit()
            raise

    def _finish(self, data: Interactions, fitted: dict[str, Any], training: Training, epoch: int) -> None:
        vars(self).update(fitted)
        self.objective_ = np.array(training.losses[: training.completed])
        self.validation_ = np.array(training.values[: training.completed]) if training.values else None
        self.best_epoch_ = epoch
        self._finish_fit(data, structure(data))


def look_at_ratings(model: Any, data: Interactions) -> tuple[float, float]:
    """The lowest and the highest rating, or an error for values that are out of the range of the arithmetic."""
    with_values(data, "float32", advise=False)
    ratings = data.matrix.data
    model.rating_range_ = float(ratings.min()), float(ratings.max())
    low, high = model.rating_range_
    return low, high


def check_factors(value: Any) -> None:
    check_int("factors", value, minimum=1, maximum=MOST_FACTORS)


def check_share(name: str, value: Any) -> float:
    """A number from 0 to below 1."""
    share = check_number(name, value, minimum=0)
    if share >= 1:
        raise ValueError(f"{name} must be below 1, got {value}")
    return share


def check_layers(name: str, value: Any, *, least: int = 1) -> list[int]:
    """Widths of layers, as a list of integers."""
    if isinstance(value, (str, bytes, Mapping, Set)) or not hasattr(value, "__len__") or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a list of integers, such as [200], got {value!r} ({type(value).__name__})")
    widths = [check_int(f"{name}[{k}]", width, minimum=1, maximum=_MOST_UNITS) for k, width in enumerate(value)]
    if len(widths) < least:
        raise ValueError(f"{name} must hold at least {least} width{'s' * (least > 1)}, got {value!r}")
    return widths
