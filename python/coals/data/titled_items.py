"""Titles of items, and the table that they are joined from: what `Interactions` and `Events` share."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from coals.data.columns import column_ids, column_titles
from coals.data.ids import IdIndex
from coals.data.readers.files import read_files
from coals.data.readers.frames import read_frame
from coals.data.readers.text_rules import TextLayout
from coals.data.titles import checked_titles, titles_of_ids

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["TitledItems"]

Self = TypeVar("Self", bound="TitledItems")


class TitledItems:
    """Items with ids and, perhaps, titles."""

    items: IdIndex
    item_titles: npt.NDArray[Any] | None

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.items.size

    def titles(self, ids: Any, *, unknown: str = "raise") -> list[str]:
        """Titles of the given item ids, a scalar or a 1-D sequence; the id itself as text where there are
        none. The padding of a short list, -1 or None, has no title and is left out. An unknown id is an error, or
        with ``unknown="skip"`` goes by itself, as text.

        >>> coals.Interactions.from_arrays([0, 0], ["x", "y"]).titles(["y", "x"])
        ['y', 'x']
        """
        return titles_of_ids(self.items, self.item_titles, ids, unknown)

    def with_items(
        self: Self, frame: Any, *, on: Any, title: Any, separator: str = " – ", **layout: Unpack[TextLayout]
    ) -> Self:
        """The same data with titles from a table of items: a left join.

        Parameters
        ----------
        frame : table or path
            Any that `from_frame` takes, or what `Interactions.from_file` reads: text, JSON lines or Parquet files.
        on : str, or int in text
            Name of the column of item ids, matched by value: 7 is not "7". In text, ids that are all written as
            integers are integers if those of the data are. Columns of text may go by position, too.
        title : str, or int in text, or list of these
            Name of the column of titles, or of several, which are joined in this order, empty ones left out; non-text
            values are converted with `str`.
        separator : str, default " – "
            What stands between the texts of several columns.
        **layout
            How text is laid out (delimiter, header, quote, encoding, comment, skip_lines, decimal, missing), as in
            `Interactions.from_csv`.

        Returns
        -------
        Interactions, or Events
            Items without a title, or with an empty one, go by the one they had, or by their id.

        Warns
        -----
        UserWarning
            Ids that occur more than once in the table, of which the first row counts, with their number; items of the
            data that have no title, with their number and the first of them.

        Raises
        ------
        ValueError
            No item of the data is in the table, a missing id, a column that is not there.

        Examples
        --------
        >>> data = coals.Interactions.from_arrays([1, 1], ["s1", "s2"])
        >>> songs = {"song": ["s2", "s1", "s9"], "name": ["So What", "Blue Train", "Naima"]}
        >>> data.with_items(songs, on="song", title="name").titles(["s1", "s2"])
        ['Blue Train', 'So What']
        >>> songs["artist"] = ["Miles Davis", "John Coltrane", None]
        >>> data.with_items(songs, on="song", title=["artist", "name"]).titles(["s1", "s2"])
        ['John Coltrane – Blue Train', 'Miles Davis – So What']
        """
        columns = title if isinstance(title, list) else [title]
        if not columns or not isinstance(separator, str):
            raise ValueError("title must name a column or several, and separator must be a string")
        keys, codes, titles = _read_items(frame, on, columns, separator, self.items, layout)
        first = np.empty(len(keys), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes))[::-1]
        if len(codes) > len(keys):
            dropped = len(codes) - len(keys)
            warnings.warn(f"{dropped} rows repeat an id in column {on!r}: the first of each counts", stacklevel=2)
        places = IdIndex.trusted(keys, len(keys), "item").find_all(self.items)
        if (places < 0).all():
            raise ValueError(
                f"none of the {self.n_items} items is in column {on!r}: {_example(self.items.decode([0]))} here, "
                f"{_example(keys)} there"
            )
        found = [titles[first[place]] if place >= 0 else None for place in places.tolist()]
        missing = [column for column, text in enumerate(found) if text is None]
        ids = self.items.decode(np.arange(self.n_items)).tolist()
        if missing:
            named = ", ".join(repr(ids[column]) for column in missing[:5]) + (", …" if len(missing) > 5 else "")
            warnings.warn(f"{len(missing)} of {self.n_items} items have no title: {named}", stacklevel=2)
        for column in missing:
            found[column] = str(ids[column]) if self.item_titles is None else str(self.item_titles[column])
        return replace(self, item_titles=checked_titles(found, self.n_items))  # type: ignore[type-var]


def _read_items(
    frame: Any, on: Any, columns: list[Any], separator: str, items: IdIndex, layout: Mapping[str, Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[str | None]]:
    """The different ids of a table, which of them each row has, and the titles of the rows."""
    arguments = [f"title[{k}]" for k in range(len(columns))] if len(columns) > 1 else ["title"]
    named = dict(zip(arguments, columns, strict=True))
    wanted = {"on": on, **named}
    numeric = items.ids is None or items.ids.dtype.kind in "iu"
    if isinstance(frame, (str, os.PathLike)) or hasattr(frame, "read"):
        roles = {"on": (on, "ids"), **{argument: (name, "text") for argument, name in named.items()}}
        read = read_files(frame, roles, layout, text_ids=not numeric)
    elif layout:
        raise TypeError(f"{next(iter(layout))}= is for files of text, not for a {type(frame).__name__}")
    else:
        read = read_frame(frame, wanted, nullable=arguments)
    keys, codes = column_ids(f"column {on!r}", read["on"])
    parts = [column_titles(f"column {name!r}", read[argument]) for argument, name in named.items()]
    for name, part in zip(columns, parts, strict=True):
        if len(part) != len(codes):
            raise ValueError(f"columns {on!r} and {name!r} must be of one length, got {len(codes)} and {len(part)}")
    titles = parts[0]
    if len(parts) > 1:
        titles = [separator.join(filter(None, texts)) or None for texts in zip(*parts, strict=True)]
    if len(keys) == 0:
        raise ValueError(f"the table of titles has no rows: column {on!r} is empty")
    return keys, codes, titles


def _example(ids: npt.NDArray[Any]) -> str:
    first = ids[:1].tolist()[0]
    return f"ids such as {first!r} ({type(first).__name__})"
