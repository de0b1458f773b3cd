"""What the reader of an evaluation should know of the data: what was left out, and where values mean little."""

from __future__ import annotations

from typing import Any, NamedTuple

from coals.evaluation.held_out import HeldOut
from coals.metrics.names import Metric

__all__ = ["Remarks", "remarks"]


class Remarks(NamedTuple):
    """Sentences: plain facts, and doubts, which are warned of."""

    plain: tuple[str, ...]
    doubts: tuple[str, ...]


def remarks(held_out: HeldOut, models: dict[str, Any], metrics: list[Metric], empty: list[str]) -> Remarks:
    """What there is to say of test data and models. `empty` are the models all of whose lists are empty."""
    plain, doubts = [f"{name} recommended nothing to any user evaluated" for name in empty], []
    if held_out.unknown_users:
        what = "get popular items" if held_out.options.unknown == "popular" else "left out"
        plain.append(f"{held_out.unknown_users:,} users unknown ({what})")
        if held_out.unknown_users >= len(held_out.users) and what != "left out":
            doubts.append("no test user is known: all of them got popular items")
    total = int(held_out.relevant.nnz)
    of_lists = any(metric.k is not None for metric in metrics)
    of_ratings = ", ".join(str(metric) for metric in metrics if metric.k is None)
    for name, model in models.items():
        if of_ratings and not getattr(model, "predicts_ratings", False):
            plain.append(f"{name} does not predict ratings, so it has no {of_ratings}")
        lost, seen = held_out.pairs_lost(name), held_out.pairs_seen(name, model)
        if lost == total:
            doubts.append(f"{name} knows none of the items of test, so that nothing can be found: compare the item ids")
        elif lost:
            plain.append(f"{name}: {lost:,} of {total:,} relevant test pairs have an item unknown to it (missed)")
        if seen and of_lists and held_out.options.exclude_seen:
            doubts.append(
                f"{name}: {seen:,} of {total:,} relevant test pairs are in its training data, too, which "
                "exclude_seen=True keeps off the lists: take them out of test, or set exclude_seen=False where "
                "items are taken again"
            )
        elif seen and not of_lists and getattr(model, "predicts_ratings", False):
            doubts.append(
                f"{name}: {seen:,} of {total:,} test ratings are in its training data, too, so that the error is not "
                "that of new ratings: take them out of test"
            )
    return Remarks(tuple(plain), tuple(doubts))
