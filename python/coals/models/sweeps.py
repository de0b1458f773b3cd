"""The loop over sweeps: objective, progress, callbacks, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from coals._util.progress import progress_bar

__all__ = ["Callback", "Sweep", "Watch", "check_callbacks", "run_sweeps"]


class Sweep:
    """What a callback gets after each sweep of `fit`.

    Attributes
    ----------
    sweep : int
        Its number, from 1.
    objective : float
        After it.
    seconds : float
        Since the first sweep began.
    solve_seconds : float
        Of these, in half-steps; the rest went into the objective and callbacks.
    eta : float
        Seconds that the remaining of `iterations` sweeps would take at the pace so far.
    model : Recommender
        A fitted model as of this sweep, with arrays of its own, to recommend with or evaluate. It is made when first
        asked for, at the cost of a copy of the factors, which has to be before the callback returns.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> plays = sp.csr_array([[3, 1, 0, 0], [2, 0, 1, 0], [0, 0, 4, 1], [0, 0, 1, 2]])
    >>> def show(sweep):
    ...     print(sweep.sweep, sweep.model.recommend([0, 1], n=1).counts)
    ...     return sweep.sweep == 2  # True stops the fit
    >>> model = coals.ImplicitALS(factors=2, regularization=0.1, random_state=0).fit(plays, callback=show)
    1 [1 1]
    2 [1 1]
    """

    def __init__(
        self,
        sweep: int,
        objective: float,
        seconds: float,
        solve_seconds: float,
        eta: float,
        snapshot: Callable[[], Any],
    ) -> None:
        self.sweep = sweep
        self.objective = objective
        self.seconds = seconds
        self.solve_seconds = solve_seconds
        self.eta = eta
        self._snapshot: Callable[[], Any] | None = snapshot
        self._model: Any = None

    @property
    def model(self) -> Any:
        if self._model is None:
            if self._snapshot is None:
                raise RuntimeError(
                    f"the model of sweep {self.sweep} is gone: read Sweep.model before the callback returns"
                )
            self._model = self._snapshot()
        return self._model

    def _close(self) -> None:
        self._snapshot = None

    def __repr__(self) -> str:
        return (
            f"Sweep(sweep={self.sweep}, objective={self.objective:.6g}, seconds={self.seconds:.3g}, eta={self.eta:.3g})"
        )


Callback = Callable[[Sweep], Any]


def check_callbacks(callback: Any) -> list[Callback]:
    """A callable, a list of them, or None, as a list."""
    given = list(callback) if isinstance(callback, (list, tuple)) else [] if callback is None else [callback]
    for one in given:
        if not callable(one):
            raise TypeError(f"callback must be a function of one Sweep, or a list of such, got {one!r}")
        if isinstance(one, type):
            raise TypeError(f"callback must be a function of one Sweep, got the class {one.__name__}: make an instance")
    return given


class Watch:
    """Shows the sweeps of one fit and tells the callbacks of them.

    Attributes
    ----------
    history : list of float
        The objective after each sweep so far.
    """

    def __init__(self, model: Any, iterations: int, progress: bool | None, callbacks: list[Callback]) -> None:
        self.history: list[float] = []
        self._iterations = iterations
        self._callbacks = callbacks
        self._progress = progress_bar(model, iterations, "sweep", progress)
        self._start = time.perf_counter()

    def __enter__(self) -> Watch:
        self._bar = self._progress.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._progress.__exit__(*error)

    def tell(self, objective: float, solve_seconds: float, snapshot: Callable[[list[float]], Any]) -> bool:
        """After a sweep; whether a callback wants to stop."""
        self.history.append(objective)
        self._bar.set_postfix(objective=f"{objective:.6g}", refresh=False)
        self._bar.update()
        sweep = len(self.history)
        seconds = time.perf_counter() - self._start
        left = seconds / sweep * (self._iterations - sweep)
        told = Sweep(sweep, objective, seconds, solve_seconds, left, lambda: snapshot(self.history))
        return _tell(self._callbacks, told)


def run_sweeps(
    model: Any,
    steps: Callable[[], None],
    objective: Callable[[], float],
    iterations: int,
    progress: bool | None,
    callbacks: list[Callback],
    snapshot: Callable[[list[float]], Any],
) -> list[float]:
    """Runs sweeps of models whose loop is here, until `iterations`, the model's tolerance or a callback ends it.

    Returns the objective after each.
    """
    solving = 0.0
    with Watch(model, iterations, progress, callbacks) as watch:
        history = watch.history
        for number in range(1, iterations + 1):
            with np.errstate(over="ignore", invalid="ignore"):
                before = time.perf_counter()
                steps()
                solving += time.perf_counter() - before
                value = objective()
            if not np.isfinite(value):
                raise ValueError(
                    f"the objective is {value} after sweep {number}: values or parameters are too large for "
                    f"{model.dtype}; make them smaller"
                )
            if watch.tell(value, solving, snapshot):
                break
            # Without a tolerance all sweeps are run: at the optimum rounding alone may lift the objective.
            if model.tolerance > 0 and number > 1 and history[-2] - history[-1] < model.tolerance * history[-2]:
                break
    return history


def _tell(callbacks: list[Callback], sweep: Sweep) -> bool:
    """Calls all callbacks; whether any wants to stop."""
    stop = False
    try:
        for callback in callbacks:
            answer = callback(sweep)
            if answer is not None and not isinstance(answer, (bool, np.bool_)):
                raise TypeError(f"callback must return True to stop, or None or False to go on, got {answer!r}")
            stop |= bool(answer)
    finally:
        sweep._close()
    return stop
