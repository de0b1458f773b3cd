"""Kernels of products at every instruction-set level against float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from coals import _core
from test_kernels import close, every_level, every_width

kernels = _core.kernels


@every_level
@every_width
@pytest.mark.parametrize("count", [0, 1, 15, 129])
@pytest.mark.parametrize("weighted", [False, True])
def test_combine_rows_is_a_weighted_sum_of_rows(isa, dtype, width, count, weighted):
    rng = np.random.default_rng(width * 100 + count)
    source = rng.standard_normal((40, width)).astype(dtype)
    index = rng.integers(0, 40, count).astype(np.int32)
    coefficient = rng.standard_normal(count).astype(dtype) if weighted else np.ones(count, dtype)
    out = kernels.combine_rows(isa, source, index, coefficient if weighted else None)
    rows = source[index].astype(np.float64)
    close(out, coefficient @ rows, abs(coefficient) @ abs(rows), dtype, 20)


@every_level
@every_width
@pytest.mark.parametrize("rows", [1, 8, 17, 40])
def test_update_product_adds_and_subtracts(isa, dtype, width, rows):
    rng = np.random.default_rng(width * 100 + rows)
    a, b, target = (rng.standard_normal(shape).astype(dtype) for shape in ((33, rows), (33, width), (rows, width)))
    plus, minus = kernels.update_product(isa, a, b, target)
    product, scale = a.T.astype(np.float64) @ b, abs(a.T) @ abs(b) + abs(target)
    close(plus, target + product, scale, dtype, 20)
    close(minus, target - product, scale, dtype, 20)
