// Minimises x^T A x / 2 - b^T x with x >= 0 by coordinate descent: each step is exact in its coordinate, so the
// objective never rises, whenever one stops. Cost size^2 a pass; warm starts need few.
// Franc, Hlavac, Navara 2005, Sequential coordinate-wise algorithm for the non-negative least squares problem.
#pragma once

#include <cmath>

#include "kernels/kernel_table.hpp"
#include "threading/parallel.hpp"

namespace coals {

// `matrix` is given by its upper triangle, which is mirrored here; rhs is overwritten with the residual. x starts from
// what it holds; its first `bounded` elements are kept >= 0. Coordinates with nothing on the diagonal become 0.
template <class T>
void minimize_nonnegative(const Kernels<T>& kernels, T* matrix, std::int64_t stride, std::int64_t size,
                          std::int64_t bounded, T* rhs, T* x, const CancellationCheck& check_cancelled) {
  constexpr int most_passes = 200;
  const T enough =
      sizeof(T) == 4 ? T(1e-6) : T(1e-11);  // of the largest element: descent slows down before rounding ends it
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = i + 1; j < size; ++j) matrix[j * stride + i] = matrix[i * stride + j];
  }
  const auto step = [&](std::int64_t k, T value) {
    const T change = x[k] - value;  // subtracted from the residual's share
    x[k] = value;
    kernels.add_rows(matrix + k * stride, stride, &change, 1, stride, rhs);
  };
  for (std::int64_t k = 0; k < size; ++k) {
    const T start = matrix[k * stride + k] > T(0) && (k >= bounded || x[k] > T(0)) ? x[k] : T(0);
    x[k] = T(0);
    step(k, start);
  }
  for (int pass = 0; pass < most_passes; ++pass) {
    T largest = 0, change = 0;
    for (std::int64_t k = 0; k < size; ++k) {
      const T diagonal = matrix[k * stride + k];
      if (!(diagonal > T(0))) continue;
      const T free = x[k] + rhs[k] / diagonal;
      const T value = k < bounded && !(free > T(0)) ? T(0) : free;
      change = std::max(change, std::abs(value - x[k]));
      largest = std::max(largest, std::abs(value));
      if (value != x[k]) step(k, value);
    }
    if (change <= enough * largest) return;
    check_cancelled();
  }
}

}  // namespace coals
