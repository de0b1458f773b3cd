"""Models of items x items look at the memory there is before they take it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals._util import memory
from coals._util.memory import NotEnoughMemory, available_bytes
from coals.models.linear import linear_model

DATA = sp.csr_array(np.eye(300))


@pytest.mark.parametrize("model", [coals.EASE(), coals.GraphFilter(factors=2)], ids=["ease", "graph filter"])
def test_a_matrix_beyond_the_memory_there_is_is_refused_before_it_is_made(model, monkeypatch):
    monkeypatch.setattr(linear_model, "available_bytes", lambda: 300 * 300 * 4 - 1)
    name = type(model).__name__
    with pytest.raises(MemoryError, match=rf"^{name} needs a matrix of 300 x 300 items.*leave out rare items") as told:
        model.fit(DATA)
    assert "estimate_memory" in str(told.value)
    assert not hasattr(model, "n_items_")
    monkeypatch.setattr(linear_model, "available_bytes", lambda: 300 * 300 * 4)
    model.fit(DATA)
    monkeypatch.setattr(linear_model, "available_bytes", lambda: None)  # not known: try
    model.fit(DATA)


def test_a_limit_given_is_kept_to_whatever_there_is(monkeypatch):
    monkeypatch.setattr(linear_model, "available_bytes", lambda: 1)
    coals.EASE(memory_limit=10**9).fit(DATA)
    with pytest.raises(ValueError, match="memory_limit=1000 is too small"):
        coals.EASE(memory_limit=1000).fit(DATA)


def test_more_items_than_any_machine_can_hold():
    wide = sp.csr_array(([1.0], ([0], [3_000_000])))
    with pytest.raises(MemoryError, match="3,000,001 x 3,000,001 items"):
        coals.EASE().fit(wide)


def test_what_is_available_is_the_least_of_machine_groups_and_address_space(monkeypatch, tmp_path):
    assert available_bytes() is None or available_bytes() > 0
    for name, value in (("_of_machine", 900), ("_of_cgroups", [500, 700]), ("_of_address_space", None)):
        monkeypatch.setattr(memory, name, lambda value=value: value)
    assert available_bytes() == 500
    monkeypatch.setattr(memory, "_of_cgroups", list)
    monkeypatch.setattr(memory, "_of_address_space", lambda: -5)
    assert available_bytes() == 0
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 40\n")
    assert memory._cached(tmp_path) == 40


def test_a_fit_without_memory_says_what_ran_out(monkeypatch):
    def without(self, *args, **kwargs):
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(coals.SVD, "_fit", without)
    with pytest.raises(NotEnoughMemory) as told:
        coals.SVD().fit(DATA)
    assert str(told.value).startswith("fitting SVD ran out of memory with 300 users x 300 items: leave out rare items")
    assert not re.search("alloc|array", str(told.value))
