"""What all neural models do in a fit: the best epoch, Ctrl-C, callbacks, threads, and life without torch."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from answers import answers
from coals.neural.training.torch import Workers
from coals.neural.training.training import Task, Training
from neural_models import NEURAL

torch = pytest.importorskip("torch", reason="torch is not installed")

every_model = pytest.mark.parametrize("make", NEURAL.values(), ids=NEURAL.keys())
# Those whose rate falls on plateaus. That of others falls over all epochs, which take place.
PATIENT = {name: make for name, make in NEURAL.items() if "patience" in make().get_params()}
ANNEALED = {name: make for name, make in NEURAL.items() if name not in PATIENT}


def learned(model):
    return {name: value for name, value in answers(model).items() if name not in ("get_params", "best_epoch_")}


@pytest.mark.parametrize("make", PATIENT.values(), ids=PATIENT.keys())
def test_the_fit_ends_patience_epochs_after_the_best_and_keeps_it(make, ratings):
    settings = {"validation_fraction": 0.2, "learning_rate": 0.03}
    model = make(iterations=60, patience=3, **settings).fit(ratings)
    falling = model.predicts_ratings
    values = model.validation_ if falling else -model.validation_
    assert len(values) == len(model.objective_)
    assert model.best_epoch_ == values.argmin() + 1
    assert len(values) == min(60, max(model.best_epoch_, getattr(model, "annealing", 0)) + 3)
    # With the epochs that led there alone, and no more, the same comes out.
    short = make(iterations=model.best_epoch_, patience=60, **settings).fit(ratings)
    if model.best_epoch_ <= 3:  # before the rate could fall
        assert_array_equal(short.predict(3, np.arange(40)), model.predict(3, np.arange(40)))


@pytest.mark.parametrize("make", ANNEALED.values(), ids=ANNEALED.keys())
def test_annealed_fits_take_all_epochs_and_keep_the_best(make, ratings):
    model = make(iterations=25, validation_fraction=0.2, learning_rate=0.3).fit(ratings)
    assert len(model.objective_) == len(model.validation_) == 25
    assert model.best_epoch_ == model.validation_.argmin() + 1 < 25


class Steps(Task):
    """One number that is pulled up with a force of one, and another that nothing moves; values as given."""

    undecayed = ("free",)

    def __init__(self, values, rising=False):
        self._values, self.rising = iter(values), rising

    def start(self):
        return {name: np.ones(1, np.float32) for name in ("pulled", "idle", "free")}

    def batches(self):
        yield [None]

    def loss(self, weights, part):
        return -4 * weights["pulled"].sum(), 4

    def value(self, arrays):
        return next(self._values)

    def results(self, arrays):
        return arrays


def trained(values, epochs, rising=False, settling=0, **settings):
    """Training, and the arrays after each epoch."""
    model = coals.neural.EmbeddingDot(**{"learning_rate": 0.1, "weight_decay": 0.0, "patience": 4, **settings})
    with Workers(torch, 1) as workers:
        task = Steps(values, rising)
        task.settling = settling
        training = Training(model, task, torch, "cpu", workers)
        after = []
        for _ in range(epochs):
            training.epoch()
            after.append(training.arrays())
    return training, after


@pytest.mark.parametrize("rising", [False, True])
def test_the_arrays_kept_are_those_of_the_best_epoch(rising):
    values = [3.0, 1.0, 2.0, 1.0, 5.0, 4.0]
    training, after = trained(values, 6, rising)
    best = 5 if rising else 2  # the first of two alike
    assert training.best_epoch == best
    assert training.best == after[best - 1]
    assert training.losses[0] == -1  # a mean


@pytest.mark.parametrize("rising", [False, True])
def test_the_rate_is_halved_where_half_of_patience_has_brought_nothing(rising):
    """Under a constant force Adam steps by the rate: two epochs in vain are borne, the third halves it."""
    _, after = trained([5.0, *[4.0 if rising else 6.0] * 6], 7, rising)
    steps = np.diff([1.0, *(arrays["pulled"][0] for arrays in after)])
    assert_allclose(steps, [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05], rtol=1e-3)
    better = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0] if rising else [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    _, after = trained(better, 7, rising)
    assert_allclose(after[-1]["pulled"], 1.7, rtol=1e-5)


def test_an_annealed_rate_rises_and_falls_to_0_whatever_the_values():
    """Under a constant force Adam steps by the rate: 0.1 (1 + cos(pi s)) / 2 at shares s of 40 steps.

    The first of the two steps that are a twentieth of these has half of it.
    """
    model = coals.neural.EmbeddingDot(learning_rate=0.1, weight_decay=0.0, patience=4, iterations=40)
    with Workers(torch, 1) as workers:
        task = Steps([5.0] * 40)
        task.annealed, task.steps = True, lambda: 1
        training = Training(model, task, torch, "cpu", workers)
        after = [1.0]
        for _ in range(40):
            training.epoch()
            after.append(training.arrays()["pulled"][0])
    expected = 0.05 * (1 + np.cos(np.pi * np.arange(40) / 40))
    expected[0] /= 2
    assert_allclose(np.diff(after), expected, rtol=1e-3)
    assert not training.exhausted


def test_while_the_loss_itself_changes_want_of_progress_neither_slows_nor_ends():
    training, after = trained([1.0, *[6.0] * 9], 10, settling=4)
    steps = np.diff([1.0, *(arrays["pulled"][0] for arrays in after)])
    assert_allclose(steps, [0.1] * 8 + [0.05] * 2, rtol=1e-3)  # the fifth is the first that the schedule sees
    assert training.best_epoch == 1
    training, _ = trained([1.0, *[6.0] * 6], 7, settling=4)
    assert not training.exhausted  # four epochs in vain would be enough, and three of them count
    training, _ = trained([1.0, *[6.0] * 7], 8, settling=4)
    assert training.exhausted


def test_decay_takes_rate_times_it_off_but_for_what_is_left_alone():
    _, after = trained([5.0, 4.0], 2, weight_decay=2.0)
    assert_allclose([arrays["idle"][0] for arrays in after], [0.8, 0.64], rtol=1e-6)
    assert [arrays["free"][0] for arrays in after] == [1, 1]
    assert_allclose(after[0]["pulled"], [0.8 + 0.1], rtol=1e-5)


@every_model
def test_ctrl_c_leaves_the_best_epoch_so_far_and_is_passed_on(make, ratings):
    def press(sweep):
        if sweep.sweep == 2:
            raise KeyboardInterrupt

    model = make(iterations=50, validation_fraction=0.0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(ratings, callback=press)
    assert (len(model.objective_), model.best_epoch_) == (2, 2)
    expected = make(iterations=50, validation_fraction=0.0).fit(ratings, callback=lambda sweep: sweep.sweep == 2)
    assert learned(model) == learned(expected)
    assert torch.get_num_threads() >= 1


@every_model
def test_other_errors_and_an_early_ctrl_c_leave_it_unfitted(make, ratings, monkeypatch):
    from coals.neural.training import training as _training

    model = make().fit(ratings)
    with pytest.raises(ZeroDivisionError):
        model.fit(ratings, callback=lambda sweep: 1 / 0)
    for error in (KeyboardInterrupt, RuntimeError):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr(_training.Training, "_gradients", fail)
        with pytest.raises(error):
            model.fit(ratings)
        assert [name for name in vars(model) if name.endswith("_") and name[0] != "_"] == []


@every_model
def test_callbacks_get_a_model_of_each_epoch_and_may_stop(make, ratings):
    told = []

    def watch(sweep):
        told.append(sweep.model)
        return sweep.sweep == 2

    settings = {"validation_fraction": 0.0, "iterations": 9}
    model = make(**settings).fit(ratings, callback=watch)
    assert [len(each.objective_) for each in told] == [1, 2]
    assert learned(told[1]) == learned(model)
    assert not (told[0].predict(3, np.arange(40)) == model.predict(3, np.arange(40))).all()


@every_model
def test_early_stopping_restores_its_best(make, ratings):
    train, test = coals.split.random(ratings, test_fraction=0.2, random_state=0)
    metric = "rmse" if make().predicts_ratings else "ndcg@10"
    stop = coals.EarlyStopping(test, metric, patience=2)
    model = make(iterations=20, learning_rate=0.03, validation_fraction=0.0).fit(train, callback=stop)
    assert model.best_epoch_ == stop.best_sweep_
    reached = coals.evaluate({"m": model}, test, [metric]).mean["m"][metric]
    assert reached == stop.values_[stop.best_sweep_ - 1]


@every_model
def test_same_bits_for_any_number_of_threads(make):
    """torch's own products of small matrices by two threads give other bits than by one."""
    before = torch.get_num_threads()
    data = sp.csr_array((np.random.default_rng(1).random((300, 100)) < 0.1) * 3.0)
    found = {}
    for threads in (1, 2, 5):
        model = make(num_threads=threads, batch_size=290, validation_fraction=0.0).fit(data)
        found[threads] = model.predict(np.arange(100), np.arange(100)).tobytes(), model.objective_.tobytes()
    assert torch.get_num_threads() == before
    assert found[1] == found[2] == found[5]


@every_model
def test_the_seed_decides_and_torchs_own_is_left_alone(make, ratings):
    state = torch.random.get_rng_state()
    one, other = (make(random_state=seed).fit(ratings) for seed in (1, 2))
    assert_array_equal(torch.random.get_rng_state(), state)
    again = make(random_state=np.random.default_rng(1)).fit(ratings)
    assert learned(one) == learned(again)
    assert learned(one) != learned(other)


@every_model
@pytest.mark.parametrize("share", [0.0, 0.2])
@pytest.mark.filterwarnings("error")
def test_steps_out_of_range_are_an_error_that_names_the_rate(make, ratings, share):
    """It shows in the next loss, on data held out, or in the scores of what comes out."""
    message = None
    model = make(learning_rate=1e18, iterations=1, validation_fraction=share, batch_size=10**6)
    try:
        model.fit(ratings)
    except ValueError as error:
        message = str(error)
    if message is None:
        assert np.isfinite(model.predict(3, np.arange(40))).all()
    else:
        assert "out of the range of float32: set a smaller learning_rate" in message
        assert not hasattr(model, "objective_")
    with pytest.raises(ValueError, match="set a smaller learning_rate"):
        make(learning_rate=1e18, iterations=3, batch_size=16).fit(ratings)


PRESSED = """
import signal, numpy as np, scipy.sparse as sp, coals
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits that it is ignored
rng = np.random.default_rng(0)
data = sp.csr_array(((rng.random((2000, 3000)) < 0.02) * 2.0))
model = coals.neural.MultVAE(layers=[100], iterations=10**6, device="cpu", patience=10**6, random_state=0)
def told(sweep):
    if sweep.sweep == 2:
        print("ready", flush=True)
try:
    model.fit(data, callback=told)
except KeyboardInterrupt:
    lengths = {len(each) for each in (model.objective_, model.validation_, model.held_out_loss_)}
    assert len(lengths) == 1 and lengths.pop() >= 2
    print("interrupted", model.recommend([3], n=4).counts[0], flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_in_the_middle_of_an_epoch():
    with subprocess.Popen([sys.executable, "-c", PRESSED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted 4\n"


def test_a_gpu_that_is_not_there(ratings, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    make = next(iter(NEURAL.values()))
    with pytest.raises(ValueError, match="device='cuda', but torch finds no GPU here: use device='cpu' or None"):
        make(device="cuda").fit(ratings)
    make(device=None).fit(ratings)


@every_model
def test_without_torch_a_fit_says_what_to_install_and_a_fitted_model_serves(make, ratings, tmp_path, monkeypatch):
    model = make().fit(ratings)
    model.save(tmp_path / "model")
    expected = answers(model)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert answers(coals.load(tmp_path / "model")) == expected
    with pytest.raises(ImportError, match=r"^fitting \w+ needs torch, .*pip install 'coals\[neural\]'"):
        model.fit(ratings)


@pytest.mark.parametrize("error", [ImportError("no libcudart"), ModuleNotFoundError("no sympy", name="sympy")])
def test_a_torch_that_cannot_be_imported_says_why(ratings, monkeypatch, error):
    def broken(name):
        raise error

    monkeypatch.setattr("importlib.import_module", broken)
    with pytest.raises(ImportError, match=r"^no (libcudart|sympy)"):
        coals.neural.MultVAE().fit(ratings)


def test_torch_is_imported_by_nothing_but_a_fit(ratings, tmp_path):
    path = tmp_path / "model"
    NEURAL["neural-dae"]().fit(ratings).save(path)
    code = f"""
import sys, coals
assert "coals.neural" not in sys.modules
model = coals.load({str(path)!r})
model.recommend_for([1, 2], n=3)
coals.neural.MultVAE(layers=[3])
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
