"""Numeric limits of arguments."""

from __future__ import annotations

__all__ = ["LARGEST", "LARGEST_INT32", "LONGEST_LIST", "MOST_FACTORS"]

#: Bound of weights, penalties and starts: beyond it single precision overflows for certain.
LARGEST = 1e18

#: Positions and counts of the core are 32-bit numbers.
LARGEST_INT32 = 2**31 - 1

#: Length of a list of items.
LONGEST_LIST = LARGEST_INT32

#: Number of factors: a system of this many already takes 16 GB a thread.
MOST_FACTORS = 65536
