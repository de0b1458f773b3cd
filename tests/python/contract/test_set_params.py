"""What `set_params` says after a fit is for the next one."""

from __future__ import annotations

import pytest

from answers import answers
from model_cases import MODELS

OTHERS = {
    "based_on": ["items", "users"],
    "biases": [True, False],
    "by": ["users", "sum"],
    "center": [None, "user", "item", "global"],
    "dtype": ["float32", "float64"],
    "exponent": [0.0, 1.0],
    "factors": [2, 9],
    "layers": [[3], [9, 7]],
    "min_history": [10**6],
    "neighbors": [1, "user", None],
    "scoring": ["sum", "mean", "rating"],
    "sigmoid_range": [None, (0.0, 6.0)],
    "weighted": [True, False],
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_what_is_set_after_the_fit_changes_no_answer(make, ratings):
    model = make().fit(ratings)
    before = answers(model) | {"get_params": None}
    rated = model.predicts_ratings
    fitted = model.get_params()
    changed = set()
    for name in fitted.keys() & OTHERS.keys():
        for value in OTHERS[name]:
            try:
                model.set_params(**fitted | {name: value})
            except (TypeError, ValueError):
                continue  # not together with the others
            if value != fitted[name]:
                changed.add(name)
            assert answers(model) | {"get_params": None} == before, (name, value)
            assert model.predicts_ratings == rated, (name, value)
    # used_neighbors goes with one of them alone, and only one of the filters has neighbors.
    fixed = {"scoring"} | ({"neighbors"} if fitted.get("filter", "gfcf") != "gfcf" else set())
    assert fitted.keys() & OTHERS.keys() - changed <= fixed
