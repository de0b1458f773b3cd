// Top-N lists without ever forming queries x items scores.
//
// The contract of every function here: entries are sorted by score, descending, ties to the lower item index; items
// that the filter keeps out never appear, nor do scores that are NaN or minus infinity; a list that cannot be filled is
// short: `counts` says how long it is, and the rest is id -1 and score NaN.
#pragma once

#include <cstdint>
#include <limits>

#include "coals/item_index.hpp"
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

// What may be on a list: an item that passes all of it. What is left as it is lets everything through.
struct TopKFilter {
  CsrView<void> excluded{};                                     // queries x items: what each query must not get
  CsrView<void> allowed{};                                      // queries x items: what alone each query may get
  const std::uint8_t* candidate = nullptr;                      // one byte an item: 0 keeps it out for all
  double min_score = -std::numeric_limits<double>::infinity();  // scores below it stay out
};

// How inner products are ranked. All give the same bits.
enum class TopKMethod {
  automatic,
  real,   // every score is computed in T
  bytes,  // scores that bounds by 8-bit integers cannot rule out are; T itself where no bound holds
};

// The n best items for each row of `queries`. Scores are inner products, or minus the squared distance, as the index
// says; each is one chain of multiply-adds in the order of the K elements, whatever the method. Cost: queries * items *
// K multiply-adds at most; items that cannot be on a list because of their norm are passed over.
template <class T>
void top_k(As<MatrixView<const T>> queries, const ItemIndex<T>& items, const TopKFilter& filter,
           const TopKLists<T>& out, TopKMethod method, const RunControl& control);

// The same for items that are used once.
template <class T>
void top_k_inner_product(MatrixView<const T> queries, MatrixView<const T> items, const CsrView<void>& excluded,
                         const std::uint8_t* candidate, const TopKLists<T>& out, const RunControl& control);

// One ranking for all: `ranking` lists item indices from best to worst, ties by rising index; `score` is by item and
// not NaN for those.
void top_k_from_ranking(const std::int64_t* ranking, std::int64_t ranked, const double* score, std::int64_t queries,
                        const TopKFilter& filter, const TopKLists<double>& out, const RunControl& control);

}  // namespace coals
