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
  // One less than the most directions of the search over columns of the start; times those below 2^28.
  std::int64_t power_iterations = 30;
  // Ends the search once |A v - s u| + |A^T u - s v| is at most this share of the largest value; 0 takes all
  // directions.
  double tolerance = 1e-5;
};

// matrix ~ left * diag(values) * right^T with as many columns as `values` has elements, values descending.
//
// Nearly singular vectors of the shorter side are those of its dense Gram matrix (Householder reduction, bisection and
// inverse iteration), or of a block Lanczos space with full reorthogonalisation, whichever is less work by a model of
// their costs that knows sizes alone; where Lanczos finds values below a thousandth of the largest, other than zero,
// and the shorter side is at most 4096, the dense matrix decides. Their images, made orthogonal, are the other side.
// Golub and Underwood, The block Lanczos method for computing eigenvalues, 1977. The component of largest magnitude of
// a column of `right` (the first, if several) is positive. Beyond the rank of the matrix values and vectors are zero;
// values below a quarter of the root of the machine's precision times the largest (9e-5 in float, 4e-9 in double) are
// taken for that. Equal columns of the matrix have equal rows of `right`. A value that comes more than 16 times may be
// found less often where the search ends before the start is used up.
//
// `transposed` is the transpose of `matrix`. `start` has min(rows, columns) rows and at least as many columns as there
// are values; numbers are finite, and std::overflow_error says where their products are not. Cost, for n rows of the
// start: 2/3 n^3 + n^2 K multiply-adds, or 2 m products of the matrix and m^2 n with m directions, 2 to 3 K as a rule.
// Memory: 2 n^2 doubles, or m n numbers and 2 m^2 doubles, and one product.
template <class T>
void truncated_svd(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                   const SvdOptions& options, MatrixView<T> left, double* values, MatrixView<T> right,
                   const RunControl& control);

}  // namespace coals
