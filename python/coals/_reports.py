"""What `Interactions` tells about itself."""

from __future__ import annotations

__all__ = ["Reports"]


class Reports:
    """The tables that `Interactions` makes."""
