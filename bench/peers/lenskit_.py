"""LensKit: the trainers of ImplicitMFScorer and BiasedMFScorer, whose epochs are sweeps.

ImplicitMF solves (V'V + reg I + sum w r v v') u = sum (w r + 1) v (`_train_new_row` and `_implicit_otor` in
als/_implicit.py): coals' hkv with alpha = weight, w0 = 1, lambda = reg, exponent 0.
BiasedMF learns mean and damped biases first and once, and then factors of what is left, with penalty reg times the
number of ratings (`regI * len(items)` in als/_explicit.py): exponent 1, biases given. Its penalty is set so that a row
of mean size has the same one as with the others.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa
from lenskit.als import BiasedMFScorer, ImplicitMFScorer
from lenskit.data import DatasetBuilder
from lenskit.parallel import initialize
from lenskit.training import TrainingOptions

from bench.harness.processes import Missing
from bench.peers.contender import Contender
from bench.peers.problem import Factors, Objective


class Lenskit(Contender):
    trainer: Any
    scorer: Any

    package = "lenskit"

    def _train(self, scorer: Any, matrix: Any, start: Factors) -> None:
        initialize(processes=1, threads=self.problem.threads, backend_threads=self.problem.threads)
        self.scorer = scorer
        self.trainer = scorer.create_trainer(dataset(matrix), TrainingOptions(rng=0))
        self.trainer.load_parameters({"user_embeddings": start.users.copy(), "item_embeddings": start.items.copy()})

    def sweep(self, count: int) -> list[float]:
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.trainer.train_epoch()
            seconds.append(time.perf_counter() - start)
        return seconds

    def factors(self) -> Factors:
        return Factors(self.scorer.user_embeddings, self.scorer.item_embeddings)


class LenskitImplicit(Lenskit):
    def prepare(self, matrix: Any, start: Factors) -> None:
        objective = self.problem.objective
        if (objective.kind, objective.unobserved_weight, objective.exponent) != ("hkv", 1, 0):
            raise Missing("ImplicitMFScorer has only hkv with unobserved weight 1 and plain ridge")
        scorer = ImplicitMFScorer(
            embedding_size=self.problem.factors,
            regularization=objective.regularization,
            weight=objective.alpha,
            use_ratings=True,
        )
        self._train(scorer, matrix, start)


class LenskitExplicit(Lenskit):
    def prepare(self, matrix: Any, start: Factors) -> None:
        scorer = BiasedMFScorer(
            embedding_size=self.problem.factors, regularization=self.problem.per_entry_regularization()
        )
        self._train(scorer, matrix, start)

    def objective(self) -> Objective:
        return Objective("explicit", self.problem.per_entry_regularization(), exponent=1.0, bias_penalty=False)

    def factors(self) -> Factors:
        bias = self.scorer.bias
        return Factors(
            self.scorer.user_embeddings,
            self.scorer.item_embeddings,
            np.asarray(bias.user_biases),
            np.asarray(bias.item_biases),
            float(bias.global_bias),
        )


def dataset(matrix: Any) -> Any:
    """Ids are row and column numbers; those without entries are declared too, so that numbers stay what they are."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    columns = matrix.indices.astype(np.int64)
    builder = DatasetBuilder()
    for name, size in zip(("user", "item"), matrix.shape, strict=True):
        builder.add_entities(name, np.arange(size, dtype=np.int64))
    table = pa.table({"user_id": rows, "item_id": columns, "rating": matrix.data})
    builder.add_interactions("rating", table, entities=["user", "item"], missing="error", default=True)
    return builder.build()
