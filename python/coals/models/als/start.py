"""Where ALS starts from: random numbers, the caller's arrays, or what an earlier fit has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_random_state
from coals._util.limits import LARGEST
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions
from coals.data.native import blocks

__all__ = ["Start", "grown_start", "previous_start", "random_factors", "start_of"]

Array = npt.NDArray[Any]


@dataclass
class Start:
    """Factors and biases of users and items (in this order), their ids, and feature weights where there are any."""

    factors: list[Array]
    biases: list[Array]
    ids: tuple[IdIndex, IdIndex]
    feature_weights: list[Array | None] = field(default_factory=lambda: [None, None])


def start_of(model: Any, ids: tuple[IdIndex, IdIndex], previous: Start | None = None) -> Start:
    """What a fit of `model` to users and items with these ids starts from."""
    shapes = [(len(index), model.factors) for index in ids]
    biases = [np.zeros(len(index), model.dtype) for index in ids]
    if model.init is None:
        generator = check_random_state(model.random_state)
        factors = [random_factors(generator, shape, model.dtype, model.nonnegative) for shape in shapes]
    else:
        given = _checked_init(model, shapes)
        factors = given[:2]
        biases = given[2:] or biases
    start = Start(factors, biases, ids)
    if previous is not None:
        _take_over(start, previous)
    return start


def random_factors(generator: Any, shape: tuple[int, int], dtype: str, nonnegative: bool) -> Array:
    """Normal with variance 1/K: the numbers of one big draw, without its float64 array."""
    out = np.empty(shape, dtype)
    scale = 1 / np.sqrt(shape[1])
    for rows in blocks(*shape):
        draw = scale * generator.standard_normal((rows.stop - rows.start, shape[1]))
        out[rows] = np.abs(draw) if nonnegative else draw
    return out


def _checked_init(model: Any, shapes: list[tuple[int, int]]) -> list[Array]:
    if not isinstance(model.init, (tuple, list)):
        raise TypeError(f"init must be a tuple of arrays, got {type(model.init).__name__}")
    has_biases = hasattr(model, "biases")
    wanted: list[tuple[int, ...]] = [*shapes, *((shape[0],) for shape in shapes if has_biases)]
    given = list(model.init)
    if len(given) not in (2, len(wanted)):
        raise ValueError(
            "init must be (user_factors, item_factors)"
            + (", or these and (user_bias, item_bias)" if has_biases else "")
            + f", got {len(given)} arrays"
        )
    arrays = [_checked_array(array, shape, model.dtype) for array, shape in zip(given, wanted, strict=False)]
    if any(bias.any() for bias in arrays[2:]) and not model.biases:
        raise ValueError("init holds biases, but biases=False: leave them out")
    if not arrays[1].any():
        raise ValueError(
            "init holds nothing but zeros for the item factors, and a fit would keep them: use coals.core_start"
        )
    for side, array in zip(("user", "item"), arrays[:2], strict=True):
        if model.nonnegative and array.min() < 0:
            row, column = np.argwhere(array < 0)[0].tolist()
            raise ValueError(
                f"init holds {array[row, column]} in row {row}, column {column} of the {side} factors, but "
                "nonnegative=True: make it 0 or more"
            )
    return arrays


def _checked_array(array: Any, shape: tuple[int, ...], dtype: str) -> Array:
    given = np.asarray(array)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"init must hold arrays of real numbers, got dtype {given.dtype}")
    if given.shape != shape:
        raise ValueError(f"init must hold an array of shape {shape}, got shape {given.shape}")
    if not (np.abs(given) < LARGEST).all():
        raise ValueError(f"init holds NaN, infinity or huge numbers in the array of shape {shape}")
    return np.array(given, dtype=dtype, order="C")


def previous_start(model: Any) -> Start | None:
    """What a fitted model with `warm_start` hands to its next fit."""
    if not model.warm_start or not hasattr(model, "n_items_"):
        return None
    factors = [model.user_factors_, model.item_factors_]
    if factors[0].shape[1] != model.factors or factors[0].dtype != model.dtype:
        raise ValueError(
            f"warm_start=True needs the factors and dtype of the earlier fit, {factors[0].shape[1]} and "
            f"{factors[0].dtype.name}, got {model.factors} and {model.dtype}: set them back, or set warm_start=False"
        )
    if model.nonnegative and min(array.min() for array in factors) < 0:
        raise ValueError("warm_start=True, but the earlier fit was not nonnegative: set warm_start=False")
    biases = [model.user_bias_, model.item_bias_] if getattr(model, "biases", False) else []
    weights = [model.user_feature_weights_, model.item_feature_weights_]
    return Start(factors, biases, (model.user_index_, model.item_index_), weights)


def _take_over(start: Start, previous: Start) -> None:
    """Copies the rows with the same id."""
    start.feature_weights = previous.feature_weights
    for side in (0, 1):
        known = previous.ids[side].find_all(start.ids[side])
        rows = np.flatnonzero(known >= 0)
        start.factors[side][rows] = previous.factors[side][known[rows]]
        if previous.biases:
            start.biases[side][rows] = previous.biases[side][known[rows]]


def grown_start(model: Any, data: Interactions) -> Start:
    """The model's factors and biases in arrays for all of `data`, with new rows as `fit` would start them."""
    generator = check_random_state(model.random_state)
    factors, biases = [], []
    for name, size in (("user", data.n_users), ("item", data.n_items)):
        old = getattr(model, f"{name}_factors_")
        more = random_factors(generator, (size - len(old), old.shape[1]), old.dtype.name, model.nonnegative)
        factors.append(np.concatenate([old, more]))
        bias = getattr(model, f"{name}_bias_", np.zeros(len(old), old.dtype))
        biases.append(np.concatenate([bias, np.zeros(len(more), old.dtype)]))
    weights = [model.user_feature_weights_, model.item_feature_weights_]
    return Start(factors, biases, (data.users, data.items), weights)
