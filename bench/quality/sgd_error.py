"""`python -m bench.quality.sgd_error --ratings FILE`: validation error of SGDFactorization and of a PyTorch loop.

Both have K = 64, biases, Adagrad at 0.05 and the same penalty on what a step touches; coals steps on one rating at a
time, the loop on the mean of a batch of 1024, with sparse gradients.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import coals
from bench.harness.data import interactions

FACTORS, RATE, PENALTY, BATCH = 64, 0.05, 0.05, 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=Path, required=True, help="ratings.csv.gz of goodbooks")
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    data = coals.Interactions.from_matrix(interactions("goodbooks", arguments.ratings))
    train, test = coals.split.random(data, test_fraction=0.1, random_state=0)
    held_out = test.matrix.tocoo()
    ours = of_coals(train, held_out, arguments.epochs)
    theirs = of_torch(train.matrix.tocoo(), held_out, arguments.epochs)
    print("epoch  coals RMSE  seconds  torch RMSE  seconds")
    for epoch, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        print(f"{epoch:>5}  {a[0]:>10.4f}  {a[1]:>7.3f}  {b[0]:>10.4f}  {b[1]:>7.3f}")


def of_coals(train: Any, held_out: Any, epochs: int) -> list[tuple[float, float]]:
    """(RMSE, seconds so far) of each epoch."""
    found: list[tuple[float, float]] = []

    def note(sweep: Any) -> None:
        off = sweep.model.predict_indices(held_out.row, held_out.col) - held_out.data
        found.append((float(np.sqrt(np.mean(off**2))), sweep.solve_seconds))

    model = coals.SGDFactorization(
        factors=FACTORS, learning_rate=RATE, regularization=PENALTY, iterations=epochs, random_state=0
    )
    model.fit(train, callback=note, progress=False)
    return found


def of_torch(entries: Any, held_out: Any, epochs: int) -> list[tuple[float, float]]:
    import torch

    torch.manual_seed(0)
    users, items = (torch.from_numpy(place.astype(np.int64)) for place in (entries.row, entries.col))
    ratings, mean = torch.from_numpy(entries.data.astype(np.float32)), float(entries.data.mean())
    tables = [torch.nn.Embedding(size, width, sparse=True) for width in (FACTORS, 1) for size in entries.shape]
    for k, table in enumerate(tables):
        torch.nn.init.normal_(table.weight, std=0.1 if k < 2 else 0.0)
    optimizer = torch.optim.Adagrad([p for table in tables for p in table.parameters()], lr=RATE)

    def parts(u: Any, i: Any) -> tuple[list[Any], Any]:
        rows = [table(place) for table, place in zip(tables, (u, i, u, i), strict=True)]
        return rows, mean + (rows[0] * rows[1]).sum(1) + rows[2][:, 0] + rows[3][:, 0]

    found, spent = [], 0.0
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(len(ratings))
        for at in order.split(BATCH):
            rows, score = parts(users[at], items[at])
            penalty = sum((row**2).sum() for row in rows)
            optimizer.zero_grad()
            (0.5 * ((ratings[at] - score) ** 2).sum() + 0.5 * PENALTY * penalty).backward()
            optimizer.step()
        spent += time.perf_counter() - start
        with torch.no_grad():
            places = (torch.from_numpy(place.astype(np.int64)) for place in (held_out.row, held_out.col))
            off = parts(*places)[1].numpy() - held_out.data
        found.append((float(np.sqrt(np.mean(off**2))), spent))
    return found


if __name__ == "__main__":
    main()
