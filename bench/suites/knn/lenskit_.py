"""LensKit: `ItemKNNScorer.train`, on a data set built before.

Feedback "implicit" is cosine by counts, "explicit" cosine of values less their item's mean, both with whole norms. It
keeps positive similarities only.
"""

from __future__ import annotations

from typing import Any

from lenskit.knn import ItemKNNScorer
from lenskit.parallel import initialize
from lenskit.training import TrainingOptions

from bench.peers.lenskit_ import dataset
from bench.suites.knn.contender import Contender


class Lenskit(Contender):
    package = "lenskit"

    def prepare(self, matrix: Any) -> None:
        initialize(processes=1, threads=self.problem.threads, backend_threads=self.problem.threads)
        self.data = dataset(matrix)

    def run(self) -> Any:
        scorer = ItemKNNScorer(feedback=self.options["feedback"], save_nbrs=self.problem.neighbors)
        scorer.train(self.data, TrainingOptions(rng=0))
        return scorer.sim_matrix

    def rows(self, result: Any) -> Any:
        return result.to_scipy()
