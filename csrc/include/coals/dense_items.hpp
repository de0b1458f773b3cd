// Models that keep a weight for every two items: x W scores a user with row x.
#pragma once

#include "coals/csr.hpp"
#include "coals/topk.hpp"

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

// The `count` entries of largest magnitude of each column, zeros left out, ties to the lower row: row j of the result
// holds those of column j.
template <class T>
CsrMatrix<T> strongest_of_columns(MatrixView<const T> matrix, std::int64_t count, const RunControl& control);

// Lists for rows[0] .. of `queries`, as top_k_inner_product: scores are sums of the rows of `weights` that a query
// names, times its values. A query without entries gets an empty list.
template <class T>
void top_k_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, MatrixView<const T> weights,
                         const CsrView<void>& excluded, const std::uint8_t* candidate, const TopKLists<T>& out,
                         const RunControl& control);

// score[p] for query rows[p] and item columns[p].
template <class T>
void score_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, MatrixView<const T> weights,
                         const std::int64_t* columns, std::int64_t pairs, T* score, const RunControl& control);

}  // namespace coals
