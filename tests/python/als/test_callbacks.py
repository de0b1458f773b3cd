"""What a caller sees of a fit, and how they may end it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.models.als.fit import Fit
from coals.reference import als as reference
from test_als_variants import ITEM_FEATURES, USER_FEATURES, weights_like, with_negatives
from test_fold_in import explicit, implicit

both = pytest.mark.parametrize("make", [explicit, implicit])


@pytest.fixture
def half_sweeps(monkeypatch):
    """What a function of a fit is after each half-sweep and each update of feature weights, while a model is fitted."""

    def after_each(fit_model, look):
        seen = []
        update_of = Fit._update_of

        def watched(fit, side, prior):
            update = update_of(fit, side, prior)

            def both():
                seen.append(look(fit))
                penalty = update()
                seen.append(look(fit))
                return penalty

            return both

        monkeypatch.setattr(Fit, "_update_of", watched)
        fit_model()
        assert len(seen) > 10
        return np.array(seen)

    return after_each


def state_of(fit):
    """For the reference; features of one side alone are none of the other."""
    biases = [] if fit.biases[0] is None else fit.biases
    return (*fit.factors, *(biases or [np.zeros(60), np.zeros(40)]), *(prior.stacked() for prior in fit.priors))


# Zeros say nothing: the prior stays 0, as without features.
FEATURES = {
    "none": (np.zeros((60, 1)), np.zeros((40, 1))),
    "both": (USER_FEATURES, ITEM_FEATURES),
    "items": (np.zeros((60, 1)), ITEM_FEATURES),
}


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"regularization_exponent": 0.0},
        {"regularization_exponent": 1.0},
        {"bias_update": "separate"},
        {"biases": False},
        {"nonnegative": True},
        {"solver": "cg"},
        {"solver": "block"},
    ],
    ids=str,
)
def test_explicit_objective_never_rises_in_a_half_sweep(ratings, half_sweeps, features, weighted, how):
    given, weights = FEATURES[features], weights_like(ratings) if weighted else None
    model = explicit(**how, feature_regularization=0.3, iterations=8)
    shared = {
        "regularization": model._regularization_pair(), "exponent": model.regularization_exponent,
        "biases": model.biases, "features": given, "feature_regularization": 0.3,
    }  # fmt: skip
    values = half_sweeps(
        lambda: model.fit(ratings, weights=weights, user_features=given[0], item_features=given[1]),
        lambda fit: reference.explicit_objective(ratings, state_of(fit), weights=weights, **shared),
    )
    assert (np.diff(values) <= 1e-12 * values[:-1]).all()
    assert values[-1] < 0.9 * values[0]
    assert_allclose(model.objective_, values[3::4], rtol=1e-9)


@pytest.mark.parametrize("features", ["none", "both"])
@pytest.mark.parametrize("objective", ["hkv", "ials"])
@pytest.mark.parametrize(
    "how", [{}, {"nonnegative": True}, {"solver": "cg"}, {"solver": "block"}, {"unobserved_weight": 0}], ids=str
)
def test_implicit_objective_never_rises_in_a_half_sweep(ratings, half_sweeps, features, objective, how):
    """Rows without entries count until they are solved for the first time, so the first sweep goes ahead."""
    given, data = FEATURES[features], with_negatives(ratings)
    model = implicit(objective=objective, **how, iterations=9)
    shared = {
        "regularization": model._regularization_pair(), "exponent": model.regularization_exponent,
        "alpha": model.alpha, "unobserved_weight": model.unobserved_weight, "objective": objective,
        "features": given, "feature_regularization": model.feature_regularization,
    }  # fmt: skip
    values = half_sweeps(
        lambda: model.fit(data, user_features=given[0], item_features=given[1]),
        lambda fit: reference.implicit_objective(
            data, (*fit.factors, *(prior.stacked() for prior in fit.priors)), **shared
        ),
    )[4:]
    assert (np.diff(values) <= 1e-10 * values[:-1]).all()
    assert values[-1] < values[0]
    assert_allclose(model.objective_[1:], values[3::4], rtol=1e-9)


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
