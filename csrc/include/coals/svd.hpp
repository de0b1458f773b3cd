// Products of a sparse and a dense matrix, and the largest singular values of a sparse one.
#pragma once

#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

// out = matrix * dense. A matrix without values holds ones. Each element is summed in the order of the row's entries.
// Cost: entries * columns of `dense` multiply-adds.
template <class T>
void multiply_sparse(const CsrView<T>& matrix, MatrixView<const T> dense, MatrixView<T> out, const RunControl& control);

struct SvdOptions {
  std::int64_t power_iterations = 30;  // most steps; times the columns of the start below 2^28
  double tolerance = 1e-5;             // ends them once a step lifts no singular value by a larger share; 0 takes all
};

// matrix ~ left * diag(values) * right^T with as many columns as `values` has elements, values descending.
//
// The largest singular values over a block Krylov space: `start`, orthonormalised, has powers 0, 1, 2, .. of
// matrix^T matrix applied to it (of matrix matrix^T where there are more columns than rows), and Rayleigh-Ritz over
// all of these finds the best approximation. Musco and Musco, Randomized block Krylov methods for stronger and faster
// approximate singular value decomposition, 2015. The component of largest magnitude of a column of `right` (the first,
// if several) is positive. Beyond the rank of the matrix values and vectors are zero; values below a quarter of the
// root of the machine's precision times the largest (9e-5 in float, 4e-9 in double) are taken for that. Equal columns
// of the matrix have equal rows of `right`.
//
// `transposed` is the transpose of `matrix`. `start` has min(rows, columns) rows and at least as many columns as there
// are values; numbers are finite, and std::overflow_error says where their products are not. Cost: 2 (steps + 2)
// products, and orthonormalising. Memory: steps + 3 times `start`, and one product.
template <class T>
void truncated_svd(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                   const SvdOptions& options, MatrixView<T> left, double* values, MatrixView<T> right,
                   const RunControl& control);

}  // namespace coals
