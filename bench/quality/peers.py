"""`python -m bench.quality.peers --data-dir DIR`: models of other libraries under the protocol of `bench.quality`.

Each is searched with as many draws as the lines of its table that it stands beside. Run it by an interpreter that has
coals and the libraries; one that is missing gets a line that says so.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.quality import protocol
from bench.quality.__main__ import DATA
from bench.suites.models.contenders import surprise_trainset
from coals.ranking.recommendations import TopN

FACTORS = [16, 32, 64, 128]
ROWS = 500  # users whose scores are written out at a time


class Peer:
    """A fitted model as `coals.evaluate` asks it: by scores of all items, for a few users at a time."""

    predicts_ratings = False

    def __init__(self, fit: Callable[..., Callable[[Any], Any]], **parameters: Any) -> None:
        self._fit, self._parameters = fit, parameters

    def fit(self, train: Any, progress: bool = False) -> None:
        self._seen = train.matrix.tocsr()
        self.n_users_, self.n_items_ = train.shape
        self.user_index_, self.item_index_ = train.users, train.items
        self._scores = self._fit(self._seen, **self._parameters)

    def recommend_indices(self, users: Any, n: int, exclude_seen: bool = True) -> TopN:
        assert exclude_seen
        ids = np.empty((len(users), n), np.int64)
        for start in range(0, len(users), ROWS):
            rows = users[start : start + ROWS]
            scores = np.array(self._scores(rows), np.float64)
            scores[self._seen[rows].nonzero()] = -np.inf
            ids[start : start + ROWS] = np.argsort(-scores, axis=1, kind="stable")[:, :n]
        return TopN(ids, np.zeros(ids.shape), np.full(len(users), n))


class RatingPeer(Peer):
    """One whose scores are ratings."""

    predicts_ratings = True

    def predict_indices(self, users: Any, items: Any) -> Any:
        found = np.empty(len(users))
        for start in range(0, len(users), ROWS):
            part = slice(start, start + ROWS)
            rows, place = np.unique(users[part], return_inverse=True)
            found[part] = self._scores(rows)[place, items[part]]
        return found


def binary(matrix: Any) -> Any:
    ones = matrix.copy().astype(np.float64)
    ones.data[:] = 1
    return ones


def sklearn_svd(matrix: Any, factors: int) -> Any:
    from sklearn.decomposition import TruncatedSVD

    ones = binary(matrix)
    items = TruncatedSVD(factors, random_state=0).fit(ones).components_
    return lambda rows: (ones[rows] @ items.T) @ items


def of_irspack(name: str) -> Any:
    def fit(matrix: Any, **parameters: Any) -> Any:
        import irspack

        model = getattr(irspack, name)(binary(matrix), **parameters).learn()
        return lambda rows: model.get_score(np.asarray(rows))

    return fit


def of_implicit(name: str) -> Any:
    def fit(matrix: Any, **parameters: Any) -> Any:
        import implicit

        kind = {"BPR": implicit.bpr.BayesianPersonalizedRanking, "ALS": implicit.als.AlternatingLeastSquares}[name]
        model = kind(random_state=0, **parameters)
        model.fit(binary(matrix).astype(np.float32), show_progress=False)
        return lambda rows: model.user_factors[rows] @ model.item_factors.T

    return fit


def surprise_svd(matrix: Any, **parameters: Any) -> Any:
    import surprise

    scale = float(matrix.data.min()), float(matrix.data.max())
    train = surprise_trainset(matrix, scale)
    model = surprise.SVD(random_state=0, **parameters).fit(train)

    def inner(to_inner: Callable[[int], int], size: int) -> Any:
        """Surprise's numbers of rows and columns; its last one for those without ratings, whose numbers are 0."""
        found = np.full(size, -1)
        for raw in range(size):
            with contextlib.suppress(ValueError):
                found[raw] = to_inner(raw)
        return found

    def placed(table: Any, places: Any) -> Any:
        return np.concatenate([table, np.zeros_like(table[:1])])[places]

    users, items = (inner(to, n) for to, n in zip((train.to_inner_uid, train.to_inner_iid), matrix.shape, strict=True))
    p, b, q, c = (
        placed(*pair) for pair in ((model.pu, users), (model.bu, users), (model.qi, items), (model.bi, items))
    )
    return lambda rows: np.clip(train.global_mean + b[rows, None] + c + p[rows] @ q.T, *scale)


class Line(NamedTuple):
    """What stands beside a model of coals, and what a search draws from."""

    fit: Any
    space: dict[str, list[Any]]
    rates: bool = False


LINES = {
    "EASE, irspack": Line(of_irspack("DenseSLIMRecommender"), {"reg": [10.0, 30.0, 100.0, 300.0, 1000.0]}),
    "SVD, irspack": Line(of_irspack("TruncatedSVDRecommender"), {"n_components": FACTORS}),
    "SVD, scikit-learn": Line(sklearn_svd, {"factors": FACTORS}),
    "RP3beta, irspack": Line(
        of_irspack("RP3betaRecommender"),
        {"alpha": [0.6, 0.8, 1.0, 1.2], "beta": [0.2, 0.4, 0.6, 0.8], "top_k": [50, 200]},
    ),
    "ImplicitALS, irspack": Line(
        of_irspack("IALSRecommender"),
        {"n_components": [32, 64, 128], "reg": [1e-3, 3e-3, 1e-2, 3e-2], "alpha0": [0.03, 0.1, 0.3, 1.0]},
    ),
    "ImplicitALS, implicit": Line(
        of_implicit("ALS"),
        {"factors": [32, 64, 128], "regularization": [1.0, 10.0, 30.0], "alpha": [1.0, 3.0, 10.0], "iterations": [15]},
    ),
    "BPR, implicit": Line(
        of_implicit("BPR"),
        {"factors": [32, 64, 128], "regularization": [0.003, 0.01, 0.03], "learning_rate": [0.01, 0.05],
         "iterations": [100, 200]},
    ),
    "SGDFactorization, Surprise": Line(
        surprise_svd,
        {"n_factors": [8, 32, 64], "reg_all": [0.02, 0.05, 0.1, 0.2], "lr_all": [0.005, 0.01],
         "n_epochs": [20, 40, 80]},
        True,
    ),
}  # fmt: skip


def searched(line: Line, train: Any, seed: int, trials: int) -> dict[str, Any]:
    """The best of a few draws by a fifth of the training part, which alone is looked at."""
    part, validation = protocol.halves(train, seed + 1)
    draw, kind = random.Random(seed), RatingPeer if line.rates else Peer
    best: tuple[float, dict[str, Any]] | None = None
    for _ in range(trials):
        parameters = {name: draw.choice(values) for name, values in line.space.items()}
        found = protocol.measured(kind(line.fit, **parameters), part, validation)
        value = -found["rmse"] if line.rates else found["ndcg@10"]
        if best is None or value > best[0]:
            best = value, parameters
    assert best is not None
    return best[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", choices=DATA, default=["goodbooks-sample", "ml-latest-small"])
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="holds goodbooks/ and ml-latest-small/")
    parser.add_argument("--models", nargs="+", choices=LINES, default=list(LINES))
    parser.add_argument("--trials", type=int, default=protocol.TRIALS)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.data:
        train, test = protocol.halves(DATA[name](arguments.data_dir), arguments.seed)
        lines: dict[str, Any] = {}
        for label in arguments.models:
            line = LINES[label]
            try:
                parameters = searched(line, train, arguments.seed, arguments.trials)
            except ImportError as error:
                print(f"{label}: missing, {error}", file=sys.stderr)
                continue
            peer = (RatingPeer if line.rates else Peer)(line.fit, **parameters)
            lines[label] = protocol.measured(peer, train, test)
            print(name, label, parameters, lines[label], file=sys.stderr, flush=True)
        print(f"\n{name}")
        print(protocol.table_text(lines), flush=True)


if __name__ == "__main__":
    main()
