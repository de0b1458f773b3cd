"""Errors of public functions are in words of coals, not of NumPy or Python, whatever the arguments are."""

from __future__ import annotations

import inspect
import re
import warnings

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals import metrics, rerank, split

PLAYS = coals.Interactions.from_arrays(list("aaabbccc"), list("xyzxyxzw"), [5, 4, 3, 2, 1, 2, 3, 4.0])
EVENTS = coals.Events.from_arrays(list("aab"), list("xyx"), [1, 2, 3])
KNN = coals.ItemKNN().fit(PLAYS)
ALS = coals.ExplicitALS(factors=2, random_state=0).fit(PLAYS)


class Odd:
    def __repr__(self):
        return "<odd>"


WRONG = [
    None, -1, 1.5, float("nan"), "text", b"x", True, [], [[]], ["x", None], {"x": 1}, {1, 2}, Odd(), np.zeros((2, 2)),
    np.array(["x"]), np.array([1.5]), np.array([], dtype=object), np.datetime64("2020"),
    np.ma.array([1, 2], mask=[0, 1]), sp.csr_array(np.eye(2)), PLAYS, iter([1]), 10**30, complex(1, 2), [1, "a"],
    np.int64(3), np.float32(2), np.bool_(True), np.zeros(3, dtype=[("a", int)]),
]  # fmt: skip
GOOD = {
    "users": ["a", "b"], "items": ["x", "y"], "X": PLAYS, "models": KNN, "metrics": ["ndcg@2"],
    "recommended": [["x", "y"]],
    "test": coals.Interactions.from_arrays(list("ab"), list("wz")), "relevant": [["x"]], "k": 2, "history": ["x"],
    "data": PLAYS, "user": "a", "item": "x", "events": EVENTS, "queries": np.eye(2), "ids": [[0, 1]],
    "scores": [[2.0, 1]],
    "vectors": np.eye(3), "categories": ["a", "b", "c"], "n_items": 4, "train": PLAYS, "held_out": PLAYS, "n": 2,
    "matrix": sp.csr_array(np.eye(3)), "groups": ["g", "h"], "threshold": 1.0, "mask": np.ones(PLAYS.nnz, bool),
}  # fmt: skip
METHODS = (
    "recommend", "recommend_for", "recommend_users", "recommend_indices", "predict", "predict_indices", "similar_items",
    "explain", "titles", "transform_users", "set_params", "save",
)  # fmt: skip
FUNCTIONS = (
    "evaluate", "precision_recall_curve", "evaluate_fold_in", "top_k", "load", "similarity", "cooccurrence",
    "event_cooccurrence", "estimate_memory",
)  # fmt: skip
PARTS = ("random", "leave_k_out", "by_user", "k_fold")
DOORS = {
    **{f"{type(model).__name__}.{name}": getattr(model, name) for model in (KNN, ALS) for name in METHODS
       if hasattr(model, name)},
    **{name: getattr(coals, name) for name in FUNCTIONS},
    **{f"metrics.{name}": getattr(metrics, name) for name in ("compute", "recall", "auc", "coverage", "novelty",
                                                              "diversity")},
    **{f"split.{name}": getattr(split, name) for name in PARTS if hasattr(split, name)},
    **{f"rerank.{name}": getattr(rerank, name) for name in ("mmr", "cap_categories")},
    **{f"Interactions.{name}": getattr(coals.Interactions, name) for name in ("from_arrays", "from_matrix")},
    **{f"data.{name}": getattr(PLAYS, name) for name in ("select", "binarized", "core", "titles", "popularity_table")},
    "Events.from_arrays": coals.Events.from_arrays,
    "to_interactions": EVENTS.to_interactions,
}  # fmt: skip

RAW = re.compile(
    r"np\.|numpy\.(?!random|array)|ufunc|broadcast|has no attribute|ambiguous|inhomogeneous|unhashable|__\w+__"
    r"|has no len|could not convert|not supported between|unsupported operand|positional argument|not iterable"
    r"|out of bounds|invalid literal|expected str, bytes|Unable to allocate|bad_alloc|incompatible constructor"
    r"|dtype\('|not subscriptable|a bytes-like|setting an array|cannot unpack|not callable|<U\d|object at"
)


def calls(function):
    """Calls with one wrong argument each."""
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    for wrong in named:
        given = {p.name: GOOD.get(p.name) for p in named if p is not wrong and p.default is p.empty}
        for value in WRONG:
            yield {**given, wrong.name: value}, f"{wrong.name}={value!r}"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.filterwarnings("ignore")
def test_errors_are_in_our_own_words(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a model may be saved
    raw = []
    for arguments, shown in calls(DOORS[door]):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                DOORS[door](**arguments)
        except (TypeError, ValueError, OSError, MemoryError) as error:
            if RAW.search(str(error)):
                raw.append(f"{shown}: {type(error).__name__}: {error}")
    assert not raw, "\n".join(raw)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: coals.ItemKNN(similarity="Cosin").fit(PLAYS), "did you mean 'cosine'"),
        (lambda: coals.evaluate(KNN, PLAYS, "ndgc@10"), "did you mean 'ndcg'"),
        (lambda: coals.Popularity(by="user").fit(PLAYS), "did you mean 'users'"),
        (lambda: coals.similarity(PLAYS, "jacard"), "did you mean 'jaccard'"),
        (lambda: coals.ItemKNN(neighbours=3), "it is called 'neighbors' here"),
        (lambda: coals.ItemKNN(similarty="cosine"), "did you mean 'similarity'"),
        (
            lambda: coals.Interactions.from_frame({"User": [1], "it": [1]}, user="user", item="it"),
            "did you mean 'User'",
        ),
        (lambda: metrics.compute([[1]], [[1]], "recal@3"), "did you mean 'recall'"),
        (lambda: KNN.recommend("a", unknown="skipp"), "did you mean 'skip'"),
    ],
)
def test_near_names_are_proposed_everywhere(call, wanted):
    with pytest.raises((TypeError, ValueError), match=wanted):
        call()


@pytest.mark.parametrize(
    ("listed", "relevant", "item"),
    [
        ([[5, 7, 5]], [[7]], "5"),
        ([["b", "c", "b"]], [["a"]], "'b'"),
        ([[7]], [[3, 3]], "3"),
        ([[-1, -1]], [[3]], "-1"),
        ([["q", "z", "q"]], coals.Interactions.from_arrays(["u"], ["z"]), "'q'"),
        ([[(1, 2), (1, 2)]], [[(1, 2)]], r"\(1, 2\)"),
    ],
)
def test_a_repeated_item_is_called_by_its_id(listed, relevant, item):
    with pytest.raises(ValueError, match=rf"\[0\] holds the item {item} more than once: name each item once"):
        metrics.recall(listed, relevant, 3, unknown="skip")


def test_recommendations_show_what_they_hold():
    found = KNN.recommend(["a", "new", "b"], n=2, unknown="skip")
    first, *lines = repr(found).splitlines()
    assert first == "Recommendations(3 lists of up to 2, 3 items, 1 unknown id)"
    assert lines[1] == "  'new': nothing"
    assert lines[0].startswith("  'a': 'w' ")
    assert len(found) == 3
    assert [part.shape for part in found] == [(3, 2), (3, 2)]
    many = coals.Popularity().fit(sp.csr_array(np.eye(60))).recommend(range(60), n=9)
    shown = repr(many).splitlines()
    assert shown[-1] == "  55 more lists"
    assert len(shown) == 7
    assert shown[1].endswith("4 more")
    assert all(len(line) < 120 for line in shown)
