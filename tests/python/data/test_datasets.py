from __future__ import annotations

import gzip
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from coals.datasets import _make_goodbooks, goodbooks

RATINGS = """book_id,user_id,rating
1,314,5
2001,314,1
7,314,2
1,314,3
7,9,4
2000,9,1
7,8,5
"""
BOOKS = """id,book_id,title
7,1000,"Ça,  ira "
1,1001,First
2000,1002,"Last, and ""least\"""
2001,1003,Beyond
"""


def test_goodbooks_has_the_promised_size():
    data = goodbooks()
    assert repr(data) == "Interactions(4273 users x 1995 items, 176233 entries)"
    assert data.matrix.dtype == np.float32
    assert np.unique(data.matrix.data).tolist() == [1, 2, 3, 4, 5]
    assert np.diff(data.matrix.indptr).min() >= 10
    assert data.item_ids.max() <= 2000
    assert data.row_counts is None


def test_goodbooks_ids_are_the_original_ones():
    data = goodbooks()
    assert data.user_ids.dtype == data.item_ids.dtype == np.int64
    assert data.titles([2, 1]) == [
        "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)",
        "The Hunger Games (The Hunger Games, #1)",
    ]
    user, book = data.users.encode(314), data.items.encode([1, 3])
    # Two lines of the original ratings.csv: 1,314,5 and 3,314,3.
    assert data.matrix.toarray()[user, book].tolist() == [5, 3]


def test_goodbooks_is_read_once():
    assert goodbooks() is goodbooks()


def test_importing_the_package_does_not_read_data():
    code = "import sys, coals; sys.exit('coals.datasets' in sys.modules and 'reads data sets early')"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def csv_files(tmp_path):
    ratings, books = tmp_path / "ratings.csv.gz", tmp_path / "books.csv.gz"
    ratings.write_bytes(gzip.compress(RATINGS.encode()))
    books.write_bytes(gzip.compress(BOOKS.encode()))
    return ratings, books


def test_maker_filters_then_drops_repeats_then_counts(csv_files, tmp_path, monkeypatch):
    monkeypatch.setattr(_make_goodbooks, "MIN_RATINGS", 2)
    out = tmp_path / "out.npz"
    _make_goodbooks.make(*csv_files, out)
    with np.load(out) as stored:
        # 8 has one rating; 314 has two only because the repeat of book 1, the last of which counts, is one.
        assert_array_equal(stored["user_ids"], [9, 314])
        assert_array_equal(stored["item_ids"], [1, 7, 2000])
        assert_array_equal(stored["row_lengths"], [2, 2])
        assert_array_equal(stored["columns"], [1, 2, 0, 1])
        assert_array_equal(stored["ratings"], [4, 1, 3, 2])
        assert stored["titles"].tobytes().decode() == 'First\nÇa, ira\nLast, and "least"'


def test_maker_counts_a_repeated_rating_once(csv_files, monkeypatch):
    monkeypatch.setattr(_make_goodbooks, "MIN_RATINGS", 3)
    assert _make_goodbooks.read_ratings(csv_files[0]) == []


def test_maker_gives_the_same_bytes_again(csv_files, tmp_path, monkeypatch):
    monkeypatch.setattr(_make_goodbooks, "MIN_RATINGS", 1)
    for name in ("one.npz", "two.npz"):
        _make_goodbooks.make(*csv_files, tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
