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

__all__ = ["NadeTask", "Part", "level_cost", "represented", "shares"]

_START = 0.05  # standard deviation of the vectors of columns
_COMMON_INPUT, _COMMON_OUTPUT = 0.5, 0.2  # of what is common to all: from near 0 both sides would wait for each other
# Of the penalty of output vectors: what input vectors and biases cost.
_OF_INPUTS, _OF_BIASES = 0.125, 0.05


@dataclass
class Part:
    """What is known of each row, columns with the shares and the levels of ratings; and what is to be predicted."""

    known: Rows
    known_levels: Any
    rows: Any
    columns: Any
    levels: Any
    scale: Any
    size: int


class NadeTask(Task):
    """The cost of all ratings and of the numbers that columns have of their own, over the number of ratings.

    Both are summed up before they are divided, so that the penalty is that of a prior: the size of batches does not
    matter, and columns of few ratings stay near the common one.
    """

    annealed = True

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
        inner, outer = int(J or widths[0]), int(J or widths[-1])
        level = self._standardized()[:, None]
        arrays: Arrays = {}
        if J is not None:
            arrays["input map"] = glorot(self._rng, (widths[0], inner))
        arrays["hidden 0 bias"] = np.zeros(widths[0], np.float32)
        for k, (below, above) in enumerate(itertools.pairwise(widths), start=1):
            arrays[f"hidden {k}"] = glorot(self._rng, (above, below))
            arrays[f"hidden {k} bias"] = np.zeros(above, np.float32)
        if J is not None:
            arrays["output map"] = glorot(self._rng, (outer, widths[-1]))
        arrays["input"] = normal(self._rng, (self._columns, inner), _START)
        arrays["output"] = normal(self._rng, (self._columns, outer), _START)
        arrays["output bias"] = np.zeros((self._columns, self._K), np.float32)
        # Ratings as they are spread put 0 into the first layer. Some inputs tell columns apart, others levels.
        arrays["input gate"] = normal(self._rng, (1, inner), 1.0) + level * normal(self._rng, (1, inner), 1.0)
        arrays["output gate"] = np.repeat(level, outer, axis=1)
        arrays["common input"] = level * normal(self._rng, (1, inner), _COMMON_INPUT)
        arrays["common output"] = level * normal(self._rng, (1, outer), _COMMON_OUTPUT)
        arrays["common bias"] = np.zeros(self._K, np.float32)
        return arrays

    def _standardized(self) -> npt.NDArray[np.float32]:
        """The ratings of the levels, of mean 0 and variance 1 over the training data."""
        ratings = self._model.levels_[self._rows.data.astype(np.int64)]
        level: npt.NDArray[np.float64] = (self._model.levels_ - ratings.mean()) / (ratings.std() or 1.0)
        return level.astype(np.float32)

    def steps(self) -> int:
        return -(-len(self._filled) // int(self._model.batch_size))

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
        begin = np.append(0, np.cumsum(known_of))
        scale = (sizes / (sizes - known_of))[own]

        def tensor(array: Any, dtype: Any = np.int64) -> Any:
            return self._torch.from_numpy(np.ascontiguousarray(array, dtype)).to(self._device)

        share = shares(known_of, self._model._shrinkage_)
        return Part(
            rows_as_tensors(self._torch, self._device, begin, columns[known], share), tensor(levels[known]),
            tensor(own[~known]), tensor(columns[~known]), tensor(levels[~known]), tensor(scale[~known], np.float32),
            len(own),
        )  # fmt: skip

    def loss(self, weights: dict[str, Any], part: Part) -> tuple[Any, int]:
        torch, h = self._torch, self._hidden(weights, part)
        embedding = torch.nn.functional.embedding
        common = h @ weights["common output"].T + weights["common bias"].cumsum(0)
        gated = embedding(part.rows, (h[:, None, :] * weights["output gate"]).flatten(1))
        gated = gated.view(len(part.rows), self._K, -1)
        scores = (gated @ embedding(part.columns, weights["output"])[:, :, None])[:, :, 0]
        scores = scores + embedding(part.rows, common) + embedding(part.columns, weights["output bias"]).cumsum(1)
        costs = level_cost(torch, scores, part.levels, self._model.ordinal_weight)
        share = part.size / len(self._rows.data)
        return (part.scale * costs).sum() + share * self._penalty(weights), part.size

    def _hidden(self, weights: dict[str, Any], part: Part) -> Any:
        """What scores are linear in."""
        torch, known = self._torch, part.known
        embedding = torch.nn.functional.embedding
        inputs = embedding(known.columns, weights["input"]) * embedding(part.known_levels, weights["input gate"])
        inputs = (inputs + embedding(part.known_levels, weights["common input"])) * known.values[:, None]
        h = inputs.new_zeros((known.size, inputs.shape[1])).index_add(0, known.rows, inputs)
        if "input map" in weights:
            h = h @ weights["input map"].T
        h = torch.tanh(h + weights["hidden 0 bias"])
        for k in range(1, len(self._model.layers)):
            h = torch.tanh(h @ weights[f"hidden {k}"].T + weights[f"hidden {k} bias"])
        return h @ weights["output map"].T if "output map" in weights else h

    def _penalty(self, weights: dict[str, Any]) -> Any:
        squares = {name: (weights[name] ** 2).sum() for name in ("input", "output", "output bias")}
        total = squares["output"] + _OF_INPUTS * squares["input"] + _OF_BIASES * squares["output bias"]
        return self._model.regularization * total

    def value(self, arrays: Arrays) -> float | None:
        """On rows without the ratings that are asked for."""
        twin = with_attributes(self._model, self._fitted(arrays, self._rows))
        return held_out_error(twin._predict_pairs, self._validation)

    def results(self, arrays: Arrays) -> dict[str, Any]:
        """Served with all ratings in the rows, held out or not."""
        return self._fitted(arrays, self._everything)

    def _fitted(self, arrays: Arrays, rows: Any) -> dict[str, Any]:
        network = {name: array for name, array in arrays.items() if "map" in name or name.startswith("hidden")}
        own = {name: arrays[name] * self._known_columns[:, None] for name in ("input", "output", "output bias")}
        inputs, outputs = (
            own[name][:, None] * arrays[f"{name} gate"] + arrays[f"common {name}"] for name in ("input", "output")
        )
        biases = (own["output bias"].astype(np.float64) + arrays["common bias"]).cumsum(axis=1)
        cells = np.concatenate([biases[:, :, None], outputs], axis=2).astype(np.float32)
        fitted: dict[str, Any] = {
            "network_": list(network.values()),
            "_names_": list(network),
            "level_inputs_": inputs.reshape(self._columns * self._K, -1),
            "_candidates_": self._candidates,
            "_known_users_": np.full(self._data.n_users, True),
        }
        twin = with_attributes(self._model, fitted)
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        hidden = represented(twin, row, rows.indices, rows.data, rows.shape[0])
        spread = np.diff(cells[self._known_columns].astype(np.float64), axis=1, prepend=0.0)
        spread, cells = spread.reshape(len(spread), -1), cells.reshape(self._columns, -1)
        if self._model.based_on == "users":
            sides = {"user_factors_": hidden, "item_factors_": cells, "_known_items_": self._known_columns}
            return fitted | sides | {"_spread_": None}
        return fitted | {
            "user_factors_": cells,
            "item_factors_": hidden,
            "_known_items_": np.full(rows.shape[0], True),  # the network answers rows without ratings too
            "_spread_": np.stack([spread.mean(axis=0), spread.var(axis=0)]),
        }


def shares(sizes: Any, shrinkage: float) -> Any:
    """The weight of each rating in rows of these sizes: that of a mean, shrunk to 0 in rows of few ratings."""
    return np.repeat(1 / (np.maximum(sizes, 1) + shrinkage), sizes).astype(np.float32)


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
    known = _core.Csr(indptr, cells, shares(np.diff(indptr), model._shrinkage_), len(model.level_inputs_), "float32")
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
