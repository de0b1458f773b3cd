// Ranks a block of queries by scores in T: panels are scored in the register tile, and only what is above a query's
// running N-th best leaves the tile.
#pragma once

#include <algorithm>
#include <vector>

#include "coals/buffer.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"
#include "topk/panels.hpp"
#include "topk/query.hpp"

namespace coals {

template <class T>
class RealBlock {
 public:
  explicit RealBlock(const TopKTask<T>& task)
      : task_(task),
        kernels_(active_kernels<T>()),
        score_(task.items.metric() == TopKMetric::euclidean ? kernels_.distance_block : kernels_.score_block),
        rounding_(task.queries.columns),
        rows_(kernels_.score_rows),
        tiles_(queries_per_block / rows_),
        packed_(queries_per_block * task.queries.columns),
        scores_(rows_ * kernels_.score_width),
        bound_(queries_per_block),
        norm_(queries_per_block),
        least_(queries_per_block),
        heaps_(static_cast<std::size_t>(queries_per_block), BoundedHeap<T>(task.capacity)) {}

  // Queries that are not `active` are left alone.
  template <class Active>
  void load(std::int64_t first, Active active) {
    const std::int64_t factors = task_.queries.columns;
    first_ = first;
    count_ = std::min(queries_per_block, task_.queries.rows - first);
    for (std::int64_t q = 0; q < tiles_ * rows_; ++q) {
      const T* row = q < count_ ? task_.queries.row(first + q) : nullptr;
      T* column = packed_.data() + q / rows_ * rows_ * factors + q % rows_;
      for (std::int64_t k = 0; k < factors; ++k) column[k * rows_] = row ? row[k] : T(0);
      const bool asks = row && active(first + q);
      norm_[q] = row ? norm_above(row, factors) : 1;
      bound_[q] = asks ? task_.below : std::numeric_limits<T>::infinity();
      least_[q] = asks ? least_norm(q) : std::numeric_limits<double>::infinity();
    }
  }

  // Panels start, start + step, ...
  void score(const RealPanels<T>& panels, std::int64_t start, std::int64_t step,
             const CancellationCheck& check_cancelled) {
    const std::int64_t factors = task_.queries.columns;
    const std::int64_t panels_between = std::max<std::int64_t>(1, (1 << 19) / std::max<std::int64_t>(1, panels.size));
    std::int64_t scored = 0;
    for (std::int64_t p = start; p < panels.count; p += step) {
      const double norm = task_.items.norm()[p * panels.width];
      if (norm < weakest(0, tiles_ * rows_)) break;
      for (std::int64_t t = 0; t * rows_ < count_; ++t) {
        if (norm < weakest(t * rows_, rows_)) continue;
        std::uint32_t above = score_(packed_.data() + t * rows_ * factors, panels.panel(p), factors,
                                     bound_.data() + t * rows_, scores_.data());
        for (std::int64_t m = 0; above; ++m, above >>= 1) {
          if (above & 1u) offer(t * rows_ + m, scores_.data() + m * panels.width, p * panels.width, panels.width);
        }
      }
      if (++scored % panels_between == 0) check_cancelled();
    }
  }

  void write(const TopKLists<T>& out) {
    for (std::int64_t q = 0; q < count_; ++q) {
      if (!is_idle(q)) heaps_[q].write(first_ + q, out);
    }
  }

 private:
  bool is_idle(std::int64_t q) const { return bound_[q] == std::numeric_limits<T>::infinity(); }

  // Items come by norm: a smaller index may tie with the last of a list, and must get in.
  double least_norm(std::int64_t q) const {
    if (task_.items.metric() == TopKMetric::euclidean) return -std::numeric_limits<double>::infinity();
    return rounding_.least_norm(static_cast<double>(bound_[q]), norm_[q]);
  }

  double weakest(std::int64_t first, std::int64_t count) const {
    return *std::min_element(least_.data() + first, least_.data() + first + count);
  }

  void offer(std::int64_t q, const T* scores, std::int64_t first, std::int64_t width) {
    const std::int64_t count = std::min(width, task_.items.size() - first);
    for (std::int64_t c = 0; c < count; ++c) {
      if (!(scores[c] > bound_[q])) continue;
      const std::int64_t item = task_.items.item()[first + c];
      if (!admits(task_.filter, first_ + q, item)) continue;
      heaps_[q].offer(item, scores[c]);
      bound_[q] = std::max(task_.below, std::nextafter(heaps_[q].bound(), -std::numeric_limits<T>::infinity()));
      least_[q] = least_norm(q);
    }
  }

  const TopKTask<T>& task_;
  const Kernels<T>& kernels_;
  std::uint32_t (*score_)(const T*, const T*, std::int64_t, const T*, T*);
  ScoreRounding<T> rounding_;
  std::int64_t rows_, tiles_, first_ = 0, count_ = 0;
  Buffer<T> packed_, scores_, bound_;
  Buffer<double> norm_, least_;
  std::vector<BoundedHeap<T>> heaps_;
};

}  // namespace coals
