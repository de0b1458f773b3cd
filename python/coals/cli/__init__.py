"""The command line: ``coals`` or ``python -m coals``."""

from __future__ import annotations

from coals.cli.program import main

__all__ = ["main"]
