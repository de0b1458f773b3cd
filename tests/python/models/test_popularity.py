"""Popularity against counting."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

import coals
from coals.reference.popularity import popularity

# user, item, value: user 0 has item 2 in three rows.
ROWS = ([0, 0, 0, 1, 2, 2, 1], [2, 2, 2, 0, 0, 1, 1], [1.0, 4.0, 1.0, 2.0, 1.0, 9.0, 1.0])


@pytest.mark.parametrize(("by", "expected"), [("users", [2, 2, 1]), ("rows", [2, 2, 3]), ("sum", [3, 10, 6])])
def test_three_ways_to_count(by, expected):
    data = coals.Interactions.from_arrays(*ROWS, duplicates="sum")
    model = coals.Popularity(by=by).fit(data)
    assert_array_equal(model.popularity_, expected)
    assert_array_equal(model.popularity_, popularity(*ROWS, 3, by))


def test_ranking_skips_what_was_seen_and_what_nobody_has():
    data = sp.csr_array(([1.0] * 5, ([0, 1, 1, 2, 2], [1, 1, 3, 3, 0])), shape=(3, 5))
    result = coals.Popularity().fit(data).recommend([0, 1, 2], n=4)
    assert_array_equal(result.ids, [[3, 0, -1, -1], [0, -1, -1, -1], [1, -1, -1, -1]])
    assert_array_equal(result.counts, [2, 1, 1])


def test_an_item_with_a_sum_below_zero_is_not_recommended():
    data = sp.csr_array(([-1.0, 2.0, 1.0], ([0, 0, 1], [0, 1, 2])), shape=(3, 3))
    assert_array_equal(coals.Popularity(by="sum").fit(data).recommend(2, n=3).ids, [[1, 2, -1]])


def test_rows_survive_a_split():
    data = coals.Interactions.from_arrays(*ROWS, duplicates="sum")
    train, test = coals.split.random(data, test_fraction=0.4, random_state=0)
    by_rows = [coals.Popularity(by="rows").fit(part).popularity_ for part in (train, test)]
    assert_array_equal(by_rows[0] + by_rows[1], popularity(*ROWS, 3, "rows"))


def test_fit_does_not_mind_values(ratings):
    weighted = coals.Popularity().fit(ratings).popularity_
    assert_array_equal(weighted, np.asarray((ratings != 0).sum(axis=0)).ravel())
