// What the bindings of every top-N function share.
#pragma once

#include <limits>

#include "../common.hpp"
#include "coals/topk.hpp"

namespace coals::bindings {

// The three arrays that they return: ids, scores, counts.
template <class T>
struct Lists {
  Lists(std::int64_t queries, std::int64_t n) : ids({queries, n}), scores({queries, n}), counts(queries) {}
  TopKLists<T> view(std::int64_t n) { return {n, ids.mutable_data(), scores.mutable_data(), counts.mutable_data()}; }
  py::tuple tuple() { return py::make_tuple(ids, scores, counts); }

  Array<std::int64_t> ids;
  Array<T> scores;
  Array<std::int64_t> counts;
};

// What keeps items off lists, as Python gives it: each part is None or of the type that `filter_of` asks for.
struct Filter {
  py::object excluded = py::none(), allowed = py::none(), candidate = py::none();
  double min_score = -std::numeric_limits<double>::infinity();
};

inline CsrView<void> filter_rows(const py::object& part, std::int64_t queries, std::int64_t items, const char* name) {
  if (part.is_none()) return {};
  const CsrView<void> rows = part.cast<const Csr&>().structure();
  require(rows.rows == queries && rows.columns == items, std::string(name) + " must be queries x items");
  return rows;
}

// A view of `filter`, which must outlive it.
inline TopKFilter filter_of(const Filter& filter, std::int64_t queries, std::int64_t items) {
  TopKFilter view;
  view.excluded = filter_rows(filter.excluded, queries, items, "excluded");
  view.allowed = filter_rows(filter.allowed, queries, items, "allowed");
  if (!filter.candidate.is_none()) {
    // No array is made here: the filter's constructor has seen to the type.
    const auto candidate = filter.candidate.cast<Array<bool>>();
    view.candidate = reinterpret_cast<const std::uint8_t*>(vector_data(candidate, items, "candidate"));
  }
  view.min_score = filter.min_score;
  return view;
}

}  // namespace coals::bindings
