"""What `MultVAE` and `MultDAE` learn by: batches of users, the likelihood of their items, users held out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_random_state
from coals.data.interactions import Interactions
from coals.data.native import structure
from coals.evaluation.fold_in import evaluate_fold_in
from coals.neural.training.batches import Rows, entries_of, rows_as_tensors, shuffled
from coals.neural.training.start import glorot
from coals.neural.training.training import Arrays, Task, with_attributes
from coals.split.users import FoldInData, select_users, told_and_held_out

__all__ = ["MultinomialTask", "batch_size_for"]

_METRIC = "ndcg@100"
_HELD_OUT = 0.2  # of the entries of a user held out
_USERS_AT_A_TIME = 512
_PART = 128  # users


@dataclass
class Part:
    """Users with their items, the values of these after dropout, noise for z, and the weight of the divergence."""

    users: Rows
    noise: Any
    beta: float


def batch_size_for(users: int) -> int:
    """Some sixteen steps an epoch: with a few steps a plateau of `patience` epochs comes before much is learned."""
    return min(max(users // 16, 16), 512)


class MultinomialTask(Task):
    """Negative log-likelihood of a user's items, and for `MultVAE` the divergence from the prior, a mean of users."""

    rising = True

    def __init__(self, model: Any, torch: Any, device: str, data: Interactions, validation: FoldInData | None) -> None:
        self._model, self._torch, self._device, self._data = model, torch, device, data
        self._rng = check_random_state(model.random_state)
        sizes = np.diff(data.matrix.indptr)
        self._users = np.flatnonzero(sizes)
        self.validation = validation or self._hold_out(sizes)
        if self.validation is not None:
            self.validation = self.validation._replace(history=_as_ones(self.validation.history))
        self.held_out_losses: list[float] = []
        self._batch_size = model.batch_size or batch_size_for(len(self._users))
        batches = -(-len(self._users) // self._batch_size)
        self.settling = getattr(model, "annealing", 0)
        self._steps, self._annealing = 0, max(1, self.settling * batches)

    def _hold_out(self, sizes: npt.NDArray[Any]) -> FoldInData | None:
        """Some users with at least two entries, as long as others are left."""
        able = self._users[sizes[self._users] >= 2]
        wanted = round(self._model.validation_fraction * len(self._users))
        count = min(wanted, len(able), len(self._users) - 1)
        if count <= 0:
            return None
        chosen = np.sort(self._rng.permutation(able)[:count])
        self._users = np.setdiff1d(self._users, chosen)
        return told_and_held_out(select_users(self._data, chosen), _HELD_OUT, self._rng)

    def start(self) -> Arrays:
        widths = [int(width) for width in self._model.layers]
        encoder = [self._data.n_items, *widths]
        if self._model._variational:
            encoder[-1] *= 2
        arrays: Arrays = {}
        for k, (inner, outer) in enumerate(itertools.pairwise(encoder)):
            # A row of the first weight for each item: it is summed up over those that a user has.
            arrays[f"encoder {k}"] = glorot(self._rng, (inner, outer) if k == 0 else (outer, inner))
            arrays[f"encoder {k} bias"] = np.zeros(outer, np.float32)
        decoder = widths[::-1]
        for k, (inner, outer) in enumerate(itertools.pairwise(decoder)):
            arrays[f"decoder {k}"] = glorot(self._rng, (outer, inner))
            arrays[f"decoder {k} bias"] = np.zeros(outer, np.float32)
        arrays["output"] = glorot(self._rng, (self._data.n_items, decoder[-1]))
        arrays["output bias"] = np.zeros(self._data.n_items, np.float32)
        self.undecayed = tuple(name for name in arrays if name.endswith("bias"))
        return arrays

    def batches(self) -> Iterator[list[Part]]:
        size = self._batch_size
        for parts in shuffled(self._rng, len(self._users), size, _PART if self._device == "cpu" else size):
            self._steps += 1
            yield [self._part(self._users[part]) for part in parts]

    def _part(self, users: npt.NDArray[np.int64]) -> Part:
        matrix, share = self._data.matrix, self._model.dropout
        offsets, entries = entries_of(matrix.indptr, users)
        sizes = np.diff(offsets)
        values = np.repeat(1 / np.sqrt(sizes), sizes)
        if share:
            values *= (self._rng.random(len(values)) >= share) / (1 - share)
        rows = rows_as_tensors(self._torch, self._device, offsets, matrix.indices[entries], values)
        if not self._model._variational:
            return Part(rows, None, 0.0)
        noise = self._rng.standard_normal((len(users), int(self._model.layers[-1])), np.float32)
        beta = self._model.beta * min(1.0, self._steps / self._annealing)
        return Part(rows, self._torch.from_numpy(noise).to(self._device), beta)

    def loss(self, weights: dict[str, Any], part: Part) -> tuple[Any, int]:
        users = part.users
        z, divergence = self._encoded(weights, part)
        logits = self._decoded(weights, z)
        sizes = self._torch.bincount(users.rows, minlength=users.size).to(logits.dtype)
        loss = (sizes * logits.logsumexp(1)).sum() - logits[users.rows, users.columns].sum()
        return (loss if divergence is None else loss + part.beta * divergence), users.size

    def _encoded(self, weights: dict[str, Any], part: Part) -> tuple[Any, Any]:
        """z, and for a variational model the divergence of its distribution from a standard normal one."""
        torch, users = self._torch, part.users
        h = torch.nn.functional.embedding_bag(
            users.columns, weights["encoder 0"], users.offsets, mode="sum", per_sample_weights=users.values
        )
        h = h + weights["encoder 0 bias"]
        for k in range(1, len(self._model.layers)):
            h = torch.tanh(h) @ weights[f"encoder {k}"].T + weights[f"encoder {k} bias"]
        if not self._model._variational:
            return torch.tanh(h), None
        mean, log_variance = h.chunk(2, 1)
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum()
        return mean + part.noise * (0.5 * log_variance).exp(), divergence

    def _decoded(self, weights: dict[str, Any], z: Any) -> Any:
        """Logits of all items."""
        for k in range(len(self._model.layers) - 1):
            z = self._torch.tanh(z @ weights[f"decoder {k}"].T + weights[f"decoder {k} bias"])
        return z @ weights["output"].T + weights["output bias"]

    # --- users held out ---

    def value(self, arrays: Arrays) -> float | None:
        if self.validation is None:
            return None
        fitted = self._model._fitted_of(arrays, self._data)
        twin = with_attributes(self._model, fitted | {"_fitted_params_": self._model.get_params()})
        twin._finish_fit(self._data, structure(self._data))
        self.held_out_losses.append(self._held_out_loss(twin))
        found = evaluate_fold_in({"model": twin}, *self.validation, [_METRIC])
        return float(found.mean["model"][_METRIC])

    def _held_out_loss(self, twin: Any) -> float:
        """-log of the probability of items held out, summed for each user, a mean of users."""
        assert self.validation is not None
        history, held_out = (structure(part) for part in self.validation)
        total = 0.0
        for start in range(0, history.rows, _USERS_AT_A_TIME):
            rows = np.arange(start, min(start + _USERS_AT_A_TIME, history.rows))
            factors = twin._represented(history.select_rows(rows)).astype(np.float64)
            logits = factors @ twin.item_factors_.T.astype(np.float64) + twin.item_bias_
            indptr, indices, _ = held_out.select_rows(rows).to_arrays()
            own = np.repeat(np.arange(len(rows)), np.diff(indptr))
            highest = logits.max(axis=1)
            norms = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
            total += float((norms[own] - logits[own, indices]).sum())
        return total / history.rows

    def results(self, arrays: Arrays) -> dict[str, Any]:
        fitted: dict[str, Any] = self._model._fitted_of(arrays, self._data)
        twin = with_attributes(self._model, fitted)
        entries = structure(self._data)
        known = entries.row_sizes() > 0
        fitted["user_factors_"] = self._factors(twin, entries) * known[:, None]
        fitted["_known_users_"] = known
        fitted["held_out_loss_"] = np.array(self.held_out_losses) if self.held_out_losses else None
        return fitted

    @staticmethod
    def _factors(twin: Any, entries: _core.Csr) -> npt.NDArray[Any]:
        parts = [
            twin._represented(entries.select_rows(np.arange(start, min(start + _USERS_AT_A_TIME, entries.rows))))
            for start in range(0, entries.rows, _USERS_AT_A_TIME)
        ]
        return np.concatenate(parts)


def _as_ones(history: Interactions) -> Interactions:
    """Values do not count here, and shall not be refused either."""
    matrix = history.matrix.copy()
    matrix.data = np.ones(matrix.nnz, np.float32)
    return Interactions(matrix, history.users, history.items)
