import numpy as np
import pytest

from coals._util.order import best_first


def test_ties_go_to_the_lower_position():
    assert best_first(np.array([1.0, 3.0, 1.0, 3.0, 2.0])).tolist() == [1, 3, 4, 0, 2]
    many = np.tile([1, 2], 50)
    assert best_first(many).tolist() == [*range(1, 100, 2), *range(0, 100, 2)]


def test_rows_are_ordered_one_by_one_with_nan_last():
    scores = np.array([[np.nan, 1.0, 1.0], [2.0, np.nan, 3.0]], np.float32)
    assert best_first(scores).tolist() == [[1, 2, 0], [2, 0, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_may_be_broken_by_something_else(dtype):
    scores, index = np.array([[1, 1, 2]], dtype), np.array([[7, 5, 9]])
    assert best_first(scores, index).tolist() == [[2, 1, 0]]
