from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from coals._util.checks import (
    FOREIGN_NAMES,
    check_bool,
    check_choice,
    check_indices,
    check_int,
    check_number,
    check_random_state,
    foreign_name_error,
)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_int_accepts_integers_of_any_width(value):
    assert check_int("factors", value, minimum=3, maximum=3) == 3
    assert type(check_int("factors", value)) is int


@pytest.mark.parametrize("value", [True, np.True_, 3.0, np.float64(3), "3", None, [3], np.array([3])])
def test_int_refuses_what_is_not_an_integer(value):
    with pytest.raises(TypeError, match="factors must be an integer, got"):
        check_int("factors", value)


@pytest.mark.parametrize(
    ("value", "minimum", "maximum", "bounds"),
    [(0, 1, None, ">= 1"), (9, None, 8, "<= 8"), (0, 1, 8, ">= 1 and <= 8"), (9, 1, 8, ">= 1 and <= 8")],
)
def test_int_out_of_range_names_the_bounds(value, minimum, maximum, bounds):
    with pytest.raises(ValueError, match=rf"factors must be {bounds}, got {value}"):
        check_int("factors", value, minimum=minimum, maximum=maximum)


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int16(2)])
def test_number_accepts_real_numbers(value):
    assert check_number("alpha", value, minimum=2, maximum=2) == 2.0
    assert type(check_number("alpha", value)) is float


@pytest.mark.parametrize("value", [True, np.False_, "2", None, 2j, Decimal(2), [2.0]])
def test_number_refuses_what_is_not_a_number(value):
    with pytest.raises(TypeError, match="alpha must be a number, got"):
        check_number("alpha", value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.float32(np.nan), 10**400])
def test_number_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="alpha must be a finite number"):
        check_number("alpha", value)


def test_number_strict_excludes_the_minimum_only():
    assert check_number("alpha", 0.0, minimum=0) == 0
    assert check_number("alpha", 1.0, minimum=0, maximum=1, strict=True) == 1
    with pytest.raises(ValueError, match=r"alpha must be > 0, got 0\.0"):
        check_number("alpha", 0.0, minimum=0, strict=True)
    with pytest.raises(ValueError, match=r"alpha must be >= 0 and <= 1, got 1\.5"):
        check_number("alpha", 1.5, minimum=0, maximum=1)


def test_bool():
    assert check_bool("biases", True) is True
    assert check_bool("biases", np.False_) is False
    for value in (0, 1, "yes", None):
        with pytest.raises(TypeError, match="biases must be True or False"):
            check_bool("biases", value)


def test_choice():
    assert check_choice("solver", "cg", ("auto", "cg")) == "cg"
    with pytest.raises(ValueError, match="solver must be one of 'auto', 'cg', got 'c'"):
        check_choice("solver", "c", ("auto", "cg"))
    with pytest.raises(TypeError, match="solver must be one of 'auto', 'cg', got None"):
        check_choice("solver", None, ("auto", "cg"))


def test_random_state_int_is_default_rng_and_generator_is_itself():
    expected = np.random.default_rng(7).random(3)
    assert_array_equal(check_random_state(7).random(3), expected)
    assert_array_equal(check_random_state(np.int64(7)).random(3), expected)
    generator = np.random.default_rng(1)
    assert check_random_state(generator) is generator
    assert check_random_state(None).random() != check_random_state(None).random()


@pytest.mark.parametrize("value", [True, 1.0, "1", np.random.RandomState(0)])
def test_random_state_refuses_other_types(value):
    with pytest.raises(TypeError, match=r"random_state must be None, an integer >= 0 or a numpy\.random\.Gen"):
        check_random_state(value)


def test_random_state_refuses_negative_seed():
    with pytest.raises(ValueError, match="random_state must be >= 0, got -1"):
        check_random_state(-1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (2, [2]),
        (np.int32(2), [2]),
        ([0, 4], [0, 4]),
        ((4, 4), [4, 4]),
        (range(1, 4), [1, 2, 3]),
        ([], []),
        (np.array([]), []),
        (np.array([1, 0], dtype=np.uint8), [1, 0]),
        (np.array([1, 3], dtype=object), [1, 3]),
        (np.arange(5)[::-2], [4, 2, 0]),
    ],
)
def test_indices_become_contiguous_int64(values, expected):
    indices = check_indices("users", values, 5)
    assert indices.dtype == np.int64
    assert indices.ndim == 1
    assert indices.flags.c_contiguous
    assert_array_equal(indices, expected)


def test_indices_are_not_copied_without_need():
    values = np.array([3, 1], dtype=np.int64)
    assert np.shares_memory(check_indices("users", values, 5), values)


@pytest.mark.parametrize(
    "values",
    [
        1.0,
        [1.0, 2.0],
        "1",
        ["a"],
        True,
        [True, 2],
        (np.True_, 2),
        np.array([True, False]),
        None,
        [None],
        {1, 2},
        [1, [2]],
        np.array([1, 2.5], dtype=object),
        np.array([1, True], dtype=object),
        np.array(["2020-01-01"], dtype="M8[D]"),
    ],
)
def test_indices_refuse_what_is_not_an_integer(values):
    with pytest.raises(TypeError, match="users must be an integer or a 1-D sequence of integers, got"):
        check_indices("users", values, 5)


@pytest.mark.parametrize(
    ("values", "size", "message"),
    [
        ([1, -1], 5, r"users\[1\] = -1 is out of range: there are 5, so 0 to 4 would do"),
        ([0, 4, 5], 5, r"users\[2\] = 5 is out of range"),
        (np.array([300], dtype=np.uint16), 5, r"users\[0\] = 300 is"),
        (np.array([2**63], dtype=np.uint64), 5, r"users\[0\] = 9223372036854775808 is"),
        ([2**70], 5, r"users\[0\] = 1180591620717411303424 is"),
        (7, 5, r"users = 7 is out of range"),
        (0, 0, r"users = 0 is out of range: there are none"),
        (np.array([[1]]), 5, r"users must be a scalar or 1-D, got shape \(1, 1\)"),
    ],
)
def test_indices_out_of_range_name_position_value_and_size(values, size, message):
    with pytest.raises(ValueError, match=message):
        check_indices("users", values, size)


def test_indices_of_narrow_type_compare_with_a_size_beyond_it():
    assert_array_equal(check_indices("users", np.array([127], dtype=np.int8), 10**6), [127])


def test_indices_minimum_admits_padding():
    assert_array_equal(check_indices("users", [-1, 0], 1, minimum=-1), [-1, 0])
    with pytest.raises(ValueError, match=r"users\[0\] = -2"):
        check_indices("users", [-2], 1, minimum=-1)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("rank", "factors"),
        ("K", "factors"),
        ("regParam", "regularization"),
        ("max_iter", "iterations"),
        ("seed", "random_state"),
        ("n_jobs", "num_threads"),
        ("w0", "unobserved_weight"),
        ("topk", "neighbors"),
        ("N", "n"),
    ],
)
def test_foreign_name_gives_ours(given, ours):
    error = foreign_name_error("Model", given, [ours, "zzz"])
    assert isinstance(error, TypeError)
    assert re.match(f"Model has no argument '{given}': it is called '{ours}' here", str(error))


def test_foreign_name_without_counterpart_in_this_model_is_not_suggested():
    assert "factors" not in str(foreign_name_error("Popularity", "rank", ["alpha"]))


def test_misspelt_name_gives_the_closest_and_all():
    error = foreign_name_error("Model", "factor", ["iterations", "factors"])
    assert str(error) == "Model has no argument 'factor': did you mean 'factors'? Arguments: factors, iterations"


def test_foreign_names_are_never_ours():
    assert not set(FOREIGN_NAMES) & set(FOREIGN_NAMES.values())
