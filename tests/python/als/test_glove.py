"""GloVe: counts worked by hand, its least squares against the NumPy reference, and words whose meaning is known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

import coals
from coals.models.als.glove_counts import log_counts
from coals.reference import glove as reference

every_dtype = pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-9)])


def sentence(text):
    words = text.split()
    return coals.Events.from_arrays(["text"] * len(words), words)


def counts_of(model, X):
    """What the model counts, dense, and what each pair weighs."""
    events = X if isinstance(X, coals.Events) else None
    data = X.to_interactions() if events else coals.Interactions.from_matrix(X)
    pairs, weights = log_counts(model, data, events)
    i, j = pairs.matrix.nonzero() if pairs.matrix.data.all() else pairs.matrix.tocoo().coords
    counts, dense_weights = np.zeros(pairs.shape), np.zeros(pairs.shape)
    counts[i, j], dense_weights[i, j] = np.exp(pairs.matrix.data), weights
    return counts, dense_weights


def test_counts_of_one_sentence_by_hand():
    """a rose is a rose, window 3: places 0 to 4.

    a-rose: 0-1 at distance 1, 3-4 at 1, 1-3 at 2, (0-4 is too far): 1 + 1 + 1/2 = 5/2.
    a-is: 0-2 at 2, 2-3 at 1: 1/2 + 1 = 3/2.    rose-is: 1-2 at 1, 2-4 at 2: 1 + 1/2 = 3/2.    a-a and rose-rose: none.
    """
    events = sentence("a rose is a rose")
    counts, weights = counts_of(coals.GloVe(window=3, x_max=2), events)
    assert events.items.ids.tolist() == ["a", "is", "rose"]
    assert_allclose(counts, [[0, 3 / 2, 5 / 2], [3 / 2, 0, 3 / 2], [5 / 2, 3 / 2, 0]])
    f = (3 / 4) ** 0.75  # of 3/2; 5/2 is above x_max
    assert_allclose(weights, [[0, f, 1], [f, 0, f], [1, f, 0]])
    assert_allclose(counts, reference.glove_counts([[0, 2, 1, 0, 2]], 3, window=3))
    assert_allclose(weights, reference.glove_weights(counts, x_max=2))


@pytest.mark.filterwarnings("error")
def test_a_tiny_x_max_weighs_all_pairs_alike():
    _, weights = counts_of(coals.GloVe(window=3, x_max=1e-320), sentence("a rose is a rose"))
    assert_allclose(weights, 1 - np.eye(3))


def test_without_distance_and_order():
    events = sentence("a rose is a rose")
    flat, _ = counts_of(coals.GloVe(window=1, inverse_distance=False), events)
    assert_allclose(flat, [[0, 1, 2], [1, 0, 1], [2, 1, 0]])  # neighbors: a rose, rose is, is a, a rose
    baskets = sp.csr_array(np.array([[5.0, 1.0, 0.0], [1.0, 2.0, 3.0]]))
    whole, _ = counts_of(coals.GloVe(), baskets)
    assert_allclose(whole, [[0, 2, 1], [2, 0, 1], [1, 1, 0]])
    cut, _ = counts_of(coals.GloVe(min_count=2), baskets)
    assert_allclose(cut, [[0, 2, 0], [2, 0, 0], [0, 0, 0]])


def state(model):
    return model.main_factors_, model.context_factors_, model.main_bias_, model.context_bias_


@every_dtype
def test_equals_the_reference(ratings, dtype, tolerance):
    """The same objective; and the vectors that half a sweep of the reference finds for the contexts."""
    how = {"x_max": 4.0, "regularization": 0.2, "exponent": 0.6}
    model = coals.GloVe(
        factors=3, x_max=4, regularization=0.2, weight_exponent=0.6, iterations=4, dtype=dtype, random_state=1
    ).fit(ratings)
    counts, _ = counts_of(model, ratings)
    found = [array.astype(np.float64) for array in state(model)]
    assert_allclose(model.objective_[-1], reference.glove_objective(counts, found, **how), rtol=tolerance)
    contexts, words = found[1], found[0]
    # Counts are symmetric: the step that finds words from contexts finds contexts from words.
    again = reference.glove_sweep(counts, (contexts, words, found[3], found[2]), **how)
    scale = np.abs(contexts).max()
    assert_allclose(again[0], contexts, atol=100 * tolerance * scale)
    assert_allclose(again[2], found[3], atol=100 * tolerance * scale)
    assert (np.diff(model.objective_) < 0).all()


@every_dtype
def test_scores_are_means_over_the_history(ratings, dtype, tolerance):
    model = coals.GloVe(factors=3, x_max=4, dtype=dtype, random_state=1).fit(ratings)
    vectors = model.main_factors_ + model.context_factors_
    history = ratings.toarray()[5].nonzero()[0]
    expected = reference.item_scores(history, state(model))
    assert_allclose(model.predict(5, np.arange(40)), expected, atol=tolerance)
    new = model.recommend_for(history, n=6)
    known = model.recommend(5, n=6)
    assert_allclose(new.scores, known.scores, atol=tolerance)
    assert_allclose(expected[new.ids[0]], new.scores[0], atol=tolerance)
    assert model.recommend_for([], n=3).counts.tolist() == [0]
    cosines = reference.directions(vectors) @ reference.directions(vectors)[8]
    cosines[[8, 11]] = -2
    nearest = model.similar_items(8, n=4)
    assert_allclose(nearest.scores[0], np.sort(cosines)[:-5:-1], atol=1e-6)
    assert_allclose(cosines[nearest.ids[0]], nearest.scores[0], atol=1e-6)


KINDS = {
    ("king", "queen"): "crown throne palace court",
    ("man", "woman"): "work bread street wage",
    ("boy", "girl"): "school toys games sweets",
    ("uncle", "aunt"): "visit cousin gifts sunday",
}
SEXES = "he his him beard", "she her hers dress"
PEOPLE = {word for pair in KINDS for word in pair}


def stories(sentences=3000):
    """Sentences of a word, two that go with its kind, two that go with its sex, and two of any."""
    rng = np.random.default_rng(3)
    any_of = [word for words in (*KINDS.values(), *SEXES) for word in words.split()]
    people = [(word, SEXES[sex], words) for pair, words in KINDS.items() for sex, word in enumerate(pair)]
    said, number = [], []
    for k in range(sentences):
        word, *near = people[rng.integers(len(people))]
        line = [word, *(w for words in near for w in rng.choice(words.split(), 2, replace=False))]
        line += rng.choice(any_of, 2, replace=False).tolist()
        said += rng.permutation(line).tolist()
        number += [k] * len(line)
    return coals.Events.from_arrays(number, said)


def test_analogies_of_a_small_text():
    """King less man and woman is queen, and so on for all twelve."""
    model = coals.GloVe(factors=6, window=6, x_max=50, random_state=0).fit(stories())
    for him, her in KINDS:
        for he, she in KINDS:
            if he != him:
                found = model.analogy([him, she], he, n=20).ids[0]
                assert next(word for word in found if word in PEOPLE) == her
    assert model.similar_items("crown", n=3).ids[0, 0] in ("throne", "palace", "court")


def test_analogy_is_the_cosine_to_a_sum_of_directions():
    model = coals.GloVe(factors=6, window=6, x_max=50, iterations=2, random_state=0).fit(stories(200))
    unit = reference.directions(model.item_factors_.astype(np.float64))
    king, woman, man = model.item_index_.encode(["king", "woman", "man"])
    wanted = unit[king] + unit[woman] - unit[man]
    cosines = unit @ wanted / np.linalg.norm(wanted)
    cosines[[king, woman, man]] = -2
    found = model.analogy(["king", "woman"], ["man"], n=5)
    assert_allclose(found.scores[0], np.sort(cosines)[:-6:-1], atol=1e-6)
    assert_allclose(cosines[model.item_index_.encode(found.ids[0])], found.scores[0], atol=1e-6)
    alone = model.analogy("king", n=100)
    assert alone.counts[0] == model.n_items_ - 1
    assert_array_equal(alone.ids[0, :5], model.similar_items("king", n=5).ids[0])


def test_groups_of_events_are_users():
    events = coals.Events.from_arrays(["ann", "ann", "bob", "bob", "cem"], ["x", "y", "y", "z", "q"])
    model = coals.GloVe(factors=2, random_state=0).fit(events)
    assert model.recommend("ann", n=5).ids[0, 0] == "z"
    assert model.recommend(["ann", "cem"], n=5).counts.tolist() == [1, 0]  # q occurs with nothing
    with pytest.raises(ValueError, match="item 'q' has no vector: it occurs with no other item"):
        model.analogy(["x", "q"])
    with pytest.raises(ValueError, match="unknown item id 'w'"):
        model.analogy("w")
    with pytest.raises(ValueError, match="positive and negative are empty"):
        model.analogy([])


def test_data_without_pairs():
    model = coals.GloVe(factors=2).fit(sp.csr_array(np.eye(3)))
    assert model.recommend([0, 1], n=2).counts.tolist() == [0, 0]
    assert model.similar_items(0).counts.tolist() == [0]
    assert len(model.objective_) == 0


@pytest.mark.filterwarnings("ignore:.*relevant test pairs are in its training data")
def test_callbacks_get_models_and_may_stop(ratings):
    lists = []

    def show(sweep):
        lists.append(sweep.model.recommend([0], n=3).ids)
        return sweep.sweep == 2

    model = coals.GloVe(factors=3, random_state=0).fit(ratings, callback=show)
    assert len(model.objective_) == 2
    assert_array_equal(lists[-1], model.recommend([0], n=3).ids)
    held_out = coals.Interactions.from_matrix(ratings)
    stopped = coals.GloVe(factors=3, random_state=0).fit(
        ratings, callback=coals.EarlyStopping(held_out, "recall@5", patience=1)
    )
    assert len(stopped.objective_) >= 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factors": 0}, "factors must be >= 1"),
        ({"window": 0}, "window must be >= 1"),
        ({"x_max": 0}, "x_max must be > 0"),
        ({"regularization": 0}, "regularization must be > 0"),
        ({"min_count": -1}, "min_count must be >= 0"),
        ({"weight_exponent": 11}, "weight_exponent must be >= 0 and <= 10"),
        ({"dtype": "half"}, "dtype must be one of"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        coals.GloVe(**arguments)


def test_memory_limit(ratings):
    with pytest.raises(ValueError, match="memory_limit"):
        coals.GloVe(memory_limit=100).fit(ratings)
