"""CF-NADE: its ordinal head by hand, levels that share weights, orderings, predictions of the reference."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from answers import answers
from coals.neural import CFNADE
from coals.neural.training.nade_task import NadeTask, level_cost
from coals.neural.unseen_levels import level_cost_and_slope, likeliest_steps
from coals.reference import neural as reference

torch = pytest.importorskip("torch", reason="torch is not installed")

QUIET = {"device": "cpu", "random_state": 0}


def task_of(model, matrix):
    data = coals.Interactions.from_matrix(matrix)
    model._look_at(data)
    return NadeTask(model, torch, "cpu", data)


def test_ordinal_head_by_hand():
    """Four levels with e^s = (1, 2, 4, 1), and the third right.

    Downwards 3, 2, 1:  4 / (4 + 2 + 1) · 2 / (2 + 1) · 1 = 8 / 21.  Upwards 3, 4:  4 / (4 + 1) · 1 = 4 / 5.
    The plain cost is - log 4 / 8. A fourth right instead: 1 / 8 · 4 / 7 · 2 / 3 · 1 downwards, and nothing above it.
    """
    scores = torch.tensor(np.log([[1.0, 2.0, 4.0, 1.0]] * 2), dtype=torch.float64)
    levels = torch.tensor([2, 3])
    ordinal = np.array([-np.log(8 / 21 * 4 / 5), -np.log(1 / 8 * 4 / 7 * 2 / 3)])
    plain = np.array([-np.log(4 / 8), -np.log(1 / 8)])
    for weight in (0.0, 0.25, 1.0):
        expected = (1 - weight) * plain + weight * ordinal
        assert_allclose(level_cost(torch, scores, levels, weight), expected)
    assert_allclose([reference.ordinal_cost(scores[0].numpy(), k) for k in (2, 3)], ordinal)


def test_ordinal_costs_are_those_of_the_reference_and_have_gradients():
    rng = np.random.default_rng(0)
    scores = torch.tensor(rng.standard_normal((30, 7)) * 20, requires_grad=True)
    levels = rng.integers(0, 7, 30)
    found = level_cost(torch, scores, torch.from_numpy(levels), 1.0)
    rows = zip(scores.detach().numpy(), levels, strict=True)
    assert_allclose(found.detach(), [reference.ordinal_cost(row, level) for row, level in rows])
    found.sum().backward()
    assert torch.isfinite(scores.grad).all()


def test_orderings_know_some_and_count_the_cost_of_the_rest():
    """Twelve ratings: d known, from 0 to 11, all equally often; each of the others counts 12 / (12 - d) times."""
    data = sp.csr_array(np.arange(12.0)[None, ::-1] % 5 + 1)
    task = task_of(CFNADE(based_on="users", validation_fraction=0.0, **QUIET), data)
    known_numbers, orders = [], set()
    for _ in range(600):
        ((part,),) = task.batches()
        known = set(part.known.columns.tolist())
        assert_array_equal(part.known_levels, data.toarray()[0, part.known.columns] - 1)
        assert_allclose(part.known.values, 1 / (len(known) + 3), rtol=1e-6)
        asked = part.columns.tolist()
        assert known | set(asked) == set(range(12))
        assert known.isdisjoint(asked)
        d = len(known)
        assert_allclose(part.scale, np.full(12 - d, 12 / (12 - d)), rtol=1e-6)
        assert_array_equal(part.levels, data.toarray()[0, asked] - 1)
        assert part.size == 12
        known_numbers.append(d)
        orders.add(tuple(sorted(known)))
    counts = np.bincount(known_numbers, minlength=12)
    assert counts.min() > 25
    assert len(orders) > 300
    assert reference.ordering_cost([1.0] * 12, 7) == 12


SHAPES = [{"layers": [6], "factors": 4}, {"layers": [6], "factors": None}, {"layers": [7, 5, 6], "factors": 3}]


@pytest.mark.parametrize("based_on", ["items", "users"])
@pytest.mark.parametrize("shape", [*SHAPES, {"layers": [5, 6], "factors": None}], ids=str)
def test_predictions_and_costs_are_those_of_the_reference(ratings, shape, based_on):
    """Based on items, all is as based on users of the transposed matrix."""
    how = {"based_on": based_on, "batch_size": 64, "ordinal_weight": 0.7, "shrinkage": 1.5, "regularization": 0.3}
    model = CFNADE(**shape, **how, **QUIET)
    task = task_of(model, ratings)
    arrays = task.start()
    rng = np.random.default_rng(3)
    arrays = {name: (rng.standard_normal(a.shape) * 0.3).astype(np.float32) for name, a in arrays.items()}
    n_users, n_items = ratings.shape
    vars(model).update(task.results(arrays), n_items_=n_items, n_users_=n_users)
    levels = ratings.toarray().astype(int) - 1
    levels = levels if based_on == "users" else levels.T
    w, v, bias, layers = plain(arrays, shape, levels.shape[1])
    nobody = (levels < 0).all(axis=0)  # has no vectors of its own: nobody has rated it, or it has rated nothing
    for array, common in ((w, "common input"), (v, "common output")):
        array[nobody] = full_rank(arrays, common.split()[1], arrays[common].astype(float), shape)
    bias[nobody] = arrays["common bias"]
    predicted = np.array([model._predict_pairs(np.full(n_items, u), np.arange(n_items)) for u in range(n_users)])
    assert_allclose(model._score_all(model.user_factors_), predicted, rtol=1e-5)
    for row in (0, 7, 11, 33):
        known = {int(j): int(levels[row, j]) for j in np.flatnonzero(levels[row] >= 0)}
        scores = [reference.nade_scores(known, j, w, v, bias, layers, 1.5) for j in range(levels.shape[1])]
        expected = np.array([float(np.arange(1, 6) @ reference.level_probability(s)) for s in scores])
        if based_on == "users":
            expected[11] = model.global_mean_  # nobody has rated it
            assert_allclose(predicted[row], expected, rtol=1e-5)
        else:
            assert_allclose(predicted[:, row], expected, rtol=1e-5)
    ((part,),) = task.batches()
    weights = {name: torch.from_numpy(array) for name, array in arrays.items()}
    total = 0.0
    for row, own in rows_of(part, levels).items():
        asked = part.columns[part.rows == row].tolist()
        known = {int(j): int(levels[own, j]) for j in np.flatnonzero(levels[own] >= 0) if j not in asked}
        scale = (len(asked) + len(known)) / len(asked)
        for column in asked:
            scores = reference.nade_scores(known, column, w, v, bias, layers, 1.5)
            level = int(levels[own, column])
            cost = -np.log(reference.level_probability(scores)[level])
            total += scale * (0.3 * cost + 0.7 * reference.ordinal_cost(scores, level))
    for name, share in (("output", 1), ("input", 1 / 8), ("output bias", 1 / 20)):
        total += 0.3 * share * (arrays[name].astype(float) ** 2).sum()
    assert_allclose(task.loss(weights, part)[0].item(), total, rtol=1e-5)


@pytest.mark.parametrize("factors", [3, None])
def test_the_first_layer_begins_at_nothing_for_a_usual_user_and_apart_for_others(ratings, factors):
    """From weights near 0 on both sides neither learns until the other has, and biases are learned by heart first."""
    task = task_of(CFNADE(layers=[6], factors=factors, **QUIET), ratings)
    arrays = task.start()
    share = np.bincount(ratings.data.astype(int) - 1, minlength=5) / ratings.nnz
    inputs = [np.array(each) @ arrays["common input"] for each in (share, np.eye(5)[0], np.eye(5)[4])]
    if factors:
        inputs = [arrays["input map"] @ each for each in inputs]
    usual, lowest, highest = (np.abs(each + arrays["hidden 0 bias"]).max() for each in inputs)
    assert_allclose(usual, 0, atol=1e-5)
    assert min(lowest, highest) > 0.1
    assert np.abs(arrays["common output"]).max() > 0.1


def plain(arrays, shape, columns):
    """Weights of full rank, biases, and further layers, from those of the model."""
    w, v = (
        full_rank(
            arrays,
            name,
            np.array([arrays[f"common {name}"] + arrays[f"{name} gate"] * own for own in arrays[name].astype(float)]),
            shape,
        )
        for name in ("input", "output")
    )
    layers = [(None, arrays["hidden 0 bias"])]
    layers += [(arrays[f"hidden {k}"], arrays[f"hidden {k} bias"]) for k in range(1, len(shape["layers"]))]
    return w, v, (arrays["output bias"] + arrays["common bias"]).astype(float), layers


def full_rank(arrays, name, array, shape):
    if shape["factors"] is None:
        return array
    weight = arrays[f"{name} map"].astype(float)
    return array @ (weight.T if name == "input" else weight)


def rows_of(part, levels):
    """Which row of the data each row of a part is, by what is asked for and known."""
    begin = [*part.known.offsets.tolist(), len(part.known.columns)]
    found = {}
    for row in range(part.known.size):
        known = {int(i) for i in part.known.columns[begin[row] : begin[row + 1]]}
        columns = known | set(part.columns[part.rows == row].tolist())
        (found[row],) = [own for own in range(len(levels)) if set(np.flatnonzero(levels[own] >= 0)) == columns]
    return found


@pytest.mark.parametrize("based_on", ["items", "users"])
def test_finds_ratings_that_follow_a_pattern(based_on):
    """Two kinds of users with opposite tastes, on a scale of halves."""
    rng = np.random.default_rng(0)
    kind, side = rng.random(150) < 0.5, rng.random(30) < 0.5
    full = np.where(kind[:, None] == side, 4.5, 1.5) + rng.integers(-1, 2, (150, 30)) / 2
    data = sp.csr_array(np.where(rng.random((150, 30)) < 0.4, full, 0))
    train, test = coals.split.random(data, test_fraction=0.2, random_state=0)
    settings = {"layers": [20], "regularization": 2.0, "learning_rate": 0.02, "iterations": 20}
    settings["batch_size"] = 16 if based_on == "users" else 3  # ten steps an epoch
    model = CFNADE(based_on=based_on, **settings, **QUIET).fit(train)
    assert model.levels_.tolist() == [1.0, 1.5, 2.0, 4.0, 4.5, 5.0]
    assert coals.evaluate({"m": model}, test, ["rmse"]).mean["m"]["rmse"] < 0.6  # 0.41 is the noise, 1.5 the mean's
    best = model.recommend_for({int(np.flatnonzero(side)[0]): 5.0, int(np.flatnonzero(~side)[0]): 1.0}, n=5)
    assert side[best.ids[0]].all()


@pytest.mark.parametrize("ordinal_weight", [0.0, 0.3, 1.0])
def test_costs_and_slopes_without_torch_are_those_with_it(ordinal_weight):
    rng = np.random.default_rng(1)
    scores, levels = rng.standard_normal((40, 6)) * 10, rng.integers(0, 6, 40)
    tensor = torch.tensor(scores, requires_grad=True)
    expected = level_cost(torch, tensor, torch.from_numpy(levels), ordinal_weight)
    expected.sum().backward()
    cost, slope = level_cost_and_slope(scores, levels, ordinal_weight)
    assert_allclose(cost, expected.detach(), rtol=1e-10)
    assert_allclose(slope, tensor.grad, atol=1e-10)


def test_the_likeliest_steps_are_where_nothing_pulls():
    """And where nothing is known, or a step cannot vary, they are the mean."""
    rng, ordinal_weight = np.random.default_rng(2), 0.4
    x, levels = rng.standard_normal((9, 3)), rng.integers(0, 4, 9)
    mean, variance = rng.standard_normal((4, 3)), rng.random((4, 3))
    variance[2, 1] = 0
    found = likeliest_steps(x, levels, mean, variance, ordinal_weight)
    _, slope = level_cost_and_slope((x @ found.T).cumsum(axis=1), levels, ordinal_weight)
    pull = np.array([sum(slope[:, k] @ x for k in range(t, 4)) for t in range(4)])
    moves = variance > 0
    assert_allclose(-pull[moves] * variance[moves], (found - mean)[moves], atol=1e-4)
    assert found[2, 1] == mean[2, 1]
    assert np.abs(found - mean).max() > 0.1
    assert_array_equal(likeliest_steps(x[:0], levels[:0], mean, variance, ordinal_weight), mean)


def test_someone_new_is_found_where_the_fit_has_someone_with_the_same_ratings():
    """Two kinds of users with opposite tastes: predictions for the ratings of the first users, asked again."""
    rng = np.random.default_rng(0)
    kind, side = rng.random(150) < 0.5, rng.random(30) < 0.5
    full = np.where(kind[:, None] == side, 5.0, 1.0) + (rng.random((150, 30)) < 0.3) * np.where(
        kind[:, None] == side, -1, 1
    )
    data = sp.csr_array(np.where(rng.random((150, 30)) < 0.4, full, 0))
    model = CFNADE(layers=[20], regularization=2.0, batch_size=8, learning_rate=0.02, iterations=30, **QUIET).fit(data)
    matrix = data[:20]
    found = model.recommend_for(matrix, n=30, exclude_seen=False)
    scores = np.empty((20, 30))
    np.put_along_axis(scores, found.ids, found.scores, axis=1)
    fitted = np.array([model.predict_indices(np.full(30, user), np.arange(30)) for user in range(20)])
    assert np.corrcoef(scores.ravel(), fitted.ravel())[0, 1] > 0.95
    assert np.abs(scores - fitted).mean() < 0.4


@pytest.mark.parametrize(("based_on", "other"), [("items", "users"), ("users", "items")])
def test_what_is_set_after_the_fit_counts_for_the_next(ratings, based_on, other):
    model = CFNADE(based_on=based_on, layers=[3], iterations=1, **QUIET).fit(ratings)
    before = answers(model)
    model.set_params(based_on=other)
    assert answers(model) == before | {"get_params": answers(model)["get_params"]}
    assert answers(model.fit(ratings))["recommend"] != before["recommend"]


@pytest.mark.parametrize("based_on", ["items", "users"])
def test_ratings_that_are_no_levels(ratings, based_on):
    with pytest.raises(ValueError, match=r"a level for each distinct rating, 100 at most, and there are 150: round"):
        CFNADE(**QUIET).fit(sp.csr_array(np.arange(1.0, 151)[None, :]))
    model = CFNADE(based_on=based_on, layers=[3], iterations=1, **QUIET).fit(ratings)
    for rating in (2.5, 6.0):
        with pytest.raises(ValueError, match=rf"item 3 of history is rated {rating}, .*fitted to: 1\.0, 2\.0, 3\.0"):
            model.recommend_for({4: 2.0, 3: rating})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"based_on": "user"}, ValueError, "based_on must be"),
        ({"ordinal_weight": 1.5}, ValueError, "ordinal_weight must be >= 0 and <= 1, got 1.5"),
        ({"regularization": -1}, ValueError, "regularization must be >= 0"),
        ({"shrinkage": -1}, ValueError, "shrinkage must be >= 0"),
        ({"weight_decay": 0.3}, TypeError, "weight_decay"),
        ({"layers": ()}, ValueError, r"layers must hold at least 1 width, got \(\)"),
        ({"factors": 0}, ValueError, "factors must be >= 1"),
        ({"rank": 5}, TypeError, "it is called 'factors' here"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        CFNADE(**arguments)
