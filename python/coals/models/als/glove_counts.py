"""From baskets or events to what GloVe fits: logarithms of co-occurrence counts and what each counts for."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy

from coals.data.events import Events
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.native import blocks
from coals.similarities.event_cooccurrence import event_cooccurrence
from coals.similarities.pair_counts import count_pairs

__all__ = ["log_counts"]


def log_counts(model: Any, data: Interactions, events: Events | None) -> tuple[Interactions, Any] | None:
    """log x of all pairs counted, items x items, and the weights f(x) in their order; None where there is no pair."""
    if events is None:
        counts = count_pairs(data.matrix, "items", model.memory_limit, model.num_threads)
    else:
        counts = event_cooccurrence(
            events, window=model.window, inverse_distance=model.inverse_distance, repeats=True, dtype="float64",
            memory_limit=model.memory_limit, num_threads=model.num_threads,
        )  # fmt: skip
    if model.min_count > 0:
        kept = counts.data >= model.min_count
        begin = np.append(0, np.cumsum(kept))[counts.indptr]
        counts = scipy.sparse.csr_array((counts.data[kept], counts.indices[kept], begin), shape=counts.shape)
    if counts.nnz == 0:
        return None
    logs, weights = np.empty(counts.nnz), np.empty(counts.nnz)
    for part in blocks(counts.nnz):  # between which Ctrl-C is heard
        x = counts.data[part].astype(np.float64)
        logs[part] = np.log(x)
        weights[part] = (np.minimum(x, model.x_max) / model.x_max) ** model.weight_exponent
    counts.data = logs
    ids = data.items.ids
    pairs = Interactions(counts, IdIndex(ids, data.n_items, "item"), IdIndex(ids, data.n_items, "item"))
    return pairs, weights
