"""Arguments and data that similarities refuse, by name and with a remedy."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals.similarities.measures import MEASURES
from similarity_cases import MATRICES

RATINGS = MATRICES["nobody and nothing"]  # 60 users, 40 items


@pytest.mark.parametrize("function", [coals.similarity, coals.cooccurrence])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"axis": "item"}, ValueError, "axis must be one of 'items', 'users'"),
        ({"axis": 1}, TypeError, "axis must be one of"),
        ({"neighbors": 0}, ValueError, "neighbors must be >= 1"),
        ({"neighbors": -1}, ValueError, "neighbors must be >= 1"),
        ({"neighbors": 2.0}, TypeError, "neighbors must be an integer"),
        ({"neighbors": True}, TypeError, "neighbors must be an integer"),
        ({"threshold": np.nan}, ValueError, "threshold must be a finite number"),
        ({"threshold": "1"}, TypeError, "threshold must be a number"),
        ({"rows": [0, 40]}, ValueError, "40 is out of range"),
        ({"rows": [-1]}, ValueError, "-1 is out of range"),
        ({"rows": [60], "axis": "users"}, ValueError, "60 is out of range"),
        ({"rows": [1.5]}, TypeError, "integer"),
        ({"rows": np.ones(40, bool)}, TypeError, "integer"),
        ({"weighted": 1}, TypeError, "weighted must be True or False"),
        ({"dtype": "float16"}, ValueError, "dtype must be"),
        ({"dtype": "int8"}, ValueError, "dtype must be"),
        ({"num_threads": 0}, ValueError, "num_threads must be >= 1"),
        ({"num_threads": 1.5}, TypeError, "num_threads must be an integer"),
        ({"memory_limit": -1}, ValueError, "memory_limit must be"),
        ({"memory_limit": "1 GB"}, TypeError, "memory_limit must be"),
        ({"X": sp.csr_array((3, 4))}, ValueError, "empty: it has no stored entry"),
        ({"X": np.ones((3, 4))}, TypeError, "dense array: make it sparse"),
        ({"X": sp.csr_array([[1.0, np.nan]])}, ValueError, "row 0, column 1 is nan"),
        ({"X": None}, TypeError, "got NoneType"),
    ],
)
def test_arguments_of_both(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**{"X": RATINGS, **arguments})


@pytest.mark.parametrize(
    ("measure", "options", "error", "message"),
    [
        ("manhattan", {}, ValueError, "measure must be one of .*'jaccard'"),
        (None, {}, TypeError, "measure must be one of"),
        ("asymmetric_cosine", {"alpha": 1.5}, ValueError, "alpha must be .*got 1.5"),
        ("asymmetric_cosine", {"alpha": -0.1}, ValueError, "alpha must be .*got -0.1"),
        ("tversky", {"alpha": -1}, ValueError, "alpha must be .*got -1"),
        ("tversky", {"beta": -1}, ValueError, "beta must be .*got -1"),
        ("tversky", {"beta": np.inf}, ValueError, "beta must be a finite number"),
        ("bm25", {"k1": -1}, ValueError, "k1 must be .*got -1"),
        ("bm25", {"b": 1.5}, ValueError, "b must be .*got 1.5"),
        ("cosine", {"shrinkage": -1}, ValueError, "shrinkage must be >= 0"),
        ("cosine", {"shrinkage": np.nan}, ValueError, "shrinkage must be a finite number"),
        ("cosine", {"min_support": -1}, ValueError, "min_support must be"),
        ("cosine", {"min_support": 1.5}, TypeError, "min_support must be an integer"),
        ("cosine", {"min_overlap": -1}, ValueError, "min_overlap must be"),
        ("cosine", {"min_overlap": "2"}, TypeError, "min_overlap must be an integer"),
    ],
)
def test_arguments_of_measures(measure, options, error, message):
    with pytest.raises(error, match=message):
        coals.similarity(RATINGS, measure, **options)


@pytest.mark.parametrize("measure", ["tfidf", "bm25"])
def test_negative_values_are_no_frequencies(measure):
    with pytest.raises(ValueError, match="negative"):
        coals.similarity(MATRICES["floats of both signs"], measure)


def test_unknown_ids():
    data = coals.Interactions.from_arrays(["u", "u", "v"], ["x", "y", "x"])
    for function in (coals.similarity, coals.cooccurrence):
        with pytest.raises((KeyError, ValueError), match="nobody"):
            function(data, rows=["x", "nobody"])
        with pytest.raises(TypeError):
            function(data, rows=[0])


@pytest.mark.parametrize("measure", ["jaccard", "bm25", "pearson"])
def test_a_limit_of_memory(measure):
    with pytest.raises((MemoryError, ValueError), match="memory_limit"):
        coals.similarity(RATINGS, measure, memory_limit=100)
    within = coals.similarity(RATINGS, measure, memory_limit=1 << 30)
    np.testing.assert_array_equal(within.toarray(), coals.similarity(RATINGS, measure).toarray())


def test_an_answer_beyond_the_limit_of_memory():
    """4 million pairs do not fit into 16 MB; ten neighbors of each item do."""
    data = sp.csr_array(np.ones((2, 2000), np.float32))
    with pytest.raises((MemoryError, ValueError), match="memory_limit"):
        coals.cooccurrence(data, memory_limit=16_000_000, num_threads=1)
    assert coals.cooccurrence(data, neighbors=10, memory_limit=16_000_000, num_threads=1).nnz == 20_000


def test_options_go_by_name():
    with pytest.raises(TypeError, match="positional"):
        coals.similarity(RATINGS, "cosine", "items")
    with pytest.raises(TypeError, match="positional"):
        coals.cooccurrence(RATINGS, "items")


VALUES = (
    "tfidf",
    "bm25",
    "centered_cosine",
    "pearson",
    "adjusted_cosine",
    "msd",
    "common_cosine",
    "common_centered",
    "pearson_baseline",
)


@pytest.mark.parametrize("axis", ["items", "users"])
@pytest.mark.parametrize("measure", ["cosine", *VALUES])
def test_values_whose_squares_overflow_or_vanish(measure, axis):
    options = {"weighted": measure == "cosine", "axis": axis, "dtype": "float64"}
    for scale, word, direction in ((1e200, "large", "down"), (1e-200, "small", "up")):
        data = RATINGS.astype(np.float64) * scale
        with pytest.raises(
            ValueError, match=rf"item \d+: .* is too {word} for float64 .*: scale the values {direction}"
        ):
            coals.similarity(data, measure, **options)
    if measure not in ("bm25", "msd"):  # whose values have a meaning beside others
        plain = coals.similarity(RATINGS, measure, **options).toarray()
        for scale in (1e139, 1e-138):
            far = coals.similarity(RATINGS.astype(np.float64) * scale, measure, **options).toarray()
            np.testing.assert_allclose(far, plain, rtol=1e-9, atol=1e-9)


def test_products_that_overflow():
    """Infinities of both signs would make NaN, which no comparison keeps."""
    data = sp.csr_array([[1e200, 1e200], [1e200, -1e200]])
    for options in ({}, {"neighbors": 1}, {"threshold": 0.5}):
        with pytest.raises(ValueError, match="too large for float64"):
            coals.cooccurrence(data, weighted=True, dtype="float64", **options)
        with pytest.raises(ValueError, match=r"user 0, item 0: 1e\+200 is too large for float64"):
            coals.cooccurrence(data, weighted=True, **options)
    with pytest.raises(ValueError, match="too large for float32: choose dtype='float64'"):
        coals.cooccurrence(data * 1e-180, weighted=True, diagonal=True)


@pytest.mark.parametrize(
    ("option", "value", "users"),
    [
        ("alpha", 0.3, ("asymmetric_cosine", "tversky")),
        ("beta", 0.3, ("tversky",)),
        ("k1", 2.0, ("bm25",)),
        ("b", 0.1, ("bm25",)),
    ],
)
def test_options_that_a_measure_has_no_use_for(option, value, users):
    for measure in MEASURES:
        if measure in users:
            coals.similarity(RATINGS, measure, **{option: value})
            continue
        with pytest.raises(ValueError, match=f"{option} goes with '{users[0]}'.*: '{measure}' has no use for it"):
            coals.similarity(RATINGS, measure, **{option: value})
    default = inspect.signature(coals.similarity).parameters[option].default
    coals.similarity(RATINGS, "jaccard", **{option: default})
    for model in (coals.ItemKNN, coals.UserKNN):  # grids vary the similarity beside them
        model(similarity="jaccard", **{option: value}).fit(RATINGS)


def test_events_are_no_matrix():
    events = coals.Events.from_arrays(["g", "g"], ["a", "b"])
    for function in (coals.cooccurrence, coals.similarity, coals.ItemKNN().fit):
        with pytest.raises(TypeError, match=r"got Events: take their to_interactions\(\), or coals.event_cooccurrence"):
            function(events)


def test_numbers_beyond_64_bits_are_no_limit():
    events = coals.Events.from_arrays(["g", "g"], ["a", "b"])
    for function, data in (
        (coals.similarity, RATINGS),
        (coals.cooccurrence, RATINGS),
        (coals.event_cooccurrence, events),
    ):
        plain = function(data, neighbors=1000)
        assert (function(data, neighbors=10**30, memory_limit=10**30) != plain).nnz == 0
    assert coals.ItemKNN(neighbors=10**30, memory_limit=10**30).fit(RATINGS).similarity_.nnz > 0
