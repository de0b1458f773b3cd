"""What is fitted, by task and library: a function of the matrix (float32, values 1 .. 5) that returns seconds.

Intake that a library does once for every epoch is left out where it can be; data are converted beforehand.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["CONTENDERS", "surprise_trainset"]

FACTORS = 64
EPOCHS = 3


def clocked(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def epochs(fit: Callable[[int], Any]) -> float:
    """Seconds of an epoch: of a fit of several less one of a single one."""
    once = clocked(lambda: fit(1))
    return (clocked(lambda: fit(1 + EPOCHS)) - once) / EPOCHS


def coals_svd(matrix: Any) -> float:
    import coals

    return clocked(lambda: coals.SVD(factors=FACTORS, random_state=0).fit(matrix))


def coals_svd_rough(matrix: Any) -> float:
    """Few directions, as scikit-learn's five iterations take them."""
    import coals

    return clocked(lambda: coals.SVD(factors=FACTORS, power_iterations=3, tolerance=0, random_state=0).fit(matrix))


def scipy_svds(matrix: Any) -> float:
    import scipy.sparse.linalg

    return clocked(lambda: scipy.sparse.linalg.svds(matrix, k=FACTORS))


def sklearn_svd(matrix: Any) -> float:
    from sklearn.decomposition import TruncatedSVD

    return clocked(lambda: TruncatedSVD(FACTORS, random_state=0).fit(matrix))


def irspack_svd(matrix: Any) -> float:
    from irspack.recommenders import TruncatedSVDRecommender

    return clocked(lambda: TruncatedSVDRecommender(matrix, n_components=FACTORS).learn())


def coals_ease(matrix: Any) -> float:
    import coals

    return clocked(lambda: coals.EASE(regularization=200.0).fit(matrix))


def numpy_ease(matrix: Any) -> float:
    """The dense formula, in float32, with as few copies as NumPy allows."""
    ones = matrix.copy()
    ones.data[:] = 1

    def fit() -> Any:
        gram = (ones.T @ ones).toarray()
        gram[np.diag_indices_from(gram)] += 200
        inverse = np.linalg.inv(gram)
        inverse /= -np.diag(inverse).copy()
        np.fill_diagonal(inverse, 0)
        return inverse

    return clocked(fit)


def numpy_inverse(matrix: Any) -> float:
    """`inv` alone, of the Gram matrix that the formula inverts."""
    ones = matrix.copy()
    ones.data[:] = 1
    gram = (ones.T @ ones).toarray()
    gram[np.diag_indices_from(gram)] += 200
    return clocked(lambda: np.linalg.inv(gram))


def irspack_ease(matrix: Any) -> float:
    from irspack.recommenders import DenseSLIMRecommender

    return clocked(lambda: DenseSLIMRecommender(matrix, reg=200.0).learn())


def coals_rp3beta(matrix: Any) -> float:
    import coals

    return clocked(lambda: coals.RP3beta(neighbors=100).fit(matrix))


def irspack_rp3beta(matrix: Any) -> float:
    from irspack.recommenders import RP3betaRecommender

    return clocked(lambda: RP3betaRecommender(matrix, beta=0.4, top_k=100).learn())


def coals_bpr(matrix: Any) -> float:
    import coals

    return epochs(lambda n: coals.BPR(factors=FACTORS, iterations=n, random_state=0).fit(matrix, progress=False))


def implicit_bpr(matrix: Any) -> float:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    def fit(n: int) -> None:
        BayesianPersonalizedRanking(factors=FACTORS, iterations=n, random_state=0).fit(matrix, show_progress=False)

    return epochs(fit)


def coals_sgd(matrix: Any) -> float:
    import coals

    def fit(n: int) -> None:
        coals.SGDFactorization(factors=FACTORS, iterations=n, random_state=0).fit(matrix, progress=False)

    return epochs(fit)


def surprise_trainset(matrix: Any, scale: tuple[float, float]) -> Any:
    """What Surprise fits to; its messages are kept quiet."""
    import surprise

    entries = matrix.tocoo()
    triples = zip(entries.row.tolist(), entries.col.tolist(), entries.data.tolist(), strict=True)
    with contextlib.redirect_stdout(io.StringIO()):
        data = surprise.Dataset(surprise.Reader(rating_scale=scale))
        return data.construct_trainset([(u, i, r, None) for u, i, r in triples])


def surprise_sgd(matrix: Any) -> float:
    import surprise

    train = surprise_trainset(matrix, (1, 5))
    return epochs(lambda n: surprise.SVD(n_factors=FACTORS, n_epochs=n, random_state=0).fit(train))


def torch_sgd(matrix: Any, batch: int = 1024) -> float:
    """A loop as tutorials have it: embeddings, Adagrad, batches; an epoch is worked out from its first 200 batches."""
    import torch

    entries = matrix.tocoo()
    order = np.random.default_rng(0).permutation(entries.nnz)
    users, items, ratings = (
        torch.from_numpy(np.asarray(array, dtype)[order])
        for array, dtype in ((entries.row, np.int64), (entries.col, np.int64), (entries.data, np.float32))
    )
    tables = [torch.nn.Embedding(size, width) for width in (FACTORS, 1) for size in matrix.shape]
    optimizer = torch.optim.Adagrad([p for table in tables for p in table.parameters()], lr=0.05)

    def step(part: slice) -> None:
        u, i = users[part], items[part]
        score = (tables[0](u) * tables[1](i)).sum(1) + tables[2](u)[:, 0] + tables[3](i)[:, 0] + 3.0
        optimizer.zero_grad()
        ((ratings[part] - score) ** 2).mean().backward()
        optimizer.step()

    batches = -(-entries.nnz // batch)
    measured = min(200, batches)
    starts = [k * batch for k in range(measured)]
    seconds = clocked(lambda: [step(slice(start, start + batch)) for start in starts])
    return seconds * batches / measured


#: Task -> contenders, coals first.
CONTENDERS: dict[str, dict[str, Callable[[Any], float]]] = {
    "svd": {"coals": coals_svd, "scipy svds": scipy_svds, "irspack": irspack_svd},
    "svd-rough": {"coals": coals_svd_rough, "sklearn": sklearn_svd},
    "ease": {"coals": coals_ease, "numpy": numpy_ease, "numpy inv": numpy_inverse, "irspack": irspack_ease},
    "rp3beta": {"coals": coals_rp3beta, "irspack": irspack_rp3beta},
    "bpr": {"coals": coals_bpr, "implicit": implicit_bpr},
    "sgd": {"coals": coals_sgd, "surprise": surprise_sgd, "torch": torch_sgd},
}
