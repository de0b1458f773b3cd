"""Evaluation of stub models with known lists, held against the per-user reference."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from coals.data.interactions import Interactions
from coals.evaluation import evaluate, precision_recall_curve
from coals.metrics.names import METRICS
from coals.reference import metrics as reference

N_USERS, N_ITEMS = 50, 20
# auc has arguments of its own.
RANKING = {
    name: getattr(reference, row.function) for name, row in METRICS.items() if row.kind == "ranking" and name != "auc"
}


class StubModel:
    """Ranks every user's items by a random score, minus the ones seen; keeps note of what it was asked."""

    predicts_ratings = True

    def __init__(self, seed=0):
        self.seed = seed
        self.asked = []

    def fit(self, X):
        data = X if isinstance(X, Interactions) else Interactions.from_matrix(X)
        self.scores = np.random.default_rng(self.seed).uniform(1, 5, data.shape)
        self.seen = data.matrix.toarray() != 0
        self.n_users_, self.n_items_ = data.shape
        self.user_index_, self.item_index_ = data.users, data.items
        return self

    def ranking(self, user, exclude_seen=True):
        ranked = np.argsort(-self.scores[user]).tolist()
        return [item for item in ranked if not (exclude_seen and self.seen[user, item])]

    def recommend_indices(self, users, n, exclude_seen=True):
        self.asked.append((users, n, exclude_seen))
        ids = np.full((len(users), n), -1)
        counts = np.zeros(len(users), dtype=np.int64)
        for row, user in enumerate(users):
            ranked = self.ranking(user, exclude_seen)[:n]
            ids[row, : len(ranked)], counts[row] = ranked, len(ranked)
        return ids, np.zeros(ids.shape), counts

    def predict_indices(self, users, items):
        return self.scores[users, items]


@pytest.fixture
def parts():
    """Train and test of one random matrix; users 3 and 7 have nothing in test."""
    rng = np.random.default_rng(1)
    ratings = rng.integers(1, 6, (N_USERS, N_ITEMS)).astype(np.float64)
    cell = rng.random((N_USERS, N_ITEMS))
    test = ratings * (cell < 0.2)
    test[[3, 7]] = 0
    return sparse.csr_array(ratings * (cell > 0.6)), sparse.csr_array(test)


@pytest.fixture
def train(parts):
    return parts[0]


@pytest.fixture
def test(parts):
    return parts[1]


def relevant_items(test, threshold=-np.inf):
    """User -> set of relevant items, for users who have any."""
    dense = test.toarray()
    found = {user: set(np.flatnonzero((row != 0) & (row >= threshold))) for user, row in enumerate(dense)}
    return {user: items for user, items in found.items() if items}


def oracle(model, relevant, metric, k, exclude_seen=True):
    return [metric(model.ranking(user, exclude_seen), items, k) for user, items in relevant.items()]


@pytest.mark.parametrize("k", [1, 5, 10, N_ITEMS, 3 * N_ITEMS])
@pytest.mark.parametrize("exclude_seen", [True, False])
def test_per_user_values_and_means_equal_the_reference(train, test, k, exclude_seen):
    model, relevant = StubModel().fit(train), relevant_items(test)
    result = evaluate({"stub": model}, test, [f"{name}@{k}" for name in RANKING], exclude_seen=exclude_seen)
    assert_array_equal(result.users, list(relevant))
    for name, metric in RANKING.items():
        expected = oracle(model, relevant, metric, k, exclude_seen)
        assert_allclose(result.per_user["stub"][f"{name}@{k}"], expected, rtol=1e-12)
        assert result.mean["stub"][f"{name}@{k}"] == pytest.approx(np.mean(expected))
        assert max(expected) <= 1


def test_users_without_relevant_items_are_counted_not_averaged(train, test):
    result = evaluate(StubModel().fit(train), test, "recall@5")
    assert not {3, 7} & set(result.users.tolist())
    assert result.evaluated_users == len(result.users) == len(relevant_items(test))
    assert result.skipped_users == N_USERS - result.evaluated_users >= 2


def test_relevance_threshold(train, test):
    model, relevant = StubModel().fit(train), relevant_items(test, 4)
    result = evaluate(model, test, ["ndcg@5", "rmse"], relevance_threshold=4)
    assert_array_equal(result.users, list(relevant))
    assert_allclose(result.per_user["StubModel"]["ndcg@5"], oracle(model, relevant, reference.ndcg, 5))
    assert result.mean["StubModel"]["rmse"] == evaluate(model, test, "rmse").mean["StubModel"]["rmse"]
    with pytest.raises(ValueError, match=r"no user .* has a relevant item.*lower relevance_threshold"):
        evaluate(model, test, "ndcg@5", relevance_threshold=6)


def test_stored_zeros_are_relevant(train, test):
    model = StubModel().fit(train)
    zeros = test.copy()
    zeros.data[:] = 0
    assert evaluate(model, zeros, "ndcg@5").mean == evaluate(model, test, "ndcg@5").mean


def test_lists_are_asked_for_once_per_model_in_batches(train, test):
    model = StubModel().fit(train)
    whole = evaluate(model, test, ["ndcg@3", "recall@7", "precision@999"])
    assert [n for _, n, _ in model.asked] == [N_ITEMS]
    model.asked.clear()
    batched = evaluate(model, test, ["ndcg@3", "recall@7", "precision@999"], batch_size=7)
    assert [len(users) for users, _, _ in model.asked][:-1] == [7] * (len(model.asked) - 1)
    assert_array_equal(np.concatenate([users for users, _, _ in model.asked]), batched.users)
    for metric in whole.metrics:
        assert_array_equal(whole.per_user["StubModel"][metric], batched.per_user["StubModel"][metric])


def test_rating_metrics_equal_the_reference(train, test):
    model, relevant = StubModel().fit(train), relevant_items(test)
    result = evaluate({"stub": model}, test, ["mae", "rmse"])
    rows, columns = test.nonzero()
    for name, metric in {"rmse": reference.rmse, "mae": reference.mae}.items():
        assert result.mean["stub"][name] == pytest.approx(metric(model.scores[rows, columns], test.data))
        expected = [
            metric(model.scores[user, sorted(items)], test.toarray()[user, sorted(items)])
            for user, items in relevant.items()
        ]
        assert_allclose(result.per_user["stub"][name], expected, rtol=1e-12)
    assert model.asked == []


def test_rating_metrics_are_nan_for_models_that_do_not_rate(train, test):
    ranker = StubModel().fit(train)
    ranker.predicts_ratings = False
    ranker.predict_indices = None
    result = evaluate({"ranker": ranker}, test, ["rmse", "recall@5"])
    assert np.isnan(result.mean["ranker"]["rmse"])
    assert "ranker does not predict ratings, so it has no rmse" in str(result)
    assert "predict ratings" not in str(evaluate({"ranker": ranker}, test, ["recall@5"]))
    assert np.isnan(result.per_user["ranker"]["rmse"]).all()
    assert result.mean["ranker"]["recall@5"] > 0
    assert result.to_dict()["mean"]["ranker"]["rmse"] is None
    assert "-" in str(result).splitlines()[1].split()


def test_some_users_in_their_order(train, test):
    model = StubModel().fit(train)
    everyone, some = (evaluate(model, test, ["ndcg@5", "mae"], users=users) for users in (None, [9, 3, 0]))
    assert (some.users.tolist(), some.skipped_users) == ([9, 0], 1)
    at = [everyone.users.tolist().index(user) for user in (9, 0)]
    for metric in ("ndcg@5", "mae"):
        assert_array_equal(some.per_user["StubModel"][metric], everyone.per_user["StubModel"][metric][at])
    errors = [abs(model.scores - test.toarray())[user, item] for user in (9, 0) for item in test[[user]].nonzero()[1]]
    assert some.mean["StubModel"]["mae"] == pytest.approx(np.mean(errors))


def test_ids_go_in_and_come_out(train, test):
    ids = {"user_ids": [f"u{n:02}" for n in range(N_USERS)], "item_ids": np.arange(N_ITEMS) + 100}
    named_train, named_test = (Interactions.from_matrix(part, **ids) for part in (train, test))
    result = evaluate(StubModel().fit(named_train), named_test, "ndcg@5", users=["u09", "u00"])
    assert result.users.tolist() == ["u09", "u00"]
    with pytest.raises(ValueError, match="u99"):
        evaluate(StubModel().fit(named_train), named_test, users=["u99"])
    with pytest.raises(ValueError, match=r"'u09' more than once"):
        evaluate(StubModel().fit(named_train), named_test, users=["u09", "u00", "u09"])


def test_table_and_dict(train, test):
    models = {"a long name": StubModel(0).fit(train), "b": StubModel(1).fit(train)}
    result = evaluate(models, test, ["ndcg@10", "recall@20"])
    head, *rows, foot = str(result).splitlines()
    assert head.split() == ["ndcg@10", "recall@20"]
    assert len({len(line.rstrip()) for line in [head, *rows]}) == 1
    for row, (name, means) in zip(rows, result.mean.items(), strict=True):
        assert row.startswith(name)
        errors = result.standard_error[name]
        shown = [text for metric, mean in means.items() for text in (f"{mean:.4f}", f"±{errors[metric]:.4f}")]
        assert row[len(name) :].split() == shown
    assert foot == f"{result.evaluated_users} users evaluated, {result.skipped_users} skipped (no relevant item)"
    assert json.loads(json.dumps(result.to_dict())) == {
        "mean": result.mean,
        "standard_error": result.standard_error,
        "evaluated_users": result.evaluated_users,
        "skipped_users": result.skipped_users,
        "unknown_users": 0,
        "notes": [],
    }


def test_curve_equals_evaluate_at_every_k(train, test):
    models, lengths = {"a": StubModel(0).fit(train), "b": StubModel(1).fit(train)}, [1, 2, 5, 19, 20, 40]
    curves = precision_recall_curve(models, test, [40, *lengths], batch_size=7)
    metrics = [f"{name}@{k}" for name in ("precision", "recall") for k in lengths]
    means = evaluate(models, test, metrics).mean
    for name, curve in curves.items():
        assert curve.k.tolist() == lengths
        assert_allclose(np.concatenate([curve.precision, curve.recall]), list(means[name].values()))


def test_curve_arguments(train, test):
    model = StubModel().fit(train)
    assert precision_recall_curve(model, test)["StubModel"].k.tolist() == list(range(1, 51))
    with pytest.raises(ValueError, match="k is empty"):
        precision_recall_curve(model, test, [])
    with pytest.raises(ValueError, match="k must be"):
        precision_recall_curve(model, test, [0, 1])


def test_test_data_that_do_not_fit_the_model(train, test):
    model = StubModel().fit(train)
    with pytest.raises(ValueError, match=r"test is 49 users x 20 items.*'stub' was fitted with 50 users x 20.*split"):
        evaluate({"stub": model}, test[:49])
    for kind, size in (("user", N_USERS), ("item", N_ITEMS)):
        ids = [f"{kind}{n}" for n in range(size)]
        named = Interactions.from_matrix(test, **{f"{kind}_ids": ids})
        with pytest.raises(
            ValueError, match=rf"test has {kind} ids and model 'StubModel' has none, so that .* matched"
        ):
            evaluate(model, named)


def test_what_is_not_a_fitted_model(train, test):
    with pytest.raises(ValueError, match="models is empty"):
        evaluate({}, test)
    with pytest.raises(TypeError, match="dict of name to fitted model"):
        evaluate([StubModel().fit(train)], test)
    with pytest.raises(TypeError, match="dict of name to fitted model"):
        evaluate(StubModel, test)
    with pytest.raises(TypeError, match="strings for names"):
        evaluate({1: StubModel().fit(train)}, test)
    with pytest.raises(ValueError, match=r"'StubModel' is not fitted: call fit\(train\) first"):
        evaluate(StubModel(), test)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda m, n: (np.zeros((m, n + 1), int), np.full(m, 1)), "integer ids of shape"),
        (lambda m, n: (np.zeros((m, n)), np.full(m, 1)), "integer ids of shape"),
        (lambda m, n: (np.zeros((m, n), int), np.full(m, n)), "an item twice"),
        (lambda m, n: (np.tile(np.arange(n) - 1, (m, 1)), np.full(m, n)), "an item that is not in 0 to 19"),
        (lambda m, n: (np.tile(np.arange(n) + 18, (m, 1)), np.full(m, n)), "an item that is not in 0 to 19"),
        (lambda m, n: (np.tile(np.arange(n), (m, 1)), np.full(m, n + 1)), "a count that is not in 0 to 5"),
        (lambda m, n: (np.tile(np.arange(n), (m, 1)), np.full(m, -1)), "a count that is not in 0 to 5"),
    ],
)
def test_lists_that_make_no_sense_are_refused(train, test, answer, complaint):
    model = StubModel().fit(train)

    def recommend_indices(users, n, exclude_seen):
        ids, counts = answer(len(users), n)
        return ids, None, counts

    model.recommend_indices = recommend_indices
    with pytest.raises(ValueError, match=rf"model 'stub' .*{complaint}"):
        evaluate({"stub": model}, test, "ndcg@5")


def test_predictions_that_make_no_sense_are_refused(train, test):
    model = StubModel().fit(train)
    for predictions in (np.nan, 1.0):
        model.predict_indices = lambda users, items, p=predictions: np.full(len(users) - (p == 1), p)
        with pytest.raises(ValueError, match="model 'stub' must predict one finite rating"):
            evaluate({"stub": model}, test, "rmse")


def test_arguments(train, test):
    model = StubModel().fit(train)
    for options, error, argument in [
        ({"exclude_seen": 1}, TypeError, "exclude_seen"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"relevance_threshold": np.nan}, ValueError, "relevance_threshold"),
        ({"metrics": "ndcg"}, ValueError, "ndcg@10"),
        ({"users": []}, ValueError, "no user"),
    ]:
        with pytest.raises(error, match=argument):
            evaluate(model, test, **options)
