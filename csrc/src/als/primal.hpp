// The primal row solve: gather, weighted Gram update, Cholesky of a K x K matrix.
//
// Rows of the fixed side are gathered into a packed panel, times the square roots of their weights, so the Gram update
// reads contiguous memory whatever the entries are, and one panel serves as both of its sides. A panel is summed in
// registers before it is added to the matrix, which also keeps long sums accurate. A bias is one more row and column
// along the border, where they cost a vector sum and not another strip of tiles.
//
// Small matrices are factored many at a time (lane_systems.hpp).
#pragma once

#include <limits>

#include "als/lane_systems.hpp"
#include "als/nonnegative.hpp"
#include "als/row_systems.hpp"
#include "als/singular.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
class PrimalSolver {
 public:
  // Rows of the fixed side gathered at a time: a panel of 64 columns fills the first-level cache.
  static constexpr std::int64_t panel_rows = 128;

  explicit PrimalSolver(const RowSystems<T>& systems)
      : systems_(systems),
        size_(systems.size()),
        factors_(systems.fixed.columns),
        stride_(padded(size_, kernels_.pad)),
        panel_width_(padded(factors_, kernels_.pad)),
        panel_stride_(spread(panel_width_, kernels_.lanes)),
        negligible_ridge_(static_cast<T>(systems.negligible_ridge())),
        panel_(panel_rows * panel_stride_),
        matrix_(batch_rows() * stride_ * stride_),
        rhs_(batch_rows() * stride_),
        border_(panel_width_),
        inverse_diagonal_(stride_),
        solution_(stride_),
        weight_(panel_rows),
        target_(panel_rows),
        root_weight_(panel_rows) {}

  // How many rows are solved together.
  std::int64_t batch_rows() const {
    const SolverOptions& options = systems_.options;
    const bool plain = !options.nonnegative && options.singular == Singular::error;
    return plain && size_ <= most_lanes_size ? kernels_.lanes : 1;
  }

  // Throws SingularSystem.
  void solve(std::int64_t i, const CancellationCheck& check_cancelled) {
    form(i, matrix_.data(), rhs_.data(), check_cancelled);
    if (systems_.options.nonnegative) {
      systems_.load(i, solution_.data());
      minimize_nonnegative(kernels_, matrix_.data(), stride_, size_, factors_, rhs_.data(), solution_.data(),
                           check_cancelled);
    } else {
      factor_and_solve(i, ridge(i), check_cancelled);
    }
    systems_.store(i, solution_.data());
  }

  // Up to batch_rows rows, each with a ridge. Returns a mask of those it could not solve.
  std::uint32_t solve_batch(const std::int64_t* rows, std::int64_t count, const CancellationCheck& check_cancelled) {
    const std::int64_t square = stride_ * stride_;
    for (std::int64_t l = 0; l < count; ++l) {
      form(rows[l], matrix_.data() + l * square, rhs_.data() + l * stride_, check_cancelled);
    }
    const std::uint32_t unsolved = lanes_.solve({matrix_.data(), square, stride_, rhs_.data(), stride_, size_}, count);
    for (std::int64_t l = 0; l < count; ++l) systems_.store(rows[l], rhs_.data() + l * stride_);
    return unsolved;
  }

 private:
  T ridge(std::int64_t i) const { return static_cast<T>(ridge_of(systems_.penalty, systems_.data().row_size(i))); }

  // The upper triangle of the system of row i. Unit diagonal in the padding keeps the padded system solvable.
  void form(std::int64_t i, T* matrix, T* rhs, const CancellationCheck& check_cancelled) {
    const CsrView<T>& data = systems_.data();
    begin(ridge(i), matrix, rhs);
    T border_weight = T(0);
    for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += panel_rows) {
      border_weight += add(i, e, std::min(panel_rows, data.row_begin[i + 1] - e), matrix, rhs);
      check_cancelled();
    }
    if (systems_.bias) {
      for (std::int64_t k = 0; k < factors_; ++k) matrix[k * stride_ + factors_] += border_[k];
      matrix[factors_ * stride_ + factors_] += border_weight;
    }
    systems_.add_prior(i, ridge(i), rhs);
  }

  void begin(T ridge, T* matrix, T* rhs) {
    const MatrixView<const double>& gram = systems_.gram;
    const double scale = systems_.gram_scale;
    std::fill(rhs, rhs + stride_, T(0));
    std::fill(border_.begin(), border_.end(), T(0));
    if (gram.rows > 1) {
      if (!base_.size()) base_ = padded_base<T>(stride_, gram, scale);
      std::copy(base_.begin(), base_.end(), matrix);
    } else {
      std::fill(matrix, matrix + stride_ * stride_, T(0));
    }
    for (std::int64_t k = 0; k < size_; ++k) {
      matrix[k * stride_ + k] += ridge + (gram.rows == 1 ? static_cast<T>(scale * gram.data[k]) : T(0));
    }
    for (std::int64_t k = size_; k < stride_; ++k) matrix[k * stride_ + k] = T(1);
  }

  // Up to panel_rows entries of row i, from entry `first` of the matrix on. Returns the sum of their weights.
  T add(std::int64_t i, std::int64_t first, std::int64_t count, T* matrix, T* rhs) {
    systems_.rule.fill(i, first, count, weight_.data(), target_.data());
    const bool weighted = systems_.rule.weighted(), scaled = weighted && split_weights(count);
    kernels_.gather(systems_.gather_from(first, count, false, nullptr, scaled ? root_weight_.data() : nullptr),
                    panel_.data(), panel_stride_);
    T sum = static_cast<T>(count);
    if (systems_.bias) {
      sum = add_border(count, weighted, scaled);
      for (std::int64_t e = 0; e < count; ++e) rhs[factors_] += target_of(e, scaled);
    }
    kernels_.add_rows(panel_.data(), panel_stride_, target_.data(), count, panel_width_, rhs);
    const T* left = panel_.data();
    if (weighted && !scaled) {
      if (!weighted_.size()) weighted_ = Buffer<T>(panel_rows * panel_stride_);
      kernels_.scale_rows(panel_.data(), weight_.data(), count, panel_stride_, weighted_.data());
      left = weighted_.data();
    }
    kernels_.gram_update(left, panel_.data(), panel_stride_, count, panel_width_, matrix, stride_);
    return sum;
  }

  // Square roots of the weights, and targets divided by them. False, and nothing done, if an entry without weight has a
  // target that would be lost.
  bool split_weights(std::int64_t count) {
    for (std::int64_t e = 0; e < count; ++e) {
      if (!(weight_[e] > T(0)) && target_[e] != T(0)) return false;
    }
    for (std::int64_t e = 0; e < count; ++e) {
      root_weight_[e] = std::sqrt(weight_[e]);
      target_[e] = weight_[e] > T(0) ? target_[e] / root_weight_[e] : T(0);
    }
    return true;
  }

  T target_of(std::int64_t e, bool scaled) const { return scaled ? target_[e] * root_weight_[e] : target_[e]; }

  // The last column: sums of weighted rows. Where rows are scaled already, the other half of the weight is left to do.
  T add_border(std::int64_t count, bool weighted, bool scaled) {
    if (!weighted) std::fill(weight_.data(), weight_.data() + count, T(1));
    kernels_.add_rows(panel_.data(), panel_stride_, scaled ? root_weight_.data() : weight_.data(), count, panel_width_,
                      border_.data());
    T sum = T(0);
    for (std::int64_t e = 0; e < count; ++e) sum += weight_[e];
    return sum;
  }

  // Without a ridge a pivot must stand clear of rounding, which elimination has amplified; with one, the matrix is
  // positive definite by construction and only a pivot that is not positive is refused.
  void factor_and_solve(std::int64_t i, T ridge, const CancellationCheck& check_cancelled) {
    const Singular singular = systems_.options.singular;
    const T tolerance =
        ridge > negligible_ridge_ ? T(0) : 8 * std::numeric_limits<T>::epsilon() * static_cast<T>(size_);
    if (singular != Singular::error) kept_.keep(matrix_.data(), stride_, size_);
    std::int64_t failed =
        kernels_.cholesky_factor(matrix_.data(), stride_, stride_, tolerance, inverse_diagonal_.data());
    if (failed >= 0 && singular == Singular::minimum_norm) {
      return kept_.minimum_norm(rhs_.data(), solution_.data(), check_cancelled);
    }
    for (int attempt = 0; failed >= 0 && singular == Singular::jitter && attempt < 6; ++attempt) {
      kept_.restore(matrix_.data(), attempt);
      failed = kernels_.cholesky_factor(matrix_.data(), stride_, stride_, T(0), inverse_diagonal_.data());
    }
    if (failed >= 0) throw SingularSystem(i, failed, size_);
    kernels_.cholesky_solve(matrix_.data(), stride_, stride_, inverse_diagonal_.data(), rhs_.data(), solution_.data());
  }

  const RowSystems<T>& systems_;
  const Kernels<T>& kernels_ = active_kernels<T>();
  std::int64_t size_, factors_, stride_, panel_width_, panel_stride_;
  T negligible_ridge_;
  Buffer<T> base_, panel_, weighted_, matrix_, rhs_, border_, inverse_diagonal_, solution_;
  Buffer<T> weight_, target_, root_weight_;
  LaneSystems<T> lanes_;
  KeptSystem<T> kept_;
};

}  // namespace coals
