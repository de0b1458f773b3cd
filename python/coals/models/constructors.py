"""Constructors that say what is wrong with their arguments."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from coals._util.checks import foreign_name_error

__all__ = ["explaining", "parameters_of"]


@functools.cache
def parameters_of(init: Any) -> tuple[str, ...]:
    """Names of the arguments of a constructor."""
    return tuple(name for name in inspect.signature(init).parameters if name != "self")


def explaining(init: Any) -> Any:
    """Wraps a constructor so that a wrong argument name gets our name for it, and values are checked at once."""
    parameters = inspect.signature(init).parameters.values()
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters):
        return init  # a subclass that takes anything hands it on to one that does not
    allowed = [p.name for p in parameters if p.name != "self"]

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        if args and allowed:
            raise TypeError(f"{name} takes named arguments only, for instance {name}({allowed[0]}={args[0]!r})")
        for given in kwargs:
            if given not in allowed:
                raise foreign_name_error(name, given, allowed)
        init(self, *args, **kwargs)
        self._check_params()

    return checked
