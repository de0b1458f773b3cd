// Eigenvalues and eigenvectors of a real symmetric matrix.
#pragma once

#include <cstdint>

#include "coals/run_control.hpp"

namespace coals {

// matrix = vectors * diag(values) * vectors^T. Everything is n x n and row-major; only the lower triangle of `matrix`
// is read. `values` descend. Column j of `vectors` is the unit eigenvector of values[j]; its component of largest
// magnitude (the first of these, if several) is positive. `vectors` may be the same memory as `matrix`.
//
// The result is the same bits for every number of threads. Throws std::overflow_error when an element is not finite,
// std::runtime_error when the iteration does not converge, and whatever control.poll throws.
void symmetric_eigen(std::int64_t n, const double* matrix, double* values, double* vectors, const RunControl& control);

}  // namespace coals
