"""Whatever may take more than a second shows a bar when asked to, and none with progress=False or off a terminal."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import scipy.sparse as sp
import tqdm

import coals
from coals._util import progress as _progress

X = sp.csr_array(np.triu(np.ones((6, 5))))
TABLE = {"who": ["a", "a", "b"], "what": ["x", "y", "x"]}
MODEL = coals.ItemKNN().fit(X)
EVENTS = coals.Events.from_arrays(TABLE["who"], TABLE["what"])
HELD_OUT = sp.csr_array(1 - X.toarray())


def weights_of_a_hybrid(progress):
    hybrid = coals.Hybrid(models={"a": coals.ItemKNN(), "b": coals.Popularity()}).fit(X, progress=False)
    return hybrid.search_weights(HELD_OUT, "ndcg@2", (0, 1), progress=progress)


CALLS = {
    "from_arrays": lambda p: coals.Interactions.from_arrays(TABLE["who"], TABLE["what"], progress=p),
    "from_frame": lambda p: coals.Interactions.from_frame(TABLE, user="who", item="what", progress=p),
    "cooccurrence": lambda p: coals.cooccurrence(X, progress=p),
    "weighted": lambda p: coals.cooccurrence(X, weighted=True, progress=p),
    "similarity": lambda p: coals.similarity(X, progress=p),
    "events": lambda p: coals.event_cooccurrence(EVENTS, progress=p),
    "top_k": lambda p: coals.top_k(np.eye(3), np.eye(3), 2, progress=p),
    "recommend": lambda p: MODEL.recommend([0, 1], n=2, progress=p),
    "evaluate": lambda p: coals.evaluate(MODEL, HELD_OUT, "ndcg@2", progress=p),
    "curve": lambda p: coals.precision_recall_curve(MODEL, HELD_OUT, [1, 2], progress=p),
    "fold in": lambda p: coals.evaluate_fold_in(MODEL, X, HELD_OUT, "ndcg@2", progress=p),
    "search": lambda p: coals.search(coals.ItemKNN(), {"neighbors": [1]}, X, folds=2, progress=p),
    "weights": weights_of_a_hybrid,
}


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("progress", [None, True, False])
def test_bars_are_there_when_asked_for(what, progress, capsys):
    capsys.readouterr()
    CALLS[what](progress)
    said = capsys.readouterr()
    assert ("it/s" in said.err or "/s]" in said.err or "00:0" in said.err) == (progress is True)
    assert said.out == ""


@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize("progress", [None, False])
def test_a_bar_that_nobody_sees_is_not_made(what, progress, monkeypatch):
    """tqdm makes it under a lock, which a child that is forked meanwhile would find locked for ever."""
    monkeypatch.delattr(tqdm, "tqdm")
    CALLS[what](progress)


@pytest.mark.parametrize("what", CALLS)
def test_progress_must_be_true_or_false(what):
    with pytest.raises(TypeError, match="progress must be True or False, got 'yes'"):
        CALLS[what]("yes")


def test_time_goes_by_on_the_bar_of_one_long_call(monkeypatch):
    """The bar is drawn again while the call is still under way."""
    drawn = threading.Event()

    class Bar(tqdm.tqdm):
        def refresh(self, *args, **kwargs):
            if threading.current_thread() is not threading.main_thread():
                drawn.set()
            return super().refresh(*args, **kwargs)

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    monkeypatch.setattr(_progress, "_TICK", 0.001)
    with _progress.working("long call", True):
        assert drawn.wait(30)
    threads = [thread for thread in threading.enumerate() if thread.name.endswith("(_tick)")]
    assert threads == []
