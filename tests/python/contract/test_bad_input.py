"""Bad input: an error that names the offender and the remedy, and never a crash."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.sparse as sp

import coals
from coals import _core
from model_cases import MODELS

every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())


def broken(**arrays):
    """A valid 3 x 4 CSR whose arrays are then edited behind scipy's back."""
    matrix = sp.csr_array(([1.0, 2.0, 3.0], ([0, 1, 2], [0, 1, 3])), shape=(3, 4))
    for name, value in arrays.items():
        getattr(matrix, name)[:] = value
    return matrix


def scaled_row(value):
    matrix = broken()
    matrix.data[1] = value
    return matrix


BAD_DATA = [
    (scaled_row(np.nan), ValueError, "row 1, column 1 is nan.*finite"),
    (scaled_row(np.inf), ValueError, "row 1, column 1 is inf.*finite"),
    (broken(indices=[0, -1, 3]), ValueError, "row 1 has column index -1, but there are 4 columns"),
    (broken(indices=[0, 4, 3]), ValueError, "row 1 has column index 4, but there are 4 columns"),
    (broken(indptr=[0, 2, 1, 3]), ValueError, "indptr steps back at row 1"),
    (broken(indptr=[0, 1, 2, 9]), ValueError, "indptr ends at 9"),
    (sp.csr_array((3, 4)), ValueError, "empty: it has no stored entry"),
    (sp.csr_array((0, 4)), ValueError, r"empty: its shape is \(0, 4\)"),
    (np.ones((3, 4)), TypeError, "dense array: make it sparse"),
    (sp.csr_array(np.ones((3, 4), complex)), TypeError, "real numbers"),
    ("ratings.csv", TypeError, "must be Interactions or a SciPy sparse matrix, got str"),
    (None, TypeError, "got NoneType"),
]


@every_model
@pytest.mark.parametrize(("data", "error", "message"), BAD_DATA)
def test_bad_data(make, data, error, message):
    with pytest.raises(error, match=message):
        make().fit(data)


BAD_ARGUMENTS = [
    ({"factors": 0}, ValueError, "factors must be >= 1 .*got 0"),
    ({"factors": -3}, ValueError, "factors must be >= 1 .*got -3"),
    ({"factors": "64"}, TypeError, "factors must be an integer, got '64' .str."),
    ({"factors": 64.0}, TypeError, "factors must be an integer, got 64.0"),
    ({"factors": True}, TypeError, "factors must be an integer, got True"),
    ({"regularization": -1}, ValueError, "regularization must be >= 0 .*got -1"),
    ({"regularization": np.nan}, ValueError, "regularization must be a finite number"),
    ({"regularization": (1, 2, 3)}, ValueError, r"a number or a \(user, item\) pair"),
    ({"regularization": (1, -2)}, ValueError, "regularization must be >= 0 .*got -2"),
    ({"regularization_exponent": -0.5}, ValueError, "regularization_exponent must be >= 0"),
    ({"iterations": 0}, ValueError, "iterations must be >= 1"),
    ({"dtype": "float16"}, ValueError, "dtype must be one of 'float32', 'float64'"),
    ({"random_state": -1}, ValueError, "random_state must be >= 0"),
    ({"random_state": "x"}, TypeError, "random_state must be None, an integer"),
    ({"num_threads": 0}, ValueError, "num_threads must be >= 1"),
    ({"tolerance": -1e-3}, ValueError, "tolerance must be >= 0"),
    ({"factors": 10**20}, ValueError, "factors must be >= 1 and <= 65536"),
    ({"regularization": 1e39}, ValueError, r"regularization must be .*<= 1e.18"),
    ({"regularization": 1e-46}, ValueError, "regularization=1e-46 vanishes in float32: say 0"),
    ({"num_threads": 2**40}, ValueError, "num_threads must be .*<= 1024"),
    ({"rank": 64}, TypeError, "has no argument 'rank': it is called 'factors' here"),
    ({"reg": 1.0}, TypeError, "it is called 'regularization' here"),
    ({"n_epochs": 1}, TypeError, "it is called 'iterations' here"),
    ({"factor": 1}, TypeError, "did you mean 'factors'"),
]


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS)
def test_bad_factor_model_arguments(model, arguments, error, message):
    with pytest.raises(error, match=message):
        model(**arguments)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: coals.ExplicitALS(biases=1), TypeError, "biases must be True or False"),
        (lambda: coals.ExplicitALS(bias_update="both"), ValueError, "bias_update must be one of 'joint', 'separate'"),
        (lambda: coals.ImplicitALS(alpha=0), ValueError, "alpha must be > 0"),
        (lambda: coals.ImplicitALS(unobserved_weight=-1), ValueError, "unobserved_weight must be >= 0"),
        (lambda: coals.ImplicitALS(objective="als"), ValueError, "objective must be one of 'hkv', 'ials'"),
        (lambda: coals.Popularity(by="likes"), ValueError, "by must be one of 'users', 'rows', 'sum'"),
        (
            lambda: coals.ItemCooccurrence(similarity="pearson"),
            ValueError,
            "similarity must be one of 'count', 'conditional'",
        ),
        (lambda: coals.ItemCooccurrence(neighbors=0), ValueError, "neighbors must be >= 1"),
        (lambda: coals.ItemCooccurrence(k=20), TypeError, "has no argument 'k'"),
        (lambda: coals.ExplicitALS(64), TypeError, r"named arguments only, for instance ExplicitALS\(factors=64\)"),
    ],
)
def test_other_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


@every_model
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.recommend(60), ValueError, "users = 60 is out of range: there are 60, so 0 to 59"),
        (lambda m: m.recommend([1, -1]), ValueError, r"users\[1\] = -1 is out of range"),
        (lambda m: m.recommend("a"), TypeError, "users must be an integer"),
        (lambda m: m.recommend(1.5), TypeError, "users must be an integer"),
        (lambda m: m.recommend(1, n=0), ValueError, "n must be >= 1 .*got 0"),
        (lambda m: m.recommend(1, n=10**30), ValueError, "n must be .*<= 2147483647"),
        (lambda m: m.recommend(1, n="10"), TypeError, "n must be an integer"),
        (lambda m: m.recommend(1, exclude_seen=1), TypeError, "exclude_seen must be True or False"),
        (lambda m: m.predict([1, 2], [1, 2, 3]), ValueError, "got 2 users and 3 items"),
        (lambda m: m.predict(1, 40), ValueError, "items = 40 is out of range"),
        (lambda m: m.predict_indices([1, -1], 0), ValueError, r"users\[1\] = -1 is out of range"),
        (lambda m: m.predict_indices(60, 0), ValueError, "users = 60 is out of range: there are 60"),
        (lambda m: m.predict_indices(0, [0, 40]), ValueError, r"items\[1\] = 40 is out of range: there are 40"),
        (lambda m: m.predict_indices(0, 1.5), TypeError, "items must be an integer"),
        (lambda m: m.predict_indices([1, 2], [1, 2, 3]), ValueError, "got 2 users and 3 items"),
    ],
)
def test_bad_queries(make, ratings, call, error, message):
    with pytest.raises(error, match=message):
        call(make().fit(ratings))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_singular_system_names_the_user(ratings, dtype):
    """Without a penalty, a user with fewer ratings than factors has no unique solution."""
    counts = np.diff(ratings.indptr)
    factors = int(counts.max()) + 1
    plain = coals.ExplicitALS(factors=factors, regularization=0, dtype=dtype, random_state=0)
    with pytest.raises(ValueError, match=r"user 0: .*singular.*Set regularization > 0"):
        plain.fit(ratings)
    named = coals.Interactions.from_matrix(ratings, user_ids=[f"u{i}" for i in range(60)])
    with pytest.raises(ValueError, match="user 'u0'"):
        plain.fit(named)


@pytest.mark.parametrize("seed", range(30))
def test_too_few_ratings_are_known_without_elimination(seed):
    """Rounding hides the singular pivot from it now and then."""
    init = np.ones((1, 8)), 1 + np.random.default_rng(seed).standard_normal((6, 8))
    with pytest.raises(ValueError, match="pivot 7 of 8"):
        coals.ExplicitALS(factors=8, regularization=0, biases=False, init=init).fit(sp.csr_array(np.ones((1, 6))))


def test_singular_system_found_by_its_pivot():
    """As many ratings as factors, but a repeated item vector: only the elimination can tell."""
    data = sp.csr_array(np.arange(1.0, 7.0).reshape(2, 3))
    init = np.ones((2, 2)), np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(ValueError, match=r"user 0: .*pivot 2 of 2"):
        coals.ExplicitALS(factors=2, regularization=0, biases=False, init=init).fit(data)


@pytest.mark.parametrize("strength", [0.0, -2.0])
def test_implicit_data_without_any_interaction(strength):
    for other in (strength, -2.0):
        data = sp.csr_array(([strength, other], ([0, 2], [0, 1])), shape=(3, 2))
        with pytest.raises(ValueError, match=r"no entry is positive: implicit feedback needs interactions"):
            coals.ImplicitALS().fit(data)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ((np.ones((60, 3)),), "got 1 arrays"),
        (5, "a tuple of arrays, got int"),
        ((np.ones((60, 3)) * 1j, np.ones((40, 3))), "real numbers, got dtype complex128"),
        ((np.ones((60, 3)) * 1e30, np.ones((40, 3))), "huge numbers"),
        ((np.ones((60, 4)), np.ones((40, 3))), r"shape \(60, 3\), got shape \(60, 4\)"),
        ((np.ones((60, 3)), np.full((40, 3), np.nan)), "NaN, infinity"),
        ((np.ones((60, 3)), np.zeros((40, 3))), "nothing but zeros for the item factors"),
    ],
)
@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
def test_bad_init(ratings, model, init, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model(factors=3, init=init).fit(ratings)


@pytest.mark.parametrize("model", [coals.ExplicitALS, coals.ImplicitALS])
@pytest.mark.parametrize(("dtype", "value"), [("float32", 1e300), ("float32", 1e-60), ("float64", 1e200)])
def test_values_beyond_the_arithmetic_are_named(ratings, model, dtype, value):
    data = ratings.copy()
    data.data[3] = value
    with pytest.raises(
        ValueError,
        match=rf"user 0, item {data.indices[3]}: {re.escape(str(value))} is too large or too small for {dtype}",
    ):
        model(factors=2, dtype=dtype).fit(data)


def test_an_objective_that_overflows_is_an_error():
    data = sp.csr_array(np.array([[1e18, 1.0], [1.0, 1e18]]))
    with pytest.raises(ValueError, match=r"objective is (inf|nan) after sweep 1|singular"):
        coals.ImplicitALS(factors=2, alpha=1e18, random_state=0).fit(data)


def test_popularity_that_overflows_names_the_item():
    data = sp.csr_array(np.array([[1.0, 1.7e308], [1.0, 1.7e308]]))
    with pytest.raises(ValueError, match="item 1: its values add up to infinity"):
        coals.Popularity(by="sum").fit(data)


@pytest.mark.parametrize(
    ("clip", "error"), [((5, 1), ValueError), ((np.nan, 1), ValueError), (1, TypeError), ("ab", TypeError)]
)
def test_bad_clip(ratings, clip, error):
    with pytest.raises(error, match="clip must be"):
        coals.ExplicitALS(factors=2, random_state=0).fit(ratings).predict(0, 0, clip=clip)


def test_callback_that_is_no_function_is_refused_before_any_work(ratings):
    with pytest.raises(TypeError, match="callback must be a function of one Sweep, or a list of such, got 5"):
        coals.ImplicitALS(factors=2).fit(ratings, callback=5)


def test_native_matrix_trusts_nobody():
    """The last line of defence: whatever arrays arrive, a Csr that exists is safe to index with."""
    begin, column, value = np.array([0, 1, 2]), np.array([0, 1], np.int32), np.ones(2)
    _core.Csr(begin, column, value, 2, "float32")
    for indptr, indices, values, columns in [
        (begin, np.array([0, 2], np.int32), value, 2),
        (begin, np.array([0, -1], np.int32), value, 2),
        (begin, np.array([0, 2**40]), value, 2),
        (np.array([0, 2, 2]), np.array([1, 0], np.int32), value, 2),
        (np.array([0, 2, 2]), np.array([1, 1], np.int32), value, 2),
        (np.array([1, 1, 2]), column, value, 2),
        (np.array([0, 3, 2]), column, value, 2),
        (np.array([0, 1, 5]), column, value, 2),
        (np.array([], np.int64), column, value, 2),
        (begin, column, np.ones(3), 2),
        (begin, column, value, -1),
        (begin, column, value, 2**31),
    ]:
        with pytest.raises(ValueError, match=r"must|row|matrix|stored"):
            _core.Csr(indptr, indices, values, columns, "float32")
    matrix = _core.Csr(begin, column, value, 2, "float32")
    with pytest.raises(ValueError, match="row 2 is out of range"):
        matrix.select_rows(np.array([0, 2]))
