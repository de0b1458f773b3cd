"""What the pictures of evaluations, fits, searches and items show."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import coals

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install matplotlib")

from coals import plot


@pytest.fixture(scope="module")
def parts():
    rng = np.random.default_rng(0)
    dense = (rng.random((80, 30)) < rng.uniform(0.05, 0.5, 30)).astype(np.float64)
    data = coals.Interactions.from_matrix(sparse.csr_array(dense), item_titles=[f"title {n}, $5" for n in range(30)])
    return coals.split.random(data, random_state=0)


def png(ax):
    picture = io.BytesIO()
    ax.figure.savefig(picture, format="png")
    return picture.getvalue()[:4] == b"\x89PNG"


def test_metric_over_k(parts):
    train, test = parts
    models = {"popular": coals.Popularity().fit(train), "knn": coals.ItemKNN().fit(train)}
    ax = plot.metric_over_k(models, test, "recall", [5, 1, 3], exclude_seen=False)
    assert [line.get_label() for line in ax.get_lines()] == ["popular", "knn"]
    found = coals.evaluate(models, test, ["recall@1", "recall@3", "recall@5"], exclude_seen=False)
    for line, name in zip(ax.get_lines(), models, strict=True):
        assert_array_equal(line.get_xdata(), [1, 3, 5])
        assert_array_equal(line.get_ydata(), list(found.mean[name].values()))
    assert ax.get_ylabel() == "recall@k"
    assert len(ax.collections) == 2
    assert png(ax)
    with pytest.raises(ValueError, match="k is empty"):
        plot.metric_over_k(models, test, "recall", [])
    with pytest.raises(ValueError, match="takes no k"):
        plot.metric_over_k(models, test, "rmse", [1])


def test_objective_over_sweeps_and_seconds(parts):
    sweeps = []
    model = coals.ImplicitALS(factors=3, iterations=4, random_state=0).fit(parts[0], callback=sweeps.append)
    by_model, by_sweep = plot.objective(model), plot.objective({"als": sweeps})
    for ax in (by_model, by_sweep):
        assert_array_equal(ax.get_lines()[0].get_xdata(), [1, 2, 3, 4])
        assert_array_equal(ax.get_lines()[0].get_ydata(), model.objective_)
    seconds = plot.objective({"als": sweeps}, over="seconds")
    assert_array_equal(seconds.get_lines()[0].get_xdata(), [sweep.seconds for sweep in sweeps])
    assert "Seconds" in seconds.get_xlabel()
    assert png(seconds)
    with pytest.raises(ValueError, match="a model does not know its seconds"):
        plot.objective(model, over="seconds")
    with pytest.raises(ValueError, match="'x' has no objective"):
        plot.objective({"x": coals.Popularity()})
    with pytest.raises(ValueError, match="over must be one of"):
        plot.objective(model, over="hours")


def result(params, values, metric="ndcg@10"):
    trials = [
        coals.Trial(p, {metric: v}, {metric: 0.01}, 1.0, "failed" if np.isnan(v) else "")
        for p, v in zip(params, values, strict=True)
    ]
    return coals.SearchResult(metric, trials)


def test_search_draws_the_best_at_each_value_and_names_the_best_of_all():
    params = [{"factors": k, "alpha": a} for k in (8, 64, 16) for a in (1.0, 0.5)]
    ax = plot.search(result(params, [0.1, 0.2, 0.5, 0.3, 0.4, np.nan]))
    line = ax.get_lines()[0]
    assert_array_equal(line.get_xdata(), [8, 16, 64])
    assert_array_equal(line.get_ydata(), [0.2, 0.4, 0.5])
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["8", "16", "64"]
    assert len(ax.collections[0].get_offsets()) == 5
    assert ax.texts[0].get_text() == "best: 0.5\nfactors = 64, alpha = 1"
    assert ax.texts[0].xy == (64, 0.5)
    assert png(ax)


def test_search_of_errors_of_words_and_of_another_parameter():
    params = [{"similarity": s, "neighbors": n} for s in ("cosine", "dice") for n in (5, 6)]
    ax = plot.search(result(params, [0.9, 0.8, 0.7, 0.95], "rmse"))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cosine", "dice"]
    assert_array_equal(ax.get_lines()[0].get_ydata(), [0.8, 0.7])
    assert "best: 0.7" in ax.texts[0].get_text()
    other = plot.search(result(params, [0.9, 0.8, 0.7, 0.95], "rmse"), "neighbors")
    assert_array_equal(other.get_lines()[0].get_ydata(), [0.7, 0.8])
    assert other.get_xscale() == "linear"
    with pytest.raises(ValueError, match="parameter must be one of 'similarity', 'neighbors'"):
        plot.search(result(params, [1.0] * 4), "factors")
    with pytest.raises(ValueError, match="metric must be one of 'ndcg@10'"):
        plot.search(result(params, [1.0] * 4), metric="map@3")


def test_long_tail(parts):
    train = parts[0]
    model = coals.Popularity().fit(train)
    ax = plot.long_tail(train, {"popular": model}, k=3)
    counts = np.bincount(train.matrix.indices, minlength=30)
    order = np.argsort(-counts, kind="stable")
    data, popular = ax.get_lines()
    assert_allclose(data.get_ydata(), np.append(0, np.cumsum(counts[order])) / counts.sum())
    ids = model.recommend_indices(np.arange(80), 3).ids
    times = np.bincount(ids[ids >= 0], minlength=30)
    assert_allclose(popular.get_ydata(), np.append(0, np.cumsum(times[order])) / times.sum())
    assert popular.get_label() == f"popular: lists {100 * np.mean(times > 0):.3g}% of the items"
    assert len(plot.long_tail(train).get_lines()) == 1
    assert png(ax)


def test_item_map(parts):
    train = parts[0]
    model = coals.ImplicitALS(factors=4, iterations=3, random_state=0).fit(train)
    ax = plot.item_map(model, train, labels=5)
    unit = model.item_factors_ / np.linalg.norm(model.item_factors_, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred.astype(float), full_matrices=False)
    dots = ax.collections[0].get_offsets()
    assert_allclose(np.abs(dots), np.abs(left[:, :2] * sizes[:2]), atol=1e-5)
    counts = np.bincount(train.matrix.indices, minlength=30)
    titles = [text.get_text() for text in ax.texts]
    assert len(titles) == 5
    assert titles[0] == f"title {np.argmax(counts)}, \\$5"
    assert png(ax)
    named = plot.item_map(model, train, labels=1, titles={int(np.argmax(counts)): "x" * 50})
    assert named.texts[0].get_text() == "x" * 29 + "…"
    assert not plot.item_map(model, train, labels=0).texts
    with pytest.raises(ValueError, match="two item factors or more"):
        plot.item_map(coals.Popularity().fit(train), train)
    other = coals.Interactions.from_matrix(train.matrix, item_ids=[f"i{n:02}" for n in range(30)])
    with pytest.raises(ValueError, match="other items than the model"):
        plot.item_map(model, other)


def test_users_lie_where_items_of_their_direction_lie(parts):
    """A user whose factors are twice those of an item has its place; users without factors have none."""
    train = parts[0]
    model = coals.ImplicitALS(factors=4, iterations=3, random_state=0).fit(train)
    model.user_factors_[3], model.user_factors_[5] = 2 * model.item_factors_[7], 0
    ax = plot.item_map(model, train, labels=0, users=[3, 5])
    items, users = (ax.collections[place].get_offsets() for place in (0, 1))
    assert_allclose(users, items[[7]], atol=1e-6)
    assert [text.get_text() for text in ax.texts] == ["3"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["items", "users"]
    assert png(ax)
    everyone = plot.item_map(model, train, labels=2, users="all")
    assert len(everyone.collections[1].get_offsets()) == np.any(model.user_factors_ != 0, axis=1).sum()
    assert len(everyone.texts) == 2
    assert len(plot.item_map(model, train, labels=0).collections) == 1


def test_users_that_have_no_place_on_the_map(parts):
    train = parts[0]
    model = coals.ImplicitALS(factors=4, iterations=1, random_state=0).fit(train)
    with pytest.raises(ValueError, match="9999"):
        plot.item_map(model, train, users=[9999])
    with pytest.raises(ValueError, match="users must be a sequence of user ids, 'all' or None, got 'some'"):
        plot.item_map(model, train, users="some")
    model.user_factors_ = model.user_factors_[:, :3]
    with pytest.raises(ValueError, match="users can be shown if they have as many factors as items"):
        plot.item_map(model, train, users="all")


def test_everything_draws_into_given_axes(parts):
    from matplotlib.figure import Figure

    train, test = parts
    model = coals.ImplicitALS(factors=3, iterations=2, random_state=0).fit(train)
    for draw in (
        lambda ax: plot.metric_over_k(model, test, "map", [1, 2], ax=ax),
        lambda ax: plot.objective(model, ax=ax),
        lambda ax: plot.search(result([{"a": 1}, {"a": 2}], [0.1, 0.2]), ax=ax),
        lambda ax: plot.long_tail(train, ax=ax),
        lambda ax: plot.item_map(model, train, ax=ax),
    ):
        ax = Figure().add_subplot()
        assert draw(ax) is ax
