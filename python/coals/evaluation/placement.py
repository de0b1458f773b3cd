"""Test data as a model sees them: users and items matched by id, whatever data set each side comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from coals import _core
from coals._util.checks import given
from coals.data.ids import IdIndex
from coals.data.interactions import Interactions

__all__ = ["Placement", "check_models", "named_models", "same_kind_places"]

Ints = NDArray[np.int64]

_REMEDY = "split one data set so that both parts agree: train, test = coals.split.random(data)"


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the users and items of test data are in a model, -1 where it does not know them.

    `columns` are distinct: items that the model does not know come after the `n_items` that it does, so that they can
    be relevant, and are never listed.
    """

    users: Ints
    items: Ints
    n_items: int

    @classmethod
    def of(cls, name: str, model: Any, test: Interactions) -> Placement:
        """The model's places of the users and items of `test`."""
        if not _are_alike(model, test) and all(index.ids is None for index in (test.users, test.items)):
            _refuse_shape(name, model, test)
        users, items = (
            same_kind_places(f"{kind} ids", ours, theirs, "test", f"model {name!r}")
            for kind, ours, theirs in _pairs(model, test)
        )
        return cls(users, items, int(model.n_items_))

    @property
    def columns(self) -> Ints:
        """A position for each item of test."""
        strange = self.items < 0
        return np.where(strange, self.n_items + np.cumsum(strange) - 1, self.items)

    def relevant(self, rows: Any, gains: NDArray[Any] | None) -> _core.Csr:
        """Rows of `test.matrix`, their columns those of the model, with `gains` in the place of values."""
        width = self.n_items + int((self.items < 0).sum())
        columns = self.columns
        if np.array_equal(columns, np.arange(rows.shape[1])):
            return _core.Csr(rows.indptr, rows.indices, gains, width, "float64")
        data = np.ones(rows.nnz) if gains is None else gains
        moved = scipy.sparse.csr_array((data, columns[rows.indices], rows.indptr), shape=(rows.shape[0], width))
        moved.sort_indices()
        return _core.Csr(moved.indptr, moved.indices, None if gains is None else moved.data, width, "float64")


def same_kind_places(what: str, ours: IdIndex, theirs: IdIndex, own: str, other: str) -> Ints:
    """Places in `theirs` of all ids of `ours`; an error where one of them has ids and the other plain positions."""
    if ours.same_as(theirs):
        return np.arange(ours.size)
    if (ours.ids is None) != (theirs.ids is None):
        with_ids, without = (own, other) if theirs.ids is None else (other, own)
        raise ValueError(
            f"{with_ids} has {what} and {without} has none, so that they cannot be matched: give both ids, or neither"
        )
    return theirs.find_all(ours)


def named_models(models: Any) -> dict[str, Any]:
    """The models by name, each seen to be fitted."""
    named = dict(models) if isinstance(models, Mapping) else {type(models).__name__: models}
    if not named:
        raise ValueError("models is empty: pass a fitted model, or a dict of name to fitted model")
    for name, model in named.items():
        if not isinstance(name, str):
            raise TypeError(f"models must have strings for names, got {given(name)}")
        if isinstance(model, type) or not hasattr(model, "recommend_indices"):
            raise TypeError(
                f"models must be a fitted model or a dict of name to fitted model, got {given(model)} for {name!r}"
            )
        if getattr(model, "n_users_", None) is None:
            raise ValueError(f"model {name!r} is not fitted: call fit(train) first")
    return named


def check_models(models: Any, data: Interactions) -> dict[str, Any]:
    """The models by name, each seen to be fitted with the users and items of `data`, in their order."""
    named = named_models(models)
    for name, model in named.items():
        if (model.n_users_, model.n_items_) != data.shape:
            _refuse_shape(name, model, data)
        for kind, ours, theirs in _pairs(model, data):
            if not ours.same_as(theirs):
                raise ValueError(f"{_difference(kind, name, ours, theirs)}; {_REMEDY}")
    return named


def _pairs(model: Any, test: Interactions) -> tuple[tuple[str, IdIndex, IdIndex], ...]:
    return ("user", test.users, model.user_index_), ("item", test.items, model.item_index_)


def _are_alike(model: Any, test: Interactions) -> bool:
    return (model.n_users_, model.n_items_) == test.shape


def _refuse_shape(name: str, model: Any, test: Interactions) -> None:
    raise ValueError(
        f"test is {test.n_users} users x {test.n_items} items, but model {name!r} was fitted with {model.n_users_} "
        f"users x {model.n_items_} items; give both parts ids, by which they are matched, or {_REMEDY}"
    )


def _difference(kind: str, name: str, ours: Any, theirs: Any) -> str:
    left, right = (index.decode(np.arange(len(index))).tolist() for index in (ours, theirs))
    at = next((at for at, pair in enumerate(zip(left, right, strict=True)) if pair[0] != pair[1]), 0)
    return f"{kind} {at} is {left[at]!r} in test, but {right[at]!r} in what model {name!r} was fitted with"
