"""Writes the files that later versions must still read: ``python -m golden`` in tests/python, once for each version.

With names of models it writes theirs alone. Files of a version that was released are never written again.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

import coals
from coals import neural

FOLDER = Path(__file__).parent / "version_1"

IDS: dict[str, list[Any]] = {
    "popularity": list(range(100, 112)),
    "item_cooccurrence": [f"user {i}" for i in range(12)],
    "item_knn": [uuid.UUID(int=i) for i in range(12)],
    "user_knn": [dt.datetime(2020, 1, 1 + i) for i in range(12)],
    "explicit_als": [(i, "x") for i in range(12)],
    "implicit_als": [f"user {i}".encode() for i in range(12)],
}
PLAIN = (
    "bpr", "content_knn", "ease", "glove", "graph_filter", "hybrid", "rp3beta", "sgd_factorization", "sparse_ease",
    "svd",
)  # fmt: skip
NEURAL = ("auto_rec", "cf_nade", "embedding_dot", "embedding_dot_bias", "embedding_net", "mult_dae", "mult_vae")
SMALL: dict[str, Any] = {"iterations": 4, "learning_rate": 0.05, "device": "cpu", "random_state": 0}
IDS |= {name: [f"user {i}" for i in range(12)] for name in PLAIN + NEURAL}
MODELS: dict[str, Any] = {
    "popularity": coals.Popularity(),
    "item_cooccurrence": coals.ItemCooccurrence(similarity="cosine"),
    "item_knn": coals.ItemKNN(similarity="pearson", scoring="rating", keep_counts=False),
    "user_knn": coals.UserKNN(neighbors=5, keep_counts=True),
    "explicit_als": coals.ExplicitALS(factors=3, regularization=(0.1, 0.2), iterations=4, random_state=0),
    "implicit_als": coals.ImplicitALS(factors=3, iterations=4, random_state=np.random.default_rng(0)),
    "bpr": coals.BPR(factors=3, iterations=4, random_state=0),
    "content_knn": coals.ContentKNN(neighbors=4),
    "ease": coals.EASE(regularization=3),
    "glove": coals.GloVe(factors=3, iterations=4, random_state=0),
    "graph_filter": coals.GraphFilter(factors=2, neighbors=4, random_state=0),
    "hybrid": coals.Hybrid(models={"popular": coals.Popularity(), "ease": coals.EASE(regularization=3)}),
    "rp3beta": coals.RP3beta(weighted=True),
    "sparse_ease": coals.SparseEASE(neighbors=4),
    "sgd_factorization": coals.SGDFactorization(factors=3, iterations=4, random_state=0),
    "svd": coals.SVD(factors=3, center="user", random_state=0),
    "auto_rec": neural.AutoRec(factors=3, **SMALL),
    "cf_nade": neural.CFNADE(layers=[4, 3], factors=2, **SMALL),
    "embedding_dot": neural.EmbeddingDot(factors=3, **SMALL),
    "embedding_dot_bias": neural.EmbeddingDotBias(factors=3, sigmoid_range="data", **SMALL),
    "embedding_net": neural.EmbeddingNet(factors=3, layers=[4], **SMALL),
    "mult_dae": neural.MultDAE(layers=[3], **SMALL),
    "mult_vae": neural.MultVAE(layers=[4, 3], **SMALL),
}


def told(model: Any) -> dict[str, Any]:
    """What a later version must say too."""
    found = model.recommend_indices(np.arange(12), 4)
    return {
        "parameters": repr({k: v for k, v in model.get_params().items() if k != "random_state"}),
        "ids": found.ids.tolist(),
        "scores": np.nan_to_num(found.scores, nan=-1.0).tolist(),
        "users": repr(model.user_index_.ids.tolist()),
        "titles": model.item_titles_.tolist(),
    }


def main() -> None:
    rng = np.random.default_rng(7)
    dense = rng.integers(1, 6, (12, 8)) * (rng.random((12, 8)) < 0.5)
    wanted = sys.argv[1:] or list(MODELS)
    path = FOLDER / "answers.json"
    answers = json.loads(path.read_text(encoding="utf-8")) if sys.argv[1:] else {}
    for name in wanted:
        model = MODELS[name]
        extra = {"item_features": sp.csr_array(rng.random((8, 2)))} if name == "implicit_als" else {}
        data = coals.Interactions.from_matrix(
            sp.csr_array(dense.astype(float)), user_ids=IDS[name], item_titles=[f"Title {j} – ü" for j in range(8)]
        )
        model.fit(data, **extra).save(FOLDER / f"{name}.coals")
        answers[name] = told(model)
    path.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
