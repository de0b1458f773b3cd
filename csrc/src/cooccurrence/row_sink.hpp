// Takes the candidates of one row in any order and keeps those that were asked for.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "coals/cooccurrence.hpp"
#include "cooccurrence/row_store.hpp"
#include "runtime/ranked.hpp"

namespace coals {

template <class T>
class RowSink {
 public:
  RowSink(const NeighborOptions& keep, std::int64_t columns, RowStore<T>& store)
      : neighbors_(keep.neighbors < 0 ? columns : std::min(keep.neighbors, columns)),
        cuts_(keep.neighbors >= 0 && keep.neighbors < columns),
        threshold_(keep.threshold),
        columns_(columns),
        store_(store) {}

  void start() {
    entries_.clear();
    has_worst_ = false;
  }

  // What is below this by more than rounding cannot be kept. It rises as candidates come.
  double bound() const { return has_worst_ ? std::max(threshold_, static_cast<double>(worst_.value)) : threshold_; }

  void offer(std::int32_t column, double exact) {
    const T value = static_cast<T>(exact);
    if (value == T(0) || !(static_cast<double>(value) >= threshold_)) return;
    const Entry entry{column, value};
    if (has_worst_ && !Better{}(entry, worst_)) return;
    entries_.push_back(entry);
    if (cuts_ && static_cast<std::int64_t>(entries_.size()) >= 2 * neighbors_ + spare) cut();
  }

  // Raises the bound if there is something to gain: callers say this between batches.
  void settle() {
    if (cuts_ && static_cast<std::int64_t>(entries_.size()) >= neighbors_ + neighbors_ / 2 + spare / 2) cut();
  }

  // Stores what was kept as row `row` of the answer, by ascending column.
  void finish(std::int64_t row) {
    if (cuts_ && static_cast<std::int64_t>(entries_.size()) > neighbors_) cut();
    const auto size = static_cast<std::int64_t>(entries_.size());
    const auto [column, value] = store_.add(row, size);
    if (size > columns_ / 16) {
      sweep(column, value);
    } else {
      std::sort(entries_.begin(), entries_.end(), LowerIndex{});
      for (std::int64_t k = 0; k < size; ++k) {
        column[k] = entries_[static_cast<std::size_t>(k)].index;
        value[k] = entries_[static_cast<std::size_t>(k)].value;
      }
    }
  }

 private:
  using Entry = Ranked<T, std::int32_t>;
  static constexpr std::int64_t spare = 32;

  void cut() {
    const auto last = entries_.begin() + (neighbors_ - 1);
    std::nth_element(entries_.begin(), last, entries_.end(), Better{});
    worst_ = *last;
    has_worst_ = true;
    entries_.resize(static_cast<std::size_t>(neighbors_));
  }

  // A well-filled row is put in order by way of a whole one: zero between rows.
  void sweep(std::int32_t* column, T* value) {
    whole_.resize(static_cast<std::size_t>(columns_), T(0));
    for (const Entry& entry : entries_) whole_[static_cast<std::size_t>(entry.index)] = entry.value;
    std::int64_t k = 0;
    for (std::int64_t j = 0; j < columns_; ++j) {
      const T kept = whole_[static_cast<std::size_t>(j)];
      if (kept == T(0)) continue;
      column[k] = static_cast<std::int32_t>(j);
      value[k++] = kept;
      whole_[static_cast<std::size_t>(j)] = T(0);
    }
  }

  std::int64_t neighbors_;
  bool cuts_;
  double threshold_;
  std::int64_t columns_;
  RowStore<T>& store_;
  std::vector<Entry> entries_;
  std::vector<T> whole_;
  Entry worst_{};
  bool has_worst_ = false;
};

}  // namespace coals
