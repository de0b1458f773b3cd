from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from coals.data.interactions import Interactions
from coals.data.sparse import DUPLICATES, canonical_csr

DENSE = np.array([[0, 3, 0, 1], [2, 0, 0, 5], [0, 0, 0, 0], [0, 4, 6, 0]], dtype=np.float64)
FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]


def assert_canonical(matrix):
    """What the native code relies on, checked the slow way."""
    assert isinstance(matrix, sp.csr_array)
    assert matrix.dtype in (np.float32, np.float64)
    assert matrix.indices.dtype == matrix.indptr.dtype
    assert matrix.indptr[0] == 0
    assert matrix.indptr[-1] == len(matrix.indices) == len(matrix.data)
    for row in range(matrix.shape[0]):
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist()
        assert columns == sorted(set(columns))
        assert all(0 <= column < matrix.shape[1] for column in columns)
    for array in (matrix.data, matrix.indices, matrix.indptr):
        assert array.flags.c_contiguous
        assert array.flags.aligned
        assert array.dtype.isnative
        assert not array.flags.writeable


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_gives_the_same_matrix(fmt, kind):
    source = getattr(sp, f"{fmt}_{kind}")(DENSE)
    matrix, counts = canonical_csr(source)
    assert_canonical(matrix)
    assert counts is None
    assert matrix.nnz == 6
    assert_array_equal(matrix.toarray(), DENSE)


@pytest.mark.parametrize(
    ("given_type", "kept_type"),
    [
        ("f4", "f4"),
        ("f8", "f8"),
        (">f4", "f4"),
        (">f8", "f8"),
        ("i4", "f8"),
        ("u1", "f8"),
        ("i8", "f8"),
        ("?", "f8"),
        ("g", "f8"),
    ],
)
@pytest.mark.parametrize("fmt", ["csr", "csc", "coo"])
def test_values_stay_float32_or_become_float64(fmt, given_type, kept_type):
    source = sp.csr_array(DENSE).asformat(fmt)
    source.data = source.data.astype(given_type)
    matrix, _ = canonical_csr(source)
    assert_canonical(matrix)
    assert matrix.dtype == np.dtype(kept_type)
    assert_array_equal(matrix.toarray(), DENSE.astype(given_type).astype(kept_type))


@pytest.mark.parametrize("index_type", ["i4", "i8", "u4", ">i8"])
def test_indices_become_int32_where_that_suffices(index_type):
    source = sp.csr_array(DENSE)
    source.indices, source.indptr = source.indices.astype(index_type), source.indptr.astype(index_type)
    matrix, _ = canonical_csr(source)
    assert_canonical(matrix)
    assert matrix.indices.dtype == np.int32
    assert_array_equal(matrix.toarray(), DENSE)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (2**31, "the matrix has 2147483648 {}s, but at most 2147483647 will do: are {} ids used as {} numbers"),
        (2_000_000_000, "the matrix has 2000000000 {}s for 3 entries: are {} ids used as {} numbers"),
    ],
)
@pytest.mark.parametrize(
    ("axis", "kind", "formats"), [("column", "item", ["coo", "csr"]), ("row", "user", ["coo", "csc"])]
)
def test_an_axis_too_long_is_named_with_a_remedy(size, message, axis, kind, formats):
    places, shape = ([0, 5, 2], [1, 7, 10**9]), (10, size)
    if axis == "row":
        places, shape = places[::-1], shape[::-1]
    source = sp.coo_array(([1.0, 2.0, 3.0], places), shape=shape)
    message = message.format(axis, kind, axis) + r"\? Encode them with Interactions\.from_arrays"
    for fmt in formats:
        with pytest.raises(ValueError, match=message):
            canonical_csr(source.asformat(fmt))


def test_a_long_axis_is_fine():
    matrix, _ = canonical_csr(sp.coo_array(([1.0], ([0], [99_999_999])), shape=(1, 100_000_000)))
    assert matrix.indices.tolist() == [99_999_999]


def test_canonical_csr_is_shared_unless_a_copy_is_asked_for():
    source = sp.csr_array(DENSE)
    shared, _ = canonical_csr(source)
    owned, _ = canonical_csr(source, copy=True)
    for name in ("data", "indices", "indptr"):
        assert np.shares_memory(getattr(shared, name), getattr(source, name))
        assert not np.shares_memory(getattr(owned, name), getattr(source, name))
        assert getattr(source, name).flags.writeable


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("fmt", FORMATS)
def test_input_is_not_modified(fmt, copy):
    source = sp.csr_array(DENSE).asformat(fmt)
    if fmt in ("csr", "csc"):
        source.indices[:2], source.data[:2] = source.indices[1::-1].copy(), source.data[1::-1].copy()
        source.has_sorted_indices = False
    before = source.copy()
    canonical_csr(source, copy=copy, duplicates="sum")
    parts = ("indices", "indptr", "data") if fmt in ("csr", "csc", "bsr") else ("row", "col", "data")
    for name in parts if fmt in ("csr", "csc", "bsr", "coo") else ():
        assert_array_equal(getattr(source, name), getattr(before, name))
        assert getattr(source, name).flags.writeable
    assert (source != before).nnz == 0


@pytest.mark.parametrize("fmt", ["csr", "csc", "coo", "lil", "dok"])
def test_stored_zeros_are_kept(fmt):
    source = sp.coo_array(([0.0, 1.0], ([0, 1], [1, 0])), shape=(2, 2))
    if fmt in ("lil", "dok"):  # conversion to them drops zeros
        matrix = getattr(sp, f"{fmt}_array")((2, 2))
        matrix[1, 0] = 1.0
        if fmt == "lil":
            matrix.rows[0], matrix.data[0] = [1], [0.0]
        else:
            dict.__setitem__(getattr(matrix, "_dict", matrix), (0, 1), 0.0)
        source = matrix
    matrix, _ = canonical_csr(source.asformat(fmt))
    assert matrix.nnz == 2
    assert matrix.indices.tolist() == [1, 0]


def test_bsr_padding_is_not_an_entry():
    matrix, _ = canonical_csr(sp.bsr_array(DENSE, blocksize=(2, 2)))
    assert matrix.nnz == 6


entries = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(-8, 8).map(float)), min_size=1, max_size=40
)
MERGE = {
    "sum": sum,
    "last": lambda values: values[-1],
    "max": max,
    "mean": lambda values: sum(values) / len(values),
    "count": len,
}


@settings(max_examples=200)
@given(
    entries,
    st.sampled_from(sorted(MERGE)),
    st.sampled_from(["csr", "csc", "coo"]),
    st.sampled_from([np.float32, np.float64]),
)
def test_repeated_pairs_are_merged_as_in_a_dict(triples, duplicates, fmt, dtype):
    pairs = defaultdict(list)
    for row, column, value in triples:
        pairs[row, column].append(value)
    row, column, value = map(np.array, zip(*triples, strict=True))
    source = sp.coo_array((value.astype(dtype), (row, column)), shape=(5, 7))
    if fmt != "coo":  # SciPy would sum the repeats, so the arrays are built by hand
        major, minor, size = (row, column, 5) if fmt == "csr" else (column, row, 7)
        order = np.argsort(major, kind="stable")
        indptr = np.searchsorted(major[order], np.arange(size + 1))
        source = getattr(sp, f"{fmt}_array")((value.astype(dtype)[order], minor[order], indptr), shape=(5, 7))

    matrix, counts = canonical_csr(source, duplicates=duplicates)

    assert_canonical(matrix)
    assert matrix.dtype == dtype
    stored = sorted(pairs)
    placed = matrix.tocoo()
    assert list(zip(placed.row.tolist(), placed.col.tolist(), strict=True)) == stored
    expected = np.array([MERGE[duplicates](pairs[pair]) for pair in stored], dtype=dtype)
    assert_array_equal(matrix.data, expected)
    repeats = [len(pairs[pair]) for pair in stored]
    assert (counts is None) == (max(repeats) == 1)
    assert counts is None or counts.tolist() == repeats


def test_repeated_pair_is_an_error_that_names_it():
    source = sp.coo_array(([1.0, 2.0, 3.0, 4.0, 5.0], ([0, 1, 1, 1, 0], [0, 2, 0, 2, 1])), shape=(2, 3))
    message = r"row 1, column 2 is given 2 times \(1 pairs are repeated in all\): pass duplicates='sum'"
    with pytest.raises(ValueError, match=message):
        canonical_csr(source)


def test_last_is_the_last_stored_in_long_rows_too():
    values = np.arange(3000.0)
    columns = np.random.default_rng(0).integers(0, 5, 3000)
    last = [values[columns == column][-1] for column in range(5)]
    row = sp.csr_array((values, columns, np.array([0, 3000])), shape=(1, 5))
    for source in (row, row.tocsc(), sp.coo_array((values, (0 * columns, columns)), shape=(1, 5))):
        matrix, _ = canonical_csr(source, duplicates="last")
        assert matrix.data.tolist() == last


def test_sum_of_float32_is_rounded_once():
    big = sp.coo_array((np.array([2**24, 1, 1], dtype=np.float32), ([0, 0, 0], [0, 0, 0])), shape=(1, 1))
    matrix, _ = canonical_csr(big, duplicates="sum")
    assert matrix.data.tolist() == [2**24 + 2]


def test_sum_that_overflows_is_an_error():
    big = sp.coo_array((np.full(2, 3e38, dtype=np.float32), ([0, 0], [0, 0])), shape=(1, 1))
    with pytest.raises(ValueError, match=r"value at row 0, column 0 is inf \(duplicates='sum'\)"):
        canonical_csr(big, duplicates="sum")


@pytest.mark.parametrize("duplicates", DUPLICATES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("fmt", ["csr", "csc", "coo"])
def test_nan_and_infinity_are_named(fmt, value, duplicates):
    source = sp.coo_array(([1.0, value, 3.0], ([0, 3, 3], [1, 0, 2])), shape=(4, 3)).asformat(fmt)
    with pytest.raises(ValueError, match=f"value at row 3, column 0 is {value}: every value must be finite"):
        canonical_csr(source, duplicates=duplicates)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (DENSE, r"a dense array: make it sparse with scipy.sparse.csr_array"),
        (DENSE.tolist(), "got list"),
        (None, "got NoneType"),
        (sp.csr_array(DENSE.astype(complex)), "real numbers, got complex numbers"),
    ],
)
def test_other_types_are_refused(source, message):
    with pytest.raises(TypeError, match=message):
        canonical_csr(source)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_no_rows_or_columns_is_empty(shape):
    with pytest.raises(ValueError, match="the matrix is empty: its shape"):
        canonical_csr(sp.coo_array(shape))


@pytest.mark.parametrize("fmt", FORMATS)
def test_no_entry_is_empty(fmt):
    with pytest.raises(ValueError, match="the matrix is empty: it has no stored entry"):
        canonical_csr(sp.csr_array((2, 3)).asformat(fmt))


def test_duplicates_lists_its_choices():
    with pytest.raises(ValueError, match="duplicates must be one of 'error', 'sum', 'last', 'max', 'mean', 'c"):
        Interactions.from_matrix(sp.csr_array(DENSE), duplicates="first")
