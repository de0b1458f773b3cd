"""Wrong arguments: one clear sentence, and never an answer that misleads."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals import metrics

Q = np.eye(3, 4, dtype=np.float32)
V = np.ones((5, 4), np.float32)
MASKED = np.ma.masked_array(Q, mask=Q > 0)
LISTS = coals.top_k(Q, V, 3)
IDS, SCORES = LISTS.ids, LISTS.scores


def search(model, space=None, **options):
    return coals.search(model, {"neighbors": [5]} if space is None else space, sp.csr_array(np.ones((3, 3))), **options)


CASES = {
    "masked queries": (lambda: coals.top_k(MASKED, V, 2), TypeError, "queries must not be masked"),
    "ragged queries": (lambda: coals.top_k([[1.0], [1.0, 2.0]], V, 2), ValueError, "queries .* rows differ in length"),
    "sparse items": (lambda: coals.top_k(Q, sp.csr_array(V), 2), TypeError, "items must be a dense array"),
    "a long list": (lambda: coals.top_k(Q, V, 2**31 - 1), ValueError, "ask for at most 5"),
    "a long reranked list": (lambda: coals.rerank.mmr(IDS, SCORES, V, 2**40), ValueError, "ask for at most 3"),
    "text for scores": (lambda: coals.rerank.mmr(IDS, SCORES.astype(str), V), TypeError, "scores must be numbers"),
    "masked scores": (lambda: coals.rerank.mmr(Q.astype(int), MASKED, V), TypeError, "scores must not be masked"),
    "ragged ids": (lambda: coals.rerank.mmr([[1], [1, 2]], [[1.0], [1.0, 2.0]], V), ValueError, "end short lists with"),
    "ids below -1": (lambda: coals.rerank.mmr(IDS - 5, SCORES, V), ValueError, "positions are 0 or more"),
    "a word of categories": (lambda: coals.rerank.cap_categories(IDS, SCORES, "aaaaa"), TypeError, "got str"),
    "no categories": (lambda: coals.rerank.cap_categories(IDS, SCORES, None), TypeError, "got None"),
    "sets for lists": (lambda: metrics.ndcg([{1, 2}], [[1]], 2), TypeError, r"recommended\[0\] is a set.* no order"),
    "numbers and text": (lambda: metrics.ndcg([[1, 2]], [["1"]], 2), TypeError, "such as 1 and relevant such as '1'"),
    "ragged vectors": (lambda: metrics.diversity([[0, 1]], [[1], [1, 2]], 2), ValueError, "rows differ in length"),
    "text for vectors": (lambda: metrics.diversity([[0, 1]], "xy", 2), TypeError, "vectors must be a matrix of num"),
    "no vectors": (lambda: metrics.diversity([[0, 1]], None, 2), TypeError, "vectors must be a matrix of numbers"),
    "no metrics": (lambda: coals.evaluate(None, V, None), TypeError, "metrics must be a name such as"),
    "one k": (lambda: coals.precision_recall_curve(None, V, 5), TypeError, "k must be several list lengths"),
    "no model to search": (lambda: search(None), TypeError, "model must be a model, such as coals.ItemKNN"),
    "a class to search": (lambda: search(coals.ItemKNN), TypeError, "model must be a model, such as coals.ItemKNN"),
    "a number for a name": (
        lambda: search(coals.ItemKNN(), {1: [5]}),
        TypeError,
        "names of parameters for keys, got 1",
    ),
    "a number for others": (lambda: search(coals.ItemKNN(), also=5), TypeError, "metrics must be a name such as"),
}


@pytest.mark.parametrize("what", CASES)
def test_is_refused_in_one_line(what):
    call, error, message = CASES[what]
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [coals.ItemKNN(), coals.ImplicitALS(factors=2, iterations=1, random_state=0)])
def test_a_matrix_for_ids_is_refused_in_one_line(model):
    model.fit(coals.Interactions.from_arrays(["a", "b"], ["x", "y"]))
    with pytest.raises(TypeError, match=r"items must be ids .*, got a sparse matrix") as caught:
        model.similar_items(sp.csr_array(V))
    assert "\n" not in str(caught.value)


def test_large_ids_are_ids():
    assert metrics.ndcg([[2**63, 2**80]], [[2**80]], 2).tolist() == metrics.ndcg([[1, 2]], [[2]], 2).tolist()


@pytest.mark.parametrize("junk", [b"\xff\xfe\n", b'{"a":' + b"[" * 100_000 + b"\n"])
def test_a_file_of_no_search(tmp_path, junk):
    (tmp_path / "trials").write_bytes(junk)
    with pytest.raises(ValueError, match="is not the file of a search: give another path, or remove it"):
        search(coals.ItemKNN(), folds=2, path=tmp_path / "trials")
    assert (tmp_path / "trials").read_bytes() == junk


def test_a_trial_that_cannot_be_read(tmp_path):
    path, data = tmp_path / "trials", coals.datasets.goodbooks()
    coals.search(coals.ItemKNN(), {"neighbors": [5]}, data, folds=2, path=path, refit=False)
    path.write_bytes(path.read_bytes().replace(b'"seconds"', b'"sec"'))
    with pytest.raises(ValueError, match="has an invalid trial: give another path, or remove it"):
        coals.search(coals.ItemKNN(), {"neighbors": [5]}, data, folds=2, path=path, refit=False)


def test_weights_that_are_none():
    train = coals.Interactions.from_arrays([0, 0, 1, 1, 2], [0, 1, 0, 2, 1])
    hybrid = coals.Hybrid(models={"a": coals.ItemKNN(), "b": coals.Popularity()}).fit(train)
    for grid, message in (((), "grid is empty"), ((-1,), "each weight of grid must be >= 0")):
        with pytest.raises(ValueError, match=message):
            hybrid.search_weights(train, "ndcg@2", grid)
