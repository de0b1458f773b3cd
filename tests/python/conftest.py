"""Small seeded data that most tests start from."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import settings

# No test is timed: another program on the machine must not fail one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def random_ratings(users: int, items: int, density: float, seed: int) -> sp.csr_array:
    """Ratings 1..5 at random places."""
    rng = np.random.default_rng(seed)
    dense = rng.integers(1, 6, (users, items)) * (rng.random((users, items)) < density)
    return sp.csr_array(dense.astype(np.float64))


@pytest.fixture
def ratings() -> sp.csr_array:
    """60 users x 40 items; user 7 and item 11 have nothing."""
    dense = random_ratings(60, 40, 0.2, seed=0).toarray()
    dense[7], dense[:, 11] = 0, 0
    return sp.csr_array(dense)
