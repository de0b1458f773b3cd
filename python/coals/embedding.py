"""For those who embed the core: where its headers and its CMake package are, and a start that it can make too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coals import _core
from coals._util.checks import check_bool, check_choice, check_int

__all__ = ["core_start", "get_cmake_dir", "get_include"]


def _installed(*parts: str) -> str:
    # The module's own folder: an editable install keeps the Python files elsewhere.
    folder = Path(_core.__file__).parent.joinpath(*parts)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is missing: this copy of coals was not installed from a wheel; reinstall it")
    return str(folder)


def get_include() -> str:
    """The folder of the C and C++ headers, for ``-I``: ``#include "coals/c_api.h"`` is below it.

    Returns
    -------
    str

    Examples
    --------
    >>> import os
    >>> os.path.exists(os.path.join(coals.get_include(), "coals", "als.hpp"))
    True
    """
    return _installed("include")


def get_cmake_dir() -> str:
    """The folder of the CMake package, for ``-Dcoals_DIR=`` and ``find_package(coals CONFIG)``.

    Builds by scikit-build-core find it by themselves where coals is in ``build-system.requires``.

    Returns
    -------
    str

    Examples
    --------
    >>> import os
    >>> os.path.exists(os.path.join(coals.get_cmake_dir(), "coalsConfig.cmake"))
    True
    """
    return _installed("lib", "cmake", "coals")


def core_start(
    n_users: int,
    n_items: int,
    factors: int,
    seed: int,
    *,
    dtype: str = "float32",
    nonnegative: bool = False,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The start that the core makes of a seed, for ``init=``: with it Python's fit is bit for bit that of C and C++.

    Without `init`, ALS draws its start with NumPy from `random_state`, which the core cannot do.

    Parameters
    ----------
    n_users, n_items, factors : int
        Sizes, at least 1.
    seed : int
        From 0 to 2^63 - 1: the `seed` of ``coals_fit_options`` and of ``coals::random_start``.
    dtype : {"float32", "float64"}, default "float32"
    nonnegative : bool, default False
        Absolute values.

    Returns
    -------
    (user_factors, item_factors) : ndarrays of shape (n_users, factors) and (n_items, factors)
        Mean 0 and variance 1 / factors: each number the sum of twelve uniform ones, so that every machine makes the
        same bits.

    Examples
    --------
    >>> users, items = coals.core_start(3, 2, 4, seed=7)
    >>> users.shape, items.shape
    ((3, 4), (2, 4))
    """
    check_choice("dtype", dtype, ("float32", "float64"))
    check_bool("nonnegative", nonnegative)
    seed = check_int("seed", seed, minimum=0, maximum=2**63 - 1)
    width = check_int("factors", factors, minimum=1)
    users = np.empty((check_int("n_users", n_users, minimum=1), width), dtype)
    items = np.empty((check_int("n_items", n_items, minimum=1), width), dtype)
    _core.random_start(seed, "users", nonnegative, users)
    _core.random_start(seed, "items", nonnegative, items)
    return users, items
