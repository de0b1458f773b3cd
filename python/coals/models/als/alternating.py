"""How explicit and implicit ALS are fitted: from data to a problem, its sweeps, and the fitted attributes."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any

import numpy as np

from coals import _core
from coals._util.checks import check_int
from coals.data.features import check_features
from coals.data.interactions import Interactions, as_interactions
from coals.data.weights import check_weights
from coals.models.als.fold_in import FoldIn
from coals.models.als.problem import SIDES, HalfStep, Problem
from coals.models.als.start import Start, grown_start, previous_start, start_of
from coals.models.early_stopping import EarlyStopping
from coals.models.partial_fit import merge
from coals.models.sweeps import Callback, check_callbacks, run_sweeps

__all__ = ["AlternatingModel"]


class AlternatingModel(FoldIn):
    """A factor model fitted by half-sweeps over one side, then the other. See its subclasses."""

    _fitted = """
        user_feature_weights_: user features, weights
        item_feature_weights_: item features, weights
        objective_: sweeps
        solver_
        _entries_
        _weights_: entries
        _features_
    """

    @abstractmethod
    def _problem(self, data: Interactions, weights: Any, features: list[Any], start: Start) -> Problem:
        """The state that sweeps work on."""

    def _fit(self, X: Any, weights: Any, features: list[Any], progress: bool | None, callback: Any) -> None:
        callbacks = check_callbacks(callback)
        previous = previous_start(self)
        data = self._start_fit(X)
        checked = [
            None if given is None else check_features(f"{side}_features", given, size)
            for side, given, size in zip(SIDES, features, data.shape, strict=True)
        ]
        start = start_of(self, (data.users, data.items), previous)
        own_weights = None if weights is None else check_weights(weights, data, self.dtype)
        problem = self._problem(data, own_weights, checked, start)
        self._learn(problem, problem.half_steps(), self.iterations, progress, callbacks)

    def _learn(
        self,
        problem: Problem,
        steps: list[tuple[int, HalfStep]],
        iterations: int,
        progress: bool | None,
        callbacks: list[Callback],
    ) -> None:
        """Runs sweeps of `steps`, then takes over what they found."""

        def sweep() -> None:
            for side, step in steps:
                try:
                    step()
                except _core.SingularSystemError as error:
                    raise self._singular(problem.data, error, side) from None

        def snapshot(history: list[float]) -> Any:
            twin = copy.copy(self)
            twin._finish(problem, problem.result(copy=True), history)
            return twin

        history = run_sweeps(
            self,
            lambda: _core.run_in_team(sweep, problem.threads),
            lambda: _core.run_in_team(problem.objective, problem.threads),
            iterations,
            progress,
            callbacks,
            snapshot,
        )
        fitted = problem.result(copy=False)
        for callback in callbacks:
            best = callback._take_best() if isinstance(callback, EarlyStopping) else None
            if best is not None:
                fitted = {name: getattr(best, name) for name in fitted}
        self._finish(problem, fitted, history)

    def _finish(self, problem: Problem, fitted: dict[str, Any], history: list[float]) -> None:
        vars(self).update(fitted)
        vars(self).pop("_grams_", None)
        self.objective_ = np.array(history)
        self._fitted_params_ = self.get_params()
        self.solver_ = problem.solver
        self._finish_fit(problem.data, fitted["_seen_"])

    def _singular(self, data: Interactions, error: Any, side: int) -> ValueError:
        index = (data.users, data.items)[side]
        name = index.decode(np.array([error.row])).tolist()[0]
        return self._undetermined(f"{SIDES[side]} {name!r}", error)

    def _partial_fit(
        self, X: Any, weights: Any, features: list[Any], iterations: int, progress: bool | None, callback: Any
    ) -> None:
        if not hasattr(self, "n_items_"):
            self._fit(X, weights, features, progress, callback)
            return
        callbacks = check_callbacks(callback)
        check_int("iterations", iterations, minimum=1)
        self._check_params()
        if self.user_factors_.shape[1] != self.factors or self.user_factors_.dtype != self.dtype:
            raise ValueError(
                f"partial_fit needs the factors and dtype of the fit, {self.user_factors_.shape[1]} and "
                f"{self.user_factors_.dtype.name}, got {self.factors} and {self.dtype}: set them back, or fit again"
            )
        if getattr(self, "biases", False) != self._fitted_params_.get("biases", False):
            raise ValueError("partial_fit needs the biases of the fit: set them back, or fit again")
        new = as_interactions(X)
        checked = None if weights is None else check_weights(weights, new, self.dtype)
        merged = merge(self, self._seen_, self._weights_, new, checked)
        all_features = [self._grown_features(side, merged.data, features[side]) for side in (0, 1)]
        problem = self._problem(merged.data, merged.weights, all_features, grown_start(self, merged.data))
        problem.clear_empty_rows()
        steps: list[tuple[int, HalfStep]] = [
            (side, lambda side=side: problem.solve_rows(side, merged.touched[side]))  # type: ignore[misc]
            for side in (0, 1)
        ]
        self._learn(problem, steps, iterations, progress, callbacks)

    def _grown_features(self, side: int, data: Interactions, features: Any) -> Any:
        """Features of all rows of a side that may have grown."""
        old = self._features_[side]
        name, size = f"{SIDES[side]}_features", data.shape[side]
        if old is None:
            if features is not None:
                raise ValueError(f"{name} were given, but the model was fitted without: fit again with them")
            return None
        if features is None:
            if size == old.shape[0]:
                return old
            raise ValueError(
                f"there are {size - old.shape[0]} new {SIDES[side]}s and the model was fitted with {name}: give {name} "
                f"for all {size}"
            )
        return check_features(name, features, size, old.shape[1])
