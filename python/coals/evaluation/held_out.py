"""Test interactions to hold models against: checked once, then walked through in batches of users."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_bool, check_int, check_number
from coals.data.interactions import Interactions
from coals.data.native import rows_of
from coals.data.unknown_ids import places_of
from coals.evaluation.model_lists import AskedModel, Batch, lists_of, lists_with_ties
from coals.evaluation.placement import Placement
from coals.metrics.ranked_lists import as_gains, exponential

__all__ = ["HeldOut", "ListOptions"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Places of a batch of lists by default: their ids and scores take about 20 MB.
_PLACES = 1 << 20


class ListOptions(NamedTuple):
    """How models are asked, and what the lists are compared with. See `evaluate`."""

    exclude_seen: bool
    relevance_threshold: float | None
    batch_size: int | None
    ties: str = "listed"
    gain: str = "binary"
    unknown: str = "skip"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Who is evaluated, and what they should find.

    `requested` are the positions in `test` of the users asked for, `users` those of them with a relevant item, known to
    all models unless unknown ones get popular items; row i of `relevant` stores the relevant items of ``users[i]``.
    `skipped_users` and `unknown_users` count the others: those without a relevant item, and those unknown.
    """

    test: Interactions
    requested: Ints
    users: Ints
    relevant: Any
    options: ListOptions
    places: dict[str, Placement]
    skipped_users: int
    unknown_users: int

    @classmethod
    def prepare(cls, test: Interactions, users: Any, options: ListOptions, models: dict[str, Any]) -> HeldOut:
        """Check the arguments of `evaluate` other than the models."""
        check_bool("exclude_seen", options.exclude_seen)
        if options.batch_size is not None:
            check_int("batch_size", options.batch_size, minimum=1)
        places = {name: Placement.of(name, model, test) for name, model in models.items()}
        if options.unknown == "raise":
            _refuse_unknown(test, places)
        requested, missing = _requested(test, users, options.unknown)
        high = None
        if options.relevance_threshold is not None:
            high = test.matrix.data >= check_number("relevance_threshold", options.relevance_threshold)
        n_relevant = np.diff(test.matrix.indptr if high is None else np.append(0, np.cumsum(high))[test.matrix.indptr])
        wanted = requested[n_relevant[requested] > 0]
        if wanted.size == 0:
            raise ValueError(
                "no user asked for has a relevant item in test: lower relevance_threshold or ask for others"
            )
        known = np.logical_and.reduce([place.users[wanted] >= 0 for place in places.values()])
        evaluated = wanted if options.unknown == "popular" else wanted[known]
        if evaluated.size == 0:
            raise ValueError(_no_known_user(test, wanted, models))
        relevant = (test if high is None else test.select(high)).matrix[evaluated]
        counts = len(requested) - len(wanted), missing + int((~known).sum())
        return cls(test, requested, evaluated, relevant, options, places, *counts)

    @cached_property
    def _gains(self) -> NDArray[Any] | None:
        return None if self.options.gain == "binary" else as_gains("test", self.relevant.data)

    def relevant_to(self, name: str) -> _core.Csr:
        """`relevant` by the positions of a model."""
        if name not in self._by_model:
            rows = self.places[name].relevant(self.relevant, self._gains)
            self._by_model[name] = exponential(rows) if self.options.gain == "exponential" else rows
        return self._by_model[name]

    @cached_property
    def _by_model(self) -> dict[str, _core.Csr]:
        return {}

    @cached_property
    def rated(self) -> NDArray[np.bool_]:
        """Which test pairs, of all users, are rated: by default those that all models know, so that errors compare."""
        columns = self.test.matrix.indices
        rows = np.repeat(np.arange(self.test.n_users), np.diff(self.test.matrix.indptr))
        known = np.zeros(self.test.n_users, bool)
        known[self.requested] = True
        known = known[rows]
        if self.options.unknown != "mean":
            for place in self.places.values():
                known &= (place.users[rows] >= 0) & (place.items[columns] >= 0)
        return known

    @property
    def n_ratings(self) -> Floats | None:
        """Rated test pairs of each evaluated user; None if a user who is not evaluated has some."""
        ends = np.append(0, np.cumsum(self.rated))[self.test.matrix.indptr]
        counts = np.diff(ends)
        own: Floats = counts[self.users].astype(np.float64)
        return own if own.sum() == counts.sum() else None

    @property
    def user_ids(self) -> NDArray[Any]:
        """Ids of the evaluated users."""
        return self.test.users.decode(self.users)

    def lists(self, name: str, model: Any, depth: int) -> Iterator[Batch]:
        """The model's lists of length `depth`, for one part of `users` after the other, and with ``ties="expected"``
        scores, of lists that go on to the end of the tie at `depth`.
        """
        n = min(depth, int(model.n_items_))
        step = self.options.batch_size or min(max(_PLACES // n, 256), 16384)
        asked = AskedModel(name, model, self.options.exclude_seen, self.options.unknown == "popular")
        users = self.places[name].users[self.users]
        for start in range(0, len(users), step):
            batch = np.arange(start, min(start + step, len(users)))
            if self.options.ties == "expected":
                yield from lists_with_ties(asked, users, batch, n, _PLACES)
            else:
                ids, counts, _ = lists_of(asked, users[batch], n)
                yield Batch(batch, ids, counts, None)

    def values(
        self, name: str, batch: Batch, relevant: _core.Csr, metrics: list[tuple[str, int]], threads: int
    ) -> Floats:
        """Ranking metrics of some of the model's lists, `(len(metrics), n_lists)`."""
        graded = self.options.gain != "binary"
        own, first = relevant, int(batch.at[0]) if len(batch.at) else 0
        if len(batch.at) and int(batch.at[-1]) - first + 1 != len(batch.at):  # not one part of the users
            own, first = relevant.select_rows(batch.at) if self._gains is None else rows_of(relevant, batch.at)[0], 0
        try:
            return _core.ranking_metrics(batch.ids, batch.counts, batch.scores, own, first, graded, metrics, threads)
        except ValueError as error:
            user = self.test.users.decode(self.users[batch.at[:1]]).tolist()[0]
            raise ValueError(
                f"model {name!r} recommends nonsense: {error}, in the lists from user {user!r} on"
            ) from None

    def rating_errors(self, name: str, model: Any) -> tuple[Floats, Ints]:
        """Predicted minus test rating for every rated test pair, and its user's position.

        NaN unless the model predicts ratings.
        """
        rows = np.repeat(np.arange(self.test.n_users), np.diff(self.test.matrix.indptr))[self.rated]
        columns = self.test.matrix.indices[self.rated]
        if not getattr(model, "predicts_ratings", False):
            return np.full(len(rows), np.nan), rows
        places = self.places[name]
        predicted = _predictions(name, model, places.users[rows], places.items[columns])
        if predicted.shape != rows.shape or not np.isfinite(predicted).all():
            raise ValueError(f"model {name!r} must predict one finite rating for each of {len(rows)} pairs")
        return predicted - self.test.matrix.data[self.rated], rows

    def pairs_seen(self, name: str, model: Any) -> int:
        """How many relevant pairs are among the training entries of the model, as far as it has any."""
        seen = getattr(model, "_seen_", None)
        users = self.places[name].users[self.users]
        if not isinstance(seen, _core.Csr):
            return 0
        known = np.flatnonzero(users >= 0)
        theirs = _pattern(seen.select_rows(users[known]))
        ours = _pattern(self.relevant_to(name).select_rows(known))[:, : theirs.shape[1]]
        return int(theirs.multiply(ours).nnz)

    def pairs_lost(self, name: str) -> int:
        """How many relevant pairs have an item that the model does not know."""
        return int((self.places[name].items[self.relevant.indices] < 0).sum())


def _pattern(rows: _core.Csr) -> Any:
    indptr, indices, _ = rows.to_arrays()
    return scipy.sparse.csr_array((np.ones(len(indices), np.int8), indices, indptr), shape=(rows.rows, rows.columns))


def _predictions(name: str, model: Any, users: Ints, items: Ints) -> Floats:
    known = (users >= 0) & (items >= 0)
    found = np.asarray(model.predict_indices(users[known], items[known]), dtype=np.float64)
    if known.all() or found.shape != (int(known.sum()),):
        return found
    if not hasattr(model, "_mean_pairs"):
        raise ValueError(f"model {name!r} has no mean for unknown users and items: leave out unknown='mean'")
    whole = np.empty(len(users))
    whole[known], whole[~known] = found, model._mean_pairs(users[~known], items[~known])
    return whole


def _requested(test: Interactions, users: Any, unknown: str) -> tuple[Ints, int]:
    """Positions of the users asked for, each once, and how many of them `test` does not have."""
    if users is None:
        return np.arange(test.n_users), 0
    places = places_of(test.users, users, "raise" if unknown == "raise" else "skip")
    if len(places) and (places < 0).all():
        test.users.encode(users)  # raises
    ordered = np.sort(places[places >= 0])
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if repeated.size:
        raise ValueError(f"users holds {test.users.decode(repeated).tolist()[0]!r} more than once: name each user once")
    return places[places >= 0], int((places < 0).sum())


def _refuse_unknown(test: Interactions, places: dict[str, Placement]) -> None:
    for name, place in places.items():
        for index, at in ((test.users, place.users), (test.items, place.items)):
            missing = np.flatnonzero(at < 0)
            if len(missing):
                first = index.decode(missing[:1]).tolist()[0]
                raise ValueError(
                    f"{len(missing)} of {len(at)} {index.kind}s of test are unknown to model {name!r}, {first!r} for "
                    "one: unknown='skip' leaves unknown users out, and counts unknown items as missed"
                )


def _no_known_user(test: Interactions, wanted: Ints, models: dict[str, Any]) -> str:
    ours = test.users.decode(wanted[:1]).tolist()[0]
    name, model = next(iter(models.items()))
    theirs = model.user_index_.decode(np.arange(min(1, model.n_users_))).tolist()[:1]
    example = f", model {name!r} such as {theirs[0]!r} ({type(theirs[0]).__name__})" if theirs else ""
    return (
        f"no user of test is known to all models, so that no user can be evaluated: test has ids such as {ours!r} "
        f"({type(ours).__name__}){example}; new users with a history are evaluated by evaluate_fold_in"
    )
