"""Search for good parameters: every combination of a grid, random draws, or Optuna's choice."""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from coals import split
from coals._util.checks import check_bool, check_choice, check_int, check_random_state
from coals._util.progress import new_bar
from coals.data.interactions import Interactions, as_interactions
from coals.evaluation.evaluation import evaluate
from coals.metrics.names import parse_metrics
from coals.tuning.log import SearchLog, fingerprint, key_of
from coals.tuning.result import SearchResult, Trial
from coals.tuning.space import checked_space, draws, grid, with_params

__all__ = ["SearchResult", "Trial", "search"]


def search(
    model: Any,
    space: Any,
    train: Any,
    *,
    metric: str = "ndcg@10",
    also: str | Iterable[str] = (),
    validation: Any = None,
    folds: int = 5,
    n_trials: int | None = None,
    method: str = "auto",
    refit: bool = True,
    path: str | os.PathLike[str] | None = None,
    random_state: Any = 0,
    fit_params: Mapping[str, Any] | None = None,
    progress: bool | None = None,
) -> SearchResult:
    """Fits a model with different parameters and finds the best ones on held-out data.

    Parameters
    ----------
    model : model
        Unfitted or not; it is not changed. Parameters that `space` does not name are taken from it.
    space : dict of parameter name to list of values or distribution
        A distribution is anything with ``rvs(random_state=)``, such as ``scipy.stats.loguniform(0.01, 100)``. Every
        model has a ready space: ``coals.ItemKNN.search_space()``.
    train : Interactions or sparse matrix, (n_users, n_items)
    metric : str, default "ndcg@10"
        The metric to optimise, by its name in `evaluate`.
    also : str or sequence of str, optional
        Other metrics to record.
    validation : Interactions or sparse matrix, optional
        Held-out data of the shape and ids of `train`: each trial is one fit to `train`. Without it, each is
        cross-validation on `train`.
    folds : int, default 5
        Of the cross-validation, the same for every trial.
    n_trials : int, optional
        How many draws to try; needed if `space` has distributions. Without it, the whole grid.
    method : {"auto", "grid", "random", "optuna"}
        "auto" is "grid" without `n_trials` and "random" with it. "optuna" lets Optuna's TPE choose each trial by those
        before it: lists, and SciPy's uniform, loguniform and randint; ``pip install optuna``.
    refit : bool, default True
        Fit the best parameters to all of `train` at the end.
    path : path, optional
        File of JSON lines that takes each trial once it is done. If it is there already, from the same search, its
        trials are not run again: a search that was stopped goes on.
    random_state : int, numpy.random.Generator or None, default 0
        Of folds and draws. With `path` an integer.
    fit_params : mapping of str to any value, optional
        Further arguments of every fit, for example ``{"item_text": texts}`` for `ContentKNN`, or features for ALS:
        folds keep all users and items. `weights`, of each entry, need `validation` in place of folds.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Returns
    -------
    SearchResult
        ``.best_params``, ``.best_value``, ``.best_model``, ``.trials``; printing it shows the table, and
        `coals.plot.search` draws it.

    Raises
    ------
    TypeError, ValueError
        For a parameter or argument of `fit` that the model does not have, a value it refuses (of a grid before the
        first fit), a metric that the model does not have, or a `path` of another search. A trial whose fit raises
        ValueError is recorded as failed; if all fail, the last error is raised.

    Notes
    -----
    Cost: trials x folds fits and evaluations.

    Examples
    --------
    >>> books = coals.datasets.goodbooks()
    >>> found = coals.search(coals.ItemKNN(), {"neighbors": [5, 50]}, books, metric="recall@20", folds=2)
    >>> found.best_params, len(found.trials)
    ({'neighbors': 5}, 2)
    """
    space = checked_space(model, space)
    others = [str(m) for m in parse_metrics(also)] if also is None or also else []
    metrics = [str(m) for m in parse_metrics([metric, *others])]
    data = as_interactions(train)
    check_bool("refit", refit)
    method = _method(method, n_trials)
    if path is not None and (random_state is None or isinstance(random_state, np.random.Generator)):
        raise TypeError(
            "path= needs a random_state that is an integer: otherwise a resumed search would be another one"
        )
    rng = check_random_state(random_state)
    parts = _parts(data, validation, folds, rng)
    given = _checked_fit_params(model, fit_params, validation)
    heading = {} if path is None else _heading(model, data, validation, metrics, folds, random_state, given)
    log = SearchLog(path, heading)
    fixed = _candidates(model, space, method, n_trials, rng)
    total = len(fixed) if fixed is not None else check_int("n_trials", n_trials, minimum=1)
    trials: list[Trial] = []
    errors: list[ValueError] = []

    def run(params: dict[str, Any]) -> Trial:
        done = log.done.get(key_of(params)) if log.path is not None else None
        if done is not None:
            trial = log.trial(done, params)
        else:
            trial = _tried(model, params, parts, metrics, errors, given)
            log.add(vars(trial))
        trials.append(trial)
        bar.update()
        bar.set_postfix_str(f"best {SearchResult(metrics[0], trials).best_value:.4f}")
        return trial

    with new_bar(progress, total=total, desc=f"search {type(model).__name__}", unit="trial") as bar:
        if fixed is not None:
            for params in fixed:
                run(params)
        else:
            from coals.tuning.optuna import ask

            ask(space, metrics[0], total, random_state, run)
    result = SearchResult(metrics[0], trials)
    if all(trial.failed for trial in trials):
        raise errors[-1] if errors else ValueError(f"every trial failed: {trials[-1].failed}")
    if refit:
        best = with_params(model, result.best_params).fit(data, progress=False, **given)
        result = SearchResult(metrics[0], trials, best)
    return result


def _method(method: str, n_trials: int | None) -> str:
    check_choice("method", method, ("auto", "grid", "random", "optuna"))
    if method == "auto":
        method = "grid" if n_trials is None else "random"
    if (method == "grid") != (n_trials is None):
        hint = "takes no n_trials: it tries all combinations" if method == "grid" else "needs n_trials"
        raise ValueError(f"method={method!r} {hint}")
    return method


def _checked_fit_params(model: Any, fit_params: Mapping[str, Any] | None, validation: Any) -> dict[str, Any]:
    if fit_params is None:
        return {}
    if not isinstance(fit_params, Mapping):
        raise TypeError(f"fit_params must be a mapping of argument names of fit to values, got {fit_params!r}")
    known = [name for name in inspect.signature(model.fit).parameters if name not in ("X", "progress")]
    for name in fit_params:
        if name not in known:
            raise TypeError(
                f"fit_params has {name!r}, which fit of {type(model).__name__} does not take: "
                + (f"it takes {', '.join(known)}" if known else "it takes only the data")
            )
    if "weights" in fit_params and validation is None:
        raise ValueError("weights= are of each entry and folds leave entries out: give validation=")
    return dict(fit_params)


def _parts(data: Interactions, validation: Any, folds: int, rng: Any) -> list[tuple[Interactions, Interactions]]:
    if validation is not None:
        return [(data, as_interactions(validation))]
    return list(split.k_fold(data, folds=folds, random_state=rng))


def _candidates(
    model: Any, space: dict[str, Any], method: str, n_trials: int | None, rng: np.random.Generator
) -> list[dict[str, Any]] | None:
    """All trials, checked by making each model; None for Optuna, which chooses them one by one."""
    if method == "optuna":
        return None
    listed = grid(space) if method == "grid" else []
    if method == "random":
        n_trials = check_int("n_trials", n_trials, minimum=1)
        listed = [params for params, _ in zip(draws(space, rng), range(n_trials), strict=False)]
    for params in listed:
        with_params(model, params)
    return listed


def _heading(
    model: Any, data: Any, validation: Any, metrics: list[str], folds: int, seed: Any, given: dict[str, Any]
) -> dict[str, Any]:
    names = {"model": type(model).__name__, "parameters": model.get_params(), "train": fingerprint(data)}
    names |= {"fit_params": {name: fingerprint(value) for name, value in given.items()}} if given else {}
    held_out = None if validation is None else fingerprint(as_interactions(validation))
    return {**names, "validation": held_out, "folds": folds, "metrics": metrics, "random_state": seed}


def _tried(
    model: Any,
    params: dict[str, Any],
    parts: list[Any],
    metrics: list[str],
    errors: list[ValueError],
    given: dict[str, Any],
) -> Trial:
    start, failed = time.perf_counter(), ""
    values: dict[str, list[float]] = {metric: [] for metric in metrics}
    spread: dict[str, float] = dict.fromkeys(metrics, float("nan"))
    for part, held_out in parts:
        try:
            fitted = with_params(model, params).fit(part, progress=False, **given)
        except ValueError as error:
            errors.append(error)
            failed = str(error)
            break
        found = evaluate({"model": fitted}, held_out, metrics, progress=False)
        for metric in metrics:
            values[metric].append(found.mean["model"][metric])
            spread[metric] = found.standard_error["model"][metric]
    if len(parts) > 1 and not failed:
        spread = {metric: float(np.std(v, ddof=1) / np.sqrt(len(v))) for metric, v in values.items()}
    means = {metric: float("nan") if failed else float(np.mean(v)) for metric, v in values.items()}
    if not failed and np.isnan(means[metrics[0]]):
        raise ValueError(f"metric {metrics[0]!r} has no value for {type(model).__name__}: search for another")
    return Trial(params, means, spread, time.perf_counter() - start, failed)
