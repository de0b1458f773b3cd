"""What this build can do, what the machine has, and what is in use."""

from __future__ import annotations

from typing import Any

from coals import _core

__all__ = ["show_config"]


def show_config() -> dict[str, Any]:
    """Version, instruction-set level, and threads.

    The level in use is the best one detected, unless the environment variable ``COALS_ISA`` (``baseline``,
    ``avx2`` or ``avx512``) named a lower one before the import.

    The threading layer says which threads run parallel work: those of OpenMP (``omp``) or the core's own (``pool``). It
    is ``omp`` where coals was compiled with OpenMP, unless ``COALS_THREADING_LAYER=pool`` was set before the import. It
    changes to ``pool`` in forked child processes, and when the system refuses threads. Results are the same bits in
    both layers. Single calls of layer ``omp`` use the pool while other threads keep the processors busy, unless
    ``COALS_THREADING_LAYER=omp`` was set.

    Returns
    -------
    dict
        ``version``; ``isa``: the level in use; ``compiled_isas``, ``detected_isas``: levels in rising order;
        ``threading_layer``: the layer in use; ``openmp``: OpenMP's runtime and version, or None without OpenMP;
        ``num_threads``: the default number of threads: the processors that affinity, control group and
        ``OMP_NUM_THREADS`` allow.

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
        "threading_layer": _core.threading_layer(),
        "openmp": _core.openmp_runtime() or None,
        "num_threads": _core.default_num_threads(),
    }
