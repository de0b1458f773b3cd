// Products, sums and inverses of dense items x items matrices.
#pragma once

#include "coals/csr.hpp"
#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

// out = X^T X, with `diagonal` added to the diagonal, items x items. A matrix without values holds ones. Sums are in
// double, users ascending. Cost: for each user half the square of the row's entries.
template <class T>
void item_gram(const CsrView<T>& by_user, const CsrView<T>& by_item, double diagonal, MatrixView<T> out,
               const RunControl& control);

// The inverse of a symmetric positive definite matrix, in place; only its upper triangle is read. Cost: n^3 / 2
// multiply-adds, half of what elimination without symmetry takes. Memory: 256 rows. Throws SingularSystem with the row
// whose pivot is not positive, or so small that T cannot hold its inverse.
template <class T>
void invert_definite(MatrixView<T> matrix, const RunControl& control);

// matrix += left right^T, of which both have as many rows as the matrix has rows and columns. Cost: n^2 K
// multiply-adds.
template <class T>
void add_low_rank(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> matrix, const RunControl& control);

}  // namespace coals
