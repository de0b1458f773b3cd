"""What a caller sees of a fit, and how they may end it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.models.als.explicit_problem import ExplicitProblem
from coals.models.als.implicit_problem import ImplicitProblem
from coals.models.als.start import start_of
from test_als_variants import ITEM_FEATURES, USER_FEATURES, weights_like, with_negatives
from test_fold_in import explicit, implicit

both = pytest.mark.parametrize("make", [explicit, implicit])
FEATURES = [coals.data.features.check_features("f", f, len(f)) for f in (USER_FEATURES, ITEM_FEATURES)]


def falls(problem, sweeps=8, slack=1e-12):
    before = problem.objective()
    for _, step in itertools.chain.from_iterable(problem.half_steps() for _ in range(sweeps)):
        step()
        after = problem.objective()
        assert after <= before * (1 + slack)
        before = after


@pytest.mark.parametrize("features", [[None, None], FEATURES, [None, FEATURES[1]]], ids=["none", "both", "items"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "how",
    [{}, {"bias_update": "separate"}, {"biases": False}, {"nonnegative": True}, {"solver": "cg"}, {"solver": "block"}],
    ids=str,
)
def test_explicit_objective_never_rises(ratings, features, weighted, how):
    model = explicit(**how, feature_regularization=0.3)
    data = coals.Interactions.from_matrix(ratings)
    weights = weights_like(ratings).data if weighted else None
    falls(ExplicitProblem(model, data, weights, features, start_of(model, (data.users, data.items))))


@pytest.mark.parametrize("features", [[None, None], FEATURES], ids=["none", "both"])
@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize(
    "how", [{}, {"nonnegative": True}, {"solver": "cg"}, {"solver": "block"}, {"unobserved_weight": 0}], ids=str
)
def test_implicit_objective_never_rises(ratings, features, objective, how):
    """Rows without entries count until they are solved for the first time, so the first sweep goes ahead."""
    model = implicit(objective=objective, **how)
    data = coals.Interactions.from_matrix(with_negatives(ratings))
    problem = ImplicitProblem(model, data, features, start_of(model, (data.users, data.items)))
    for _, step in problem.half_steps():
        step()
    falls(problem, slack=1e-10)


@both
def test_a_sweep_tells_time_and_gives_a_model(ratings, make):
    told = []

    def watch(sweep):
        told.append((sweep, sweep.model))
        assert sweep.model is sweep.model

    given = {"user_features": USER_FEATURES}
    model = make(iterations=3).fit(ratings, callback=watch, **given)
    for number, (sweep, snapshot) in enumerate(told, start=1):
        assert sweep.sweep == number
        assert_allclose(sweep.eta, sweep.seconds / number * (3 - number))
        alone = make(iterations=number).fit(ratings, **given)
        assert_allclose(snapshot.user_factors_, alone.user_factors_, rtol=1e-8, atol=1e-10)
        assert_array_equal(snapshot.recommend(np.arange(60), n=5).ids, alone.recommend(np.arange(60), n=5).ids)
        assert_array_equal(snapshot.objective_, model.objective_[:number])
        assert not np.shares_memory(snapshot.user_factors_, model.user_factors_)
    assert [sweep.seconds for sweep, _ in told] == sorted(sweep.seconds for sweep, _ in told)
    assert repr(told[0][0]).startswith("Sweep(sweep=1, objective=")


@both
def test_a_model_is_not_to_be_had_afterwards(ratings, make):
    told = []
    make().fit(ratings, callback=told.append)
    with pytest.raises(RuntimeError, match=r"read Sweep\.model before the callback returns"):
        _ = told[0].model


@both
@pytest.mark.parametrize("stop", [True, np.True_])
def test_true_stops_after_all_have_been_told(ratings, make, stop):
    told = []
    callbacks = [lambda sweep: stop if sweep.sweep == 2 else None, told.append, lambda sweep: False]
    model = make(iterations=9).fit(ratings, callback=callbacks)
    assert len(model.objective_) == len(told) == 2
    assert_allclose(model.user_factors_, make(iterations=2).fit(ratings).user_factors_)


@both
@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (lambda sweep: 1, "return True to stop, or None or False to go on, got 1"),
        ([print, 3], "a list of such, got 3"),
        (coals.EarlyStopping, "got the class EarlyStopping: make an instance"),
    ],
)
def test_bad_callbacks(ratings, make, callback, message):
    with pytest.raises(TypeError, match=message):
        make().fit(ratings, callback=callback)


def split_goodbooks():
    return coals.split.random(coals.datasets.goodbooks(), test_fraction=0.1, random_state=0)


@pytest.mark.parametrize(("make", "metric"), [(explicit, "rmse"), (implicit, "ndcg@10")])
def test_early_stopping_ends_with_the_best_sweep(make, metric):
    train, test = split_goodbooks()
    weak = {"regularization": 0.5 if metric == "rmse" else 1e-3, "iterations": 40, "dtype": "float32", "factors": 24}
    stop = coals.EarlyStopping(test, metric, patience=2)
    model = make(**weak).fit(train, callback=stop)
    values = np.array(stop.values_) * (-1 if metric == "rmse" else 1)
    assert len(values) == len(model.objective_) == stop.best_sweep_ + 2 < 40
    assert values.argmax() + 1 == stop.best_sweep_
    reached = coals.evaluate({"m": model}, test, [metric]).mean["m"][metric]
    assert reached == stop.values_[stop.best_sweep_ - 1]
    last = make(**weak).fit(train, callback=coals.EarlyStopping(test, metric, patience=2, restore_best=False))
    reached = coals.evaluate({"m": last}, test, [metric]).mean["m"][metric]
    assert reached == stop.values_[-1]
    make(**{**weak, "iterations": 1}).fit(train, callback=stop)
    assert (len(stop.values_), stop.best_sweep_) == (1, 1)  # it starts afresh


def test_bad_early_stopping(ratings):
    for arguments, error, message in [
        ({"metric": "accuracy"}, ValueError, "accuracy"),
        ({"metric": ["ndcg@10"]}, TypeError, "the name of one metric"),
        ({"patience": 0}, ValueError, "patience must be >= 1"),
        ({"restore_best": 1}, TypeError, "restore_best must be True or False"),
    ]:
        with pytest.raises(error, match=message):
            coals.EarlyStopping(ratings, **arguments)
    with pytest.raises(ValueError, match="metric 'rmse' is nan after sweep 1"):
        implicit().fit(ratings, callback=coals.EarlyStopping(ratings, metric="rmse"))
