"""coals itself, by its public functions: counts, similarities, and the model that people fit."""

from __future__ import annotations

from typing import Any

import coals
from bench.harness.processes import Missing
from bench.suites.knn.contender import Contender


class Coals(Contender):
    def version(self) -> str:
        return coals.__version__

    def prepare(self, matrix: Any) -> None:
        self.matrix = matrix

    def _function(self, name: str) -> Any:
        function = getattr(coals, name, None)
        if not callable(function):  # a module of that name in versions before it
            raise Missing(f"this coals has no function {name}")
        return function

    def _common(self) -> dict[str, Any]:
        return {"neighbors": self.problem.neighbors, "num_threads": self.problem.threads}


class Counts(Coals):
    def run(self) -> Any:
        return self._function("cooccurrence")(self.matrix, **self._common())


class Similarity(Coals):
    def run(self) -> Any:
        return self._function("similarity")(self.matrix, **self.options, **self._common())


class Model(Coals):
    """`ItemCooccurrence.fit`, which keeps the histories of users too."""

    def run(self) -> Any:
        return (
            coals.ItemCooccurrence(similarity="cosine", **self._common()).fit(self.matrix, progress=False).similarity_
        )
