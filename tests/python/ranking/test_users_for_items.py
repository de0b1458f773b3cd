"""Users for many items: the same as item by item, without a table of users x items."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals
from coals.models import users_for_items

DATA = sp.csr_array((np.random.default_rng(0).random((1500, 400)) < 0.02).astype(float))
MODELS = {
    "bpr": coals.BPR(factors=4, iterations=1, random_state=0),
    "sgd": coals.SGDFactorization(factors=4, iterations=1, random_state=0),
    "svd": coals.SVD(factors=4, center="user", random_state=0),
    "ease": coals.EASE(),
    "rp3beta": coals.RP3beta(),
    "graph filter": coals.GraphFilter(factors=4, random_state=0),
}
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())


@every_model
def test_memory_is_that_of_a_few_items(model, monkeypatch):
    monkeypatch.setattr(users_for_items, "_CELLS", 1500 * 8)
    model.fit(DATA)
    model.recommend_users([0], 5)
    tracemalloc.start()
    model.recommend_users(np.arange(400), 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.4e6  # a table of all would take 4.8 MB, and its copy as much


@every_model
def test_parts_give_the_lists_of_single_items(model, monkeypatch):
    model.fit(DATA)
    whole = model.recommend_users(np.arange(50), 7, users=range(0, 1500, 2))
    monkeypatch.setattr(users_for_items, "_CELLS", 1500 * 3)
    parts = model.recommend_users(np.arange(50), 7, users=range(0, 1500, 2))
    for name in ("ids", "scores", "counts"):
        assert_array_equal(getattr(parts, name), getattr(whole, name))
    one = model.recommend_users(31, 7, users=range(0, 1500, 2))
    assert_array_equal(one.ids[0], whole.ids[31])
    assert len(model.recommend_users([], 7)) == 0
