"""Errors of models."""

from __future__ import annotations

__all__ = ["NotFittedError"]


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted model was called before `fit`."""
