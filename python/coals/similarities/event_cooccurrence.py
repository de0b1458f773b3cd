"""What occurs together within a window, what comes after what, and how long ago."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coals import _core
from coals._util.checks import (
    check_bool,
    check_choice,
    check_int,
    check_number,
    check_seconds,
    check_threads,
    type_word,
)
from coals._util.limits import LARGEST, LARGEST_INT32
from coals._util.progress import working
from coals.data.events import Events, check_half_life, refuse_idle_now, warn_of_units
from coals.data.native import as_scipy
from coals.similarities.neighborhoods import MOST_BYTES
from coals.similarities.rows_asked import RowsAsked

__all__ = ["event_cooccurrence"]

MEASURES = ("count", "conditional", "jaccard", "cosine", "dice", "lift")
DIRECTIONS = ("both", "after", "before")


def event_cooccurrence(
    events: Events,
    measure: str = "count",
    *,
    window: int | None = None,
    within: Any = None,
    direction: str = "both",
    half_life: Any = None,
    now: Any = None,
    inverse_distance: bool = False,
    repeats: bool = False,
    neighbors: int | None = None,
    threshold: float | None = None,
    rows: Any = None,
    unknown: str = "raise",
    shrinkage: float = 0.0,
    min_support: int = 1,
    diagonal: bool = False,
    dtype: str | None = None,
    memory_limit: int | None = None,
    num_threads: int | None = None,
    progress: bool | None = None,
) -> Any:
    r"""How often two items occur together, near each other, one after the other, or lately.

    A pair of events of a group weighs :math:`2^{-(now - t) / half\_life}`, t being the time of the earlier one. The
    weight :math:`w_{ij}` of a pair of items is the sum over groups of the heaviest pair of their events, so without a
    half-life the number of groups in which they occur as asked for. With :math:`n_i` the sum over groups of the
    weight of the latest event of i, and N that of the latest event of all:

    ===========  ==============================================================
    measure      of i and j
    ===========  ==============================================================
    count        w_ij
    conditional  w_ij / n_i: how often j is there, or follows, where i is
    jaccard      w_ij / (n_i + n_j - w_ij)
    cosine       w_ij / sqrt(n_i n_j)
    dice         2 w_ij / (n_i + n_j)
    lift         w_ij N / (n_i n_j)
    ===========  ==============================================================

    Parameters
    ----------
    events : Events
    measure : str, default "count"
        One of the above.
    window : int or None, default None
        Largest distance of two events, in positions: 1 is next to each other. None: the whole group.
    within : float, timedelta or None, default None
        Largest time between two events, in seconds.
    direction : {"both", "after", "before"}, default "both"
        Row i holds what occurs with i, what comes after it, or what comes before it. Of the same time, neither
        comes after the other.
    half_life : float, timedelta or None, default None
        Seconds after which an event counts for half. None: age does not matter.
    now : number, date or None, default None
        For `half_life`: when age is 0; None is the time of the last event.
    inverse_distance : bool, default False
        Divide the weight of a pair of events by the places between them, as GloVe does (Pennington et al. 2014).
    repeats : bool, default False
        Add up all pairs of events of a group in place of the heaviest. Only with ``"count"``.
    neighbors : int or None, default None
        Keep that many largest entries of each row, ties to the lower index; None keeps all.
    threshold : float or None, default None
        Keep entries of at least this.
    rows : sequence of item ids or None, default None
        Items to give rows for, in this order. None gives all.
    unknown : {"raise", "skip"}, default "raise"
        What one of `rows` that the events do not know gets: a ValueError that names it, or an empty row.
    shrinkage : float, default 0.0
        Every value is multiplied by w / (w + shrinkage).
    min_support : int, default 1
        Items in fewer groups are excluded: they have no neighbors and are no item's neighbor.
    diagonal : bool, default False
        Keep :math:`n_i` for an item with itself. Only with ``"count"`` and without `neighbors`.
    dtype : {"int32", "float32", "float64"} or None, default None
        None gives int32 where all that is asked for is whole numbers, else float32; sums are kept in float64.
    memory_limit : int or None, default None
        Bytes that workspace and answer may take together; where they need more, a ValueError.
    num_threads : int or None, default None
        None takes every processor the process may use. The result is the same for every number.
    progress : bool or None, default None
        Show a bar; None shows one on a terminal once a second has passed.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_items, n_items), or (len(rows), n_items)
        Rows (or those asked for, in the order of `rows`) and columns follow ``events.items.ids``, which are sorted:
        ``events.items.decode(answer[[row]].indices)`` are the ids of a row's entries, and `events.titles` of those
        their titles.

    Raises
    ------
    ValueError
        If `within`, `half_life` or `now` is given and the events have no times, `now` without `half_life`, or a `now`
        before the last event.

    Notes
    -----
    An item does not occur with itself. Cost: the events times those in their windows. Memory: 30 bytes an event, 25
    bytes an item and thread, and the answer. Without window, time and direction `coals.cooccurrence` of
    ``events.to_interactions()`` gives the same, and faster.

    Examples
    --------
    >>> groups = ["ann", "ann", "ann", "bob", "bob"]
    >>> songs = ["intro", "verse", "outro", "intro", "outro"]
    >>> events = coals.Events.from_arrays(groups, songs)
    >>> events.items.ids.tolist()
    ['intro', 'outro', 'verse']
    >>> coals.event_cooccurrence(events, direction="after").toarray()
    array([[0, 2, 1],
           [0, 0, 0],
           [0, 1, 0]], dtype=int32)
    >>> coals.event_cooccurrence(events, "conditional", direction="after", window=1).toarray()
    array([[0. , 0.5, 0.5],
           [0. , 0. , 0. ],
           [0. , 1. , 0. ]], dtype=float32)
    """
    if not isinstance(events, Events):
        raise TypeError(f"events must be coals.Events, got {type_word(events)}: see coals.Events.from_arrays")
    check_choice("measure", measure, MEASURES)
    if check_bool("repeats", repeats) and measure != "count":
        raise ValueError(f"repeats=True goes with measure='count': {measure!r} is about groups")
    if check_bool("diagonal", diagonal) and (neighbors is not None or measure != "count"):
        raise ValueError("diagonal=True goes with measure='count' and neighbors=None")
    check_bool("inverse_distance", inverse_distance)
    timed = [name for name, given in (("within", within), ("half_life", half_life), ("now", now)) if given is not None]
    if timed and events.time is None:
        raise ValueError(f"{timed[0]} is about times, which these events have not: give times to Events.from_arrays")
    refuse_idle_now(now, half_life)
    if within is not None or half_life is not None:
        warn_of_units(events, "within" if half_life is None else "half_life")
    decay = None if half_life is None else check_half_life(half_life)
    options = _core.EventOptions(
        -1 if window is None else check_int("window", window, minimum=1, maximum=2**62),
        math.inf if within is None else check_seconds("within", within, minimum=0, maximum=LARGEST),
        math.inf if decay is None else decay,
        0.0 if events.time is None else events.moment(now, decay),
        check_choice("direction", direction, DIRECTIONS),
        bool(inverse_distance), bool(repeats), measure,
        check_number("shrinkage", shrinkage, minimum=0, maximum=LARGEST),
        check_int("min_support", min_support, minimum=0, maximum=LARGEST_INT32),
    )  # fmt: skip
    whole = measure == "count" and half_life is None and not inverse_distance and shrinkage == 0
    kinds = ("int32", "float32", "float64") if whole else ("float32", "float64")
    asked = RowsAsked(events.items, rows, unknown)
    keep = _core.NeighborOptions(
        -1 if neighbors is None else min(check_int("neighbors", neighbors, minimum=1), events.n_items),
        -math.inf if threshold is None else check_number("threshold", threshold),
        asked.known,
        bool(diagonal),
        -1 if memory_limit is None else min(check_int("memory_limit", memory_limit, minimum=0), MOST_BYTES),
    )
    chosen = kinds[0] if dtype is None else check_choice("dtype", dtype, kinds)
    with working("event_cooccurrence", progress):
        found = _core.event_cooccurrence(
            events.group_begin, events.item, events.time, events.n_items, options, keep,
            "float64" if chosen == "int32" and repeats else chosen, check_threads(num_threads),
        )  # fmt: skip
    answer = asked.answered(as_scipy(found))
    if chosen == "int32" and repeats:
        return _whole(answer)
    return answer


def _whole(sums: Any) -> Any:
    if sums.nnz and sums.data.max() > np.iinfo(np.int32).max:
        raise ValueError("a count of pairs of events exceeds int32: choose dtype='float64'")
    return sums.astype(np.int32)
