"""Search: what is tried, what is found, and what a file of an earlier search saves."""

from __future__ import annotations

import copy
import json
from importlib.util import find_spec

import numpy as np
import pytest
from scipy import sparse, stats

import coals
from coals import split
from coals.tuning.log import fingerprint

needs_optuna = pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed: pip install optuna")


class Counting(coals.Popularity):
    """Counts fits; by="sum" fails if asked to."""

    fits = 0

    def fit(self, X, *, progress=None):
        type(self).fits += 1
        return super().fit(X, progress=progress)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    dense = rng.integers(1, 6, (60, 30)) * (rng.random((60, 30)) < rng.uniform(0.05, 0.5, 30))
    return sparse.csr_array(dense.astype(np.float64))


@pytest.fixture(autouse=True)
def _from_nothing():
    Counting.fits = 0


def test_a_trial_is_the_mean_over_the_folds(data):
    found = coals.search(Counting(), {"by": ["users", "sum"]}, data, metric="recall@5", also="ndcg@3", folds=3)
    assert [trial.params for trial in found.trials] == [{"by": "users"}, {"by": "sum"}]
    assert Counting.fits == 2 * 3 + 1
    for trial in found.trials:
        values = []
        for train, test in split.k_fold(data, folds=3, random_state=0):
            model = coals.Popularity(**trial.params).fit(train)
            values.append(coals.evaluate(model, test, "recall@5").mean["Popularity"]["recall@5"])
        assert trial.values["recall@5"] == np.mean(values)
        assert trial.errors["recall@5"] == pytest.approx(stats.sem(values))
        assert set(trial.values) == {"recall@5", "ndcg@3"}


def test_with_a_validation_set_a_trial_is_one_fit(data):
    train, validation = split.random(data, random_state=1)
    found = coals.search(Counting(), {"by": ["users", "sum"]}, train, validation=validation, refit=False)
    assert Counting.fits == 2
    assert found.best_model is None
    evaluated = coals.evaluate(coals.Popularity(by="sum").fit(train), validation, "ndcg@10")
    assert found.trials[1].values["ndcg@10"] == evaluated.mean["Popularity"]["ndcg@10"]
    assert found.trials[1].errors["ndcg@10"] == evaluated.standard_error["Popularity"]["ndcg@10"]


def test_the_best_is_fitted_to_everything(data):
    space = {"neighbors": [2, 10], "similarity": ["cosine", "jaccard"]}
    given = coals.ItemKNN(shrinkage=3)
    found = coals.search(given, space, data, folds=2)
    assert [tuple(t.params.values()) for t in found.trials] == [
        (2, "cosine"),
        (2, "jaccard"),
        (10, "cosine"),
        (10, "jaccard"),
    ]
    best = max(found.trials, key=lambda trial: trial.values["ndcg@10"])
    assert (found.best_params, found.best_value) == (best.params, best.values["ndcg@10"])
    twin = coals.ItemKNN(shrinkage=3, **best.params).fit(data)
    np.testing.assert_array_equal(found.best_model.recommend([4]).ids, twin.recommend([4]).ids)
    assert given.get_params() == coals.ItemKNN(shrinkage=3).get_params()
    assert not hasattr(given, "n_items_")


def test_errors_of_ratings_are_best_when_low(data):
    model = coals.ExplicitALS(factors=2, iterations=2, random_state=0)
    found = coals.search(model, {"regularization": [0.1, 3.0, 1000.0]}, data, metric="rmse", folds=2)
    assert found.best_value == min(trial.values["rmse"] for trial in found.trials)
    assert found.ranked[-1].values["rmse"] == max(trial.values["rmse"] for trial in found.trials)


def test_random_draws_are_seeded_and_within_the_space(data):
    space = {"shrinkage": stats.loguniform(0.1, 10), "neighbors": stats.randint(2, 9), "similarity": ["cosine", "dice"]}
    one, again, other = (
        coals.search(coals.ItemKNN(), space, data, n_trials=6, folds=2, random_state=seed, refit=False)
        for seed in (3, 3, 4)
    )
    assert [t.params for t in one.trials] == [t.params for t in again.trials] != [t.params for t in other.trials]
    for trial in one.trials:
        assert 0.1 <= trial.params["shrinkage"] <= 10
        assert trial.params["neighbors"] in range(2, 9)
        assert type(trial.params["neighbors"]) is int
    assert {t.params["similarity"] for t in one.trials + other.trials} == {"cosine", "dice"}


def test_a_stopped_search_goes_on(data, tmp_path):
    path = tmp_path / "search.jsonl"
    options = {"folds": 2, "refit": False, "path": path}
    whole = coals.search(Counting(), {"by": ["users", "rows", "sum"]}, data, **options)
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    path.write_text("".join(lines[:3]) + lines[3][:10])  # stopped in the middle of writing the third
    Counting.fits = 0
    resumed = coals.search(Counting(), {"by": ["users", "rows", "sum"]}, data, **options)
    assert Counting.fits == 2
    assert [t.values for t in resumed.trials] == [t.values for t in whole.trials]
    assert [json.loads(line)["params"]["by"] for line in path.read_text().splitlines()[1:]] == ["users", "rows", "sum"]
    more = coals.search(Counting(), {"by": ["sum", "users"]}, data, **options)
    assert Counting.fits == 2
    assert [t.params["by"] for t in more.trials] == ["sum", "users"]


def test_a_file_of_another_search_is_refused(data, tmp_path):
    path = tmp_path / "search.jsonl"
    coals.search(Counting(), {"by": ["users"]}, data, path=path)
    for change, what in [
        ({"train": data[:50]}, "train"),
        ({"model": coals.Popularity()}, "model"),
        ({"folds": 3}, "folds"),
        ({"metric": "recall@5"}, "metrics"),
        ({"random_state": 1}, "random_state"),
    ]:
        arguments = {"model": Counting(), "space": {"by": ["users"]}, "train": data, "path": path, **change}
        with pytest.raises(ValueError, match=f"is of another search, with another {what}: give another path"):
            coals.search(**arguments)
    path.write_text("hello\n")
    with pytest.raises(ValueError, match="is not the file of a search"):
        coals.search(Counting(), {"by": ["users"]}, data, path=path)


@pytest.mark.parametrize(
    ("given", "other"),
    [
        (np.eye(3), np.eye(3)[::-1]),
        (np.zeros(3), np.zeros(3, dtype=np.int64)),
        (np.arange(6.0), np.arange(6.0).reshape(2, 3)),
        (["a", "bc"], ["ab", "c"]),
        (np.array(["a", None], dtype=object), np.array(["b", None], dtype=object)),
        (sparse.csr_array(np.eye(3)), sparse.csr_array(np.eye(3)[::-1])),
        (sparse.csr_array((3, 3)), sparse.csr_array((3, 4))),
        ({1: "text"}, {1: "other"}),
        tuple(coals.Interactions.from_arrays([1, 2], [1, 2], values) for values in ([1.0, 2.0], [2.0, 1.0])),
    ],
)
def test_a_fingerprint_is_of_the_contents(given, other):
    assert fingerprint(given) == fingerprint(copy.deepcopy(given)) != fingerprint(other)


def test_what_fit_is_given_reaches_every_fit(data, tmp_path):
    texts = [f"word{chr(97 + i % 5)} tale{chr(97 + i)}" for i in range(30)]
    options = {"metric": "recall@5", "folds": 2, "path": tmp_path / "search.jsonl"}
    space = {"neighbors": [2, 5]}
    found = coals.search(coals.ContentKNN(), space, data, fit_params={"item_text": texts}, **options)
    for trial in found.trials:
        values = []
        for train, test in split.k_fold(data, folds=2, random_state=0):
            model = coals.ContentKNN(**trial.params).fit(train, item_text=texts)
            values.append(coals.evaluate(model, test, "recall@5").mean["ContentKNN"]["recall@5"])
        assert trial.values["recall@5"] == np.mean(values)
    twin = coals.ContentKNN(**found.best_params).fit(data, item_text=texts)
    np.testing.assert_array_equal(found.best_model.weights_.toarray(), twin.weights_.toarray())
    for other in ({"item_text": texts[::-1]}, {"item_features": np.eye(30)}):
        with pytest.raises(ValueError, match="with another fit_params: give another path"):
            coals.search(coals.ContentKNN(), space, data, fit_params=other, **options)
    titled = coals.Interactions.from_matrix(data, item_titles=texts)
    with pytest.raises(ValueError, match="of another search, with another fit_params"):
        coals.search(coals.ContentKNN(), space, titled, **options)


def test_weights_go_with_a_validation_set(data):
    train, validation = split.random(data, random_state=1)
    weights = np.arange(train.nnz, dtype=float) % 3 + 1
    model = coals.ExplicitALS(factors=2, iterations=2, random_state=0)
    options = {"metric": "rmse", "fit_params": {"weights": weights}}
    found = coals.search(model, {"regularization": [1.0]}, train, validation=validation, **options)
    fitted = model.set_params(regularization=1.0).fit(train, weights=weights)
    assert found.best_value == coals.evaluate(fitted, validation, "rmse").mean["ExplicitALS"]["rmse"]
    with pytest.raises(ValueError, match="folds leave entries out: give validation="):
        coals.search(model, {"regularization": [1.0]}, train, **options)


def test_a_fit_that_fails_is_a_trial_that_failed(data):
    model = coals.ExplicitALS(factors=40, iterations=1, random_state=0, biases=False)
    found = coals.search(model, {"regularization": [0.0, 1.0]}, data, metric="rmse", folds=2)
    assert "singular" in found.trials[0].failed or "determine" in found.trials[0].failed
    assert np.isnan(found.trials[0].values["rmse"])
    assert found.best_params == {"regularization": 1.0}
    assert found.ranked[-1] is found.trials[0]
    assert "failed" in str(found)
    with pytest.raises(ValueError, match=r"determine|singular"):
        coals.search(model, {"regularization": [0.0]}, data, metric="rmse", folds=2)


def test_table_and_columns(data):
    found = coals.search(
        coals.ItemKNN(), {"shrinkage": [0.0, 12.5], "neighbors": [3]}, data, also=["recall@3"], folds=2
    )
    head, first, _ = str(found).splitlines()
    assert head.split() == ["shrinkage", "neighbors", "ndcg@10", "recall@3", "seconds"]
    best = found.ranked[0]
    shown = [f"{best.params['shrinkage']:.4g}", "3", f"{best.values['ndcg@10']:.4f}", f"±{best.errors['ndcg@10']:.4f}"]
    assert first.split()[:4] == shown
    columns = found.to_dict()
    assert columns["shrinkage"] == [0.0, 12.5]
    assert columns["ndcg@10 error"] == [t.errors["ndcg@10"] for t in found.trials]


@needs_optuna
def test_optuna_chooses_and_is_seeded(data, tmp_path):
    space = {"shrinkage": stats.loguniform(0.1, 10), "neighbors": stats.randint(2, 9), "similarity": ["cosine", "dice"]}
    options = {"method": "optuna", "n_trials": 5, "folds": 2, "path": tmp_path / "search.jsonl"}
    one = coals.search(coals.ItemKNN(), space, data, **options)
    again = coals.search(coals.ItemKNN(), space, data, **options)
    assert [t.params for t in one.trials] == [t.params for t in again.trials]
    assert len((tmp_path / "search.jsonl").read_text().splitlines()) == 6
    assert all(0.1 <= t.params["shrinkage"] <= 10 and t.params["neighbors"] in range(2, 9) for t in one.trials)
    with pytest.raises(ValueError, match=r"space\['shrinkage'\] is a norm distribution"):
        coals.search(coals.ItemKNN(), {"shrinkage": stats.norm()}, data, method="optuna", n_trials=2)


def test_optuna_is_named_where_it_is_missing(data, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match="pip install optuna"):
        coals.search(coals.ItemKNN(), {"neighbors": [3]}, data, method="optuna", n_trials=2)


@pytest.mark.parametrize(
    ("space", "options", "error", "complaint"),
    [
        ({"n_neighbors": [3]}, {}, TypeError, "it is called 'neighbors' here"),
        ({}, {}, TypeError, "space must be a dict"),
        ([3], {}, TypeError, "space must be a dict"),
        ({"neighbors": []}, {}, ValueError, r"space\['neighbors'\] is empty"),
        ({"neighbors": 3}, {}, TypeError, r"space\['neighbors'\] must be a list of values"),
        ({"neighbors": stats.randint(2, 9)}, {}, ValueError, "is a distribution: give n_trials="),
        ({"neighbors": [3]}, {"method": "random"}, ValueError, "method='random' needs n_trials"),
        ({"neighbors": [3]}, {"method": "grid", "n_trials": 3}, ValueError, "takes no n_trials"),
        ({"neighbors": [3]}, {"n_trials": 0}, ValueError, "n_trials must be >= 1"),
        ({"neighbors": [3]}, {"metric": "rmse"}, ValueError, "metric 'rmse' has no value for ItemKNN"),
        ({"neighbors": [3]}, {"folds": 1}, ValueError, "folds must be >= 2"),
        ({"neighbors": [3]}, {"path": "x", "random_state": None}, TypeError, "path= needs a random_state"),
        ({"neighbors": [3]}, {"path": ""}, ValueError, "path='' names no file"),
        ({"neighbors": [3]}, {"path": "/"}, ValueError, "path='/' names no file"),
        ({"neighbors": [3]}, {"fit_params": [1]}, TypeError, "fit_params must be a mapping"),
        (
            {"neighbors": [3]},
            {"fit_params": {"item_text": []}},
            TypeError,
            "'item_text', which fit of ItemKNN does not",
        ),
        ({"neighbors": [3]}, {"fit_params": {"progress": True}}, TypeError, "'progress', which fit of ItemKNN does"),
        ({"neighbors": [3]}, {"method": "best"}, ValueError, "method must be one of"),
    ],
)
def test_bad_input(data, space, options, error, complaint):
    with pytest.raises(error, match=complaint):
        coals.search(coals.ItemKNN(), space, data, **options)


def test_a_value_that_the_model_refuses_is_found_before_the_first_fit(data):
    with pytest.raises(ValueError, match="by must be one of"):
        coals.search(Counting(), {"by": ["users", "plays"]}, data)
    assert Counting.fits == 0
