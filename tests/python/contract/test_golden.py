"""Files that earlier versions wrote are read for ever."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

import coals
from golden.__main__ import MODELS, told

FILES = sorted((Path(__file__).parents[1] / "golden").glob("version_*/*.coals"))


def test_every_model_of_a_version_has_a_file():
    """A model that is added later has one in the next version's."""
    files = {path.stem: type(coals.load(path)).__name__ for path in FILES if path.parent.name == "version_1"}
    assert files == {name: type(model).__name__ for name, model in MODELS.items()}
    assert {*files.values()} <= {*coals.MODELS, *coals.neural.__all__}


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}-{path.stem}" for path in FILES])
def test_a_file_of_an_earlier_version_says_what_it_said(path):
    expected = json.loads((path.parent / "answers.json").read_text(encoding="utf-8"))[path.stem]
    model = coals.load(path, verify=True)
    found = told(model)
    scores = expected.pop("scores")
    assert_allclose(found.pop("scores"), scores, rtol=1e-5)
    for ids, wanted, row in zip(found.pop("ids"), expected.pop("ids"), scores, strict=True):
        # The items of then in their order, but for those whose scores rounding alone tells apart.
        scored = dict(zip(wanted, row, strict=True))
        assert_allclose([scored.get(item, row[-1]) for item in ids], row, rtol=1e-5)
        assert len(set(ids) - {-1}) == sum(item != -1 for item in wanted)
    assert found == expected
    if hasattr(model, "partial_fit"):
        more = coals.Interactions.from_matrix(sp.csr_array(np.ones((1, 8))), user_ids=model.user_index_.ids[:1])
        assert model.partial_fit(more).recommend_indices([0], 3).counts.tolist() == [0]
