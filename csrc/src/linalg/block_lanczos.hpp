// Block Lanczos with full reorthogonalisation, for the largest eigenvectors of matrix^T matrix.
#pragma once

#include "linalg/tall_panel.hpp"

namespace coals {

// Nearly singular vectors of the `count` largest values: columns of a panel of matrix.columns rows, zeros beyond the
// rank. The space starts from the first columns of `start`; others take the place of directions that add nothing. It
// ends once |A v - s u| + |A^T u - s v| is at most tolerance times the largest singular value for all of them, or
// holds `most` directions; tolerance 0 takes them all.
//
// T, the projection of matrix^T matrix, is block tridiagonal. Whether the value of least interest has converged is
// found by bisection and inverse iteration on its band; only then are all eigenpairs of T computed.
//
// Golub and Underwood, The block Lanczos method for computing eigenvalues, 1977; Simon, Math. Comp. 42 (1984) 115.
template <class T>
TallPanel<T> block_lanczos(const CsrView<T>& matrix, const CsrView<T>& transposed, MatrixView<const T> start,
                           std::int64_t count, std::int64_t most, double tolerance, const RunControl& control);

}  // namespace coals
