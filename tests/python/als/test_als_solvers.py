"""Every solver ends where the exact one does."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from test_als_variants import ITEM_FEATURES, USER_FEATURES, with_negatives
from test_fold_in import explicit, implicit


@pytest.mark.parametrize(
    "how",
    [{"solver": "cg"}, {"solver": "cg", "cg_steps": 1}, {"solver": "block", "block_size": 3}, {"solver": "block"}],
    ids=str,
)
@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize(
    ("make", "settings"),
    [(explicit, {}), (explicit, {"biases": False}), (explicit, {"bias_update": "separate"}), (implicit, {}),
     (implicit, {"objective": "ials"}), (implicit, {"unobserved_weight": 0.0})],
)  # fmt: skip
def test_solvers_converge_to_the_same_objective(ratings, how, features, make, settings):
    data = with_negatives(ratings) if make is implicit else ratings
    given = {"user_features": USER_FEATURES, "item_features": ITEM_FEATURES} if features else {}
    # The alternation with feature weights takes more sweeps than these, whatever the solver.
    exact = make(iterations=40, num_threads=1, **settings).fit(data, **given)
    other = make(iterations=40, num_threads=1, **settings, **how).fit(data, **given)
    assert other.solver_ == how["solver"]
    assert_allclose(other.objective_[-1], exact.objective_[-1], rtol=3e-2 if features else 1e-3)
    assert (np.diff(other.objective_[1:]) <= 1e-9 * other.objective_[1:-1]).all()
