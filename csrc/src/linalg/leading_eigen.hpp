// The largest eigenvalues of a real symmetric matrix, and their eigenvectors.
#pragma once

#include <cstdint>

#include "coals/run_control.hpp"

namespace coals {

// What symmetric_eigen returns in its first `count` values and columns, at less cost: `values` has `count` elements and
// `vectors` is n x count, row-major. Vectors of values nearer to each other than rounding are some basis of what they
// span. `vectors` may not be the memory of `matrix`. Cost: 2/3 n^3 + n^2 count + 2 n count^2 multiply-adds. Memory:
// n^2 + 2 n count doubles. Errors are those of symmetric_eigen.
void leading_eigen(std::int64_t n, const double* matrix, std::int64_t count, double* values, double* vectors,
                   const RunControl& control);

}  // namespace coals
