"""Models fitted and asked in threads at once give what they give one after the other, with the GIL or without."""

from __future__ import annotations

import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals


@pytest.fixture(scope="module")
def plays():
    return sp.random_array((800, 300), density=0.05, format="csr", rng=np.random.default_rng(3))


def work(plays, seed):
    """A fit, lists and new users: everything that a server does."""
    model = coals.ImplicitALS(factors=24, iterations=4, random_state=seed, num_threads=2).fit(plays)
    lists = model.recommend(np.arange(200), n=10)
    return model.user_factors_, model.item_factors_, lists.ids, lists.scores, model.transform_users(plays[:50])


def test_two_fits_at_once_equal_two_in_turn(plays):
    serial = [work(plays, seed) for seed in (0, 1)]
    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            at_once = list(pool.map(lambda seed: work(plays, seed), (0, 1)))
        for alone, together in zip(serial, at_once, strict=True):
            for a, b in zip(alone, together, strict=True):
                assert_array_equal(a, b)
    assert (serial[0][0] != serial[1][0]).any()


def test_one_model_serves_many_threads(plays):
    model = coals.ImplicitALS(factors=24, iterations=2, random_state=0).fit(plays)
    expected = model.recommend(np.arange(200), n=10)
    fresh = coals.ImplicitALS(factors=24, iterations=2, random_state=0).fit(plays)  # has packed no items yet
    with ThreadPoolExecutor(8) as pool:
        for lists in pool.map(lambda _: fresh.recommend(np.arange(200), n=10), range(32)):
            assert_array_equal(lists.ids, expected.ids)
            assert_array_equal(lists.scores, expected.scores)


def test_the_gil_stays_off_where_it_is_off():
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python always has its GIL")
    assert not sys._is_gil_enabled()
