"""SciPy arrays edited by hand: what their constructors would not let through must not reach native code."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from coals._sparse import canonical_csr

DENSE = np.array([[0, 3, 0, 1], [2, 0, 0, 5]], dtype=np.float64)


def raw_csr(data, indices, indptr, shape):
    """A CSR array edited by hand, as SciPy's own constructor would not let it be made."""
    matrix = sp.csr_array(shape)
    matrix.data, matrix.indices, matrix.indptr = map(np.asarray, (data, indices, indptr))
    return matrix


def test_unsorted_rows_are_sorted_whatever_the_flags_say():
    source = raw_csr([1.0, 2.0, 3.0], [2, 0, 1], [0, 2, 3], (2, 3))
    source.has_sorted_indices = source.has_canonical_format = True
    matrix, _ = canonical_csr(source)
    assert matrix.indices.tolist() == [0, 2, 1]
    assert matrix.data.tolist() == [2, 1, 3]


def test_unused_room_at_the_end_of_the_arrays_is_ignored():
    matrix, _ = canonical_csr(raw_csr([1.0, 2.0, np.nan], [0, 1, -7], [0, 1, 2], (2, 2)))
    assert matrix.data.tolist() == [1, 2]
    assert matrix.indices.tolist() == [0, 1]


def test_strided_and_read_only_arrays_are_fine():
    data = np.array([1.0, 9.0, 2.0, 9.0])[::2]
    data.setflags(write=False)
    matrix, _ = canonical_csr(raw_csr(data, np.array([0, 9, 1, 9])[::2], [0, 1, 2], (2, 2)))
    assert matrix.data.tolist() == [1, 2]
    assert matrix.indices.tolist() == [0, 1]
    assert matrix.data.flags.c_contiguous
    assert matrix.indices.flags.c_contiguous


def test_values_of_object_type_are_refused():
    with pytest.raises(TypeError, match="real numbers, got dtype object"):
        canonical_csr(raw_csr(np.array([1, "a"], dtype=object), [0, 1], [0, 2], (1, 2)))


BROKEN = {
    "negative": ([1, 1], [0, -1], [0, 1, 2], "row 1 has column index -1, but there are 3 columns"),
    "beyond": ([1, 1], [3, 0], [0, 1, 2], "row 0 has column index 3, but there are 3 columns"),
    "huge": ([1], np.array([2**40]), [0, 1, 1], "row 0 has column index 1099511627776"),
    "wraps": ([1], np.array([2**64 - 1], dtype=np.uint64), [0, 1, 1], "column index 18446744073709551615"),
    "back": ([1, 1], [0, 1], [0, 3, 2], "indptr steps back at row 1"),
    "past the end": ([1, 1], [0, 1], [0, 1, 3], "indptr ends at 3, but there are indices .2,., data .2,."),
    "few values": ([1], [0, 1], [0, 1, 2], "indptr ends at 2, but there are indices .2,., data .1,."),
    "few indices": ([1, 1], [0], [0, 1, 2], "indptr ends at 2, but there are indices .1,., data .2,."),
    "short indptr": ([1, 1], [0, 1], [0, 2], "indptr must be 3 integers from 0, one more than rows"),
    "late start": ([1, 1], [0, 1], [1, 1, 2], "indptr must be 3 integers from 0"),
    "float indptr": ([1, 1], [0, 1], [0.0, 1.0, 2.0], "indptr must be 3 integers from 0"),
    "float indices": ([1, 1], [0.0, 1.0], [0, 1, 2], "column indices must be 2 integers"),
    "2-D values": ([[1], [1]], [0, 1], [0, 1, 2], "data .2, 1."),
}  # fmt: skip


@pytest.mark.parametrize(("data", "indices", "indptr", "message"), BROKEN.values(), ids=BROKEN)
def test_csr_broken_by_hand_is_refused(data, indices, indptr, message):
    with pytest.raises(ValueError, match=f"the matrix is broken: .*{message}"):
        canonical_csr(raw_csr(np.array(data, dtype=float), indices, indptr, (2, 3)))


@pytest.mark.parametrize(("data", "indices", "indptr", "message"), BROKEN.values(), ids=BROKEN)
def test_csc_broken_by_hand_is_refused(data, indices, indptr, message):
    source = sp.csc_array((3, 2))
    source.data, source.indices, source.indptr = np.array(data, float), np.array(indices), np.array(indptr)
    swapped = message.replace("row", "?").replace("column", "row").replace("?", "column")
    with pytest.raises(ValueError, match=f"the matrix is broken: .*{swapped}"):
        canonical_csr(source)


@pytest.mark.parametrize(
    ("row", "col", "message"),
    [
        ([0, 2], [0, 1], "entry 1 has row index 2, but there are 2 rows"),
        ([0, -1], [0, 1], "entry 1 has row index -1"),
        ([0, 1], [3, 1], "entry 0 has column index 3, but there are 3 columns"),
        ([0, 1, 1], [0, 1], "row indices must be 2 integers, one for each value"),
        ([0, 1], [0], "column indices must be 2 integers, one for each value"),
    ],
)
def test_coo_broken_by_hand_is_refused(row, col, message):
    source = sp.coo_array(([1.0, 2.0], ([0, 1], [0, 1])), shape=(2, 3))
    arrays = np.array(row), np.array(col)
    if hasattr(source, "coords"):
        source.coords = arrays
    else:
        source.row, source.col = arrays
    with pytest.raises(ValueError, match=f"the matrix is broken: {message}"):
        canonical_csr(source)


@pytest.mark.parametrize("fmt", ["lil", "dok", "bsr"])
def test_other_formats_broken_by_hand_do_not_crash(fmt):
    source = getattr(sp, f"{fmt}_array")(DENSE)
    if fmt == "lil":
        source.rows[1][0] = 99
    elif fmt == "dok":
        dict.__setitem__(getattr(source, "_dict", source), (1, 99), 1.0)
    else:
        source.indices[0] = 99
    with pytest.raises(ValueError, match=r"99|exceeds|out of range|dimension"):
        canonical_csr(source)
