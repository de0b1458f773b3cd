"""The file from which a search resumes: JSON lines. The first identifies the search, each other is a trial."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from coals.data.interactions import Interactions
from coals.tuning.result import Trial

__all__ = ["SearchLog", "fingerprint", "key_of"]


def fingerprint(given: Any) -> str:
    """A hash of the contents of a data set, features, weights or texts."""
    digest = hashlib.sha256()
    given = given.matrix if isinstance(given, Interactions) else given
    if scipy.sparse.issparse(given):
        digest.update(repr(given.shape).encode())
        rows = given.tocsr()
        arrays = [rows.indptr, rows.indices, rows.data]
    else:
        arrays = [np.asarray(given)] if hasattr(given, "__array__") else []
    for array in arrays:
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(repr(array.tolist()).encode() if array.dtype.hasobject else array.tobytes())
    digest.update(b"" if arrays else repr(given).encode())
    return digest.hexdigest()[:16]


def key_of(params: dict[str, Any]) -> str:
    """The same for the same parameters, in whatever order."""
    return json.dumps(params, sort_keys=True)


class SearchLog:
    """The trials of one search in a file; with None, nothing is stored."""

    def __init__(self, path: str | os.PathLike[str] | None, heading: dict[str, Any]) -> None:
        self.path: Path | None = None
        self.done: dict[str, dict[str, Any]] = {}
        if path is None:
            return
        self.path = Path(path)
        if not os.fspath(path) or self.path.is_dir():
            raise ValueError(f"path={path!r} names no file: give one to keep the trials in, or None")
        try:
            first = json.dumps(heading)
        except TypeError as error:
            raise TypeError(f"path= needs parameters that JSON can hold: {error}; leave path out") from None
        if self.path.exists() and self.path.stat().st_size:
            self._read(self.path, json.loads(first))
        else:
            self.path.write_text(first + "\n", encoding="utf-8")

    def _read(self, path: Path, heading: dict[str, Any]) -> None:
        text = path.read_bytes().decode("utf-8", "replace")
        # A line that has no end was being written when the search was stopped: that trial runs again.
        complete = text[: text.rfind("\n") + 1]
        try:
            first, *trials = (json.loads(line) for line in complete.splitlines())
            self.done = {key_of(trial["params"]): trial for trial in trials}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"{path} is not the file of a search: give another path, or remove it") from None
        if first != heading:
            there = first if isinstance(first, dict) else {}
            names = [name for name in {**heading, **there} if there.get(name) != heading.get(name)]
            raise ValueError(f"{path} is of another search, with another {', '.join(names)}: give another path")
        if complete != text:
            path.write_text(complete, encoding="utf-8")

    def trial(self, done: dict[str, Any], params: dict[str, Any]) -> Trial:
        """A trial that the file has."""
        try:
            return Trial(**{**done, "params": params})
        except TypeError:
            raise ValueError(f"{self.path} has an invalid trial: give another path, or remove it") from None

    def add(self, trial: dict[str, Any]) -> None:
        """Written at once, so that a search can be stopped at any time."""
        if self.path is None:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(trial) + "\n")
