"""Files of public data sets, as they come: from a folder or a ZIP archive."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

import coals
from coals.data.interactions import Interactions

CSV = {
    "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,4.5,964981247\n2,1,0.5,964982224\n",
    "movies.csv": "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n"
    '3,"American President, The (1995)",Drama\n',
}
EDITIONS = {
    "100k": ({"u.data": "1\t1\t4.0\t964982703\n1\t3\t4.5\t964981247\n2\t1\t0.5\t964982224\n",
              "u.item": '1|Toy "Story" (1995)|x\n3|Léon, The (1995)|y\n'}, "latin-1",
             ['Toy "Story" (1995)', "Léon, The (1995)"]),
    "1M": ({"ratings.dat": "1::1::4.0::964982703\n1::3::4.5::964981247\n2::1::0.5::964982224\n",
            "movies.dat": "1::Toy: Story (1995)::A|B\n3::Léon, The (1995)::C\n"}, "latin-1",
           ["Toy: Story (1995)", "Léon, The (1995)"]),
    "10M": ({"ratings.dat": "1::1::4.0::964982703\n1::3::4.5::964981247\n2::1::0.5::964982224\n",
             "movies.dat": "1::Toy: Story (1995)::A|B\n3::Léon, The (1995)::C\n"}, "utf-8",
            ["Toy: Story (1995)", "Léon, The (1995)"]),
    "20M": (CSV, "utf-8", ["Toy Story (1995)", "American President, The (1995)"]),
    "windows": ({name: text.replace("\n", "\r\n") for name, text in CSV.items()}, "utf-8",
                ["Toy Story (1995)", "American President, The (1995)"]),
}  # fmt: skip


def laid_out(tmp_path, files, encoding, packed):
    if packed:
        path = tmp_path / "ml.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(f"ml/{name}", text.encode(encoding))
        return path
    folder = tmp_path / "ml" / "inner"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(encoding))
    return tmp_path / "ml"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("files", "encoding", "titles"), EDITIONS.values(), ids=EDITIONS)
def test_movielens(tmp_path, reader, files, encoding, titles, packed):
    data = coals.datasets.movielens(laid_out(tmp_path, files, encoding, packed))
    assert (data.user_ids.tolist(), data.item_ids.tolist()) == ([1, 2], [1, 3])
    assert data.matrix.toarray().tolist() == [[4, 4.5], [0.5, 0]]
    assert data.times.tolist() == [964982703, 964981247, 964982224]
    assert data.item_titles.tolist() == titles


def test_movielens_of_ratings_alone_and_of_nothing(tmp_path):
    data = coals.datasets.movielens(laid_out(tmp_path, {"ratings.csv": CSV["ratings.csv"]}, "utf-8", False))
    assert data.item_titles is None
    empty = tmp_path / "empty"
    empty.mkdir()
    for reader in (coals.datasets.movielens, coals.datasets.last_fm, coals.datasets.gowalla):
        with pytest.raises(FileNotFoundError, match=r"empty (holds|has)"):
            reader(empty)
        with pytest.raises(FileNotFoundError, match="there is no folder or archive"):
            reader(tmp_path / "nowhere")
        with pytest.raises(TypeError, match="path must be that of a folder"):
            reader(5)


def test_last_fm(tmp_path):
    text = "u1\tmb1\tBlur\t12\nu1\t\tCrosby, Stills\t3\nu2\tmb1\tBlur\t5 \n"
    path = tmp_path / "usersha1-artmbid-artname-plays.tsv"
    path.write_text(text)
    for place in (path, tmp_path):
        data = coals.datasets.last_fm(place)
        assert data.item_ids.tolist() == ["Crosby, Stills", "mb1"]
        assert data.item_titles.tolist() == ["Crosby, Stills", "Blur"]
        assert data.matrix.toarray().tolist() == [[3, 12], [0, 5]]
    path.write_text(text + "u3\tmb1\t7\n")
    with pytest.raises(ValueError, match="line 4 is not user, artist id"):
        coals.datasets.last_fm(path)


def test_lists_of_graph_papers(tmp_path):
    (tmp_path / "train.txt").write_text("0 5 7 9 \n1 5\n2\n3 7 7\n")
    (tmp_path / "test.txt").write_text("0 8\n1 7 9\n")
    train, test = coals.datasets.gowalla(tmp_path)
    assert (train.user_ids.tolist(), train.item_ids.tolist(), train.nnz) == ([0, 1, 3], [5, 7, 9], 5)
    assert test.matrix.toarray().tolist() == [[0, 1, 0], [1, 0, 1]]


LISTS = {
    "blanks": ("0 5 7 9\n1 5\n2 7 8\n", {}),
    "tabs and blanks at the ends": ("0\t5\t7\t9 \n 1 5\n2 7  8\n", {}),
    "windows": ("0 5 7 9\r\n1 5\r\n2 7 8", {}),
    "commas": ("0,5,7,9\n1,5\n2,7,8\n", {"delimiter": ","}),
    "comments": ("# user items\nuser items\n0 5 7 9\n1 5\n\n2 7 8\n", {"comment": "#", "skip_lines": 2}),
    "users without items": ("3\n0 5 7 9\n1 5\n2 7 8\n4\n", {}),
}


@pytest.mark.parametrize(("text", "options"), LISTS.values(), ids=LISTS)
def test_adjacency_lists(text, options):
    data = Interactions.from_lists(io.StringIO(text), **options)
    assert data.item_ids.tolist() == [5, 7, 8, 9]
    rows = data.matrix.toarray()[data.users.encode([0, 1, 2])]
    np.testing.assert_array_equal(rows, [[1, 1, 0, 1], [1, 0, 0, 0], [0, 1, 1, 0]])


def test_adjacency_lists_that_are_none(tmp_path):
    for text, message in (("0 5 5\n", "is given 2 times"), ("0\n1\n", "has no line with a user and an item"),
                          ("0,,5\n", "line 1 has an empty field"), ("", "has no line")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            Interactions.from_lists(io.StringIO(text), delimiter="," if "," in text else None)
    with pytest.raises(ValueError, match="is not in UTF-8: pass encoding="):
        Interactions.from_lists(io.BytesIO(b"0 \xff\n"))
    assert Interactions.from_lists(io.StringIO("007 1\n"), text_ids=True).user_ids.tolist() == ["007"]
    assert Interactions.from_lists(io.StringIO("0 5 5\n"), duplicates="count").matrix.data.tolist() == [2]
