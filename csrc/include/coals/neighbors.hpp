// Scores from neighbors: what a query has in common with a target, weighed by similarity.
//
// A query's row holds entries (m, a), a target's row entries (m, b); m is a neighbor. Over the m that are in both rows
//
//   average_by none            score = sum of a b, divided by query_term and target_term where there are such
//   average_by query, target   score = query_term + target_term + (sum of a b) / (sum of |w|), with w = a, or w = b
//
// Items by similar items: m are the user's items, a what they mean to the user, b their similarities to the target.
// Users by similar users: m are users, a their similarities to the one asked about, b what the target means to them.
// A matrix without values holds ones. A target that shares no m with the query is no candidate of a list; where a pair
// shares none, the sum is 0. Values may be negative; w must not be 0.
#pragma once

#include "coals/run_control.hpp"
#include "coals/topk.hpp"
#include "coals/views.hpp"

namespace coals {

enum class AverageBy { none, query, target };

struct NeighborRule {
  AverageBy average_by = AverageBy::none;
  // An average is over the `used` largest w alone, ties to the lower m; -1 takes all.
  std::int64_t used = -1;
  const double* query_term = nullptr;   // one a row of queries, or none
  const double* target_term = nullptr;  // one a target, or none
};

// Lists for rows[0] .. rows[count - 1] of `queries`; row q of what the filter says is about rows[q]. Row m of `lists`
// holds the targets of m; `targets` is its transpose, and is read only where the `used` best are averaged by target.
// Sums are in double, in ascending order of m (descending w where the `used` best are averaged by query). Cost: the
// entries of the rows of `lists` that queries name. Memory: 16 or 24 bytes a target and thread.
template <class Q, class V>
void top_k_neighbors(const CsrView<Q>& queries, const std::int64_t* rows, std::int64_t count, const CsrView<V>& lists,
                     const CsrView<V>& targets, const NeighborRule& rule, const TopKFilter& filter,
                     const TopKLists<double>& out, const RunControl& control);

// score[p] of the pair of row rows[p] of `queries` and row columns[p] of `targets`, for p < pairs. Cost of a pair: the
// shorter of its two rows, times the logarithm of the longer.
template <class Q, class V>
void score_neighbors(const CsrView<Q>& queries, const std::int64_t* rows, const CsrView<V>& targets,
                     const std::int64_t* columns, std::int64_t pairs, const NeighborRule& rule, double* score,
                     const RunControl& control);

}  // namespace coals
