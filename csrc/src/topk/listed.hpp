// Ranks a few named items: every pair scored by itself.
#pragma once

#include <vector>

#include "runtime/dispatch.hpp"
#include "topk/query.hpp"

namespace coals {

template <class T>
class ListedItems {
 public:
  explicit ListedItems(const TopKTask<T>& task) : task_(task), heap_(task.capacity) {}

  // Adds exact scores of items to the list of a query. Whether an item is wanted(item) is asked only if its score is
  // good enough.
  template <class Wanted>
  void offer(std::int64_t query, const std::int32_t* item, std::int64_t count, BoundedHeap<T>& heap, Wanted wanted) {
    const MatrixView<const T> items = task_.items.items();
    score_.resize(std::max<std::size_t>(score_.size(), static_cast<std::size_t>(count)));
    active_kernels<T>().chain_rows(task_.queries.row(query), items.data, items.stride, item, count, items.columns,
                                   task_.items.metric() == TopKMetric::euclidean, score_.data());
    for (std::int64_t c = 0; c < count; ++c) {
      if (score_[c] > task_.below && score_[c] >= heap.bound() && wanted(item[c])) heap.offer(item[c], score_[c]);
    }
  }

  // The list of a query from a row of items, which the filter still has to pass.
  void rank(std::int64_t query, const std::int32_t* item, std::int64_t count, const TopKLists<T>& out) {
    admitted_.clear();
    for (std::int64_t c = 0; c < count; ++c) {
      if (task_.items.has(item[c]) && admits(task_.filter, query, item[c])) admitted_.push_back(item[c]);
    }
    if (!admitted_.empty()) {
      offer(query, admitted_.data(), static_cast<std::int64_t>(admitted_.size()), heap_,
            [](std::int32_t) { return true; });
    }
    heap_.write(query, out);
  }

 private:
  const TopKTask<T>& task_;
  std::vector<std::int32_t> admitted_;
  std::vector<T> score_;
  BoundedHeap<T> heap_;
};

}  // namespace coals
