import numpy as np
import pytest
from numpy.testing import assert_array_equal

import coals
from coals import _core
from coals.data.native import as_scipy

INDPTR, INDICES = np.array([0, 2, 3]), np.array([0, 2, 1], np.int32)


def test_matrices_of_the_core_become_scipy_without_a_copy():
    matrix = _core.Csr(INDPTR, INDICES, np.array([1.0, 2.0, 3.0]), 3, "float64")
    found = as_scipy(matrix)
    assert_array_equal(found.toarray(), [[1, 0, 2], [0, 3, 0]])
    assert found.indices.dtype == found.indptr.dtype == np.int32
    _, indices, values = matrix.to_arrays()
    assert np.shares_memory(found.indices, indices)
    assert np.shares_memory(found.data, values)


def test_values_may_come_from_elsewhere():
    matrix = _core.Csr(INDPTR, INDICES, None, 3, "float32")
    assert_array_equal(as_scipy(matrix, np.array([7, 8, 9])).toarray(), [[7, 0, 8], [0, 9, 0]])


@pytest.mark.parametrize(
    ("model", "attribute"),
    [(coals.ItemKNN(), "similarity_"), (coals.RP3beta(), "weights_"), (coals.EASE(neighbors=2), "weights_")],
)
def test_matrices_of_models_have_short_indices(model, attribute):
    plays = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])
    matrix = getattr(model.fit(coals.Interactions.from_arrays(*np.nonzero(plays))), attribute)
    assert matrix.nnz > 0
    assert matrix.indices.dtype == matrix.indptr.dtype == np.int32
