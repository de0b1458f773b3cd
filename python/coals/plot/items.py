"""Pictures of items: how popular they are, who lists them, where their factors lie. `coals.plot` passes them on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from coals._util.checks import check_int
from coals._util.order import best_first
from coals.data.interactions import Interactions, as_interactions
from coals.evaluation.placement import check_models
from coals.metrics.list_metrics import times_listed
from coals.plot.style import finish, halo, line_style, new_axes, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["item_map", "long_tail"]

Floats = NDArray[np.float64]
_LONGEST_LABEL = 30


def long_tail(train: Any, models: Any = None, *, k: int = 10, ax: Axes | None = None) -> Axes:
    """How much of all interactions, and of all recommended places, the most popular items have.

    Items go from the most to the least popular along the x axis; the higher a line rises at once, the more a model
    keeps to popular items. The legend shows which share of the catalogue each model's lists cover.

    Parameters
    ----------
    train : Interactions or sparse matrix, (n_users, n_items)
        What the models were fitted with.
    models : fitted model, or dict of name to fitted model, optional
        Asked for the first `k` items of every user, seen ones left out.
    k : int, default 10
    ax : matplotlib Axes, optional
        As for `precision_recall`.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> books = coals.datasets.goodbooks()
    >>> ax = coals.plot.long_tail(books, {"popular": coals.Popularity().fit(books)})
    """
    data, k = as_interactions(train), check_int("k", k, minimum=1)
    named = {} if models is None else check_models(models, data)
    ax = new_axes(ax)
    popularity = np.bincount(data.matrix.indices, minlength=data.n_items)
    order = best_first(popularity)
    lines = {"training data": popularity}
    for name, model in named.items():
        lines[name] = _times_listed(model, data, k)
    x = np.arange(data.n_items + 1) / data.n_items
    for number, (name, times) in enumerate(lines.items()):
        label = name if name == "training data" else f"{name}: lists {100 * np.mean(times > 0):.3g}% of the items"
        style = {**line_style(number), "marker": None}
        if number == 0:
            style |= {"color": "0.45", "linestyle": "--"}
        share = np.append(0, np.cumsum(times[order])) / max(int(times.sum()), 1)
        ax.plot(x, share, label=label, **style)
    percent(ax.xaxis, ax.yaxis)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    title = f"The long tail: who has it, and who gets into the top {k}"
    x_label = "Share of the items, the most popular first"
    finish(ax, title, x_label, "Share of all entries, or of all places in lists")
    return ax


def _times_listed(model: Any, data: Interactions, k: int) -> NDArray[np.int64]:
    times = np.zeros(data.n_items, np.int64)
    for start in range(0, data.n_users, 4096):
        users = np.arange(start, min(start + 4096, data.n_users))
        ids, _, counts = model.recommend_indices(users, min(k, data.n_items), True)
        times += times_listed(ids, counts, k, data.n_items)
    return times


def item_map(
    model: Any, train: Any, *, labels: int = 40, titles: Any = None, users: Any = None, ax: Axes | None = None
) -> Axes:
    """Item factors in two dimensions: near each other is who is liked by the same people.

    The first two principal axes of the factors, each scaled to length 1, as `similar_items` sees them. Larger dots are
    more popular items; those in the second colour have their titles next to them.

    Parameters
    ----------
    model : fitted model with item_factors_
    train : Interactions or sparse matrix, (n_users, n_items)
        What it was fitted with: its titles, or ids, and how popular items are.
    labels : int, default 40
        How many items are to have a title: the most popular, less those that would cover one already there.
    titles : mapping of item id to title, optional
        In place of those of `train`.
    users : sequence of user ids, "all", or None
        Users shown in the same space, as crosses: each lies towards the items whose factors point the way the user's
        do. Those named have their id next to them where it covers no other text. Users whose factors are zero are left
        out.
    ax : matplotlib Axes, optional
        As for `precision_recall`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the model has no item factors, fewer than two, or those of other items; for `users`, an unknown id, or user
        factors that are not of the length of those of items.

    Examples
    --------
    >>> books = coals.datasets.goodbooks()
    >>> model = coals.ImplicitALS(factors=8, iterations=3, random_state=0).fit(books)
    >>> ax = coals.plot.item_map(model, books, users=books.users.ids[:3])
    """
    data, labels = as_interactions(train), check_int("labels", labels, minimum=0)
    factors = getattr(model, "item_factors_", None)
    if factors is None or factors.shape[1] < 2:
        raise ValueError(f"item_map needs a fitted model with two item factors or more, got {model!r}")
    if not data.items.same_as(model.item_index_):
        raise ValueError("train has other items than the model was fitted with")
    asked = None if users is None else _users_asked(model, users, factors.shape[1])
    popularity = np.bincount(data.matrix.indices, minlength=data.n_items)
    shown = np.flatnonzero((np.linalg.norm(factors, axis=1) > 0) & (popularity > 0))
    middle, axes, explained = _principal(_unit(factors[shown]))
    points = (_unit(factors[shown]) - middle) @ axes
    ax = new_axes(ax, size=(9, 7))
    share = popularity[shown] / popularity.max()
    style = {"alpha": 0.35, "linewidths": 0, "color": line_style(0)["color"], "label": "items"}
    ax.scatter(points[:, 0], points[:, 1], s=4 + 80 * share, **style)
    theirs = None
    if asked is not None:
        theirs = (_unit(model.user_factors_[asked]) - middle) @ axes
        ax.scatter(theirs[:, 0], theirs[:, 1], s=30, marker="x", color=line_style(2)["color"], label="users")
    ax.margins(0.08)
    order = best_first(popularity[shown])
    taken = _label(ax, points[order], _titles(data, shown[order], titles), labels, [])
    if theirs is not None and not isinstance(users, str):
        names = [str(id) for id in model.user_index_.decode(asked).tolist()]
        _label(ax, theirs, names, len(theirs), taken, dots=False)
    title = f"Item factors of {type(model).__name__}: near each other is liked by the same people"
    across, up = (
        f"{nth} principal axis ({100 * part:.0f}% of the variance)"
        for nth, part in zip(("First", "Second"), explained, strict=True)
    )
    finish(ax, title, across, up, legend=asked is not None)
    return ax


def _users_asked(model: Any, users: Any, width: int) -> NDArray[np.int64]:
    """Positions of users that have a place on the map."""
    factors = getattr(model, "user_factors_", None)
    if factors is None or factors.shape[1] != width:
        raise ValueError(f"users can be shown if they have as many factors as items, which those of {model!r} have not")
    if isinstance(users, str) and users != "all":
        raise ValueError(f"users must be a sequence of user ids, 'all' or None, got {users!r}")
    asked = np.arange(len(factors)) if isinstance(users, str) else model.user_index_.encode(users)
    found: NDArray[np.int64] = asked[np.linalg.norm(factors[asked], axis=1) > 0]
    return found


def _unit(factors: Floats) -> Floats:
    exact = factors.astype(np.float64)
    unit: Floats = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return unit


def _principal(unit: Floats) -> tuple[Floats, Floats, Floats]:
    """The mean, the two axes along which rows vary most, and their shares of the variance."""
    middle = unit.mean(axis=0)
    centred = unit - middle
    values, axes = np.linalg.eigh(centred.T @ centred)
    two = axes[:, [-1, -2]]
    # The sign of an axis is arbitrary: its largest entry is positive.
    two = two * np.sign(two[np.abs(two).argmax(axis=0), [0, 1]])
    return middle, two, values[[-1, -2]] / values.sum()


def _titles(data: Interactions, items: NDArray[np.int64], titles: Mapping[Any, str] | None) -> list[str]:
    ids = data.items.decode(items)
    named = data.titles(ids) if titles is None else [str(titles.get(i, i)) for i in ids.tolist()]
    # Dollars would start a formula.
    return [(n if len(n) <= _LONGEST_LABEL else n[: _LONGEST_LABEL - 1] + "…").replace("$", r"\$") for n in named]


_Box = tuple[float, float, float, float]


def _label(
    ax: Axes, points: Floats, names: list[str], most: int, taken: list[_Box], *, dots: bool = True
) -> list[_Box]:
    """Titles next to their dots, each only if it covers none of `taken`, which is returned with the new ones.

    Sizes are estimates: nothing is drawn yet.
    """
    ax.autoscale_view()
    size, placed = 8.0, list(taken)
    pixels = ax.figure.dpi / 72
    for point, name in zip(points, names, strict=True):
        if len(placed) - len(taken) == most:
            break
        x, y = ax.transData.transform(point)
        box = (x, y - size * pixels, x + (0.62 * size * len(name) + 6) * pixels, y + size * pixels)
        if box[2] > ax.bbox.x1 + 20 * pixels or any(_overlap(box, other) for other in placed):
            continue
        placed.append(box)
        if dots:
            ax.scatter([point[0]], [point[1]], s=14, color=line_style(1)["color"], linewidths=0, zorder=3)
        ax.annotate(name, point, (4, 0), textcoords="offset points", fontsize=size, va="center", path_effects=halo(ax))
    return placed


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
