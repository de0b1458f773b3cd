"""Test interactions to hold models against: checked once, then walked through in batches of users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coals._checks import check_bool, check_int, check_number
from coals.interactions import Interactions
from coals.metrics import Floats, Hits

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Who is evaluated, and what they should find.

    `requested` are the positions of the users asked for, `users` those of them with a relevant item; row i of
    `relevant` stores the relevant items of ``users[i]``.
    """

    test: Interactions
    requested: Ints
    users: Ints
    relevant: Any
    exclude_seen: bool
    batch_size: int

    @classmethod
    def prepare(
        cls, test: Interactions, users: Any, exclude_seen: bool, threshold: float | None, batch_size: int
    ) -> HeldOut:
        """Check the arguments of `evaluate` other than the models."""
        exclude_seen = check_bool("exclude_seen", exclude_seen)
        batch_size = check_int("batch_size", batch_size, minimum=1)
        requested = np.arange(test.n_users) if users is None else _distinct(test.users.encode(users), test)
        high = np.ones(test.nnz, dtype=bool)
        if threshold is not None:
            high = test.matrix.data >= check_number("relevance_threshold", threshold)
        n_relevant = np.diff(np.append(0, np.cumsum(high))[test.matrix.indptr])
        evaluated = requested[n_relevant[requested] > 0]
        if evaluated.size == 0:
            raise ValueError(
                "no user asked for has a relevant item in test: lower relevance_threshold or ask for others"
            )
        relevant = test.select(high).matrix[evaluated]
        return cls(test, requested, evaluated, relevant, exclude_seen, batch_size)

    @property
    def skipped_users(self) -> int:
        """How many of the users asked for have no relevant item."""
        return len(self.requested) - len(self.users)

    @property
    def user_ids(self) -> NDArray[Any]:
        """Ids of the evaluated users."""
        return self.test.users.decode(self.users)

    def hits(self, name: str, model: Any, depth: int) -> Iterator[tuple[slice, Hits]]:
        """Hits of the model's lists of length `depth`, for one slice of `users` after the other."""
        n = min(depth, self.test.n_items)
        for start in range(0, len(self.users), self.batch_size):
            batch = slice(start, start + self.batch_size)
            ids, _, counts = model.recommend_indices(self.users[batch], n, self.exclude_seen)
            ids, counts = np.asarray(ids), np.asarray(counts)
            _check_lists(name, ids, counts, (len(self.users[batch]), n), self.test.n_items)
            yield batch, Hits(ids, counts, self.relevant[batch])

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


def _check_lists(name: str, ids: NDArray[Any], counts: NDArray[Any], shape: tuple[int, int], size: int) -> None:
    """Refuse nonsense: anything can pose as a model, and an item twice would lift values above 1."""
    if (ids.shape, counts.shape) != (shape, shape[:1]) or {ids.dtype.kind, counts.dtype.kind} - {"i", "u"}:
        raise ValueError(
            f"model {name!r} must recommend integer ids of shape {shape} and counts of shape {shape[:1]}, "
            f"got {ids.dtype} {ids.shape} and {counts.dtype} {counts.shape}"
        )
    places = np.arange(shape[1])
    real = places < counts[:, None]
    listed = ids[real]
    if not 0 <= counts.min() <= counts.max() <= shape[1]:
        raise ValueError(f"model {name!r} gave a count that is not in 0 to {shape[1]}")
    if listed.size and not 0 <= listed.min() <= listed.max() < size:
        raise ValueError(f"model {name!r} recommended an item that is not in 0 to {size - 1}")
    ordered = np.sort(np.where(real, ids, -1 - places), axis=1)
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        raise ValueError(f"model {name!r} recommended an item twice to one user")
