"""What the models by stochastic gradient descent share: parameters, epochs, and new users."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int, check_number, check_pair, check_random_state
from coals._util.limits import LARGEST, MOST_FACTORS
from coals.data.interactions import Interactions
from coals.data.native import columns_where, structure
from coals.models.base import Array
from coals.models.early_stopping import best_of
from coals.models.factors.inner_product import InnerProductModel
from coals.models.fit_memory import Bytes, Shape, csr, itemsize_of
from coals.models.folded_rows import Rows
from coals.models.sweeps import check_callbacks, run_sweeps
from coals.persistence.model_classes import Axes
from coals.ranking.filters import Filter
from coals.ranking.recommendations import TopN

__all__ = ["SgdModel"]

Self = TypeVar("Self", bound="SgdModel")

_START = 0.1  # standard deviation of the factors that steps start from
_ROW_BYTES = 64


class SgdModel(InnerProductModel):
    """Factors, and perhaps biases, moved by one entry at a time."""

    factors: int
    learning_rate: float
    regularization: float | tuple[float, float]
    iterations: int
    optimizer: str
    momentum: float
    biases: bool
    dtype: str
    random_state: Any
    tolerance: float

    item_bias_: Array
    objective_: npt.NDArray[np.float64]

    _fitted: ClassVar[Axes] = {"item_bias_": ("items",), "objective_": ("sweeps",)}

    _users_by_product = False

    #: Whether steps are on pairs of items.
    _pairs = False

    def _check_params(self) -> None:
        super()._check_params()
        check_int("factors", self.factors, minimum=1, maximum=MOST_FACTORS)
        check_number("learning_rate", self.learning_rate, minimum=0, strict=True, maximum=LARGEST)
        check_pair("regularization", self.regularization, maximum=LARGEST)
        check_int("iterations", self.iterations, minimum=1)
        check_choice("optimizer", self.optimizer, ("adagrad", "momentum"))
        if check_number("momentum", self.momentum, minimum=0) >= 1:
            raise ValueError(f"momentum must be below 1, got {self.momentum}")
        check_bool("biases", self.biases)
        check_choice("dtype", self.dtype, ("float32", "float64"))
        check_random_state(self.random_state)
        check_number("tolerance", self.tolerance, minimum=0)

    # --- fitting ---

    def _memory(self, shape: Shape, threads: int) -> Bytes:
        users, items, nnz = shape[:3]
        s, padded = itemsize_of(self), -(-self.factors * itemsize_of(self) // 64) * 64
        moved = 2 * (users + items) * (padded + s)
        start, epoch = 16 * max(users, items) * self.factors, nnz * (8 + s) + 8 * (users + items)
        fitted = (users + items) * (self.factors + 1) * s
        return csr(users, nnz, s) + csr(users, nnz, 0), moved + fitted, max(start - fitted, epoch)

    def fit(self: Self, X: Any, *, progress: bool | None = None, callback: Any = None) -> Self:
        """Learns factors, and biases if the model has any, from scratch.

        Parameters
        ----------
        X : Interactions or scipy sparse matrix, shape (n_users, n_items)
            Stored entries count, zeros included; for `SGDFactorization` they are ratings, and all others unknown.
        progress : bool or None, default None
            Show a bar; None shows one on a terminal once a second has passed.
        callback : callable, list of callables, or None
            Each is called with a `Sweep` after each epoch; True ends the fit. What it raises is passed on.

        Returns
        -------
        The model itself. If `fit` raises or is interrupted, it is left unfitted.

        Raises
        ------
        TypeError, ValueError
            Data that cannot be used, with the row and column of the first entry; an objective that overflows.
        """
        return self._fit_or_forget(self._start_fit(X), progress, callback)

    def _fit(self, data: Interactions, progress: bool | None, callback: Any) -> None:
        entries = self._entries_of(data)
        callbacks = check_callbacks(callback)
        generator = check_random_state(self.random_state)
        seed = int(generator.integers(2**63))
        state = self._start(generator, data.shape)
        options = self._options(seed, move_items=True)
        epochs = iter(range(self.iterations))
        loss: list[float] = []

        def epoch() -> None:
            loss.append(_core.sgd_epoch(entries, state, options, next(epochs), self._pairs, self._threads))

        def snapshot(history: list[float]) -> Any:
            twin = copy.copy(self)
            twin._finish(data, self._result(entries, state), history)
            return twin

        steps = max(entries.entries, 1)
        history = run_sweeps(
            self, epoch, lambda: self._objective(loss[-1], steps), self.iterations, progress, callbacks, snapshot
        )
        self._finish(data, best_of(callbacks, self._within_range(self._result(entries, state)))[0], history)

    @abstractmethod
    def _entries_of(self, data: Interactions) -> _core.Csr:
        """What steps are on."""

    def _within_range(self, fitted: dict[str, Any]) -> dict[str, Any]:
        """An error where the last epoch, whose objective is of before its steps, ran so far that scores overflow."""
        largest = np.sqrt(np.finfo(self.dtype).max / (self.factors + 2))
        if not all((np.abs(array) <= largest).all() for array in fitted.values()):  # not true of NaN
            raise ValueError(
                f"factors after the last epoch are too large for {self.dtype}: set a smaller learning_rate, or bring "
                "values nearer to 1"
            )
        return fitted

    def _start(self, generator: np.random.Generator, shape: tuple[int, int]) -> list[Array]:
        """Factors and state as the core takes them: rows of whole cache lines."""
        lanes = _ROW_BYTES // np.dtype(self.dtype).itemsize
        width = -(-self.factors // lanes) * lanes
        factors = [np.zeros((size, width), self.dtype) for size in shape]
        for array in factors:
            array[:, : self.factors] = _START * generator.standard_normal((len(array), self.factors))
        arrays: list[Array] = factors + [np.zeros_like(array) for array in factors]
        if self.biases:
            arrays += [np.zeros(size, self.dtype) for size in (*shape, *shape)]
        return arrays

    def _result(self, entries: _core.Csr, state: list[Array]) -> dict[str, Any]:
        """Fitted attributes, copies. Rows without entries, which no step has moved, are zero."""
        known = entries.row_sizes() > 0, columns_where(entries, positive=False)
        users, items = (
            np.ascontiguousarray(array[:, : self.factors]) * rows[:, None]
            for array, rows in zip(state[:2], known, strict=True)
        )
        user_bias, item_bias = state[4:6] if self.biases else [np.zeros(len(rows), self.dtype) for rows in known]
        return {
            "user_factors_": users,
            "item_factors_": items,
            "item_bias_": item_bias.copy(),
            "_known_users_": known[0],
            "_candidates_": known[1],
            **self._more_results(user_bias.copy()),
        }

    def _more_results(self, user_bias: Array) -> dict[str, Any]:
        return {}

    def _finish(self, data: Interactions, fitted: dict[str, Any], history: list[float]) -> None:
        vars(self).update(fitted)
        self.objective_ = np.array(history)
        self._finish_fit(data, structure(data))

    @abstractmethod
    def _objective(self, loss: float, steps: int) -> float:
        """What an epoch reports, from what the core returns."""

    def _options(self, seed: int, move_items: bool) -> _core.SgdOptions:
        users, items = check_pair("regularization", self.regularization, maximum=LARGEST)
        mean, squash = self._scale()
        return _core.SgdOptions(
            self.optimizer, self.learning_rate, self.momentum, users, items, move_items, mean, squash, seed
        )

    def _scale(self) -> tuple[float, tuple[float, float] | None]:
        """What is added to scores, and the range that they are squashed to."""
        return 0.0, None

    # --- new users ---

    def _rank_rows(self, rows: Rows, n: int, excluded: Filter) -> TopN:
        """As many epochs as the fit had, from zero, on the new rows alone: the items stay."""
        size = rows.entries.rows
        state = self._start(np.random.default_rng(0), (size, self.n_items_))
        state[0][:] = 0
        state[1][:, : self.factors] = self.item_factors_
        if self.biases:
            state[5][:] = self.item_bias_
        for epoch in range(len(self.objective_)):
            _core.sgd_epoch(rows.entries, state, self._options(0, False), epoch, self._pairs, self._threads)
        users = np.ascontiguousarray(state[0][:, : self.factors])
        bias = state[4] if self.biases else None
        known = self._has_evidence(rows.entries.row_sizes() > 0)
        return self._ranked(users, bias, n, excluded, known)

    def _has_evidence(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        return known | bool(self._fitted_params_["biases"])
