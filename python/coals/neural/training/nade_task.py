"""What `CFNADE` learns by: random orderings of each row's ratings, the later ones predicted from the earlier.

Rows are users or items, as the model is based on, columns the others.
"""

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
from coals.neural.training.batches import Rows, entries_of, rows_as_tensors, shuffled
from coals.neural.training.layers import dense, sparse
from coals.neural.training.rating_task import entries_of_all, held_out_entries, held_out_error, rows_based_on
from coals.neural.training.start import glorot, normal
from coals.neural.training.training import Arrays, Task, with_attributes

__all__ = ["NadeTask", "Part", "expanded", "level_cost", "represented", "shares"]

_START = 0.02  # standard deviation of what columns have of their own
_COMMON_INPUT, _COMMON_OUTPUT = 0.5, 0.2  # of what is common to all: from near 0 both sides would wait for each other


@dataclass
class Part:
    """What is known of each row, an index for every level that a rating reaches; and what is to be predicted."""

    known: Rows
    rows: Any
    columns: Any
    levels: Any
    scale: Any
    size: int


class NadeTask(Task):
    """The cost of all ratings, over their number."""

    def __init__(self, model: Any, torch: Any, device: str, data: Interactions) -> None:
        self._model, self._torch, self._device, self._data = model, torch, device, data
        self._rng = check_random_state(model.random_state)
        self._K = len(model.levels_)
        entries = entries_of_all(data)
        held_out = held_out_entries(self._rng, data.nnz, model.validation_fraction)
        self._validation = entries.those(held_out)
        levels = entries._replace(ratings=np.searchsorted(model.levels_, data.matrix.data))
        self._rows, self._everything = (
            rows_based_on(model.based_on, part, data.shape) for part in (levels.those(~held_out), levels)
        )
        self._filled = np.flatnonzero(np.diff(self._rows.indptr))
        self._columns = self._rows.shape[1]
        self._known_columns = np.bincount(self._rows.indices, minlength=self._columns) > 0
        self._candidates = np.bincount(entries.items, minlength=data.n_items) > 0

    def start(self) -> Arrays:
        widths = [int(width) for width in self._model.layers]
        J = self._model.factors
        cells = self._columns * self._K
        arrays: Arrays = {"input": normal(self._rng, (cells, J or widths[0]), _START)}
        if J is not None:
            arrays["input map"] = glorot(self._rng, (widths[0], int(J)))
        arrays["hidden 0 bias"] = np.zeros(widths[0], np.float32)
        for k, (inner, outer) in enumerate(itertools.pairwise(widths), start=1):
            arrays[f"hidden {k}"] = glorot(self._rng, (outer, inner))
            arrays[f"hidden {k} bias"] = np.zeros(outer, np.float32)
        if J is not None:
            arrays["output map"] = glorot(self._rng, (int(J), widths[-1]))
        arrays["output"] = normal(self._rng, (cells, J or widths[-1]), _START)
        arrays["output bias"] = np.zeros((self._columns, self._K), np.float32)
        # Decay pulls what a column has of its own to 0, and so the column to what is common to all.
        arrays["common input"] = normal(self._rng, (self._K, arrays["input"].shape[1]), _COMMON_INPUT)
        arrays["common output"] = normal(self._rng, (self._K, arrays["output"].shape[1]), _COMMON_OUTPUT)
        arrays["common bias"] = np.zeros(self._K, np.float32)
        arrays["hidden 0 bias"] -= self._usual_input(arrays)
        own = ("input", "output", "output bias")
        shared = {name for name in arrays if name.endswith("bias") or name.startswith("common")}
        self.undecayed = tuple(shared.difference(own))
        return arrays

    def _usual_input(self, arrays: Arrays) -> npt.NDArray[np.float32]:
        """What goes into the first layer for a row whose ratings are spread as all are: there it is to begin at 0."""
        reached = (self._rows.data[:, None] >= np.arange(self._K)).mean(axis=0).astype(np.float32)
        usual: npt.NDArray[np.float32] = reached @ arrays["common input"]
        return arrays["input map"] @ usual if "input map" in arrays else usual

    def batches(self) -> Iterator[list[Part]]:
        size = self._model.batch_size
        for (part,) in shuffled(self._rng, len(self._filled), size, size):
            yield [self._part(self._filled[part])]

    def _part(self, rows: npt.NDArray[np.int64]) -> Part:
        """Of the D ratings of a row d are known, 0 to D - 1; the cost of the others counts D / (D - d) times."""
        offsets, entries = entries_of(self._rows.indptr, rows)
        sizes = np.diff(offsets)
        own = np.repeat(np.arange(len(rows)), sizes)
        order = np.lexsort((self._rng.random(len(own)), own))
        place = np.empty(len(own), np.int64)
        place[order] = np.arange(len(own)) - offsets[:-1][own]
        known_of = self._rng.integers(0, sizes)
        known = place < known_of[own]
        columns, levels = self._rows.indices[entries], self._rows.data[entries]
        begin, indices = expanded(own[known], columns[known], levels[known], len(rows), self._K)
        scale = (sizes / (sizes - known_of))[own]

        def tensor(array: Any, dtype: Any = np.int64) -> Any:
            return self._torch.from_numpy(np.ascontiguousarray(array, dtype)).to(self._device)

        return Part(
            rows_as_tensors(self._torch, self._device, begin, indices, shares(known_of, np.diff(begin))),
            tensor(own[~known]), tensor(columns[~known]), tensor(levels[~known]), tensor(scale[~known], np.float32),
            len(own),
        )  # fmt: skip

    def loss(self, weights: dict[str, Any], part: Part) -> tuple[Any, int]:
        torch, known = self._torch, part.known
        bag, columns = torch.nn.functional.embedding_bag, known.columns
        h = bag(columns, weights["input"], known.offsets, mode="sum", per_sample_weights=known.values)
        common = weights["common input"]
        h = h + bag(columns % self._K, common, known.offsets, mode="sum", per_sample_weights=known.values)
        if "input map" in weights:
            h = h @ weights["input map"].T
        h = torch.tanh(h + weights["hidden 0 bias"])
        for k in range(1, len(self._model.layers)):
            h = torch.tanh(h @ weights[f"hidden {k}"].T + weights[f"hidden {k} bias"])
        if "output map" in weights:
            h = h @ weights["output map"].T
        embedding = torch.nn.functional.embedding
        cells = part.columns[:, None] * self._K + torch.arange(self._K, device=part.columns.device)
        steps = (embedding(cells, weights["output"]) @ embedding(part.rows, h)[:, :, None])[:, :, 0]
        steps = steps + embedding(part.columns, weights["output bias"])
        common = h @ weights["common output"].T + weights["common bias"]
        scores = (steps + embedding(part.rows, common)).cumsum(1)
        costs = level_cost(torch, scores, part.levels, self._model.ordinal_weight)
        return (part.scale * costs).sum(), part.size

    def value(self, arrays: Arrays) -> float | None:
        """On rows without the ratings that are asked for."""
        twin = with_attributes(self._model, self._fitted(arrays, self._rows))
        return held_out_error(twin._predict_pairs, self._validation)

    def results(self, arrays: Arrays) -> dict[str, Any]:
        """Served with all ratings in the rows, held out or not."""
        return self._fitted(arrays, self._everything)

    def _fitted(self, arrays: Arrays, rows: Any) -> dict[str, Any]:
        network = {name: array for name, array in arrays.items() if "map" in name or name.startswith("hidden")}
        inputs, outputs = self._by_level(arrays, "input"), self._by_level(arrays, "output")
        biases = self._by_level(arrays, "output bias")
        steps = np.concatenate([biases, outputs], axis=2)
        fitted: dict[str, Any] = {
            "network_": list(network.values()),
            "_names_": list(network),
            "level_inputs_": summed(inputs).reshape(self._columns * self._K, -1),
            "_candidates_": self._candidates,
            "_known_users_": np.full(self._data.n_users, True),
        }
        twin = with_attributes(self._model, fitted)
        own = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        hidden = represented(twin, own, rows.indices, rows.data, rows.shape[0])
        cells = summed(steps).reshape(self._columns, -1)
        if self._model.based_on == "users":
            sides = {"user_factors_": hidden, "item_factors_": cells, "_known_items_": self._known_columns}
            return fitted | sides | {"_spread_": None}
        spread = steps[self._known_columns].reshape(-1, cells.shape[1])
        return fitted | {
            "user_factors_": cells,
            "item_factors_": hidden,
            "_known_items_": np.full(rows.shape[0], True),  # the network answers rows without ratings too
            "_spread_": np.stack([spread.mean(axis=0), spread.var(axis=0)]),
        }

    def _by_level(self, arrays: Arrays, name: str) -> npt.NDArray[np.float64]:
        """What each column adds at each level, (columns, K, numbers): its own, if it was trained on, and the common."""
        own = arrays[name].reshape(self._columns, self._K, -1) * self._known_columns[:, None, None]
        common = arrays["common " + name.removeprefix("output ")].reshape(self._K, -1)
        return own.astype(np.float64) + common


def summed(steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Up to each level: a rating shares the weights of those below it."""
    return steps.cumsum(axis=1).astype(np.float32)


def expanded(rows: Any, columns: Any, levels: Any, size: int, K: int) -> tuple[Any, Any]:
    """For each rating an index for each level from 0 up to its own, and where each row begins among these."""
    counts = levels.astype(np.int64) + 1
    ends = np.cumsum(counts)
    steps = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    indices = np.repeat(columns.astype(np.int64) * K, counts) + steps
    begin = np.append(0, np.cumsum(np.bincount(rows, weights=counts, minlength=size))).astype(np.int64)
    return begin, indices


def shares(ratings: Any, entries: Any) -> Any:
    """What each of the entries of a row with this many ratings counts for: a mean over ratings."""
    return np.repeat(1 / np.maximum(ratings, 1), entries).astype(np.float32)


def level_cost(torch: Any, scores: Any, levels: Any, ordinal_weight: float) -> Any:
    """(1 - w) times - log p(level), and w times that of the ranking of levels by nearness on either side.

    scores : (n, K), levels : (n,). The ranking says that the level comes before the one below it, that before the next,
    and so on downwards, and the same upwards; each place goes by a softmax over what is left of that side.
    """
    K = scores.shape[1]
    cost = 0.0
    if ordinal_weight < 1:
        own = scores.gather(1, levels[:, None])[:, 0]
        cost = (1 - ordinal_weight) * (scores.logsumexp(1) - own)
    if ordinal_weight > 0:
        below = scores.logcumsumexp(1) - scores
        above = scores.flip(1).logcumsumexp(1).flip(1) - scores
        place = torch.arange(K, device=scores.device)
        sides = below * (place <= levels[:, None]) + above * (place >= levels[:, None])
        cost = cost + ordinal_weight * sides.sum(1)
    return cost


def represented(model: Any, rows: Any, columns: Any, levels: Any, size: int) -> npt.NDArray[Any]:
    """What scores are linear in, of rows with these ratings."""
    K = len(model.levels_)
    indptr = np.append(0, np.cumsum(np.bincount(rows, minlength=size))).astype(np.int64)
    cells = (columns.astype(np.int64) * K + levels).astype(np.int32)
    sizes = np.diff(indptr)
    known = _core.Csr(indptr, cells, shares(sizes, sizes), len(model.level_inputs_), "float32")
    network = dict(zip(model._names_, model.network_, strict=True))
    threads, bias = model._threads, network["hidden 0 bias"]
    if "input map" in network:
        sums = sparse(known, model.level_inputs_, np.float32(0), threads)
        h = dense(sums, network["input map"], bias, threads)
    else:
        h = sparse(known, model.level_inputs_, bias, threads)
    h = np.tanh(h)
    for k in range(1, len(network)):
        if f"hidden {k}" not in network:
            break
        h = np.tanh(dense(h, network[f"hidden {k}"], network[f"hidden {k} bias"], threads))
    if "output map" not in network:
        return h
    weight = network["output map"]
    return dense(h, weight, np.zeros(len(weight), np.float32), threads)
