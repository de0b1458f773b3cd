"""The picture of a search: a metric over one of its parameters. `coals.plot` passes it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coals.metrics.names import is_falling
from coals.plot.style import finish, halo, line_style, new_axes
from coals.tuning.result import SearchResult, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["search"]


def search(
    result: SearchResult, parameter: str | None = None, metric: str | None = None, *, ax: Axes | None = None
) -> Axes:
    """A metric over one parameter of a search: which K?

    Each dot is a trial. The line goes through the best trial at each value of the parameter, whatever the others were,
    and bars show its standard error; the best of all is named.

    Parameters
    ----------
    result : SearchResult
        Of `coals.search`.
    parameter : str, optional
        The first that was searched, by default.
    metric : str, optional
        The one searched for, by default.
    ax : matplotlib Axes, optional
        As for `precision_recall`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        For a parameter or metric that the search did not have.

    Examples
    --------
    >>> books = coals.datasets.goodbooks()
    >>> found = coals.search(coals.ItemKNN(), {"neighbors": [5, 50]}, books, metric="recall@20", folds=2)
    >>> ax = coals.plot.search(found)
    """
    parameter = _known("parameter", parameter, list(result.best_params))
    metric = _known("metric", metric, list(result.trials[0].values))
    ax = new_axes(ax)
    trials = [trial for trial in result.trials if not np.isnan(trial.values[metric])]
    places = _places(ax, [trial.params[parameter] for trial in trials])
    sign = 1 if is_falling(metric) else -1
    best: dict[Any, Trial] = {}
    for place, trial in zip(places, trials, strict=True):
        if place not in best or sign * trial.values[metric] < sign * best[place].values[metric]:
            best[place] = trial
    style = line_style(0)
    if len(trials) > len(best):
        every = [trial.values[metric] for trial in trials]
        ax.scatter(places, every, color="0.6", s=18, label="every trial", zorder=1)
    x = sorted(best)
    means = [best[place].values[metric] for place in x]
    errors = [best[place].errors[metric] for place in x]
    ax.errorbar(x, means, yerr=errors, capsize=3, label="best at each value, ± standard error", **style)
    at = x[int(np.argmin([sign * mean for mean in means]))]
    _name_best(ax, at, best[at], metric)
    finish(ax, f"{metric} over {parameter}", parameter, metric, legend=len(trials) > len(best))
    return ax


def _known(kind: str, name: str | None, names: list[str]) -> str:
    if name is None:
        return names[0]
    if name not in names:
        raise ValueError(f"{kind} must be one of {', '.join(map(repr, names))}, which the search had, got {name!r}")
    return name


def _places(ax: Axes, values: list[Any]) -> list[float]:
    """Where values stand on the x axis: numbers as they are, on a log scale if they span much; others side by side."""
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        if min(values) > 0 and max(values) >= 8 * min(values):
            ax.set_xscale("log")
            different = sorted(set(values))
            if len(different) <= 12:
                ax.set_xticks(different, [f"{value:g}" for value in different])
                ax.set_xticks([], minor=True)
        return [float(value) for value in values]
    texts = [str(value) for value in values]
    different = list(dict.fromkeys(texts))
    ax.set_xticks(range(len(different)), different)
    return [float(different.index(text)) for text in texts]


def _name_best(ax: Axes, at: float, trial: Trial, metric: str) -> None:
    value = trial.values[metric]
    ax.scatter([at], [value], s=130, facecolors="none", edgecolors=line_style(1)["color"], linewidths=2, zorder=5)
    text = ", ".join(f"{n} = {v:.4g}" if isinstance(v, float) else f"{n} = {v}" for n, v in trial.params.items())
    ax.margins(0.12, 0.2)
    if ax.dataLim.y0 >= 0:
        ax.set_ylim(bottom=max(0, ax.get_ylim()[0]))
    left, right = ax.get_xlim()
    middle = np.sqrt(left * right) if ax.get_xscale() == "log" else (left + right) / 2
    side = ("left", 4) if at <= middle else ("right", -4)
    ax.annotate(
        f"best: {value:.4g}\n{text}",
        (at, value),
        (side[1], 12),
        textcoords="offset points",
        ha=side[0],
        fontsize=9,
        path_effects=halo(ax),
    )
