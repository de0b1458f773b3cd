"""Squared errors of neural models of ratings, and of ALS: `python -m bench.quality.neural_ratings --ratings FILE`.

A random fifth of the ratings is held out for each seed. Parameters were chosen on a tenth of what seed 0 trains on,
those of ALS by `bench.quality.rmse`, so that test ratings of the other seeds had a part in the choice.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import coals
from coals import neural
from coals._util.text_table import aligned

__all__ = ["MODELS", "measured"]

#: Model -> class and parameters.
MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "ExplicitALS": (
        coals.ExplicitALS,
        {"factors": 64, "regularization": 1.2, "regularization_exponent": 0.5, "iterations": 10},
    ),
    "AutoRec": (neural.AutoRec, {"factors": 50, "weight_decay": 4.0, "device": "cpu"}),
    "EmbeddingDotBias": (neural.EmbeddingDotBias, {"factors": 16, "weight_decay": 1.0, "device": "cpu"}),
    "EmbeddingDot": (neural.EmbeddingDot, {"factors": 16, "weight_decay": 0.1, "device": "cpu"}),
    "CFNADE": (neural.CFNADE, {"device": "cpu"}),
    "CFNADE by users": (
        neural.CFNADE,
        {"based_on": "users", "batch_size": 16, "device": "cpu"},
    ),
    "EmbeddingNet": (neural.EmbeddingNet, {"factors": 16, "layers": [32], "device": "cpu"}),
}  # fmt: skip


def measured(model: Any, train: Any, test: Any) -> dict[str, float]:
    """MSE on the test ratings, kept within the range of the others; CPU seconds of the fit and its epochs."""
    cpu = time.process_time()
    model.fit(train, progress=False)
    seconds = time.process_time() - cpu
    users = np.repeat(np.arange(test.n_users), np.diff(test.matrix.indptr))
    predicted = np.clip(model.predict_indices(users, test.matrix.indices.astype(np.int64)), *model.rating_range_)
    error = float(np.mean((predicted - test.matrix.data) ** 2))
    return {"mse": error, "seconds": seconds, "epochs": getattr(model, "best_epoch_", len(model.objective_))}


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings", type=Path, required=True, help="ml-latest-small/ratings.csv.gz")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(given)
    data = coals.Interactions.from_csv(arguments.ratings, user="userId", item="movieId", value="rating")
    rows = []
    for name in arguments.models:
        found = []
        for seed in arguments.seeds:
            train, test = coals.split.random(data, test_fraction=0.2, random_state=seed)
            cls, parameters = MODELS[name]
            model = cls(**parameters, random_state=seed, num_threads=arguments.threads)
            found.append(measured(model, train, test))
            print(f"{name}, seed {seed}: {found[-1]}", flush=True)
        errors = np.array([each["mse"] for each in found])
        means = [float(np.mean([each[what] for each in found])) for what in ("epochs", "seconds")]
        listed = " ".join(f"{error:.4f}" for error in errors)
        rows.append(
            [name, f"{errors.mean():.4f}", f"{np.sqrt(errors.mean()):.4f}", listed, *(f"{m:.0f}" for m in means)]
        )
    print("\n".join(aligned([["model", "MSE", "RMSE", "by seed", "epochs", "CPU s"], *rows], rule=True)))


if __name__ == "__main__":
    main()
