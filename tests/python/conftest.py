"""Small seeded data that most tests start from, and which tests compare floating-point numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import settings

# No test is timed: another program on the machine must not fail one. Every run tries the same examples;
# `pytest --hypothesis-profile=search` tries others.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=300)
settings.load_profile("untimed")

# What a file has in it that compares floating-point numbers with an oracle.
COMPARES_FLOATS = re.compile(
    r"allclose|isclose|almost_equal|(?<![.\w])close\(|approx\(|np\.linalg|coals\.reference|import reference|doctest"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of numeric files, but those that take long."""
    texts = {path: path.read_text(encoding="utf-8") for path in {item.path for item in items}}
    numeric = {path for path, text in texts.items() if COMPARES_FLOATS.search(text)}
    for item in items:
        if item.path in numeric and item.get_closest_marker("long") is None:
            item.add_marker(pytest.mark.numeric)


def random_ratings(users: int, items: int, density: float, seed: int) -> sp.csr_array:
    """Ratings 1..5 at random places."""
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, (users, items)) * (rng.random((users, items)) < density)
    return sp.csr_array(dense.astype(np.float64))


def odd_shapes() -> dict[str, np.ndarray]:
    """Dense ratings: random, with empty rows and columns, with equal columns, with one item, with one user."""
    plain = random_ratings(60, 40, 0.2, seed=0).toarray()
    holes, twins = plain.copy(), plain.copy()
    holes[[0, 7, 59]], holes[:, [0, 11, 39]] = 0, 0
    twins[:, 5] = twins[:, 3] = twins[:, 30]
    return {"random": plain, "holes": holes, "twins": twins, "item": plain[:, :1], "user": plain[:1]}


@pytest.fixture
def ratings() -> sp.csr_array:
    """60 users x 40 items; user 7 and item 11 have nothing."""
    dense = random_ratings(60, 40, 0.2, seed=0).toarray()
    dense[7], dense[:, 11] = 0, 0
    return sp.csr_array(dense)


@pytest.fixture(params=["duckdb", "python"])
def reader(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test once with each reader of delimited text."""
    from text_readers import reading  # beside the tests of text

    with reading(request.param):
        yield request.param
