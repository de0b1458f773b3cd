// What the bindings of every top-N function share.
#pragma once

#include "coals/topk.hpp"
#include "common.hpp"

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

inline void require_excluded(const CsrView<void>& excluded, std::int64_t queries, std::int64_t items) {
  require(excluded.rows == queries && excluded.columns == items, "excluded must be queries x items");
}

}  // namespace coals::bindings
