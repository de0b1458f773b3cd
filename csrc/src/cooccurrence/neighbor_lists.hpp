// The best neighbors so far of all items at once, offered to by several threads.
//
// For sums that are computed once for both items of a pair. What an offer has to beat is read without a lock: it only
// rises, so a stale one lets in what the list then turns away. Which offers win does not depend on their order.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "coals/buffer.hpp"
#include "coals/cooccurrence.hpp"
#include "runtime/ranked.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class NeighborLists {
 public:
  using Entry = Ranked<T, std::int32_t>;

  static std::int64_t room(std::int64_t neighbors) { return neighbors + std::max<std::int64_t>(16, neighbors / 2); }
  static std::int64_t bytes(std::int64_t rows, std::int64_t neighbors) {
    return rows * (room(neighbors) * static_cast<std::int64_t>(sizeof(Entry)) + 16);
  }

  NeighborLists(std::int64_t rows, std::int64_t neighbors, double threshold)
      : neighbors_(neighbors),
        room_(room(neighbors)),
        threshold_(threshold),
        entries_(rows * room_),
        size_(rows),
        bound_(static_cast<std::size_t>(rows)),
        locked_(static_cast<std::size_t>(rows)) {
    for (std::int64_t r = 0; r < rows; ++r) {
      size_[r] = 0;
      bound_[static_cast<std::size_t>(r)].store(threshold, std::memory_order_relaxed);
    }
  }

  // A value below this is turned away.
  double bound(std::int64_t row) const { return bound_[static_cast<std::size_t>(row)].load(std::memory_order_relaxed); }

  // What a value of double precision must reach to round to the bound, for all rows.
  void copy_bounds(std::vector<double>& out) const {
    out.resize(bound_.size());
    for (std::size_t r = 0; r < bound_.size(); ++r) out[r] = just_below(bound_[r].load(std::memory_order_relaxed));
  }
  static double just_below(double bound) { return bound - std::abs(bound) * 1e-6 - 1e-300; }

  // Not zero, and at least the threshold.
  void offer(std::int64_t row, std::int32_t column, T value) {
    const Lock lock(locked_[static_cast<std::size_t>(row)]);
    if (static_cast<double>(value) < bound(row)) return;
    Entry* list = entries_.data() + row * room_;
    list[size_[row]++] = {column, value};
    if (size_[row] == room_) cut(row);
  }

  // Row r of the answer is the list of `item_rank[r]`, or empty where that is -1; columns ascend.
  CsrMatrix<T> collect(const Buffer<std::int32_t>& item_rank, const RunControl& control) {
    CsrMatrix<T> out;
    out.rows = out.columns = item_rank.size();
    out.row_begin = Buffer<std::int64_t>(out.rows + 1, control.memory);
    out.row_begin[0] = 0;
    for (std::int64_t i = 0; i < out.rows; ++i) {
      const std::int32_t rank = item_rank[i];
      out.row_begin[i + 1] = out.row_begin[i] + (rank < 0 ? 0 : std::min(neighbors_, std::int64_t{size_[rank]}));
    }
    out.column = Buffer<std::int32_t>(out.row_begin[out.rows], control.memory);
    out.value = Buffer<T>(out.row_begin[out.rows], control.memory);
    constexpr std::int64_t together = 64;
    parallel_for((out.rows + together - 1) / together, control, [&](std::int64_t t) {
      for (std::int64_t i = t * together; i < std::min(out.rows, (t + 1) * together); ++i) {
        if (item_rank[i] >= 0)
          write(item_rank[i], out.column.data() + out.row_begin[i], out.value.data() + out.row_begin[i]);
      }
    });
    return out;
  }

 private:
  class Lock {
   public:
    explicit Lock(std::atomic<bool>& flag) : flag_(flag) {
      while (flag_.exchange(true, std::memory_order_acquire)) {
      }
    }
    ~Lock() { flag_.store(false, std::memory_order_release); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    std::atomic<bool>& flag_;
  };

  void cut(std::int64_t row) {
    Entry* list = entries_.data() + row * room_;
    std::nth_element(list, list + (neighbors_ - 1), list + size_[row], Better{});
    size_[row] = static_cast<std::int32_t>(neighbors_);
    const double least = std::max(threshold_, static_cast<double>(list[neighbors_ - 1].value));
    bound_[static_cast<std::size_t>(row)].store(least, std::memory_order_relaxed);
  }

  void write(std::int64_t row, std::int32_t* column, T* value) {
    if (size_[row] > neighbors_) cut(row);
    Entry* list = entries_.data() + row * room_;
    std::sort(list, list + size_[row], LowerIndex{});
    for (std::int64_t k = 0; k < size_[row]; ++k) {
      column[k] = list[k].index;
      value[k] = list[k].value;
    }
  }

  std::int64_t neighbors_, room_;
  double threshold_;
  Buffer<Entry> entries_;
  Buffer<std::int32_t> size_;
  std::vector<std::atomic<double>> bound_;
  std::vector<std::atomic<bool>> locked_;
};

}  // namespace coals
