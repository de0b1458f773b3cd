"""Test interactions to hold models against: checked once, then walked through in batches of users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import check_bool, check_int, check_number
from coals.data.interactions import Interactions
from coals.evaluation.model_lists import lists_of, lists_with_ties
from coals.metrics.ranked_lists import as_gains, exponential

__all__ = ["HeldOut", "ListOptions", "check_models"]

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


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Who is evaluated, and what they should find.

    `requested` are the positions of the users asked for, `users` those of them with a relevant item; row i of
    `relevant` stores the relevant items of ``users[i]``, with their gains unless these are all 1.
    """

    test: Interactions
    requested: Ints
    users: Ints
    relevant: _core.Csr
    options: ListOptions

    @classmethod
    def prepare(cls, test: Interactions, users: Any, options: ListOptions) -> HeldOut:
        """Check the arguments of `evaluate` other than the models."""
        check_bool("exclude_seen", options.exclude_seen)
        if options.batch_size is not None:
            check_int("batch_size", options.batch_size, minimum=1)
        requested = np.arange(test.n_users) if users is None else _distinct(test.users.encode(users), test)
        high = None
        if options.relevance_threshold is not None:
            high = test.matrix.data >= check_number("relevance_threshold", options.relevance_threshold)
        n_relevant = np.diff(test.matrix.indptr if high is None else np.append(0, np.cumsum(high))[test.matrix.indptr])
        evaluated = requested[n_relevant[requested] > 0]
        if evaluated.size == 0:
            raise ValueError(
                "no user asked for has a relevant item in test: lower relevance_threshold or ask for others"
            )
        relevant = (test if high is None else test.select(high)).matrix[evaluated]
        return cls(test, requested, evaluated, _with_gains(relevant, options.gain), options)

    @property
    def skipped_users(self) -> int:
        """How many of the users asked for have no relevant item."""
        return len(self.requested) - len(self.users)

    @property
    def n_ratings(self) -> Floats | None:
        """Test pairs of each evaluated user; None if a user who is not evaluated has some."""
        counts = np.diff(self.test.matrix.indptr)
        own: Floats = counts[self.users].astype(np.float64)
        return own if own.sum() == counts[self.requested].sum() else None

    @property
    def user_ids(self) -> NDArray[Any]:
        """Ids of the evaluated users."""
        return self.test.users.decode(self.users)

    def lists(self, name: str, model: Any, depth: int) -> Iterator[tuple[slice, Ints, Ints, Floats | None]]:
        """The model's lists of length `depth`, for one slice of `users` after the other: ids and counts, and with
        ``ties="expected"`` scores, of lists that go on to the end of the tie at `depth`.
        """
        n = min(depth, self.test.n_items)
        step = self.options.batch_size or min(max(_PLACES // n, 256), 16384)
        for start in range(0, len(self.users), step):
            batch = slice(start, start + step)
            users = self.users[batch]
            if self.options.ties == "expected":
                ids, counts, scores = lists_with_ties(model, name, users, n, self.options.exclude_seen)
            else:
                ids, counts = lists_of(model, name, users, n, self.options.exclude_seen)[:2]
                scores = None
            yield batch, ids, counts, scores

    def values(
        self, name: str, lists: tuple[slice, Ints, Ints, Floats | None], metrics: list[tuple[str, int]], threads: int
    ) -> Floats:
        """Ranking metrics of some of the model's lists, `(len(metrics), n_lists)`."""
        batch, ids, counts, scores = lists
        graded = self.options.gain != "binary"
        try:
            return _core.ranking_metrics(ids, counts, scores, self.relevant, batch.start, graded, metrics, threads)
        except ValueError as error:
            raise ValueError(f"model {name!r} recommends nonsense: {error}") from None

    def rating_errors(self, name: str, model: Any) -> tuple[Floats, Ints]:
        """Predicted minus test rating for every test pair of the requested users, and its user's position.

        NaN unless the model predicts ratings.
        """
        part = self.test.matrix[self.requested]
        rows = np.repeat(self.requested, np.diff(part.indptr))
        if not getattr(model, "predicts_ratings", False):
            return np.full(len(rows), np.nan), rows
        predicted = np.asarray(model.predict_indices(rows, part.indices.astype(np.int64)), dtype=np.float64)
        if predicted.shape != rows.shape or not np.isfinite(predicted).all():
            raise ValueError(f"model {name!r} must predict one finite rating for each of {len(rows)} pairs")
        return predicted - part.data, rows


def _distinct(users: Ints, test: Interactions) -> Ints:
    ordered = np.sort(users)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if repeated.size:
        raise ValueError(f"users holds {test.users.decode(repeated).tolist()[0]!r} more than once: name each user once")
    return users


def check_models(models: Any, test: Interactions) -> dict[str, Any]:
    """The models by name, each seen to be fitted with the users and items of `test`."""
    named = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    if not named:
        raise ValueError("models is empty: pass a fitted model, or a dict of name to fitted model")
    for name, model in named.items():
        if not isinstance(name, str):
            raise TypeError(f"models must have strings for names, got {name!r} ({type(name).__name__})")
        if isinstance(model, type) or not hasattr(model, "recommend_indices"):
            raise TypeError(
                f"models must be a fitted model or a dict of name to fitted model, got {model!r} for {name!r}"
            )
        if getattr(model, "n_users_", None) is None:
            raise ValueError(f"model {name!r} is not fitted: call fit(train) first")
        _check_fitted_alike(name, model, test)
    return named


def _check_fitted_alike(name: str, model: Any, test: Interactions) -> None:
    remedy = "split one data set so that both parts agree: train, test = coals.split.random(data)"
    fitted = (model.n_users_, model.n_items_)
    if fitted != test.shape:
        raise ValueError(
            f"test is {test.n_users} users x {test.n_items} items, but model {name!r} was fitted with "
            f"{fitted[0]} users x {fitted[1]} items; {remedy}"
        )
    pairs = (("user", test.users, model.user_index_), ("item", test.items, model.item_index_))
    for kind, ours, theirs in pairs:
        if not ours.same_as(theirs):
            raise ValueError(f"{_difference(kind, name, ours, theirs)}; {remedy}")


def _difference(kind: str, name: str, ours: Any, theirs: Any) -> str:
    left, right = (index.decode(np.arange(len(index))).tolist() for index in (ours, theirs))
    at = next((at for at, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]), 0)
    return f"{kind} {at} is {left[at]!r} in test, but {right[at]!r} in what model {name!r} was fitted with"


def _with_gains(relevant: Any, gain: str) -> _core.Csr:
    values = None if gain == "binary" else as_gains("test", relevant.data)
    rows = _core.Csr(relevant.indptr, relevant.indices, values, relevant.shape[1], "float64")
    return exponential(rows) if gain == "exponential" else rows
