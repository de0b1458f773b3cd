"""What every contender is given: data, hyperparameters and a start; and the objective it is judged by."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["OBJECTIVES", "Factors", "Objective", "Problem"]

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Objective:
    """The function that a contender minimises, in the words of coals.

    `kind` is "hkv" or "ials" (see `coals.ImplicitALS`) or "explicit" (see `coals.ExplicitALS`). `bias_penalty` False
    means that biases are given and not learned, so that only factors are penalised.
    """

    kind: str
    regularization: float
    exponent: float = 0.0
    alpha: float = 1.0
    unobserved_weight: float = 1.0
    bias_penalty: bool = True


#: Weights that leave the solution away from zero and from interpolation on the generated ratings 1..5.
OBJECTIVES = {
    "hkv": Objective("hkv", regularization=5.0),
    "ials": Objective("ials", regularization=0.003, exponent=1.0, unobserved_weight=0.1),
    "explicit": Objective("explicit", regularization=5.0),
}


@dataclass(frozen=True)
class Problem:
    """One row of work: a matrix on disk, the length of the factors, an objective, threads and a seed."""

    matrix: str
    users: int
    items: int
    entries: int
    factors: int
    objective: Objective
    threads: int = 2
    seed: int = 1

    @classmethod
    def of(cls, matrix: Any, path: Path, factors: int, objective: Objective, threads: int = 2) -> Problem:
        """With the sizes of `matrix`, which was saved at `path`."""
        users, items = matrix.shape
        return cls(str(path), users, items, matrix.nnz, factors, objective, threads)

    def start(self) -> tuple[Float32, Float32]:
        """User and item factors to start from: normal with variance 1/K, the same in every process."""
        random = np.random.default_rng(self.seed)
        scale = np.float32(self.factors**-0.5)
        return tuple(  # type: ignore[return-value]
            random.standard_normal((rows, self.factors), dtype=np.float32) * scale for rows in (self.users, self.items)
        )

    def per_entry_regularization(self) -> float:
        """For peers whose penalty grows with a row's entries: the same penalty as here for a row of mean size."""
        return self.objective.regularization * (self.users + self.items) / (2 * self.entries)

    def transposed(self, matrix: str) -> Problem:
        return replace(self, matrix=matrix, users=self.items, items=self.users)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Problem:
        return cls(**{**fields, "objective": Objective(**fields["objective"])})


@dataclass
class Factors:
    """What a contender arrived at. Biases and mean are those of explicit models."""

    users: npt.NDArray[Any]
    items: npt.NDArray[Any]
    user_bias: npt.NDArray[Any] | None = None
    item_bias: npt.NDArray[Any] | None = None
    mean: float = 0.0

    def save(self, path: Path) -> None:
        arrays = {name: value for name, value in vars(self).items() if value is not None}
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Factors:
        with np.load(path) as arrays:
            fields = {name: arrays[name] for name in arrays.files}
        return cls(**{**fields, "mean": float(fields["mean"])})

    def transposed(self) -> Factors:
        return Factors(self.items, self.users, self.item_bias, self.user_bias, self.mean)
