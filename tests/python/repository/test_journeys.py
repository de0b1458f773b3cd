"""A call passes through few Python files. `python tests/python/repository/journeys.py` prints what is counted here."""

from __future__ import annotations

import pytest

import coals
from coals import _core
from journeys import Journey, counted

# Call -> the most files, and the most stays in them. The goal of three calls is lower: `ImplicitALS.fit` 8 and 40,
# `coals fit --save` 15 files, `load, recommend` 8 files.
MOST = {
    "ImplicitALS.fit": (14, 64),
    "recommend": (12, 22),
    "from_csv": (21, 70),
    "coals fit --save": (40, 176),
    "load, recommend": (18, 73),
    "save": (5, 14),
    "ItemKNN.fit": (15, 53),
    "EASE.fit": (13, 47),
    "evaluate": (17, 65),
}


@pytest.fixture(scope="module")
def journeys():
    return counted()


def numbers(stays: list[str]) -> tuple[int, int]:
    return len(set(stays)), len(stays)


@pytest.mark.parametrize("name", MOST)
def test_calls_pass_through_few_files(journeys, name):
    files, stays = numbers(journeys[name].stays)
    assert (files <= MOST[name][0], stays <= MOST[name][1]) == (True, True), (files, stays, journeys[name].stays)


def test_every_call_has_a_bound(journeys):
    assert journeys.keys() == MOST.keys()


def test_runs_of_calls_and_native_calls_are_counted():
    index = coals.Interactions.from_arrays(["b", "a"], [1, 2]).users

    def call() -> None:
        index.encode("a")  # checks the id, and looks it up
        index.encode("b")
        _core.default_num_threads()

    journey = Journey(call)
    once = ["data/ids.py", "data/id_arrays.py", "_util/checks.py", "data/id_arrays.py", "data/ids.py"]
    assert journey.native == 1
    assert journey.stays[:3] == once[:3]
    assert [file for file in journey.stays if not file.startswith("data/")] == ["_util/checks.py"] * 2
