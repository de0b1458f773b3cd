// Models that keep a weight for every two items: x W scores a user with row x.
#pragma once

#include "coals/csr.hpp"
#include "coals/topk.hpp"

namespace coals {

// The `count` entries of largest magnitude of each column, zeros left out, ties to the lower row: row j of the result
// holds those of column j.
template <class T>
CsrMatrix<T> strongest_of_columns(MatrixView<const T> matrix, std::int64_t count, const RunControl& control);

// Lists for rows[0] .. rows[count - 1] of `queries`: scores are sums of the rows of `weights` that a query names, times
// its values, ties to the lower item. A query without entries gets an empty list. `candidate` has one byte an item, of
// which 0 keeps it out, or is null; row q of the filter belongs to rows[q].
template <class T>
void top_k_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count,
                         MatrixView<const T> weights, const std::uint8_t* candidate, const TopKFilter& filter,
                         const TopKLists<T>& out, const RunControl& control);

// score[p] for query rows[p] and item columns[p].
template <class T>
void score_weighted_rows(const CsrView<T>& queries, const std::int64_t* rows, MatrixView<const T> weights,
                         const std::int64_t* columns, std::int64_t pairs, T* score, const RunControl& control);

}  // namespace coals
