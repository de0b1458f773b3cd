"""Constructor arguments as scikit-learn knows them: kept as attributes, read and set by name, checked at once."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from coals._util.checks import check_threads, foreign_name_error
from coals.models.constructors import explaining

__all__ = ["Parameters"]

Self = TypeVar("Self", bound="Parameters")


class Parameters:
    """Constructor arguments are keyword-only and kept as attributes of the same name."""

    num_threads: int | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = explaining(cls.__init__)  # type: ignore[method-assign]

    # --- parameters ---

    def _keep(self, given: dict[str, Any]) -> None:
        """The first and only line of a constructor that does nothing else: ``self._keep(locals())``."""
        vars(self).update({name: value for name, value in given.items() if name not in ("self", "__class__")})

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Constructor arguments as a dict. `deep` is there for scikit-learn and changes nothing."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self: Self, **params: Any) -> Self:
        """Changes constructor arguments; takes effect at the next `fit`. Returns self.

        An unknown name is a TypeError, a bad value a TypeError or ValueError; either leaves the model as it was.
        """
        before = self.get_params()
        for name in params:
            if name not in before:
                raise foreign_name_error(type(self).__name__, name, list(before))
        vars(self).update(params)
        try:
            self._check_params()
        except (TypeError, ValueError):
            vars(self).update(before)
            raise
        return self

    def _check_params(self) -> None:
        """Raises on constructor arguments of wrong type or value. Models extend it."""
        _ = self._threads

    @property
    def _threads(self) -> int:
        """For the core, where 0 means all that the process may use."""
        return check_threads(self.num_threads)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({arguments})"
