"""Ranked lists: what `recommend` and `similar_items` return."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice
from coals.data.id_arrays import as_id_array

__all__ = ["Recommendations", "TopN", "blanked", "cut_below", "padded"]

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int64]


class TopN(NamedTuple):
    """Ranked lists by position: ids and scores of shape (n_queries, n), padded with -1 and NaN, and counts."""

    ids: Indices
    scores: Array
    counts: Indices


class Recommendations:
    """Ranked lists, one row for each query, best first.

    Attributes
    ----------
    ids : ndarray of shape (n_queries, n)
        Item ids of the data the model was fitted with. A list that cannot be filled is padded with -1 where
        ids are integers and -1 is not one of them, with None elsewhere.
    scores : ndarray of shape (n_queries, n)
        Descending within each row, NaN in the padding.
    counts : ndarray of int64, shape (n_queries,)
        How many entries of each row are real.
    unknown : int
        How many of the ids asked about, or given in histories, the model does not know.

    Notes
    -----
    ``len`` is the number of lists. Iteration is for unpacking, and gives the two arrays ``ids, scores``, whatever the
    number of lists.

    Examples
    --------
    It unpacks as ``ids, scores``:

    >>> import scipy.sparse as sp
    >>> model = coals.Popularity().fit(sp.csr_array([[1, 1, 0], [1, 0, 0]]))
    >>> ids, scores = model.recommend([1], n=2)
    >>> ids, scores
    (array([[ 1, -1]]), array([[ 1., nan]]))
    """

    __slots__ = ("_asked", "_titles", "counts", "ids", "scores", "unknown")

    def __init__(
        self,
        ids: Array,
        scores: Array,
        counts: Indices,
        asked: Any = None,
        titles: Callable[[Any], list[str]] | None = None,
        unknown: int = 0,
    ) -> None:
        self.ids = ids
        self.scores = scores
        self.counts = counts
        self.unknown = unknown
        self._asked = asked
        self._titles = titles

    @property
    def queries(self) -> Array | None:
        """Ids that were asked about, shape (n_queries,); None where there were none, as for histories."""
        return None if self._asked is None else as_id_array("queries", self._asked)

    def to_lists(self) -> list[list[Any]]:
        """The ids of each list, without padding.

        >>> import scipy.sparse as sp
        >>> model = coals.Popularity().fit(sp.csr_array([[1, 1, 0], [1, 0, 0]]))
        >>> model.recommend([0, 1], n=2).to_lists()
        [[], [1]]
        """
        return [row[:count] for row, count in zip(self.ids.tolist(), self.counts.tolist(), strict=True)]

    def __iter__(self) -> Iterator[Array]:
        return iter((self.ids, self.scores))

    def __len__(self) -> int:
        return len(self.counts)

    def to_columns(self) -> dict[str, Array]:
        """The entries as columns of equal length, one entry after another and no padding.

        ``query`` is the id that was asked about (0, 1, ... where none was, as for histories), ``id`` what is
        recommended, ``title`` its title where the training data have titles, then ``score`` and ``rank``, which starts
        at 1.

        >>> import scipy.sparse as sp
        >>> model = coals.Popularity().fit(sp.csr_array([[1, 1, 0], [1, 0, 0]]))
        >>> model.recommend([0, 1], n=2).to_columns()["query"]
        array([1])
        """
        n = self.ids.shape[1]
        real = np.arange(n) < self.counts[:, None]
        queries = np.arange(len(self)) if self.queries is None else self.queries
        ids = self.ids[real]
        titles = (
            {} if self._titles is None else {"title": np.array(self._titles(ids) if len(ids) else [], dtype=object)}
        )
        return {
            "query": np.repeat(queries, self.counts),
            "id": ids,
            **titles,
            "score": self.scores[real],
            "rank": np.broadcast_to(np.arange(1, n + 1), real.shape)[real],
        }

    def to_frame(self, library: str = "pandas") -> Any:
        """`to_columns` as a data frame.

        Parameters
        ----------
        library : {"pandas", "polars"}, default "pandas"
            Whose frame. It must be installed.
        """
        name = check_choice("library", library, ("pandas", "polars"))
        try:
            frames = importlib.import_module(name)
        except ImportError:
            raise ImportError(
                f"to_frame needs {name}, which is not installed: pip install {name}, or use to_columns()"
            ) from None
        return frames.DataFrame(self.to_columns())

    def __repr__(self) -> str:
        lists, n, entries = len(self), self.ids.shape[1], int(self.counts.sum())
        unknown = f", {_several(self.unknown, 'unknown id')}" if self.unknown else ""
        lines = [f"Recommendations({_several(lists, 'list')} of up to {n}, {_several(entries, 'item')}{unknown})"]
        queries = range(lists) if self._asked is None else as_id_array("queries", self._asked)[:_SHOWN].tolist()
        for query, ids, scores, count in zip(queries, self.ids, self.scores, self.counts.tolist(), strict=False):
            shown = [f"{id!r} {score:.4g}" for id, score in zip(ids[:_SHOWN].tolist(), scores.tolist(), strict=False)]
            more = [f"{count - _SHOWN} more"] if count > _SHOWN else []
            lines.append(f"  {query!r}: {', '.join(shown[:count] + more) or 'nothing'}")
            if len(lines) > _SHOWN:
                break
        more_lists = [f"  {_several(lists - _SHOWN, 'more list')}"] if lists > _SHOWN else []
        return "\n".join(lines + more_lists)


# Lists, and items of a list, that are printed.
_SHOWN = 5


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# Places that are padding in an answer: with ids and scores, 1 GB.
_MOST_PADDING = 1 << 26


def padded(ranked: TopN, n: int) -> TopN:
    """The same lists, n columns wide."""
    missing = n - ranked.ids.shape[1]
    if missing == 0:
        return ranked
    rows, longest = ranked.ids.shape
    if rows * missing > _MOST_PADDING:
        raise ValueError(
            f"lists of length {n} for {rows} queries would be padding but for {longest} places each: ask for at most "
            f"{longest}"
        )
    widths = ((0, 0), (0, missing))
    ids = np.pad(ranked.ids, widths, constant_values=-1)
    return TopN(ids, np.pad(ranked.scores, widths, constant_values=np.nan), ranked.counts)


def blanked(ranked: TopN, rows: npt.NDArray[np.bool_]) -> TopN:
    """The same arrays, with the lists of some rows made empty in place."""
    ranked.ids[rows], ranked.scores[rows], ranked.counts[rows] = -1, np.nan, 0
    return ranked


def cut_below(ranked: TopN, min_score: float) -> TopN:
    """The same lists without scores below a least one."""
    low = ranked.scores < min_score  # the last of each list, since scores fall
    ids, scores = np.where(low, -1, ranked.ids), np.where(low, np.nan, ranked.scores)
    return TopN(ids, scores, ranked.counts - low.sum(axis=1))
