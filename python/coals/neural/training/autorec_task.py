"""What `AutoRec` learns by: rows of ratings through a hidden layer and back, the error of known ratings alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_random_state
from coals.data.interactions import Interactions
from coals.neural.training.batches import Rows, entries_of, rows_as_tensors, shuffled
from coals.neural.training.layers import sparse
from coals.neural.training.rating_task import entries_of_all, held_out_entries, held_out_error, rows_based_on, spread_of
from coals.neural.training.start import glorot
from coals.neural.training.training import Arrays, Task, with_attributes

__all__ = ["AutoRecTask", "hidden_of"]


class AutoRecTask(Task):
    """Rows are users or items, as the model is based on, and hold ratings less their mean.

    What is known is known by its place in the sparse matrix: a rating equal to the mean is a stored zero, and counts.
    """

    undecayed = ("hidden bias", "output bias")

    def __init__(self, model: Any, torch: Any, device: str, data: Interactions) -> None:
        self._model, self._torch, self._device, self._data = model, torch, device, data
        self._rng = check_random_state(model.random_state)
        entries = entries_of_all(data)
        held_out = held_out_entries(self._rng, data.nnz, model.validation_fraction)
        self._validation = entries.those(held_out)
        centered = entries._replace(ratings=entries.ratings - np.float32(model.global_mean_))
        self._rows, self._everything = (
            rows_based_on(model.based_on, part, data.shape) for part in (centered.those(~held_out), centered)
        )
        self._known = np.diff(self._rows.indptr) > 0, np.bincount(self._rows.indices, minlength=self._rows.shape[1]) > 0
        self._filled = np.flatnonzero(self._known[0])

    def start(self) -> Arrays:
        width, K = self._rows.shape[1], int(self._model.factors)
        return {
            "hidden": glorot(self._rng, (width, K)),
            "hidden bias": np.zeros(K, np.float32),
            "output": glorot(self._rng, (width, K)),
            "output bias": np.zeros(width, np.float32),
        }

    def batches(self) -> Iterator[list[tuple[Rows, Any]]]:
        size = self._model.batch_size
        for (part,) in shuffled(self._rng, len(self._filled), size, size):
            yield [self._part(self._filled[part])]

    def _part(self, rows: npt.NDArray[np.int64]) -> tuple[Rows, Any]:
        """Rows as the hidden layer sees them, and the ratings that it should lead to."""
        matrix, share = self._rows, self._model.dropout
        offsets, entries = entries_of(matrix.indptr, rows)
        target = matrix.data[entries].astype(np.float32)
        shown = target
        if share:
            shown = target * (self._rng.random(len(target)) >= share) / (1 - share)
        tensors = rows_as_tensors(self._torch, self._device, offsets, matrix.indices[entries], shown)
        return tensors, self._torch.from_numpy(target).to(self._device)

    def loss(self, weights: dict[str, Any], part: tuple[Rows, Any]) -> tuple[Any, int]:
        """Squared errors of known ratings; for each of them also its share of what the activity costs."""
        rows, target = part
        functional = self._torch.nn.functional
        hidden = self._torch.sigmoid(
            functional.embedding_bag(
                rows.columns, weights["hidden"], rows.offsets, mode="sum", per_sample_weights=rows.values
            )
            + weights["hidden bias"]
        )
        outputs = functional.embedding(rows.columns, weights["output"])
        found = (functional.embedding(rows.rows, hidden) * outputs).sum(1) + weights["output bias"][rows.columns]
        loss = ((target - found) ** 2).sum()
        if self._model.activity_penalty:
            loss = loss + self._model.activity_penalty * hidden.sum()
        return loss, len(target)

    def value(self, arrays: Arrays) -> float | None:
        """On rows without the ratings that are asked for."""
        twin = with_attributes(self._model, self._fitted(arrays, self._rows))
        return held_out_error(twin._predict_pairs, self._validation)

    def results(self, arrays: Arrays) -> dict[str, Any]:
        """Served with all ratings in the rows, held out or not."""
        return self._fitted(arrays, self._everything)

    def _fitted(self, arrays: Arrays, rows: Any) -> dict[str, Any]:
        hidden = hidden_of(rows, arrays["hidden"], arrays["hidden bias"], self._model._threads)
        based_on_users = self._model.based_on == "users"
        # What the network makes of nothing is good for lists of users, while an item without ratings is in no list.
        known_rows = np.full(len(hidden), True) if based_on_users else np.diff(rows.indptr) > 0
        sides = {
            "rows": (hidden * known_rows[:, None], np.zeros(len(hidden), np.float32)),
            "columns": (arrays["output"] * self._known[1][:, None], arrays["output bias"] * self._known[1]),
        }
        users, items = ("rows", "columns") if based_on_users else ("columns", "rows")
        by_user = self._data.matrix
        fitted = {
            "user_factors_": sides[users][0],
            "user_bias_": sides[users][1],
            "item_factors_": sides[items][0],
            "item_bias_": sides[items][1],
            "_known_users_": np.diff(by_user.indptr) > 0 if based_on_users else self._known[1],
            "_candidates_": np.bincount(by_user.indices, minlength=self._data.n_items) > 0,
            "_encoder_": arrays["hidden"],
            "_encoder_bias_": arrays["hidden bias"],
        }
        fitted |= spread_of(fitted)
        if not based_on_users:
            mean = fitted["_spread_"][0].astype(np.float32)
            fitted["user_factors_"][~self._known[1]], fitted["user_bias_"][~self._known[1]] = mean[:-1], mean[-1]
        return fitted


def hidden_of(rows: Any, weight: npt.NDArray[Any], bias: npt.NDArray[Any], threads: int) -> npt.NDArray[Any]:
    """sigmoid(rows @ weight + bias), of a scipy matrix or the core's."""
    if not isinstance(rows, _core.Csr):
        rows = _core.Csr(rows.indptr, rows.indices, rows.data, rows.shape[1], "float32")
    sums = sparse(rows, weight, bias, threads)
    with np.errstate(over="ignore"):
        hidden: npt.NDArray[Any] = 1 / (1 + np.exp(-sums))
    return hidden
