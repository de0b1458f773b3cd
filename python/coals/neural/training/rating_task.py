"""Ratings of pairs by the squared error: batches of entries, and some held out to stop by."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy

from coals._util.checks import check_random_state
from coals.data.interactions import Interactions
from coals.neural.training.batches import shuffled
from coals.neural.training.training import Arrays, Task, with_attributes

__all__ = [
    "Entries",
    "Pairs",
    "RatingTask",
    "entries_of_all",
    "held_out_entries",
    "held_out_error",
    "mean_of",
    "rows_based_on",
    "spread_of",
]

_PAIRS_AT_A_TIME = 65536


class Entries(NamedTuple):
    """Ratings one after the other: who, what, and how much."""

    users: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    ratings: npt.NDArray[Any]

    def those(self, part: Any) -> Entries:
        return Entries(*(column[part] for column in self))


def entries_of_all(data: Interactions) -> Entries:
    matrix = data.matrix
    users = np.repeat(np.arange(data.n_users), np.diff(matrix.indptr))
    return Entries(users, matrix.indices.astype(np.int64), matrix.data.astype(np.float32))


def rows_based_on(side: str, entries: Entries, shape: tuple[int, int]) -> Any:
    """CSR with the ratings of a user, or of an item, in each row; zeros stay."""
    users, items, ratings = entries
    matrix = scipy.sparse.coo_array((ratings, (users, items)), shape=shape)
    return (matrix if side == "users" else matrix.T).tocsr()


@dataclass
class Pairs:
    """Users, items and ratings as tensors, and what the task draws for them besides."""

    users: Any
    items: Any
    ratings: Any
    drawn: Any = None


class RatingTask(Task):
    """See its subclasses, which say what is predicted for a pair."""

    def __init__(self, model: Any, torch: Any, device: str, data: Interactions) -> None:
        self._model, self._torch, self._device, self._data = model, torch, device, data
        self._rng = check_random_state(model.random_state)
        entries = entries_of_all(data)
        held_out = held_out_entries(self._rng, data.nnz, model.validation_fraction)
        self._train, self._validation = entries.those(~held_out), entries.those(held_out)
        self.known_users, self.known_items = np.zeros(data.n_users, bool), np.zeros(data.n_items, bool)
        self.known_users[self._train.users] = True
        self.known_items[self._train.items] = True
        self.candidates = self.known_items.copy()
        self.candidates[entries.items] = True

    def batches(self) -> Iterator[list[Pairs]]:
        users, items, ratings = self._train
        for (part,) in shuffled(self._rng, len(users), self._model.batch_size, self._model.batch_size):
            tensors = [self._torch.from_numpy(array[part]).to(self._device) for array in (users, items, ratings)]
            yield [Pairs(tensors[0], tensors[1], tensors[2], self._draw(len(part)))]

    def _draw(self, size: int) -> Any:
        """Random numbers for this many pairs."""
        return None

    def loss(self, weights: dict[str, Any], part: Pairs) -> tuple[Any, int]:
        errors = part.ratings - self.predicted(weights, part)
        return (errors**2).sum(), len(part.ratings)

    @abstractmethod
    def predicted(self, weights: dict[str, Any], part: Pairs) -> Any:
        """Ratings."""

    def squashed(self, scores: Any) -> Any:
        limits = self._model.sigmoid_range_
        return scores if limits is None else limits[0] + (limits[1] - limits[0]) * self._torch.sigmoid(scores)

    def value(self, arrays: Arrays) -> float | None:
        return held_out_error(self.predictor(arrays), self._validation)

    def predictor(self, arrays: Arrays) -> Any:
        """`_predict_pairs` of the model as it would be with these arrays."""
        return with_attributes(self._model, self.results(arrays))._predict_pairs


def held_out_entries(rng: np.random.Generator, size: int, share: float) -> npt.NDArray[np.bool_]:
    """Which of this many entries are not trained on: never all."""
    count = min(round(share * size), size - 1)
    held_out = np.zeros(size, bool)
    held_out[rng.permutation(size)[:count]] = True
    return held_out


def held_out_error(predict: Any, held_out: Entries) -> float | None:
    """Root mean squared error of `_predict_pairs` on ratings held out; None where there are none."""
    size, total = len(held_out.ratings), 0.0
    for start in range(0, size, _PAIRS_AT_A_TIME):
        part = held_out.those(slice(start, start + _PAIRS_AT_A_TIME))
        errors = predict(part.users, part.items).astype(np.float64) - part.ratings
        total += float(errors @ errors)
    return float(np.sqrt(total / size)) if size else None


def mean_of(data: Interactions) -> float:
    return float(data.matrix.data.mean(dtype=np.float64))


def spread_of(fitted: dict[str, Any]) -> dict[str, Any]:
    """What new users are measured by: how the factors and biases of those with ratings are spread."""
    known = fitted["_known_users_"]
    numbers = np.column_stack([fitted["user_factors_"], fitted["user_bias_"]])[known].astype(np.float64)
    return {"_spread_": np.stack([numbers.mean(axis=0), numbers.var(axis=0)])}
