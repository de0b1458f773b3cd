// One thread's block of users: their scores by a filter on the graph of items, items x users.
#pragma once

#include <algorithm>
#include <utility>

#include "coals/graph_scores.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

// How many users a block has; it depends on the sizes of the filter alone.
template <class T>
std::int64_t graph_block_width(const GraphFilterView<T>& filter) {
  constexpr std::int64_t most_bytes = 64 << 20, most = 64;
  const std::int64_t pad = active_kernels<T>().pad;
  const std::int64_t cells = 4 * filter.by_item.rows + filter.by_user.rows + 2 * filter.directions.columns;
  const std::int64_t fits = most_bytes / static_cast<std::int64_t>(sizeof(T)) / std::max<std::int64_t>(1, cells);
  return std::max(pad, std::min(most, fits) / pad * pad);
}

template <class T>
class GraphBlock {
 public:
  explicit GraphBlock(const GraphFilterView<T>& filter, std::int64_t most)
      : filter_(filter),
        most_(most),
        signal_(items() * most),
        previous_(items() * most),
        next_(items() * most),
        sum_(items() * most),
        users_(filter.by_user.rows * most),
        shares_(factors() * most),
        turned_(factors() * most),
        few_(kernels_.score_rows * most),
        tail_(kernels_.score_rows * factors()) {}

  // Row i of the result has the scores of item i for queries rows[0] .. rows[count - 1], `width()` apart.
  T* scores(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count,
            const CancellationCheck& check_cancelled) {
    width_ = std::min(most_, padded(count, kernels_.pad));
    load(queries, rows, count);
    apply(filter_.first, filter_.first_size, check_cancelled);
    scale_rows(sum_, filter_.after);
    if (filter_.directions.rows > 0) add_low_pass(queries, rows, count, check_cancelled);
    if (filter_.second_size > 0) {
      std::swap(signal_, sum_);
      apply(filter_.second, filter_.second_size, check_cancelled);
    }
    return sum_.data();
  }
  std::int64_t width() const { return width_; }

 private:
  std::int64_t items() const { return filter_.by_item.rows; }
  std::int64_t factors() const { return filter_.directions.rows > 0 ? filter_.directions.columns : 0; }
  std::int64_t cells() const { return items() * width_; }

  void load(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count) {
    std::fill_n(signal_.data(), cells(), T(0));
    for (std::int64_t q = 0; q < count; ++q) {
      for (std::int64_t e = queries.row_begin[rows[q]]; e < queries.row_begin[rows[q] + 1]; ++e) {
        const std::int64_t item = queries.column[e];
        signal_[item * width_ + q] = (queries.value ? queries.value[e] : T(1)) * scale(filter_.before, item);
      }
    }
  }

  static T scale(const T* factor, std::int64_t item) { return factor ? factor[item] : T(1); }

  void scale_rows(Buffer<T>& panel, const T* factor) {
    if (!factor) return;
    for (std::int64_t i = 0; i < items(); ++i) {
      for (std::int64_t q = 0; q < width_; ++q) panel[i * width_ + q] *= factor[i];
    }
  }

  // sum_ = the polynomial of what signal_ holds, by the recurrence T_k = 2 (I - 2P) T_(k-1) - T_(k-2).
  void apply(const double* coefficient, std::int64_t size, const CancellationCheck& check_cancelled) {
    const auto first = static_cast<T>(coefficient[0]);
    for (std::int64_t c = 0; c < cells(); ++c) sum_[c] = first * signal_[c];
    for (std::int64_t k = 1; k < size; ++k) {
      multiply(k == 1 ? signal_ : next_, check_cancelled);
      step(k, static_cast<T>(coefficient[k]));
    }
  }

  // previous_ is T_(k-2), or unused; result_ is P T_(k-1).
  void step(std::int64_t k, T coefficient) {
    if (k == 1) {
      for (std::int64_t c = 0; c < cells(); ++c) {
        next_[c] = signal_[c] - 2 * result_[c];
        sum_[c] += coefficient * next_[c];
      }
      std::copy_n(signal_.data(), cells(), previous_.data());
      return;
    }
    for (std::int64_t c = 0; c < cells(); ++c) {
      const T value = 2 * (next_[c] - 2 * result_[c]) - previous_[c];
      previous_[c] = next_[c];
      next_[c] = value;
      sum_[c] += coefficient * value;
    }
  }

  // result_ = P panel
  void multiply(const Buffer<T>& panel, const CancellationCheck& check_cancelled) {
    if (result_.size() == 0) result_ = Buffer<T>(items() * most_);
    if (filter_.by_user.rows == 0) return combine(filter_.by_item, panel.data(), result_.data(), check_cancelled);
    combine(filter_.by_user, panel.data(), users_.data(), check_cancelled);
    combine(filter_.by_item, users_.data(), result_.data(), check_cancelled);
  }

  void combine(const CsrView<T>& matrix, const T* panel, T* out, const CancellationCheck& check_cancelled) {
    std::int64_t since_check = 0;
    for (std::int64_t i = 0; i < matrix.rows; ++i) {
      const std::int64_t first = matrix.row_begin[i], count = matrix.row_size(i);
      kernels_.combine_rows(panel, width_, matrix.column + first, matrix.value + first, count, width_,
                            out + i * width_);
      if ((since_check += count + 1) < 100000) continue;
      check_cancelled();
      since_check = 0;
    }
  }

  void add_low_pass(const CsrView<T>& queries, const std::int64_t* rows, std::int64_t count,
                    const CancellationCheck& check_cancelled) {
    const MatrixView<const T>& v = filter_.directions;
    std::fill_n(turned_.data(), factors() * width_, T(0));
    for (std::int64_t q = 0; q < count; ++q) {
      const std::int64_t first = queries.row_begin[rows[q]], size = queries.row_size(rows[q]);
      if (coefficient_.size() < size) coefficient_ = Buffer<T>(size);
      for (std::int64_t e = 0; e < size; ++e) {
        coefficient_[e] =
            (queries.value ? queries.value[first + e] : T(1)) * scale(filter_.low_before, queries.column[first + e]);
      }
      kernels_.combine_rows(v.data, v.stride, queries.column + first, coefficient_.data(), size, factors(),
                            shares_.data());
      for (std::int64_t k = 0; k < factors(); ++k) turned_[k * width_ + q] = shares_[k];
    }
    const std::int64_t together = kernels_.score_rows;
    for (std::int64_t i = 0; i < items(); i += together) {
      const std::int64_t here = std::min(together, items() - i);
      const T* left = v.row(i);
      std::int64_t stride = v.stride;
      if (here < together) {
        std::fill_n(tail_.data(), together * factors(), T(0));
        for (std::int64_t r = 0; r < here; ++r) std::copy_n(v.row(i + r), factors(), tail_.data() + r * factors());
        left = tail_.data();
        stride = factors();
      }
      kernels_.multiply_rows(left, stride, together, factors(), turned_.data(), width_, width_, few_.data(), width_);
      for (std::int64_t r = 0; r < here; ++r) {
        const T after = scale(filter_.low_after, i + r);
        T* out = sum_.data() + (i + r) * width_;
        for (std::int64_t q = 0; q < width_; ++q) out[q] += after * few_[r * width_ + q];
      }
      if (i % (256 * together) == 0) check_cancelled();
    }
  }

  const Kernels<T>& kernels_ = active_kernels<T>();
  const GraphFilterView<T>& filter_;
  std::int64_t most_, width_ = 0;
  Buffer<T> signal_, previous_, next_, sum_, result_, users_, shares_, turned_, few_, tail_, coefficient_;
};

}  // namespace coals
