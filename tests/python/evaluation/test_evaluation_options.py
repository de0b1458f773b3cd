"""`evaluate` with ties, graded gains and metrics of lists as such; intervals and paired tests of what it finds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats

import coals
from coals.evaluation import evaluate
from coals.evaluation.resampling import Sample, bootstrap_means
from coals.reference import metrics as reference

N_USERS, N_ITEMS = 40, 12


class TiedModel:
    """Scores items by a few levels, the same for every user."""

    predicts_ratings = True

    def __init__(self, train, scores):
        self.data = coals.Interactions.from_matrix(train)
        self.scores = np.asarray(scores, float)
        self.n_users_, self.n_items_ = self.data.shape
        self.user_index_, self.item_index_ = self.data.users, self.data.items
        self.longest = 0

    def ranking(self, user):
        return [item for item in np.argsort(-self.scores, kind="stable") if not self.data.matrix[user, item]]

    def recommend_indices(self, users, n, exclude_seen=True):
        self.longest = max(self.longest, n)
        ids, scores = np.full((len(users), n), -1), np.full((len(users), n), np.nan)
        counts = np.zeros(len(users), np.int64)
        for row, user in enumerate(users):
            ranked = self.ranking(user)[:n]
            counts[row], ids[row, : len(ranked)] = len(ranked), ranked
            scores[row, : len(ranked)] = self.scores[ranked]
        return ids, scores, counts

    def predict_indices(self, users, items):
        return self.scores[items] + users % 2


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    cell = rng.random((N_USERS, N_ITEMS))
    values = rng.integers(1, 6, cell.shape)
    return sparse.csr_array(values * (cell < 0.2)), sparse.csr_array(values * (cell > 0.8))


@pytest.mark.parametrize("levels", [[2, 1] * 6, [0] * 12, [3, 3, 3, 2, 2, 2, 1, 1, 0, 0, 0, 0], range(12)])
@pytest.mark.parametrize("name", ["ndcg", "map", "mrr", "recall"])
def test_expected_ties_do_not_depend_on_the_order_of_items(parts, levels, name):
    train, test = parts
    order = np.random.default_rng(1).permutation(N_ITEMS)
    metrics = [f"{name}@{k}" for k in (1, 3, 5)]
    one = evaluate(TiedModel(train, levels), test, metrics, ties="expected", batch_size=7)
    other = evaluate(TiedModel(train[:, order], np.array(levels)[order]), test[:, order], metrics, ties="expected")
    for metric in metrics:
        assert_allclose(one.per_user["TiedModel"][metric], other.per_user["TiedModel"][metric], rtol=1e-12)


def test_lists_are_asked_for_as_far_as_the_tie_at_k_reaches(parts):
    train, test = parts
    for levels, k, longest in [(range(12), 3, 4), ([5, 4, 3, 2, 2, 2, 1, 0, 0, 0, 0, 0], 2, 3), ([0] * 12, 2, 12)]:
        model = TiedModel(train * 0 + sparse.csr_array(([1.0], ([0], [11])), train.shape), levels)
        evaluate(model, test, f"ndcg@{k}", ties="expected")
        assert model.longest == longest


def test_expected_ties_equal_the_mean_over_all_orders(parts):
    train, test = parts
    model = TiedModel(train, [3, 3, 3, 2, 2, 2, 1, 1, 0, 0, 0, 0])
    found = evaluate(model, test, "ndcg@4", ties="expected")
    for user, value in zip(found.users, found.per_user["TiedModel"]["ndcg@4"], strict=True):
        ranked, relevant = model.ranking(user), set(np.flatnonzero(test[[user]].toarray()))
        places = [place for place in range(len(ranked)) if place < 4 or model.scores[ranked[place]] >= 2]
        ranked = [ranked[place] for place in places]
        oracle = reference.expected(lambda r, rel=relevant: reference.ndcg(r, rel, 4), ranked, model.scores[ranked])
        assert value == pytest.approx(oracle)


def test_graded_gains_are_the_values_of_test(parts):
    train, test = parts
    model = TiedModel(train, range(12))
    found = evaluate(model, test, "ndcg@5", gain="exponential", users=[3, 8, 9], relevance_threshold=2)
    for user, value in zip(found.users, found.per_user["TiedModel"]["ndcg@5"], strict=True):
        gains = {item: 2.0**v - 1 for item, v in enumerate(test[[user]].toarray()[0]) if v >= 2}
        assert value == pytest.approx(reference.graded_ndcg(model.ranking(user), gains, 5))


def test_metrics_of_lists_as_such(parts):
    train, test = parts
    model, names = TiedModel(train, range(12)), [f"{m}@{k}" for m in ("coverage", "gini", "novelty") for k in (1, 3)]
    found = evaluate(model, test, [*names, "diversity@3", "recall@3"], train=train, batch_size=11)
    lists = [model.ranking(user)[:3] for user in found.users]
    assert found.mean["TiedModel"]["coverage@1"] == reference.coverage([row[:1] for row in lists], set(range(12)))
    assert found.mean["TiedModel"]["gini@3"] == pytest.approx(reference.gini(lists, set(range(12))))
    interactions = coals.Interactions.from_matrix(train)
    assert_allclose(found.per_user["TiedModel"]["novelty@3"], coals.metrics.novelty(lists, train, 3))
    assert_allclose(found.per_user["TiedModel"]["diversity@3"], coals.metrics.diversity(lists, interactions, 3))
    assert "gini@3" not in found.per_user["TiedModel"]
    assert "gini@3" in str(found)
    with pytest.raises(ValueError, match="novelty and diversity of model 'TiedModel' need train="):
        evaluate(model, test, "novelty@3")


def test_a_model_knows_what_it_was_fitted_with(parts):
    train, test = parts
    model = coals.Popularity().fit(train)
    own, given = (evaluate(model, test, ["novelty@3", "diversity@3"], train=t).mean for t in (None, train))
    assert own == given


@pytest.fixture
def result(parts):
    train, test = parts
    models = {"up": TiedModel(train, range(12)), "down": TiedModel(train, range(12, 0, -1))}
    return evaluate(models, test, ["ndcg@5", "recall@3", "rmse", "mae", "coverage@3"])


def test_standard_error(result):
    values = result.per_user["up"]["ndcg@5"]
    assert result.standard_error["up"]["ndcg@5"] == pytest.approx(stats.sem(values))
    assert np.isnan([result.standard_error["up"][metric] for metric in ("rmse", "coverage@3")]).all()
    assert f"±{stats.sem(values):.4f}" in str(result)


def test_intervals_are_those_of_a_visible_bootstrap(result):
    found = result.confidence_interval(0.8, resamples=300, random_state=5)
    assert found == result.confidence_interval(0.8, resamples=300, random_state=5)
    assert found != result.confidence_interval(0.8, resamples=300, random_state=6)
    assert set(found["up"]) == {"ndcg@5", "recall@3", "rmse", "mae"}
    rng, n = np.random.default_rng(5), len(result.users)
    draws = np.array([result.per_user["up"]["ndcg@5"][rng.integers(n, size=n)].mean() for _ in range(300)])
    assert found["up"]["ndcg@5"] == pytest.approx(tuple(np.quantile(draws, [0.1, 0.9])))


def test_intervals_of_ratings_weigh_ratings(result, parts):
    found = result.confidence_interval(resamples=50, random_state=5)["up"]["rmse"]
    rng, n, test = np.random.default_rng(5), len(result.users), parts[1].toarray()
    errors = np.arange(12) + np.arange(N_USERS)[:, None] % 2 - test
    draws = []
    for _ in range(50):
        rows = result.users[rng.integers(n, size=n)]
        draws.append(np.sqrt((errors[rows] ** 2)[test[rows] > 0].mean()))
    assert found == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])))
    assert found[0] < result.mean["up"]["rmse"] < found[1]


@pytest.mark.parametrize("test", ["t", "wilcoxon"])
def test_paired_tests_are_scipys(result, test):
    up, down = (result.per_user[name]["ndcg@5"] for name in ("up", "down"))
    oracle = stats.ttest_rel(up, down) if test == "t" else stats.wilcoxon(up, down, zero_method="pratt")
    found = result.compare("up", "down", test=test, resamples=10)
    assert found.p_value["ndcg@5"] == pytest.approx(oracle.pvalue)
    assert list(found.p_value) == ["ndcg@5", "recall@3"]


def test_comparison_is_paired_and_says_who_is_higher(result):
    found = result.compare("up", "down", ["ndcg@5", "mae"], resamples=200)
    back = result.compare("down", "up", ["ndcg@5", "mae"], resamples=200)
    up, down = (result.per_user[name]["ndcg@5"] for name in ("up", "down"))
    assert found.difference["ndcg@5"] == pytest.approx((up - down).mean()) == -back.difference["ndcg@5"]
    assert found.interval["ndcg@5"] == pytest.approx(tuple(-x for x in reversed(back.interval["ndcg@5"])))
    assert (found.higher["ndcg@5"], found.lower["ndcg@5"]) == ((up > down).sum(), (up < down).sum())
    assert found.p_value == back.p_value
    lines = str(found).splitlines()
    assert lines[0] == "up less down"
    assert lines[1].split() == ["difference", "95%", "interval", "p", "(bootstrap)", "users", "higher", "lower"]
    assert lines[2].startswith("ndcg@5")


def test_a_model_is_no_different_from_itself(result):
    for test in ("bootstrap", "t", "wilcoxon"):
        found = result.compare("up", "up", "ndcg@5", test=test, resamples=50)
        assert found.p_value["ndcg@5"] == 1
        assert found.interval["ndcg@5"] == (0, 0)


def test_samples_that_are_alike_have_the_same_means_to_the_bit():
    """Enough of them for threads of a BLAS, and for more columns than it takes at once."""
    values = np.random.default_rng(0).random(50_000)
    means = bootstrap_means([Sample(values.copy()) for _ in range(7)], 5, random_state=0)
    assert (means == means[:, :1]).all()
    assert len(np.unique(means)) == 5


def test_bootstrap_p_values_are_as_rare_as_they_say():
    # Two models that differ by noise alone, 300 times: p < 0.1 in about a tenth, within 4 standard deviations.
    rng = np.random.default_rng(0)
    users, below = np.arange(60), 0
    for seed in range(300):
        per_user = {name: {"ndcg@5": rng.random(60)} for name in "ab"}
        mean = {name: {"ndcg@5": values["ndcg@5"].mean()} for name, values in per_user.items()}
        found = coals.Evaluation(("ndcg@5",), users, mean, per_user, 0)
        below += found.compare("a", "b", resamples=199, random_state=seed).p_value["ndcg@5"] < 0.1
    assert abs(below - 30) < 4 * np.sqrt(300 * 0.1 * 0.9)


def test_what_cannot_be_compared(result, parts):
    with pytest.raises(ValueError, match="model must be one of 'up', 'down', got 'left'"):
        result.compare("up", "left")
    with pytest.raises(ValueError, match="metric 'coverage@3' cannot be compared"):
        result.compare("up", "down", "coverage@3")
    with pytest.raises(ValueError, match="metric 'rmse' cannot be compared by 't'"):
        result.compare("up", "down", "rmse", test="t")
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        result.compare("up", "down", level=95)
    with pytest.raises(ValueError, match="resamples must be >= 1"):
        result.confidence_interval(resamples=0)
    model = TiedModel(parts[0], range(12))
    some = evaluate(model, parts[1], ["rmse", "ndcg@3"], relevance_threshold=5)
    assert_array_equal(list(some.confidence_interval(resamples=9)["TiedModel"]), ["ndcg@3"])


def test_bad_options(parts):
    model = TiedModel(parts[0], range(12))
    for options, argument in [({"ties": "random"}, "ties"), ({"gain": "log"}, "gain"), ({"num_threads": 0}, "num_th")]:
        with pytest.raises(ValueError, match=argument):
            evaluate(model, parts[1], "ndcg@3", **options)
    with pytest.raises(ValueError, match=r"test holds .*: a gain must not be negative"):
        evaluate(model, -parts[1], "ndcg@3", gain="linear")
