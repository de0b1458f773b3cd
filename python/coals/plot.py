"""Pictures of what `coals.evaluation` measures. Needs matplotlib, which the extra ``coals[plot]`` brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from coals.evaluation import Curve, precision_recall_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which colour-blind readers tell apart. One more marker than colours: no look comes
# twice before the 57th line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_MARKERS = "osD^vP*X"
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
    ax = ax if ax is not None else _new_axes()
    curves = _curves(models_or_curves, test, k)
    for number, (name, curve) in enumerate(curves.items()):
        ax.plot(
            curve.recall,
            curve.precision,
            label=name,
            color=_COLORS[number % len(_COLORS)],
            marker=_MARKERS[number % len(_MARKERS)],
            markevery=_marked(curve),
            linewidth=1.8,
            markersize=6,
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


def _new_axes() -> Axes:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("coals.plot needs matplotlib: pip install matplotlib") from error
    # Not through pyplot, which would keep the figure in a global list and choose a backend.
    return Figure(figsize=(7, 4.5), layout="constrained").add_subplot()


def _marked(curve: Curve) -> list[int]:
    """Which points of a line carry a mark."""
    marked = np.isin(curve.k, _MARKED_K)
    marked[[0, -1]] = True
    return [int(at) for at in np.flatnonzero(marked)]


def _annotate(ax: Axes, curve: Curve) -> None:
    """Write k beside the marks of one line; on the others the marks stand for the same k."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=3, foreground=ax.get_facecolor())]  # legible where another line runs through
    for at in _marked(curve):
        point = curve.recall[at], curve.precision[at]
        text = f"k = {curve.k[at]}"
        ax.annotate(text, point, (6, 5), textcoords="offset points", fontsize=9, path_effects=halo)


def _label_axes(ax: Axes) -> None:
    ax.set_title("Precision and recall of the top k: higher and further right is better", fontsize="medium")
    ax.set_xlabel("Recall@k: share of a user's relevant items that are in the top k")
    ax.set_ylabel("Precision@k: share of the top k that is relevant")
    ax.margins(0.1)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    ax.legend(frameon=False)
