"""Readers of the files of public data sets, which the user has: nothing is downloaded."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coals.data.interactions import Interactions

__all__ = ["gowalla", "last_fm", "movielens"]

# By the name of the file of ratings: options for it, the file of titles and its options.
_MOVIELENS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "u.data": ({"delimiter": "\t", "quote": None}, "u.item", {"delimiter": "|", "quote": None, "encoding": "latin-1"}),
    "ratings.dat": ({"delimiter": "::", "quote": None}, "movies.dat", {"delimiter": "::", "quote": None}),
    "ratings.csv": ({"delimiter": ",", "header": True}, "movies.csv", {"delimiter": ",", "header": True}),
}


def movielens(path: Any) -> Interactions:
    """Ratings of MovieLens with the titles of the films: 100k, 1M, 10M, 20M, 25M, 32M, latest or latest-small.

    Parameters
    ----------
    path : path
        The folder, or the ZIP archive as it comes from https://grouplens.org/datasets/movielens: nothing is downloaded.

    Returns
    -------
    Interactions
        float64 ratings, and `times` in seconds since 1970, as they are in the files.

    Raises
    ------
    FileNotFoundError
        Neither u.data nor ratings.dat nor ratings.csv is there.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "ratings.dat").write_text("1::1193::5::978300760\\n1::661::3::978302109\\n")
    >>> _ = (folder / "movies.dat").write_text("1193::One Flew Over the Cuckoo's Nest (1975)::Drama\\n")
    >>> coals.datasets.movielens(folder)
    Interactions(1 users x 2 items, 2 entries)
    """
    with _files(path) as files:
        name = next((name for name in _MOVIELENS if name in files), None)
        if name is None:
            raise FileNotFoundError(f"{os.fspath(path)} holds none of {', '.join(_MOVIELENS)}")
        layout, titles, of_titles = _MOVIELENS[name]
        with files[name] as ratings:
            data = Interactions.from_csv(ratings, user=0, item=1, value=2, time=3, duplicates="last", **layout)
        if titles not in files:
            return data
        if name == "ratings.dat":
            of_titles = {**of_titles, "encoding": _encoding(files[titles])}
        with files[titles] as films:
            return _named(data, films, {"on": 0, "title": 1, **of_titles})


def last_fm(path: Any) -> Interactions:
    """Listening counts of Last.fm 360K (users x artists), or of the smaller hetrec2011 set, with artists' names.

    Parameters
    ----------
    path : path
        The folder or ZIP archive of either, or the file usersha1-artmbid-artname-plays.tsv. Nothing is downloaded.

    Returns
    -------
    Interactions
        float64 numbers of plays. In 360K an artist goes by the MusicBrainz id or, where that is missing, by the name.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "user_artists.dat").write_text("userID\\tartistID\\tweight\\n2\\t51\\t13883\\n2\\t52\\t11690\\n")
    >>> _ = (folder / "artists.dat").write_text("id\\tname\\turl\\n51\\tDuran Duran\\tx\\n52\\tMorcheeba\\ty\\n")
    >>> coals.datasets.last_fm(folder).titles([51])
    ['Duran Duran']
    """
    big, small = "usersha1-artmbid-artname-plays.tsv", "user_artists.dat"
    with _files(path) as files:
        if small in files:
            tabs: Any = {"delimiter": "\t", "quote": None, "header": True}
            with files[small] as plays:
                data = Interactions.from_csv(plays, user="userID", item="artistID", value="weight", **tabs)
            if "artists.dat" not in files:
                return data
            with files["artists.dat"] as artists:
                return _named(data, artists, {"on": "id", "title": "name", **tabs})
        if big not in files:
            raise FileNotFoundError(f"{os.fspath(path)} holds neither {big} nor {small}")
        return _last_fm_360k(files[big])


def _last_fm_360k(file: Any) -> Interactions:
    users: list[str] = []
    items: list[str] = []
    plays: list[int] = []
    names: dict[str, str] = {}
    with file as opened, io.TextIOWrapper(opened, encoding="utf-8", newline="\n") as text:
        for line, row in enumerate(text, start=1):
            fields = row.rstrip("\r\n").split("\t")
            if len(fields) != 4 or not fields[3].strip().isdecimal():
                raise ValueError(f"line {line} is not user, artist id, artist name and plays between tabs")
            artist = fields[1] or fields[2]
            users.append(fields[0])
            items.append(artist)
            plays.append(int(fields[3]))
            names.setdefault(artist, fields[2])
    values = np.array(plays, dtype=np.float64)
    return Interactions.from_arrays(users, items, values, item_titles=names, duplicates="sum")


def gowalla(path: Any) -> tuple[Interactions, Interactions]:
    """Training and test data of the graph papers: gowalla, yelp2018 or amazon-book, as LightGCN and NGCF have them.

    Parameters
    ----------
    path : path
        A folder or ZIP archive with train.txt and test.txt, in which each line is a user and its items. Nothing is
        downloaded.

    Returns
    -------
    (train, test) : pair of Interactions
        Over their own users and items each; evaluation matches them by id.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "train.txt").write_text("0 5 7\\n1 5\\n"), (folder / "test.txt").write_text("0 9\\n1\\n")
    >>> coals.datasets.gowalla(folder)
    (Interactions(2 users x 2 items, 3 entries), Interactions(1 users x 1 items, 1 entries))
    """
    with _files(path) as files:
        for name in ("train.txt", "test.txt"):
            if name not in files:
                raise FileNotFoundError(f"{os.fspath(path)} has no {name}")
        with files["train.txt"] as train, files["test.txt"] as test:
            options: Any = {"duplicates": "last"}
            return Interactions.from_lists(train, **options), Interactions.from_lists(test, **options)


def _named(data: Interactions, titles: Any, options: dict[str, Any]) -> Interactions:
    """With titles; items without one keep their id, silently, as a few have none in these data sets."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*(have no title|repeat an id)")
        return data.with_items(titles, **options)


def _encoding(file: Any) -> str:
    """1M is in Latin-1, 10M in UTF-8."""
    with file as opened:
        try:
            opened.read().decode("utf-8")
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


class _Member:
    """A file that opens where it is used, so that it can be used twice."""

    def __init__(self, source: Any, name: str) -> None:
        self._source, self._name = source, name

    def __enter__(self) -> Any:
        zipped = isinstance(self._source, zipfile.ZipFile)
        self._opened = self._source.open(self._name) if zipped else open(self._name, "rb")
        return self._opened

    def __exit__(self, *_: object) -> None:
        self._opened.close()


@contextmanager
def _files(path: Any) -> Iterator[dict[str, Any]]:
    """What lies in a folder or archive, and in folders in it, by the last part of the name; or a file alone."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be that of a folder or an archive, got {type(path).__name__}")
    where = Path(path)
    if where.is_dir():
        found = sorted(where.rglob("*"), key=lambda file: (len(file.parts), str(file)), reverse=True)
        yield {file.name: _Member(None, str(file)) for file in found if file.is_file()}
    elif zipfile.is_zipfile(where):
        with zipfile.ZipFile(where) as archive:
            yield {name.rpartition("/")[2]: _Member(archive, name) for name in archive.namelist() if name[-1] != "/"}
    elif where.is_file():
        yield {where.name: _Member(None, str(where))}
    else:
        raise FileNotFoundError(f"there is no folder or archive {where}")
