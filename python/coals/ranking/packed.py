"""Items packed for ranking, kept next to the model they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy.typing as npt

from coals import _core

__all__ = ["packed"]

Array = npt.NDArray[Any]


class _Packed(NamedTuple):
    sources: tuple[Array, ...]
    items: _core.ItemIndex


# Next to the models, not in them: what can be made again is neither copied nor saved.
_KEPT: WeakKeyDictionary[Any, dict[str, _Packed]] = WeakKeyDictionary()


def packed(model: Any, name: str, sources: tuple[Array, ...], make: Callable[[], _core.ItemIndex]) -> _core.ItemIndex:
    """What `make` returned last time, if it was made of these very arrays, which are read-only since then.

    A caller who makes them writeable again may have changed them: then they are packed again.
    """
    kept = _KEPT.get(model, {}).get(name)
    if kept is not None and len(kept.sources) == len(sources):
        for old, new in zip(kept.sources, sources, strict=True):
            if old is not new or new.flags.writeable:
                break
        else:
            return kept.items
    for array in sources:
        array.setflags(write=False)
    index = make()
    _KEPT.setdefault(model, {})[name] = _Packed(sources, index)
    return index
