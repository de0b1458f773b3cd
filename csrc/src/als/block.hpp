// Block coordinate descent: `block_size` coordinates of a row at a time are solved exactly while the others stay, with
// the predictions of the row's entries kept up to date. For K far above the block size this costs a fraction of the
// exact solve, and each block lowers the row's objective.
//
// Needs a diagonal base, so that blocks meet in the row's own entries only. Some rows go through the blocks side by
// side, so that their small systems can be solved in the lanes of a vector. Rendle et al. 2021, iALS++.
#pragma once

#include "als/lane_systems.hpp"
#include "als/row_systems.hpp"
#include "coals/errors.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class BlockSolver {
 public:
  static constexpr std::int64_t panel_rows = 128;
  // Rows are batched until they have this many entries.
  static constexpr std::int64_t batch_entries = 1 << 15;

  explicit BlockSolver(const RowSystems<T>& systems)
      : systems_(systems),
        width_(std::min(systems.options.block_size, systems.fixed.columns)),
        stride_(padded(width_ + (systems.bias ? 1 : 0), kernels_.pad)),
        size_(systems.size()),
        slots_(width_ + (systems.bias ? 1 : 0) <= most_lanes_size ? kernels_.lanes : 1),
        shared_(size_),
        panel_(panel_rows * stride_),
        matrix_(slots_ * stride_ * stride_),
        rhs_(slots_ * stride_),
        inverse_diagonal_(stride_),
        solution_(stride_),
        weight_(panel_rows),
        target_(panel_rows),
        dots_(panel_rows),
        x_(slots_ * size_) {
    for (std::int64_t k = 0; k < size_; ++k) {
      const bool in_gram = systems.gram.rows && k < systems.fixed.columns;
      shared_[k] = in_gram ? static_cast<T>(systems.gram_scale * std::max(systems.gram.data[k], 0.0)) : T(0);
    }
  }

  std::int64_t batch_rows() const { return slots_; }

  // Up to batch_rows rows, and no more than batch_entries entries unless it is one row. Returns a mask of those that a
  // block could not be solved for.
  std::uint32_t solve(const std::int64_t* rows, std::int64_t count, const CancellationCheck& check_cancelled) {
    std::int64_t entries = 0;
    for (std::int64_t l = 0; l < count; ++l) {
      first_prediction_[l] = entries;
      entries += systems_.data().row_size(rows[l]);
    }
    if (prediction_.size() < entries) prediction_ = Buffer<T>(entries + entries / 4);
    const std::int64_t factors = systems_.fixed.columns;
    for (std::int64_t l = 0; l < count; ++l) {
      systems_.load(rows[l], x(l));
      T* prediction = prediction_.data() + first_prediction_[l];
      std::fill(prediction, prediction + systems_.data().row_size(rows[l]), systems_.bias ? x(l)[factors] : T(0));
      predict(rows[l], l, x(l), 0, factors, check_cancelled);
    }
    std::uint32_t unsolved = 0;
    for (std::int64_t first = 0; first < factors; first += width_) {
      unsolved |= solve_block(rows, count, first, check_cancelled);
    }
    for (std::int64_t l = 0; l < count; ++l) systems_.store(rows[l], x(l));
    return unsolved;
  }

 private:
  T* x(std::int64_t l) { return x_.data() + l * size_; }
  T* matrix(std::int64_t l) { return matrix_.data() + l * stride_ * stride_; }
  // The right-hand side of a slot, and once its system is solved the change of its coordinates.
  T* rhs(std::int64_t l) { return rhs_.data() + l * stride_; }

  // The predictions of row i, in slot l, += what columns first .. first + width contribute.
  void predict(std::int64_t i, std::int64_t l, const T* change, std::int64_t first, std::int64_t width,
               const CancellationCheck& check_cancelled) {
    const CsrView<T>& data = systems_.data();
    const std::int64_t begin = data.row_begin[i], end = data.row_begin[i + 1];
    for (std::int64_t e = begin; e < end; e += panel_rows) {
      const std::int64_t count = std::min(panel_rows, end - e);
      kernels_.dot_rows(change, systems_.fixed.data + first, systems_.fixed.stride, data.column + e, count, width,
                        dots_.data());
      T* prediction = prediction_.data() + first_prediction_[l] + (e - begin);
      for (std::int64_t k = 0; k < count; ++k) prediction[k] += dots_[k];
      check_cancelled();
    }
  }

  std::uint32_t solve_block(const std::int64_t* rows, std::int64_t count, std::int64_t first,
                            const CancellationCheck& check_cancelled) {
    const std::int64_t factors = systems_.fixed.columns, width = std::min(width_, factors - first);
    const bool with_bias = systems_.bias && first + width == factors;
    const std::int64_t size = width + (with_bias ? 1 : 0);
    for (std::int64_t l = 0; l < count; ++l) form(rows[l], l, first, width, with_bias, check_cancelled);
    const std::uint32_t unsolved = solve_systems(count, size);
    for (std::int64_t l = 0; l < count; ++l) {
      if (unsolved >> l & 1u) continue;
      for (std::int64_t k = 0; k < size; ++k) x(l)[first + k] += rhs(l)[k];
      if (first + width < factors) predict(rows[l], l, rhs(l), first, width, check_cancelled);
    }
    return unsolved;
  }

  // The system of slot l for the change of its coordinates.
  void form(std::int64_t i, std::int64_t l, std::int64_t first, std::int64_t width, bool with_bias,
            const CancellationCheck& check_cancelled) {
    const CsrView<T>& data = systems_.data();
    const T ridge = static_cast<T>(ridge_of(systems_.penalty, data.row_size(i)));
    const std::int64_t size = width + (with_bias ? 1 : 0);
    std::fill(matrix(l), matrix(l) + stride_ * stride_, T(0));
    std::fill(rhs(l), rhs(l) + stride_, T(0));
    for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += panel_rows) {
      add(i, l, e, std::min(panel_rows, data.row_begin[i + 1] - e), first, width, with_bias);
      check_cancelled();
    }
    for (std::int64_t k = 0; k < size; ++k) {
      const T diagonal = shared_[first + k] + ridge;
      matrix(l)[k * stride_ + k] += diagonal;
      rhs(l)[k] += ridge * systems_.prior_of(i, first + k) - diagonal * x(l)[first + k];
    }
    for (std::int64_t k = size; k < stride_; ++k) matrix(l)[k * stride_ + k] = T(1);
  }

  void add(std::int64_t i, std::int64_t l, std::int64_t e, std::int64_t count, std::int64_t first, std::int64_t width,
           bool with_bias) {
    const CsrView<T>& data = systems_.data();
    const MatrixView<const T>& fixed = systems_.fixed;
    systems_.rule.fill(i, e, count, weight_.data(), target_.data());
    const T* prediction = prediction_.data() + first_prediction_[l] + (e - data.row_begin[i]);
    const bool weighted = systems_.rule.weighted();
    for (std::int64_t k = 0; k < count; ++k) target_[k] -= (weighted ? weight_[k] : T(1)) * prediction[k];
    kernels_.gather({fixed.data + first, fixed.stride, data.column + e, count, width, with_bias, nullptr, nullptr},
                    panel_.data(), stride_);
    kernels_.add_rows(panel_.data(), stride_, target_.data(), count, stride_, rhs(l));
    if (weighted) {
      for (std::int64_t k = 0; k < count; ++k) target_[k] = std::sqrt(weight_[k]);
      kernels_.scale_rows(panel_.data(), target_.data(), count, stride_, panel_.data());
    }
    kernels_.gram_update(panel_.data(), panel_.data(), stride_, count, stride_, matrix(l), stride_);
  }

  std::uint32_t solve_systems(std::int64_t count, std::int64_t size) {
    if (slots_ > 1)
      return lanes_.solve({matrix_.data(), stride_ * stride_, stride_, rhs_.data(), stride_, size}, count);
    if (kernels_.cholesky_factor(matrix(0), stride_, stride_, T(0), inverse_diagonal_.data()) >= 0) return 1;
    kernels_.cholesky_solve(matrix(0), stride_, stride_, inverse_diagonal_.data(), rhs(0), solution_.data());
    std::copy(solution_.data(), solution_.data() + size, rhs(0));
    return 0;
  }

  const RowSystems<T>& systems_;
  const Kernels<T>& kernels_ = active_kernels<T>();
  std::int64_t width_, stride_, size_, slots_;
  Buffer<T> shared_, panel_, matrix_, rhs_, inverse_diagonal_, solution_, weight_, target_, dots_, x_, prediction_;
  LaneSystems<T> lanes_;
  std::int64_t first_prediction_[32] = {};
};

}  // namespace coals
