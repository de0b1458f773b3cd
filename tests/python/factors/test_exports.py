"""Factors for other programs: what they compute from them is what the model says."""

from __future__ import annotations

import sys
import uuid

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import coals
from model_cases import MODELS

FACTORS = {name: make for name, make in MODELS.items() if hasattr(make(), "to_numpy") and name != "svd-neighbors"}
every_factor_model = pytest.mark.parametrize("make", FACTORS.values(), ids=FACTORS.keys())


@every_factor_model
def test_inner_products_are_the_scores(make, ratings):
    model = make().fit(ratings)
    vectors = model.to_numpy()
    scores = vectors.users @ vectors.items.T
    if getattr(model, "sigmoid_range_", None):
        low, high = model.sigmoid_range_
        scores = low + (high - low) / (1 + np.exp(-scores))
    # Without biases `predict` gives the mean for user 7 and item 11, who have no ratings and factors of zero.
    by_mean = model.predicts_ratings and not getattr(model, "biases", True)
    items = np.delete(np.arange(40), 11) if by_mean else np.arange(40)
    for user in (0, 59) if by_mean else (0, 7, 59):
        assert_allclose(scores[user, items], model.predict(user, items), rtol=1e-4, atol=1e-5)
    assert_array_equal(vectors.user_ids, np.arange(60))


@every_factor_model
def test_faiss_finds_what_recommend_finds(make, ratings):
    faiss = pytest.importorskip("faiss", reason="faiss is not installed")
    model = make().fit(ratings)
    if getattr(model, "sigmoid_range_", None):
        pytest.skip("faiss knows no sigmoid: test_inner_products_are_the_scores has the scores")
    index = model.to_faiss()
    assert isinstance(index, faiss.IndexFlatIP)
    scores, positions = index.search(np.ascontiguousarray(model.to_numpy().users[:5], np.float32), 3)
    expected = model.recommend_indices(np.arange(5), 40, exclude_seen=False)
    for row in range(5):
        known = expected.ids[row][: expected.counts[row]].tolist()
        best = [(p, s) for p, s in zip(positions[row].tolist(), scores[row].tolist(), strict=True) if p in known]
        assert_allclose([s for _, s in best], expected.scores[row][[known.index(p) for p, _ in best]], rtol=1e-4)


def test_every_model_with_factors_exports_them():
    fitted_by_factors = {type(make()).__name__ for make in FACTORS.values()}
    assert {"ExplicitALS", "ImplicitALS", "SVD", "SGDFactorization", "BPR"} <= fitted_by_factors


@every_factor_model
def test_the_tables_hold_factors_and_biases(make, ratings, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    model = make().fit(ratings)
    for side, one in (("users", "user"), ("items", "item")):
        model.to_parquet(tmp_path / side, side)
        table = pyarrow.parquet.read_table(tmp_path / side)
        assert table.equals(model.to_arrow(side))
        factors = getattr(model, f"{one}_factors_")
        assert_array_equal(np.array(table["factors"].to_pylist(), factors.dtype), factors)
        for name in ("bias", "mean"):
            expected = getattr(model, f"{one}_{name}_", None)
            assert (name in table.column_names) == (expected is not None)
            if expected is not None:
                assert_array_equal(table[name].to_numpy(), expected)


def test_scores_that_are_no_inner_products_are_not_exported(ratings):
    model = MODELS["svd-neighbors"]().fit(ratings)
    with pytest.raises(ValueError, match="neighbors='user' scores by what near users have, not by inner products"):
        model.to_numpy()


@pytest.mark.parametrize("ids", [None, [f"item {j}" for j in range(40)], [uuid.UUID(int=j) for j in range(40)]])
def test_arrow_and_parquet(ratings, ids, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet

    data = coals.Interactions.from_matrix(ratings, item_ids=ids, item_titles=[f"Title {j}" for j in range(40)])
    model = MODELS["explicit"]().fit(data)
    table = model.to_arrow()
    assert table.column_names == ["id", "title", "bias", "factors"]
    assert table["id"].to_pylist() == list(map(str, ids)) if ids else list(range(40))
    assert_array_equal(np.array(table["factors"].to_pylist(), np.float32), model.item_factors_)
    assert_array_equal(table["bias"].to_numpy(), model.item_bias_)
    model.to_parquet(tmp_path / "users.parquet", "users")
    read = pyarrow.parquet.read_table(tmp_path / "users.parquet")
    assert read.column_names == ["id", "bias", "factors"]
    assert_array_equal(np.array(read["factors"].to_pylist(), np.float32), model.user_factors_)
    assert [path.name for path in tmp_path.iterdir()] == ["users.parquet"]


def test_what_is_not_installed_is_named_with_the_remedy(ratings, monkeypatch, tmp_path):
    model = MODELS["implicit"]().fit(ratings)
    for name in ("faiss", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match="to_faiss needs faiss: pip install faiss-cpu"):
        model.to_faiss()
    for call in (model.to_arrow, lambda: model.to_parquet(tmp_path / "file")):
        with pytest.raises(ImportError, match="to_arrow needs pyarrow: pip install pyarrow"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_bad_calls(ratings):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    model = MODELS["implicit"]()
    with pytest.raises(coals.NotFittedError):
        model.to_numpy()
    with pytest.raises(ValueError, match="side must be one of 'items', 'users', got 'both'"):
        model.fit(ratings).to_arrow("both")
