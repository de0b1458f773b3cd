"""Pictures of precision, recall and other metrics, and of objectives over sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coals._util.checks import check_choice, check_int
from coals.evaluation import Curve, evaluate, precision_recall_curve
from coals.metrics.names import parse_metric
from coals.models.sweeps import Sweep
from coals.plot.style import finish, halo, line_style, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["metric_over_k", "objective", "precision_recall"]

_MARKED_K = (1, 5, 10, 20, 50)


def precision_recall(
    models_or_curves: Any, test: Any = None, k: Iterable[int] = range(1, 51), *, ax: Axes | None = None
) -> Axes:
    """Precision over recall of the top k, a line for each model; k grows from left to right.

    Higher and further to the right is better. Marks stand at k = 1, 5, 10, 20 and 50 and at the ends.

    Parameters
    ----------
    models_or_curves : fitted model, dict of name to fitted model, or dict of name to Curve
        Models are evaluated with `precision_recall_curve`'s defaults; call that yourself for other settings.
    test : Interactions or sparse matrix, (n_users, n_items)
        Held-out interactions; needed with models, not allowed with curves.
    k : iterable of int
        List lengths, used with models.
    ax : matplotlib Axes, optional
        Where to draw. By default a new figure, which no global state knows of: save it with
        ``ax.figure.savefig("curve.png")``, or show it in a notebook with ``ax.figure``.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ImportError
        If matplotlib is missing.
    ValueError
        As for `precision_recall_curve`, and if `test` is missing for models or given with curves.

    Examples
    --------
    >>> import coals, scipy.sparse
    >>> train = scipy.sparse.csr_array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])
    >>> test = scipy.sparse.csr_array([[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    >>> ax = precision_recall({"popular": coals.Popularity().fit(train)}, test)
    >>> ax.figure.savefig("curve.png")  # doctest: +SKIP
    """
    ax = new_axes(ax)
    curves = _curves(models_or_curves, test, k)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(
            curve.recall,
            curve.precision,
            label=name,
            markevery=_marked(curve.k),
            **line_style(number),
            clip_on=False,  # marks on an axis stay whole
        )
    _annotate(ax, max(curves.values(), key=lambda curve: float(curve.precision[0])))
    _label_axes(ax)
    return ax


def _curves(models_or_curves: Any, test: Any, k: Iterable[int]) -> dict[str, Curve]:
    given = models_or_curves if isinstance(models_or_curves, Mapping) else {"": models_or_curves}
    are_curves = bool(given) and all(isinstance(value, Curve) for value in given.values())
    if are_curves == (test is not None):
        raise ValueError("give models together with test, or a dict of name to Curve without test")
    return dict(given) if are_curves else precision_recall_curve(models_or_curves, test, k)


def _marked(k: Any) -> list[int]:
    """Which points of a line carry a mark."""
    marked = np.isin(k, _MARKED_K)
    marked[[0, -1]] = True
    return [int(at) for at in np.flatnonzero(marked)]


def _annotate(ax: Axes, curve: Curve) -> None:
    """Write k next to the marks of one line; on the others the marks stand for the same k."""
    for at in _marked(curve.k):
        point = curve.recall[at], curve.precision[at]
        text = f"k = {curve.k[at]}"
        ax.annotate(text, point, (6, 5), textcoords="offset points", fontsize=9, path_effects=halo(ax))


def _label_axes(ax: Axes) -> None:
    ax.margins(0.1)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    percent(ax.xaxis, ax.yaxis)
    finish(
        ax,
        "Precision and recall of the top k: higher and further right is better",
        "Recall@k: share of a user's relevant items that are in the top k",
        "Precision@k: share of the top k that is relevant",
    )


def metric_over_k(
    models: Any,
    test: Any,
    metric: str = "ndcg",
    k: Iterable[int] = range(1, 51),
    *,
    ax: Axes | None = None,
    **options: Any,
) -> Axes:
    """A metric at every list length, a line for each model, with a band of two standard errors.

    Parameters
    ----------
    models, test
        As for `evaluate`.
    metric : str, default "ndcg"
        Name without k: one of those that `evaluate` takes with one.
    k : iterable of int
        List lengths.
    ax : matplotlib Axes, optional
        As for `precision_recall`.
    **options
        For `evaluate`: `users`, `exclude_seen`, `ties`, and so on.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        As for `evaluate`, and if `k` is empty.

    Examples
    --------
    >>> train, test = coals.split.random(coals.datasets.goodbooks(), random_state=0)
    >>> ax = metric_over_k({"popular": coals.Popularity().fit(train)}, test, "recall_min", range(1, 21))
    """
    lengths = sorted({check_int("k", length, minimum=1) for length in k})
    if not lengths:
        raise ValueError("k is empty: give at least one list length, such as range(1, 51)")
    names = [str(parse_metric(f"{metric}@{length}")) for length in lengths]
    found = evaluate(models, test, names, **options)
    ax = new_axes(ax)
    for number, (model, means) in enumerate(found.mean.items()):
        mean = np.array([means[name] for name in names])
        error = np.array([found.standard_error[model][name] for name in names])
        style = line_style(number)
        ax.plot(lengths, mean, label=model, markevery=_marked(lengths), **style)
        ax.fill_between(lengths, mean - 2 * error, mean + 2 * error, color=style["color"], alpha=0.18, linewidth=0)
    ax.set_ylim(bottom=0)
    finish(ax, f"{metric}@k, mean over users ± 2 standard errors", "k: length of the lists", f"{metric}@k")
    return ax


def objective(histories: Any, over: str = "sweeps", *, ax: Axes | None = None) -> Axes:
    """How the objective of ALS falls, over sweeps or over seconds, a line for each model.

    Parameters
    ----------
    histories : fitted model or list of Sweep, or dict of name to either
        A model has its ``objective_``. A list of what ``fit(callback=sweeps.append)`` put there knows the seconds too.
    over : {"sweeps", "seconds"}
        "seconds" needs lists of `Sweep`.
    ax : matplotlib Axes, optional
        As for `precision_recall`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> sweeps = []
    >>> model = coals.ImplicitALS(factors=4, iterations=3, random_state=0)
    >>> _ = model.fit(coals.datasets.goodbooks(), callback=sweeps.append)
    >>> ax = objective({"ALS": sweeps}, over="seconds")
    """
    check_choice("over", over, ("sweeps", "seconds"))
    named = dict(histories) if isinstance(histories, Mapping) else {type(histories).__name__: histories}
    lines = {name: _objective_line(name, history, over) for name, history in named.items()}
    ax = new_axes(ax)
    for number, (name, (x, y)) in enumerate(lines.items()):
        ax.plot(x, y, label=name, **line_style(number))
    ax.set_xlim(left=0)
    if over == "sweeps":
        ax.locator_params(axis="x", integer=True)
    x_label = "Sweeps" if over == "sweeps" else "Seconds since the first sweep began"
    finish(ax, "Objective of the fit: lower is better", x_label, "Objective", legend=isinstance(histories, Mapping))
    return ax


def _objective_line(name: str, history: Any, over: str) -> tuple[Any, Any]:
    if isinstance(history, list) and history and all(isinstance(sweep, Sweep) for sweep in history):
        x = [sweep.sweep if over == "sweeps" else sweep.seconds for sweep in history]
        return x, [sweep.objective for sweep in history]
    values = getattr(history, "objective_", None)
    if values is None:
        raise ValueError(
            f"{name!r} has no objective: give a fitted ALS model, or what fit(callback=sweeps.append) told"
        )
    if over == "seconds":
        raise ValueError(f"{name!r}: a model does not know its seconds; give what fit(callback=sweeps.append) told")
    return np.arange(1, len(values) + 1), values
