"""Every model has a space that `coals.search` takes."""

from __future__ import annotations

import itertools
import math

import pytest

import coals
from coals import neural

CLASSES = {name: getattr(coals, name) for name in coals.MODELS} | {
    name: getattr(neural, name) for name in neural.__all__
}
MEMBERS = {"models": {"popular": coals.Popularity(), "knn": coals.ItemKNN()}}


@pytest.mark.parametrize("name", CLASSES)
def test_every_combination_can_be_made(name):
    cls = CLASSES[name]
    space = cls.search_space()
    assert space
    assert space.keys() <= cls(**MEMBERS if name == "Hybrid" else {}).get_params().keys()
    assert all(isinstance(values, list) and values for values in space.values())
    assert 1 < math.prod(map(len, space.values())) <= 1000
    for values in itertools.product(*space.values()):
        given = dict(zip(space, values, strict=True))
        model = cls(**given, **(MEMBERS if name == "Hybrid" else {}))
        assert {parameter: model.get_params()[parameter] for parameter in space} == given


def test_a_space_can_be_changed_without_changing_the_next():
    space = coals.EASE.search_space()
    space["regularization"].clear()
    assert coals.EASE.search_space()["regularization"]


def test_search_takes_a_space(ratings):
    found = coals.search(coals.EASE(), coals.EASE.search_space(), ratings, folds=2)
    assert len(found.trials) == len(coals.EASE.search_space()["regularization"])
    some = coals.search(coals.RP3beta(), coals.RP3beta.search_space(), ratings, folds=2, n_trials=2)
    assert len(some.trials) == 2
