// Householder reduction of a symmetric matrix to a tridiagonal one, matrix = Q T Q^T.
#pragma once

#include "coals/run_control.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

// Products of a large matrix and a vector are cut into this many bands, whose sums are kept apart.
constexpr std::int64_t product_bands = 6;

// The matrix scaled to a largest element of about 1, and what becomes of it. Q = H_(n-1) ... H_1; row i ends up holding
// the vector of H_i, which cleared row i of the matrix: i elements, then zeros. Panels of most_reflectors of them,
// counted from the last row up, are I - V^T triangle V with V the panel's rows.
struct Reduction {
  Reduction(std::int64_t size, const RunControl& run_control)
      : n(size),
        blocked(padded(size, eigen_block)),
        // Rows an odd number of cache lines apart do not compete for the same places in the cache.
        stride(blocked + (blocked / eigen_block % 2 == 0 ? eigen_block : 0)),
        control(run_control),
        matrix((blocked + eigen_block) * stride),
        diagonal(n),
        coupling(n),
        triangles((n + most_reflectors - 1) / most_reflectors * most_reflectors * most_reflectors),
        v(most_reflectors * stride),
        w(most_reflectors * stride),
        partial(product_bands * stride) {
    std::fill(matrix.begin(), matrix.end(), 0.0);
    std::fill(triangles.begin(), triangles.end(), 0.0);
  }

  std::int64_t n, blocked, stride;
  const RunControl& control;
  Buffer<double> matrix, diagonal, coupling;  // coupling[i] is the element between rows i and i + 1
  Buffer<double> triangles;
  Buffer<double> v, w, partial;  // one panel's vectors
};

// The lower triangle of `matrix`, scaled to a largest element of about 1, goes to reduction.matrix. Returns the
// exponent of two that it was divided by. Throws std::overflow_error when an element is not finite.
int load_scaled(const double* matrix, Reduction& reduction);

// T goes to diagonal and coupling.
void tridiagonalise(Reduction& reduction);

}  // namespace coals
