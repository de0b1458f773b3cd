// What the ways to rank share: what is asked, whether an item may be on a list, and what norms say about scores.
#pragma once

#include <cmath>

#include "coals/topk.hpp"
#include "topk/bounded_heap.hpp"

namespace coals {

constexpr std::int64_t queries_per_block = 64;

inline bool admits(const TopKFilter& filter, std::int64_t query, std::int64_t item) {
  if (filter.candidate && !filter.candidate[item]) return false;
  if (filter.excluded.row_begin && contains(filter.excluded, query, item)) return false;
  return !filter.allowed.row_begin || contains(filter.allowed, query, item);
}

// The largest number that every score worth having is above.
template <class T>
T below_least(double min_score) {
  const T rounded = static_cast<T>(min_score);
  if (static_cast<double>(rounded) < min_score) return rounded;
  return std::nextafter(rounded, -std::numeric_limits<T>::infinity());
}

template <class T>
struct TopKTask {
  MatrixView<const T> queries;
  const ItemIndex<T>& items;
  const TopKFilter& filter;
  TopKLists<T> out;
  std::int64_t capacity;  // the longest list there can be, at least 1
  T below;                // below_least
};

// |score - exact inner product| <= relative * norms + absolute, and what norms say about scores.
template <class T>
struct ScoreRounding {
  explicit ScoreRounding(std::int64_t elements)
      : relative(1.03 * static_cast<double>(2 * elements + 4) * std::numeric_limits<T>::epsilon() / 2),
        absolute(2 * static_cast<double>(elements + 1) * std::numeric_limits<T>::denorm_min()) {}

  // An item of a smaller norm than this has no score that reaches `reach` with a query of norm `query`, which is above
  // 0.
  double least_norm(double reach, double query) const {
    return (reach - absolute) / (query * (1 + relative)) * (1 - 1e-9);
  }

  double relative, absolute;
};

}  // namespace coals
