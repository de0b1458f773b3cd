"""A peer's side of `bench.suites.evaluation`: times its evaluation, and says what its metrics are of given lists.

A process of its own, `PYTHON -m bench.suites.evaluation.child LIBRARY`, with whatever interpreter has the library.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from bench.harness.processes import Missing, serve

__all__: list[str] = []


class Irspack:
    """`Evaluator`: takes dense scores, a block of users at a time."""

    def load(self, train: Any, test: Any, threads: int) -> None:
        from irspack import Evaluator
        from irspack.recommenders import IALSRecommender

        self.model = IALSRecommender(train, n_components=64, train_epochs=1, n_threads=threads).learn()
        self.evaluator = Evaluator(test, cutoff=10, masked_interactions=train, n_threads=threads, mb_size=1024)

    def evaluate(self) -> None:
        self.evaluator.get_scores(self.model, [10, 20])

    def of_lists(self, ids: Any, relevant: Any, k: int) -> dict[str, float]:
        from irspack import Evaluator

        scores = np.zeros(relevant.shape)
        np.put_along_axis(scores, ids, np.arange(ids.shape[1], 0, -1.0) + np.zeros_like(ids), axis=1)
        found = {}
        for name, least in (("", False), ("_min", True)):
            evaluator = Evaluator(relevant, cutoff=k, n_threads=1, recall_with_cutoff=least)
            values = evaluator.get_score_from_score_matrix(scores)
            found["recall" + name] = values["recall"]
        names = {"precision": "precision", "ndcg": "ndcg", "map": "map", "hit": "hit_rate", "gini_index": "gini"}
        return {
            **found,
            **{ours: values[theirs] for theirs, ours in names.items()},
            "coverage": values["appeared_item"] / relevant.shape[1],
        }


class Implicit:
    """`ranking_metrics_at_k`: asks the model for lists, and gives means alone."""

    def load(self, train: Any, test: Any, threads: int) -> None:
        from implicit.als import AlternatingLeastSquares

        self.threads, self.train, self.test = threads, train, test
        self.model = AlternatingLeastSquares(factors=64, iterations=1, num_threads=threads, use_gpu=False)
        self.model.fit(train, show_progress=False)

    def evaluate(self) -> None:
        from implicit.evaluation import ranking_metrics_at_k

        ranking_metrics_at_k(self.model, self.train, self.test, K=10, show_progress=False, num_threads=self.threads)

    def of_lists(self, ids: Any, relevant: Any, k: int) -> dict[str, float]:
        from implicit.evaluation import ranking_metrics_at_k

        class Lists:
            def recommend(self, users: Any, rows: Any, N: int) -> tuple[Any, Any]:
                return ids[users, :N].astype(np.int32), None

        nothing = sparse.csr_matrix(relevant.shape)
        found = ranking_metrics_at_k(Lists(), nothing, relevant, K=k, show_progress=False, num_threads=1)
        return {name: float(found[name]) for name in ("precision", "map", "ndcg", "auc")}


class Ranx:
    """`evaluate` of ready lists: a Run and Qrels, made beforehand."""

    METRICS = ("ndcg@10", "recall@20", "precision@10", "map@10")

    def load(self, ids: Any, relevant: Any, _: int) -> None:
        self.qrels, self.run = self._made(ids, relevant)
        self.evaluate()  # compiles

    @staticmethod
    def _made(ids: Any, relevant: Any) -> tuple[Any, Any]:
        from ranx import Qrels, Run

        wanted = {
            str(u): dict.fromkeys(map(str, relevant.indices[a:b].tolist()), 1)
            for u, (a, b) in enumerate(zip(relevant.indptr[:-1].tolist(), relevant.indptr[1:].tolist(), strict=True))
            if b > a
        }
        listed = {str(u): {str(i): float(-p) for p, i in enumerate(row)} for u, row in enumerate(ids.tolist())}
        return Qrels(wanted), Run({user: listed[user] for user in wanted})

    def evaluate(self) -> None:
        from ranx import evaluate

        evaluate(self.qrels, self.run, list(self.METRICS), make_comparable=False)

    def of_lists(self, ids: Any, relevant: Any, k: int) -> dict[str, float]:
        from ranx import evaluate

        names = ("precision", "recall", "f1", "ndcg", "map", "hit_rate", "mrr")
        found = evaluate(*self._made(ids, relevant), [f"{name}@{k}" for name in names])
        return {name: float(found[f"{name}@{k}"]) for name in names}


PEERS: dict[str, Callable[[], Any]] = {"irspack": Irspack, "implicit": Implicit, "ranx": Ranx}


def read(path: str) -> tuple[Any, Any]:
    """What the parent has written: a matrix or lists, and a matrix of what is relevant."""
    with np.load(path) as file:
        shape = tuple(file["shape"])
        relevant = sparse.csr_matrix((file["data"], file["indices"], file["indptr"]), shape=shape)
        if "ids" in file:
            return file["ids"], relevant
        train = (file["train_data"], file["train_indices"], file["train_indptr"])
        return sparse.csr_matrix(train, shape=shape), relevant


def main() -> None:
    try:
        __import__(sys.argv[1])
    except ImportError as error:
        reason = str(error)
        serve(lambda request: (_ for _ in ()).throw(Missing(f"not installed: {reason}")))
        return
    peer = PEERS[sys.argv[1]]()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "of_lists":
            return {str(k): peer.of_lists(*read(request["path"]), k) for k in request["k"]}
        if request["do"] == "load":
            peer.load(*read(request["path"]), request["threads"])
            return {}
        start = time.perf_counter()
        peer.evaluate()
        return {"seconds": time.perf_counter() - start}

    serve(answer)


if __name__ == "__main__":
    main()
