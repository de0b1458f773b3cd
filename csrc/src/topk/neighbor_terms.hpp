// What neighbors add to one score, gathered: for rules that choose among them, and for single pairs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "coals/neighbors.hpp"
#include "runtime/ranked.hpp"

namespace coals {

template <class T>
double value_at(const CsrView<T>& matrix, std::int64_t entry) {
  return matrix.value ? static_cast<double>(matrix.value[entry]) : 1.0;
}

struct NeighborTerm {
  double weight;   // w
  double product;  // a b
  std::int32_t neighbor;
};

// Leaves the `used` terms of the largest weights, in ascending order of neighbors, as they came.
inline void keep_most_similar(std::vector<NeighborTerm>& terms, std::int64_t used) {
  if (used < 0 || static_cast<std::int64_t>(terms.size()) <= used) return;
  const auto end = terms.begin() + used;
  std::nth_element(terms.begin(), end, terms.end(), [](const NeighborTerm& a, const NeighborTerm& b) {
    return better(a.weight, a.neighbor, b.weight, b.neighbor);
  });
  terms.erase(end, terms.end());
  std::sort(terms.begin(), terms.end(),
            [](const NeighborTerm& a, const NeighborTerm& b) { return a.neighbor < b.neighbor; });
}

struct NeighborSums {
  double product = 0;
  double weight = 0;
};

inline NeighborSums sums_of(const std::vector<NeighborTerm>& terms) {
  NeighborSums sums;
  for (const NeighborTerm& term : terms) {
    sums.product += term.product;
    sums.weight += std::abs(term.weight);
  }
  return sums;
}

// The score of a query (row q) and a target that have something in common.
inline double score_from(const NeighborRule& rule, std::int64_t q, std::int64_t target, NeighborSums sums) {
  if (rule.average_by == AverageBy::none) {
    if (rule.query_term) sums.product /= rule.query_term[q];
    return rule.target_term ? sums.product / rule.target_term[target] : sums.product;
  }
  const double base =
      (rule.query_term ? rule.query_term[q] : 0.0) + (rule.target_term ? rule.target_term[target] : 0.0);
  return base + sums.product / sums.weight;
}

// The score where they have nothing in common.
inline double score_alone(const NeighborRule& rule, std::int64_t q, std::int64_t target) {
  if (rule.average_by == AverageBy::none) return 0.0;
  return score_from(rule, q, target, {0.0, 1.0});
}

// visit(x, y) for every column that row i of `a` and row j of `b` share, by their entries, columns ascending.
template <class A, class B, class Visit>
void for_each_common(const CsrView<A>& a, std::int64_t i, const CsrView<B>& b, std::int64_t j, Visit visit) {
  std::int64_t x = a.row_begin[i], y = b.row_begin[j];
  const std::int64_t x_end = a.row_begin[i + 1], y_end = b.row_begin[j + 1];
  const bool a_is_long = x_end - x > y_end - y;
  const auto seek = [](const std::int32_t* column, std::int64_t from, std::int64_t end, std::int32_t wanted) {
    return std::lower_bound(column + from, column + end, wanted) - column;
  };
  while (x < x_end && y < y_end) {
    if (a.column[x] == b.column[y]) {
      visit(x++, y++);
    } else if (a_is_long) {
      // One step along the short row, then a jump along the long one.
      if (a.column[x] > b.column[y]) {
        ++y;
      } else {
        x = seek(a.column, x, x_end, b.column[y]);
      }
    } else if (b.column[y] > a.column[x]) {
      ++x;
    } else {
      y = seek(b.column, y, y_end, a.column[x]);
    }
  }
}

}  // namespace coals
