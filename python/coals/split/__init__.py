"""Divide interactions into a part to train on and a part to test on.

The parts keep the shape, the ids, the titles and the times of the whole, so that a model fitted on one can be evaluated
on the other; they are disjoint, and together they are the whole. `by_user` alone gives parts with rows for their own
users, and `like` takes two parts that were made elsewhere.
"""

from __future__ import annotations

from coals.split.at_random import k_fold, leave_k_out, random
from coals.split.given import by_mask, like
from coals.split.times import by_time, leave_last_out
from coals.split.users import FoldInData, UserSplit, by_user

__all__ = [
    "FoldInData",
    "UserSplit",
    "by_mask",
    "by_time",
    "by_user",
    "k_fold",
    "leave_k_out",
    "leave_last_out",
    "like",
    "random",
]
