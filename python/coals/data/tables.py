"""Tables to look at: columns with names, which print aligned and turn into data frames."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coals._util.checks import check_choice, column_error
from coals._util.text_table import aligned

__all__ = ["Table"]

_LIBRARIES = ("pandas", "polars", "pyarrow")
_SHOWN = 20


class Table:
    """Columns of one length. Prints the first rows; ``table["users"]`` is a column.

    Attributes
    ----------
    columns : dict of str to ndarray

    Examples
    --------
    >>> table = coals.Interactions.from_arrays([1, 1, 2], ["x", "y", "y"]).popularity_table()
    >>> table
    item  title  users  rows  sum  share %
    ----  -----  -----  ----  ---  -------
    y     y          2     2    2    66.67
    x     x          1     1    1    33.33
    >>> table["users"]
    array([2, 1])
    """

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self.columns = dict(columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self.columns:
            raise column_error("table", name, self.columns)
        return self.columns[name]

    def to_dict(self) -> dict[str, list[Any]]:
        """Columns as lists of Python objects."""
        return {name: column.tolist() for name, column in self.columns.items()}

    def to_frame(self, library: str | None = None) -> Any:
        """The table as a data frame of "pandas", "polars" or "pyarrow"; None takes the first that is in use, or there.

        >>> coals.Interactions.from_arrays([1, 1], ["x", "y"]).describe().to_frame("no such library")
        Traceback (most recent call last):
        ValueError: library must be one of 'pandas', 'polars', 'pyarrow', got 'no such library'
        """
        if library is not None:
            tried: Sequence[str] = [check_choice("library", library, _LIBRARIES)]
        else:
            tried = sorted(_LIBRARIES, key=lambda name: name not in sys.modules)  # stable: in use first
        for name in tried:
            try:
                module = importlib.import_module(name)
            except ImportError:
                continue
            return module.table(self.to_dict()) if name == "pyarrow" else module.DataFrame(self.to_dict())
        raise ImportError(f"to_frame needs {' or '.join(tried)}: pip install {tried[0]}, or use to_dict()")

    def __repr__(self) -> str:
        shown = [[name, *_texts(column[:_SHOWN])] for name, column in self.columns.items()]
        left = {k for k, column in enumerate(self.columns.values()) if column.dtype.kind not in "iuf"}
        lines = aligned(list(zip(*shown, strict=True)), left, rule=True)
        rest = len(self) - _SHOWN
        return "\n".join([*lines, f"… and {rest} more rows"] if rest > 0 else lines)


def _texts(column: npt.NDArray[Any]) -> list[str]:
    if column.dtype.kind != "f":
        texts = [str(value) for value in column.tolist()]
        return [text if len(text) <= 40 else text[:39] + "…" for text in texts]
    if np.isfinite(column).all() and (column == np.round(column)).all() and (np.abs(column) < 1e15).all():
        return [str(int(value)) for value in column]
    return [f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}" for value in column]
