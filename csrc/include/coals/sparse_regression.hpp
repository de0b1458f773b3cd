// Regressions of every item on few others: EASE for catalogs of any size.
#pragma once

#include "coals/csr.hpp"

namespace coals {

struct SparseRegressionOptions {
  const double* penalty = nullptr;                      // Lambda: one number above 0 for each item
  double max_diagonal = 0;                              // xi, from 0 to 1
  std::int64_t strongest = -1;                          // how many weights of each row to keep, by magnitude; -1: all
  std::int64_t system_bytes = std::int64_t{256} << 20;  // systems that are held at a time; at least one is
};

// With G = X^T X and S the columns of row j of `support`, row j of the result has b = (G_SS + Lambda_S)^-1 G_Sj, times
// max(Lambda_j C_jj, 1 - xi) where C_jj is the element (j, j) of the inverse of G + Lambda on S and j. All elements of
// G are whole sums over users, whatever the support leaves out. `support` is items x items; an item must not be in its
// own row, and all that are named must have entries.
//
// Sums are in double, users ascending; systems are held and solved in T. Of each row of G the elements that a system
// needs are copied into it, and rows are summed again for every part of the systems that fits into system_bytes. Cost:
// for each part half the sum over users of n_u^2, and k^2 / 2 reads and k^3 / 6 multiply-adds for each item with k
// neighbors. Memory: system_bytes, the entries twice, and 12 bytes for each entry of the support. Throws SingularSystem
// with the item whose system has no solution in T.
template <class T>
CsrMatrix<T> regress_on_supports(const CsrView<double>& matrix, const CsrView<void>& support,
                                 const SparseRegressionOptions& options, const RunControl& control);

}  // namespace coals
