"""What all pictures share: a figure that no global state knows of, colours, marks, the look of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["finish", "halo", "line_style", "new_axes", "percent"]

# Okabe and Ito's colours, which colour-blind readers tell apart. One more marker than colours: no look comes
# twice before the 57th line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_MARKERS = "osD^vP*X"


def new_axes(ax: Axes | None = None, *, size: tuple[float, float] = (7, 4.5)) -> Axes:
    """`ax`, or axes of a new figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("coals.plot needs matplotlib: pip install matplotlib") from error
    # Not through pyplot, which would keep the figure in a global list and choose a backend.
    return Figure(figsize=size, layout="constrained").add_subplot()


def line_style(number: int) -> dict[str, Any]:
    """Colour and mark of one of many lines."""
    return {
        "color": _COLORS[number % len(_COLORS)],
        "marker": _MARKERS[number % len(_MARKERS)],
        "linewidth": 1.8,
        "markersize": 6,
    }


def halo(ax: Axes) -> list[Any]:
    """Keeps text legible where a line runs through it."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground=ax.get_facecolor())]


def percent(*axes: Any) -> None:
    """Shares as percent on an x or y axis."""
    for axis in axes:
        axis.set_major_formatter(lambda share, _: f"{100 * share:g}%")


def finish(ax: Axes, title: str, x: str, y: str, *, legend: bool = True) -> None:
    """Title, labels, a light grid, no box."""
    ax.set_title(title, fontsize="medium")
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    if legend:
        ax.legend(frameon=False)
