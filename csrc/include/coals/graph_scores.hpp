// Scores by filters on the graph of items: polynomials of P applied to users' rows, a block of users at a time.
#pragma once

#include "coals/csr.hpp"
#include "coals/topk.hpp"

namespace coals {

// A row r of queries has the scores (r D_b p1(P) D_a + r E_b V V^T E_a) p2(P), where p1 and p2 are sums of Chebyshev
// polynomials of I - 2P and D_b, D_a, E_b and E_a are diagonal.
template <class T>
struct GraphFilterView {
  CsrView<T> by_user;             // R, with P = R^T R. Without rows `by_item` is P itself
  CsrView<T> by_item;             // R^T, or P, symmetric
  const double* first = nullptr;  // coefficients of p1, the constant first
  std::int64_t first_size = 0;
  const double* second = nullptr;  // of p2; none: p2 = 1
  std::int64_t second_size = 0;
  const T *before = nullptr, *after = nullptr;  // D_b and D_a, of each item
  MatrixView<const T> directions;               // V, items x K, K a multiple of 16, if need be by zeros; no rows: none
  const T *low_before = nullptr, *low_after = nullptr;  // E_b and E_a
};

// Lists for rows[0] .. rows[count - 1] of `queries`, as top_k_weighted_rows. Cost for each query and degree: two
// multiply-adds for each entry of R (one of P), and items x K. Memory for each thread: some 64 MB, or 16 numbers for
// each user and 64 for each item, if that is more.
template <class T>
void top_k_graph_scores(const GraphFilterView<T>& graph, const CsrView<T>& queries, const std::int64_t* rows,
                        std::int64_t count, const std::uint8_t* candidate, const TopKFilter& filter,
                        const TopKLists<T>& out, const RunControl& control);

// score[p] for query rows[p] and item columns[p]; equal rows that follow one another are computed once.
template <class T>
void score_graph(const GraphFilterView<T>& graph, const CsrView<T>& queries, const std::int64_t* rows,
                 const std::int64_t* columns, std::int64_t pairs, T* score, const RunControl& control);

}  // namespace coals
