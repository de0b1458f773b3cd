"""The oracle of similarities against numbers worked out by hand, exact fractions and NumPy's correlations."""

from __future__ import annotations

from fractions import Fraction
from math import log, sqrt

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from coals.reference.similarity import BY_COUNTS, BY_VECTORS, ON_COMMON_USERS, cooccurrence, similarity
from conftest import random_ratings

# Five users, one of them with nothing. Items 0 and 1 share users 0 and 1 and have 3 and 2 users: c = 2, N = 5.
RATINGS = sp.csr_array([[5.0, 4.0, 0.0], [3.0, 1.0, 2.0], [4.0, 0.0, 1.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]])


BY_HAND = [
    ("count", {}, 2),
    ("conditional", {}, 2 / 3),
    ("jaccard", {}, 2 / 3),
    ("cosine", {}, 2 / sqrt(6)),
    ("asymmetric_cosine", {"alpha": 0.25}, 2 / (3**0.25 * 2**0.75)),
    ("asymmetric_cosine", {"alpha": 1.0}, 2 / 3),
    ("dice", {}, 4 / 5),
    ("tversky", {"alpha": 0.5, "beta": 0.5}, 4 / 5),
    ("tversky", {"alpha": 2.0, "beta": 9.0}, 2 / (2 + 2 * 1)),
    ("tversky", {"alpha": 0.0, "beta": 0.0}, 1),
    ("lift", {}, 2 * 5 / 6),
    ("pmi", {}, log(10 / 6)),
    ("npmi", {}, log(10 / 6) / log(5 / 2)),
    # Table 2, 1, 0, 2: rows 3 and 2, columns 2 and 3.
    ("log_likelihood", {}, 2 * (2 * log(10 / 6) + log(5 / 9) + 2 * log(10 / 6))),
    ("cosine", {"weighted": True}, 23 / sqrt(50 * 17)),
    # Users 0, 1, 2, 3 have 2, 3, 2, 1 of 3 items.
    (
        "tfidf",
        {},
        (20 * (log(4 / 3) + 1) ** 2 + 3) / sqrt((41 * (log(4 / 3) + 1) ** 2 + 9) * (16 * (log(4 / 3) + 1) ** 2 + 1)),
    ),
    # Deviations 1, -1, 0 and 1.5, -1.5.
    ("centered_cosine", {}, 3 / sqrt(2 * 4.5)),
    # Common users 0 and 1: (5, 3) and (4, 1).
    ("pearson", {}, 1.0),
    ("msd", {}, 1 / (1 + (1 + 4) / 2)),
    # User means 4.5 and 2: deviations (0.5, 1) and (-0.5, -1).
    ("adjusted_cosine", {}, -1.0),
    ("common_cosine", {}, 23 / sqrt(34 * 17)),
    # Item means 4 and 2.5: deviations (1, -1) and (1.5, -1.5).
    ("common_centered", {}, 1.0),
    ("jaccard", {"shrinkage": 2.0}, 2 / 3 / 2),
    ("adjusted_cosine", {"shrinkage": 6.0}, -2 / 8),
    ("jaccard", {"min_overlap": 3}, 0),
    ("jaccard", {"min_support": 3}, 0),
]  # bm25 below


def test_every_measure_is_worked_out_by_hand():
    assert {measure for measure, *_ in BY_HAND} | {"bm25", "pearson_baseline"} == {
        *BY_COUNTS,
        *BY_VECTORS,
        *ON_COMMON_USERS,
    }


@pytest.mark.parametrize(("measure", "options", "expected"), BY_HAND)
def test_by_hand(measure, options, expected):
    assert similarity(RATINGS, measure, **options)[0, 1] == pytest.approx(expected, rel=1e-14)


def test_bm25_by_hand():
    """len = 12, 5, 6, mean 23 / 3; idf of users with 2, 3, 2 and 1 of 3 items."""
    two, three = log(1 + 1.5 / 2.5), log(1 + 0.5 / 3.5)

    def weight(idf, r, length):
        return idf * r * 2.2 / (r + 1.2 * (0.25 + 0.75 * length / (23 / 3)))

    x = np.array([weight(two, 5, 12), weight(three, 3, 12), weight(two, 4, 12)])
    y = np.array([weight(two, 4, 5), weight(three, 1, 5), 0])
    expected = x @ y / sqrt((x @ x) * (y @ y))
    assert similarity(RATINGS, "bm25")[0, 1] == pytest.approx(expected, rel=1e-14)


def test_pearson_baseline_by_hand():
    """5, 3 of one user and 3, 1 of the other, mean 3. Items are 1 above and below it, and users, too.

    b_i = ±2 / (10 + 2), b_u = ±2 / (15 + 2), at once, since the ones cancel in the others. Residuals are then a and d
    for the first user, -d and -a for the second, and one of the two common users counts in the shrinkage.
    """
    a, d = 2 - 1 / 6 - 2 / 17, 1 / 6 - 2 / 17
    data, cosine = sp.csr_array([[5.0, 3.0], [3.0, 1.0]]), 2 * a * d / (a**2 + d**2)
    assert similarity(data, "pearson_baseline")[0, 1] == pytest.approx(cosine, rel=1e-12)
    assert similarity(data, "pearson_baseline", shrinkage=100.0)[0, 1] == pytest.approx(cosine / 101, rel=1e-12)
    # Users are compared by the same residuals: (a, d) and (-d, -a).
    users = similarity(data, "pearson_baseline", axis="users")[0, 1]
    assert users == pytest.approx(-2 * a * d / (a**2 + d**2), rel=1e-12)


def test_the_direction_of_what_is_not_symmetric():
    """Row i: given i. Item 0 has 3 users, item 1 has 2, both of them shared."""
    found = similarity(RATINGS, "conditional")
    assert (found[0, 1], found[1, 0]) == (pytest.approx(2 / 3), 1.0)
    found = similarity(RATINGS, "tversky", alpha=1.0, beta=0.0)
    assert (found[0, 1], found[1, 0]) == (pytest.approx(2 / 3), 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_ratios_of_counts_are_exact_fractions(seed):
    data = random_ratings(30, 12, 0.4, seed)
    has = data.toarray() > 0
    jaccard, dice, lift = (similarity(data, name) for name in ("jaccard", "dice", "lift"))
    for i, j in zip(*np.nonzero(jaccard), strict=True):
        c, n_i, n_j = int((has[:, i] & has[:, j]).sum()), int(has[:, i].sum()), int(has[:, j].sum())
        assert jaccard[i, j] == float(Fraction(c, n_i + n_j - c))
        assert dice[i, j] == float(Fraction(2 * c, n_i + n_j))
        assert lift[i, j] == float(Fraction(c * 30, n_i * n_j))


def test_pearson_of_full_profiles_is_numpys():
    dense = np.random.default_rng(0).normal(size=(20, 6))
    expected = np.corrcoef(dense, rowvar=False) - np.eye(6)
    for measure in ("pearson", "centered_cosine"):
        assert_allclose(similarity(sp.csr_array(dense), measure), expected, rtol=1e-12, atol=1e-15)


def test_pearson_on_common_users_by_its_formula():
    data = random_ratings(40, 9, 0.5, seed=1)
    r, has = data.toarray(), (data.toarray() > 0).astype(float)
    c, Sx, Sxx, Sxy = has.T @ has, r.T @ has, (r**2).T @ has, r.T @ r
    expected = (c * Sxy - Sx * Sx.T) / np.sqrt((c * Sxx - Sx**2) * (c * Sxx - Sx**2).T)
    np.fill_diagonal(expected, 0)
    assert_allclose(similarity(data, "pearson"), expected, rtol=1e-12)
    distance = (Sxx - 2 * Sxy + Sxx.T) / c
    assert_allclose(similarity(data, "msd"), 1 / (1 + distance) - np.eye(9), rtol=1e-12, atol=1e-15)


def test_chance_and_certainty():
    """Independent: no value. Together always: lift 1 and log-likelihood 0, but npmi 1."""
    independent = sp.csr_array([[1, 1], [1, 0], [0, 1], [0, 0]])
    always = sp.csr_array(np.ones((4, 2)))
    for measure in ("pmi", "npmi", "log_likelihood"):
        assert similarity(independent, measure)[0, 1] == 0
    assert [similarity(always, m)[0, 1] for m in ("lift", "pmi", "npmi", "log_likelihood")] == [1, 0, 1, 0]


@pytest.mark.parametrize("value", [1.0, 0.1, 3.7])
def test_equal_values_have_no_variation(value):
    """The mean of seven times 0.1 is not 0.1 in floating point, and what remains is no correlation."""
    data = sp.csr_array(np.full((7, 3), value))
    for measure in ("pearson", "adjusted_cosine", "centered_cosine", "common_centered", "pearson_baseline"):
        assert not similarity(data, measure).any(), measure


def test_stored_zeros_are_entries():
    data = sp.csr_array(([0.0, 2.0, 0.0], ([0, 0, 1], [0, 1, 0])), shape=(2, 2))
    assert similarity(data, "jaccard")[0, 1] == 0.5
    assert similarity(data, "msd")[0, 1] == 0.2
    assert similarity(data, "cosine", weighted=True)[0, 1] == 0
    assert similarity(data, "bm25")[0, 1] == 0


@pytest.mark.parametrize("measure", [*BY_COUNTS, *BY_VECTORS, *ON_COMMON_USERS])
def test_nothing_to_compare(measure):
    for data in (sp.csr_array((3, 4)), sp.csr_array(np.eye(4)), sp.csr_array(([1.0], ([0], [2])), shape=(1, 4))):
        assert not similarity(data, measure).any()


def test_selection():
    data = sp.csr_array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]])
    assert_array_equal(similarity(data, "count", neighbors=2), [[0, 3, 2, 0], [3, 0, 2, 0], [2, 2, 0, 0], [1, 1, 0, 0]])
    assert_array_equal(similarity(data, "count", threshold=2, rows=[2, 0]), [[2, 2, 0, 0], [0, 3, 2, 0]])
    assert_array_equal(similarity(data, "count", axis="users"), [[0, 3, 2], [3, 0, 2], [2, 2, 0]])


def test_cooccurrence_is_the_product():
    data = random_ratings(20, 7, 0.4, seed=0)
    assert_array_equal(cooccurrence(data, weighted=True, diagonal=True), (data.T @ data).toarray())
    assert_array_equal(
        cooccurrence(data, axis="users", diagonal=True), ((data > 0) @ (data > 0).astype(int).T).toarray()
    )
