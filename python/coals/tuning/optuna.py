"""Trials chosen by Optuna; only this file imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from coals.metrics.names import is_falling

__all__ = ["ask"]


def ask(space: dict[str, Any], metric: str, n_trials: int, seed: Any, run: Callable[[dict[str, Any]], Any]) -> None:
    """Runs `n_trials` trials, each chosen by those before it."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("method='optuna' needs Optuna: pip install optuna") from error
    distributions = {name: _distribution(optuna, name, values) for name, values in space.items()}
    directions = optuna.study.StudyDirection
    direction = directions.MINIMIZE if is_falling(metric) else directions.MAXIMIZE
    sampler = optuna.samplers.TPESampler(seed=seed if isinstance(seed, int) else None)
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(sampler=sampler, direction=direction)
        for _ in range(n_trials):
            asked = study.ask(distributions)
            params = {name: _value(space[name], asked.params[name]) for name in space}
            value = run(params).values[metric]
            if np.isnan(value):
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(asked, value)
    finally:
        optuna.logging.set_verbosity(verbosity)


def _value(values: Any, chosen: Any) -> Any:
    """Of a list, Optuna chooses an index: it takes plain values only."""
    return values[chosen] if isinstance(values, list) else chosen


def _distribution(optuna: Any, name: str, values: Any) -> Any:
    if isinstance(values, list):
        return optuna.distributions.CategoricalDistribution(range(len(values)))
    kind = getattr(getattr(values, "dist", None), "name", type(values).__name__)
    if kind not in ("uniform", "loguniform", "reciprocal", "randint"):
        raise ValueError(
            f"space[{name!r}] is a {kind} distribution, and method='optuna' takes lists and scipy.stats' uniform, "
            "loguniform and randint: use method='random'"
        )
    low, high = values.support()
    if kind == "randint":
        return optuna.distributions.IntDistribution(int(low), int(high))
    return optuna.distributions.FloatDistribution(float(low), float(high), log=kind != "uniform")
