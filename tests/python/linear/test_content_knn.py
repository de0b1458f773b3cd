"""ContentKNN against dense cosines, and TF-IDF against numbers that can be seen and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

import coals
from coals.models.linear.content_knn import tfidf
from coals.reference.content import content_weights

TEXTS = ["Red wine", "a red castle", "Castles; red wine, red wine!", "", "x y"]


def test_three_titles_by_hand():
    """red is in 3 of 3 titles, wine in 2, old in 1: weights ln(4/4) + 1 = 1, ln(4/3) + 1 = 1.288, ln(4/2) + 1 = 1.693.

    "red wine" and "old red wine" share 1² + 1.288² = 2.658; lengths are sqrt(2.658) and sqrt(2.658 + 1.693² = 5.524).
    """
    data = coals.Interactions.from_matrix(
        sp.csr_array(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])), item_titles=["red wine", "old red wine", "red"]
    )
    model = coals.ContentKNN(dtype="float64").fit(data)
    shared, longer = 1 + (np.log(4 / 3) + 1) ** 2, 1 + (np.log(4 / 3) + 1) ** 2 + (np.log(2) + 1) ** 2
    assert_allclose(model.predict(0, 1), shared / np.sqrt(shared * longer))
    assert_allclose(model.predict(2, 0), 1 / np.sqrt(shared))
    assert model.similar_items(2, n=1).ids == [[0]]


def test_equals_sklearn():
    text = pytest.importorskip("sklearn.feature_extraction.text", reason="scikit-learn is not installed")
    theirs = text.TfidfVectorizer(norm=None).fit_transform(TEXTS)
    assert_allclose(tfidf(TEXTS).toarray(), theirs.toarray())
    data = sp.csr_array(np.eye(5))
    given = coals.ContentKNN(vectorizer=text.TfidfVectorizer()).fit(data, item_text=TEXTS)
    own = coals.ContentKNN().fit(data, item_text=TEXTS)
    assert_allclose(given.weights_.toarray(), own.weights_.toarray(), rtol=1e-6)


@pytest.mark.parametrize("neighbors", [None, 4])
@pytest.mark.parametrize("sparse", [True, False])
def test_equals_dense_cosines(ratings, neighbors, sparse):
    features = np.random.default_rng(0).standard_normal((40, 6)) * (np.random.default_rng(1).random((40, 6)) < 0.5)
    features[5] = 0
    model = coals.ContentKNN(neighbors=neighbors, dtype="float64")
    model.fit(ratings, item_features=sp.csr_array(features) if sparse else features)
    expected = content_weights(features, neighbors)
    assert_allclose(model.weights_.toarray(), expected, atol=1e-14)
    has = (ratings.toarray() != 0).astype(float)
    assert_allclose(model.predict(3, np.arange(40)), (has @ expected)[3], atol=1e-12)
    assert_allclose(model.recommend_for(ratings, n=4).scores, model.recommend(np.arange(60), n=4).scores)


def test_an_item_that_nobody_has_is_found_by_its_text():
    data = coals.Interactions.from_matrix(sp.csr_array(np.array([[1, 0, 0]])), item_ids=["a", "b", "c"])
    model = coals.ContentKNN().fit(data, item_text={"a": "blue train", "c": "night train"})
    assert model.recommend(0, n=3).ids.tolist() == [["c", None, None]]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, ValueError, "needs item_features, item_text, or data with item titles"),
        ({"item_text": ["x"] * 3}, ValueError, "must hold 40 texts, one for each item, got 3"),
        ({"item_text": [1] * 40}, TypeError, "must hold strings, got 1 for item 0"),
        ({"item_text": ["x"] * 40}, ValueError, "holds no word"),
        ({"item_text": "x" * 40}, TypeError, "must be a sequence of strings or a mapping, got 'xx"),
        ({"item_text": 3}, TypeError, "must be a sequence of strings or a mapping, got 3"),
        ({"item_text": {f"word {k}" for k in range(40)}}, TypeError, "item_text must be a list or an array, got set"),
        ({"item_text": {"0": "old wine"}}, ValueError, "its keys must be item ids such as 0"),
        ({"item_features": np.ones((3, 2))}, ValueError, r"item_features must have shape \(40, p\)"),
        ({"item_features": np.ones((40, 2)), "item_text": ["x"] * 40}, ValueError, "give one of them"),
    ],
)
def test_bad_content(ratings, given, error, message):
    with pytest.raises(error, match=message):
        coals.ContentKNN().fit(ratings, **given)


def test_a_vectorizer_must_be_one():
    with pytest.raises(TypeError, match="vectorizer must have a method fit_transform, got int"):
        coals.ContentKNN(vectorizer=3)
    with pytest.raises(TypeError, match=r"must be an instance, got the class Words: write Words\(\)"):
        coals.ContentKNN(vectorizer=Words)


@pytest.mark.parametrize(
    ("features", "got"), [(None, "NoneType"), ([[1.0]] * 40, "list"), (np.ones(40), r"ndarray of shape \(40,\)")]
)
def test_what_a_vectorizer_must_return(ratings, features, got):
    class Odd:
        def fit_transform(self, texts):
            return features

    with pytest.raises(TypeError, match=rf"fit_transform of vectorizer must return a matrix .*, got {got}$"):
        coals.ContentKNN(vectorizer=Odd()).fit(ratings, item_text=["wine"] * 40)


class Words:
    def fit_transform(self, texts):
        return np.ones((len(texts), 1))
