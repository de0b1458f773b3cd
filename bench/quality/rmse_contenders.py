"""Libraries that `bench.quality.rmse` compares: how each is given ratings, and the hyperparameters that are tried.

All minimise squares of the rating less (mean + user bias + item bias + u · v), with penalties; ids are positions in
the whole data. An adapter leaves the clipping to `bench.quality.rmse`, which does it for all alike, and users and items
without a training rating to the library: all three predict the mean and whatever bias is known.
"""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse

from bench.harness import contender

__all__ = ["CONTENDERS", "Contender", "Grid", "Params", "Ratings"]

Params = dict[str, Any]
Grid = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Ratings:
    """Parallel arrays of positions and ratings, and the size of the whole data, of which these may be a part."""

    users: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: npt.NDArray[np.int64]) -> Ratings:
        return Ratings(self.users[rows], self.items[rows], self.values[rows], self.shape)


class Contender(contender.Contender):
    """One library. `prepare` and `predict` are not timed, `fit` is: from the library's own kind of data to a model."""

    #: What is imported.
    module: str
    #: Values tried for each parameter in turn, in ascending order, and the ones to begin with.
    grid: ClassVar[Grid]
    start: ClassVar[Params]

    def missing(self) -> str | None:
        """Why it cannot run here, if it cannot: a library that is there may still fail to load."""
        try:
            importlib.import_module(self.module)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None

    @abstractmethod
    def prepare(self, train: Ratings) -> Any:
        """The ratings as the library takes them."""

    @abstractmethod
    def fit(self, data: Any, params: Params, seed: int, threads: int) -> Any:
        """A fitted model."""

    @abstractmethod
    def predict(self, model: Any, pairs: Ratings) -> npt.NDArray[np.floating[Any]]:
        """Predicted ratings of the pairs, whose own ratings are not looked at."""


#: (exponent of a row's number of ratings, lambda) for each of the exponents: their best lambdas lie far apart.
PENALTIES = [
    *((0.0, strength) for strength in (4.0, 6.0, 8.0, 10.0, 12.0, 16.0)),
    *((0.5, strength) for strength in (0.6, 0.8, 1.0, 1.2, 1.4, 2.0)),
    *((1.0, strength) for strength in (0.03, 0.05, 0.07, 0.1, 0.14, 0.2)),
]
FACTORS = (8, 16, 32, 64, 128)
ITERATIONS = (5, 10, 15, 20, 30)


class Coals(Contender):
    """`ExplicitALS` with joint biases.

    `balance` s gives users lambda s and items lambda / s. That leaves the penalty of factors as it is but for their
    scale, so it moves strength between user and item biases, whose lambda is that of the factors.
    """

    package = module = "coals"
    grid: ClassVar[Grid] = {
        "penalty": PENALTIES,
        "factors": FACTORS,
        "balance": (0.35, 0.5, 0.7, 1.0, 1.4, 2.0),
        "iterations": ITERATIONS,
    }
    start: ClassVar[Params] = {"penalty": (0.0, 6.0), "factors": 16, "balance": 1.0, "iterations": 15}

    def prepare(self, train: Ratings) -> Any:
        return scipy.sparse.csr_array((train.values, (train.users, train.items)), shape=train.shape)

    def fit(self, data: Any, params: Params, seed: int, threads: int) -> Any:
        import coals

        exponent, strength = params["penalty"]
        model = coals.ExplicitALS(
            factors=params["factors"],
            regularization=(strength * params["balance"], strength / params["balance"]),
            regularization_exponent=exponent,
            iterations=params["iterations"],
            random_state=seed,
            num_threads=threads,
        )
        return model.fit(data, progress=False)

    def predict(self, model: Any, pairs: Ratings) -> npt.NDArray[np.floating[Any]]:
        predicted: npt.NDArray[np.floating[Any]] = model.predict(pairs.users, pairs.items)
        return predicted


class Surprise(Contender):
    """`SVD` of scikit-surprise: stochastic gradient descent on one thread, from small factors."""

    package = "scikit-surprise"
    module = "surprise"
    grid: ClassVar[Grid] = {
        "reg_all": (0.02, 0.05, 0.1, 0.15),
        "lr_all": (0.005, 0.01),
        "n_epochs": (20, 40, 80, 160),
        "n_factors": (20, 50, 100),
    }
    start: ClassVar[Params] = {"reg_all": 0.05, "lr_all": 0.005, "n_epochs": 20, "n_factors": 50}

    def prepare(self, train: Ratings) -> Any:
        import surprise

        scale = float(train.values.min()), float(train.values.max())
        triples = zip(train.users.tolist(), train.items.tolist(), train.values.tolist(), strict=True)
        dataset = surprise.Dataset(surprise.Reader(rating_scale=scale))
        return dataset.construct_trainset([(*triple, None) for triple in triples])

    def fit(self, data: Any, params: Params, seed: int, threads: int) -> Any:
        import surprise

        return surprise.SVD(**params, random_state=seed).fit(data)

    def predict(self, model: Any, pairs: Ratings) -> npt.NDArray[np.floating[Any]]:
        ids = zip(pairs.users.tolist(), pairs.items.tolist(), strict=True)
        return np.array([model.predict(user, item, clip=False).est for user, item in ids])


class Cmfrec(Contender):
    """`CMF` of cmfrec: ALS with mean and biases. `scale_lam` is coals' exponent, 0 or 1.

    It takes a lambda for each matrix; tried are one for both factors, and `bias` times it for both biases. Rows are
    solved as by default, by conjugate gradients with Cholesky at the end: Cholesky throughout takes five times as long.
    It is given a data frame, with which it knows who has no rating: a sparse matrix would leave their start in place.
    """

    package = module = "cmfrec"
    grid: ClassVar[Grid] = {
        "penalty": [pair for pair in PENALTIES if pair[0] != 0.5],
        "k": FACTORS,
        "bias": (0.12, 0.25, 0.5, 0.7, 1.0, 2.0),
        "niter": ITERATIONS,
    }
    start: ClassVar[Params] = {"penalty": (0.0, 6.0), "k": 16, "bias": 1.0, "niter": 15}

    def prepare(self, train: Ratings) -> Any:
        import pandas

        return pandas.DataFrame({"UserId": train.users, "ItemId": train.items, "Rating": train.values})

    def fit(self, data: Any, params: Params, seed: int, threads: int) -> Any:
        import cmfrec

        exponent, strength = params["penalty"]
        model = cmfrec.CMF(
            k=params["k"],
            lambda_=np.array([strength * params["bias"]] * 2 + [strength] * 4),
            scale_lam=bool(exponent),
            niter=params["niter"],
            precompute_for_predictions=False,
            random_state=seed,
            nthreads=threads,
            verbose=False,
        )
        return model.fit(data)

    def predict(self, model: Any, pairs: Ratings) -> npt.NDArray[np.floating[Any]]:
        predicted: npt.NDArray[np.floating[Any]] = model.predict(pairs.users, pairs.items)
        return predicted


CONTENDERS: dict[str, Contender] = {"coals": Coals(), "surprise": Surprise(), "cmfrec": Cmfrec()}
