// The N best of a stream of scored items, ties to the lower item index.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "coals/topk.hpp"
#include "runtime/ranked.hpp"

namespace coals {

template <class T>
class BoundedHeap {
 public:
  explicit BoundedHeap(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {
    if (capacity < 1) throw std::invalid_argument("n must be at least 1");
  }

  void clear() { heap_.clear(); }

  // A score must exceed this to get in, if items come in ascending order.
  T bound() const { return heap_.size() < capacity_ ? -std::numeric_limits<T>::infinity() : heap_.front().value; }

  void offer(std::int64_t item, T score) {
    const Entry entry{item, score};
    if (heap_.size() < capacity_) {
      heap_.push_back(entry);
      std::push_heap(heap_.begin(), heap_.end(), Better{});
    } else if (Better{}(entry, heap_.front())) {
      replace_worst(entry);
    }
  }

  // Calls visit(item, score) in ascending order of items; the heap is empty afterwards.
  template <class Visit>
  void drain_by_item(Visit visit) {
    std::sort(heap_.begin(), heap_.end(), LowerIndex{});
    for (const Entry& entry : heap_) visit(entry.index, entry.value);
    heap_.clear();
  }

  // Writes the list of one query, best first, padded; the heap is empty afterwards.
  void write(std::int64_t query, const TopKLists<T>& out) {
    std::sort_heap(heap_.begin(), heap_.end(), Better{});
    const auto count = static_cast<std::int64_t>(heap_.size());
    for (std::int64_t k = 0; k < out.n; ++k) {
      out.ids[query * out.n + k] = k < count ? heap_[k].index : -1;
      out.scores[query * out.n + k] = k < count ? heap_[k].value : std::numeric_limits<T>::quiet_NaN();
    }
    out.counts[query] = count;
    heap_.clear();
  }

 private:
  using Entry = Ranked<T, std::int64_t>;

  // Half the work of a pop and a push.
  void replace_worst(const Entry& entry) {
    const std::size_t size = heap_.size();
    std::size_t at = 0;
    for (std::size_t child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && Better{}(heap_[child], heap_[child + 1])) ++child;
      if (!Better{}(entry, heap_[child])) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = entry;
  }

  std::size_t capacity_;
  std::vector<Entry> heap_;  // the worst entry first
};

inline bool contains(const CsrView<void>& matrix, std::int64_t row, std::int64_t column) {
  return std::binary_search(matrix.column + matrix.row_begin[row], matrix.column + matrix.row_begin[row + 1],
                            static_cast<std::int32_t>(column));
}

}  // namespace coals
