"""SciPy arrays edited by hand: what their constructors would not let through must not reach native code."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from coals.data.sparse import canonical_csr

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
    with pytest.raises(TypeError, match="real numbers, got objects"):
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


def assert_broken(source, message):
    with pytest.raises(ValueError, match=f"the matrix is broken: {message}"):
        canonical_csr(source)


@pytest.mark.parametrize("coords", [(np.array([0, 1]),), (np.array([0, 1]),) * 3, None])
def test_coo_with_other_than_two_coordinate_arrays_is_refused(coords):
    source = sp.coo_array(([1.0, 2.0], ([0, 1], [0, 1])), shape=(2, 3))
    if not hasattr(source, "coords"):
        pytest.skip("this SciPy has row and col instead of coords")
    source.coords = coords
    assert_broken(source, "coords must be two arrays")


@pytest.mark.parametrize("fmt", ["csr", "csc", "coo", "bsr", "dia"])
def test_values_that_are_no_array_are_refused(fmt):
    source = sp.csr_array(DENSE).asformat(fmt)
    source.data = None
    assert_broken(source, "its data is not an array")


@pytest.mark.parametrize("name", ["indices", "indptr"])
def test_missing_csr_arrays_are_refused(name):
    source = sp.csr_array(DENSE)
    setattr(source, name, None)
    assert_broken(source, f"{name} must be an array, got NoneType")


@pytest.mark.parametrize("fmt", ["csr", "coo", "bsr", "dia"])
def test_masked_values_are_refused(fmt):
    source = sp.csr_array(DENSE).asformat(fmt)
    source.data = np.ma.masked_equal(source.data, 5)
    with pytest.raises(TypeError, match="the data of the matrix must not be masked, and 1 values are: fill them, or"):
        canonical_csr(source)


@pytest.mark.parametrize(
    ("fmt", "name", "error"),
    [
        ("csr", "indices", TypeError),
        ("bsr", "indices", ValueError),
        ("dia", "offsets", ValueError),
    ],
)
def test_masked_indices_are_refused(fmt, name, error):
    source = sp.csr_array(DENSE).asformat(fmt)
    setattr(source, name, np.ma.masked_equal(getattr(source, name), getattr(source, name)[0]))
    with pytest.raises(error, match="must not be masked"):
        canonical_csr(source)


@pytest.mark.parametrize(
    ("part", "row", "value", "message"),
    [
        ("rows", 0, [1], "row 0 has 1 indices, but 2 values"),
        ("data", 1, [1.0] * 50_000, "row 1 has 2 indices, but 50000 values"),
        ("data", 1, [1.0], "row 1 has 2 indices, but 1 values"),
        ("rows", 1, [0, 99], "entry 3 has column index 99, but there are 4 columns"),
        ("rows", 1, [-1, 0], "entry 2 has column index -1"),
        ("rows", 1, [0, 2**40], "entry 3 has column index 1099511627776"),
        ("rows", 1, [0, 2**70], "column indices must be 4 integers"),
        ("rows", 0, [1.5, 3], "column indices must be 4 integers"),
        ("rows", 0, [1, "3"], "column indices must be 4 integers"),
        ("rows", 0, [1, [3]], "indices must be integers"),
        ("rows", 0, None, "object of type 'NoneType' has no len"),
        ("data", 1, 7.0, "object of type 'float' has no len"),
        ("data", 1, [1.0, "2"], "its values must be real numbers in one dimension, got dtype <U"),
    ],
)
def test_lil_broken_by_hand_is_refused(part, row, value, message):
    source = sp.lil_array(DENSE)
    getattr(source, part)[row] = value
    assert_broken(source, message)


@pytest.mark.parametrize("part", ["rows", "data"])
@pytest.mark.parametrize("value", [None, np.empty(1, dtype=object), np.zeros(2)])
def test_lil_without_a_list_for_each_row_is_refused(part, value):
    source = sp.lil_array(DENSE)
    setattr(source, part, value)
    assert_broken(source, r"rows and data must hold 2 lists each|object of type .* has no len\(\)")


def test_lil_with_too_few_lists_is_refused():
    source = sp.lil_array(DENSE)
    source.rows, source.data = source.rows[:1], source.data[:1]
    assert_broken(source, "rows and data must hold 2 lists each")


# What SciPy's constructors refuse is refused in their words, which differ from version to version.
@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("offsets", [-1], ""),
        ("offsets", [-1, 1, 10**9], "offsets must be from -1 to 3"),
        ("offsets", [-2, 1, 2], "offsets must be from -1 to 3"),
        ("offsets", [-1, 4, 2], "offsets must be from -1 to 3"),
        ("offsets", [-1, 2, 2], ""),
        ("offsets", [-1.0, 1.0, 2.0], "its indices must be integers, got dtype float64"),
        ("offsets", [[-1, 1, 2]], ""),
        ("offsets", None, "its indices must be integers, got dtype object"),
        ("data", np.ones((2, 4)), ""),
        ("data", np.ones(3), ""),
    ],
)
def test_dia_broken_by_hand_is_refused(part, value, message):
    source = sp.dia_array((np.ones((3, 4)), [-1, 1, 2]), shape=(2, 4))
    setattr(source, part, None if value is None else np.array(value))
    assert_broken(source, message)


def test_dia_narrower_and_wider_than_the_matrix_is_fine():
    for width in (2, 9):
        source = sp.dia_array((np.arange(1.0, 3 * width + 1).reshape(3, width), [-1, 0, 2]), shape=(3, 4))
        matrix, _ = canonical_csr(source)
        expected = np.zeros((3, 4))
        for k, offset in enumerate([-1, 0, 2]):
            for j in range(min(width, 4)):
                if 0 <= j - offset < 3:
                    expected[j - offset, j] = source.data[k, j]
        assert matrix.toarray().tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("indices", [0, 99]),
        ("indices", [0, -1]),
        ("indices", [0.0, 1.0]),
        ("indices", [0]),
        ("indptr", [0, 2]),
        ("indptr", [0, 3, 2]),
        ("indptr", [0, 1, 9]),
        ("indptr", [1, 1, 2]),
        ("data", np.ones((1, 2, 2))),
        ("data", np.ones((2, 3, 2))),
        ("data", np.ones((2, 0, 2))),
        ("data", np.ones((2, 4))),
        ("data", np.ones((2, 4, 2))),
    ],
)
def test_bsr_broken_by_hand_is_refused(part, value):
    source = sp.bsr_array(np.kron(np.eye(2), np.ones((2, 2))), blocksize=(2, 2))
    setattr(source, part, np.array(value))
    assert_broken(source, "")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ((1, 99), 1.0, "entry 4 has column index 99, but there are 4 columns"),
        ((-1, 0), 1.0, "entry 4 has row index -1, but there are 2 rows"),
        ((0.5, 0), 1.0, "row indices must be 5 integers"),
        (("a", 0), 1.0, "row indices must be 5 integers"),
        ((0, (1,)), 1.0, "indices must be integers, two for each entry"),
        ((0, 0, 0), 1.0, "indices must be integers, two for each entry"),
        (7, 1.0, "indices must be integers, two for each entry"),
        ((0, 0), "x", "its values must be real numbers"),
        ((0, 0), [1.0], "indices must be integers, two for each entry, and values numbers"),
    ],
)
def test_dok_broken_by_hand_is_refused(key, value, message):
    source = sp.dok_array(DENSE)
    dict.__setitem__(getattr(source, "_dict", source), key, value)
    assert_broken(source, message)


def test_dok_without_its_dict_is_refused():
    source = sp.dok_array(DENSE)
    if not hasattr(source, "_dict"):
        pytest.skip("this SciPy stores the entries in the matrix itself")
    source._dict = [1]
    assert_broken(source, "'list' object has no attribute 'keys'")
