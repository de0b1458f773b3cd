"""What a model class says of its fitted attributes."""

from __future__ import annotations

__all__ = ["Axes"]

#: Attributes, with the names of their axes where they are arrays.
Axes = dict[str, tuple[str, ...]]
