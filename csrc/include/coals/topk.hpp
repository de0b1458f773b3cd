// Top-N lists without ever forming queries x items scores.
//
// The contract of every function here: entries are sorted by score, descending, ties to the lower item index; excluded
// items never appear; a list that cannot be filled is short: `counts` says how long it is, and the rest is id -1 and
// score NaN.
#pragma once

#include <cstdint>

#include "coals/run_control.hpp"
#include "coals/views.hpp"

namespace coals {

// Caller's memory: ids and scores are queries x n, counts has one value a query. n must be at least 1.
template <class T>
struct TopKLists {
  std::int64_t n = 0;
  std::int64_t* ids = nullptr;
  T* scores = nullptr;
  std::int64_t* counts = nullptr;
};

// Scores are inner products of the rows of `queries` and `items`. Row q of `excluded` (queries x items, ascending
// columns) lists what query q must not get; `candidate` (one byte an item, or null for all) says which items may be
// recommended at all. Cost queries * items * K multiply-adds.
template <class T>
void top_k_inner_product(MatrixView<const T> queries, MatrixView<const T> items, const CsrView<void>& excluded,
                         const std::uint8_t* candidate, const TopKLists<T>& out, const RunControl& control);

// One ranking for all: `ranking` lists item indices from best to worst, `score` is by item.
void top_k_from_ranking(const std::int64_t* ranking, std::int64_t ranked, const double* score,
                        const CsrView<void>& excluded, const TopKLists<double>& out, const RunControl& control);

}  // namespace coals
