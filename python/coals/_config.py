"""What this build can do, what the machine has, and what is in use."""

from __future__ import annotations

from typing import Any

from coals import _core

__all__ = ["show_config"]


def show_config() -> dict[str, Any]:
    """Version, instruction-set levels, and threads.

    The level in use is the best one detected, unless the environment variable ``COALS_ISA`` (``baseline``,
    ``avx2`` or ``avx512``) named a lower one before the import.

    Returns
    -------
    dict
        ``version``; ``isa``: the level in use; ``compiled_isas``, ``detected_isas``: levels in rising order;
        ``num_threads``: the default, which affinity, control group and ``OMP_NUM_THREADS``
        leave.

    Examples
    --------
    >>> coals.show_config()["isa"] in coals.show_config()["detected_isas"]
    True
    """
    return {
        "version": _core.version,
        "isa": _core.active_isa(),
        "compiled_isas": _core.compiled_isas(),
        "detected_isas": _core.detected_isas(),
        "num_threads": _core.default_num_threads(),
    }
