// The dual row solve: a row with n entries and n < K costs an n x n system instead of a K x K one, and is as exact.
//
// In the variables of row_scale.hpp, and with S = W^1/2 Z, the solution is t = u + S^T g where
// (I + S S^T) g = W^-1/2 d - S u. An entry of weight zero drops out where its target is zero too, as it is everywhere
// but in hkv with a weight that underflows: such a row goes to the primal solver.
//
// Rows of about equal n are solved side by side, one in each lane of a vector, while their panels fit the second-level
// cache; longer ones one by one with the blocked Cholesky. Which way a row goes depends on n and K alone, and no
// arithmetic of a row touches that of its neighbors, so results do not depend on who is solved together.
// Identity of Sherman, Morrison and Woodbury: Golub and Van Loan, Matrix Computations, 4th ed., section 2.1.4.
#pragma once

#include <numeric>

#include "als/lane_systems.hpp"
#include "als/row_scale.hpp"
#include "coals/errors.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

template <class T>
class DualSolver {
 public:
  explicit DualSolver(const RowSystems<T>& systems)
      : systems_(systems), stride_(padded(systems.size(), kernels_.pad)), scale_(systems, stride_), sum_(stride_) {}

  // Rows are padded to this many entries; rows of equal padded size may go into one batch.
  static std::int64_t padded_entries(std::int64_t n) { return padded(n, 4); }

  // How many rows of n entries can be solved together.
  std::int64_t batch_rows(std::int64_t n) const {
    constexpr std::int64_t most_entries = 64, most_bytes = 768 << 10;
    const std::int64_t bytes = kernels_.lanes * padded_entries(n) * stride_ * static_cast<std::int64_t>(sizeof(T));
    return n <= most_entries && bytes <= most_bytes ? kernels_.lanes : 1;
  }

  // Solves rows[0..count), count <= batch_rows, all of the same padded size. Returns a mask of those it could not.
  // `next` is a row that will follow, or -1.
  std::uint32_t solve(const std::int64_t* rows, std::int64_t count, std::int64_t next) {
    const std::int64_t n = padded_entries(systems_.data().row_size(rows[0]));
    return batch_rows(n) > 1 ? solve_batch(rows, count, n, next) : solve_alone(rows[0]);
  }

 private:
  // What one row needs until its solution is there: S, right-hand side, prior's share u.
  struct Slot {
    T *panel, *rhs, *share;
  };

  Slot slot(std::int64_t l, std::int64_t n) {
    T* begin = slots_.data() + l * slot_size(n);
    return {begin, begin + n * stride_, begin + n * stride_ + n};
  }
  std::int64_t slot_size(std::int64_t n) const { return n * stride_ + n + stride_; }

  static void grow(Buffer<T>& buffer, std::int64_t size) {
    if (buffer.size() < size) buffer = Buffer<T>(size);
  }

  // Gathers row i. False if an entry without weight has a target.
  bool prepare(std::int64_t i, std::int64_t n, const Slot& slot) {
    const CsrView<T>& data = systems_.data();
    const std::int64_t first = data.row_begin[i], count = data.row_size(i);
    scale_.set(static_cast<T>(ridge_of(systems_.penalty, count)));
    grow(root_weight_, count);
    systems_.rule.fill(i, first, count, root_weight_.data(), slot.rhs);
    const bool weighted = systems_.rule.weighted();
    bool usable = true;
    for (std::int64_t e = 0; weighted && e < count; ++e) {
      const T root = std::sqrt(root_weight_[e]);
      root_weight_[e] = root;
      usable = usable && (root > T(0) || slot.rhs[e] == T(0));
      slot.rhs[e] = root > T(0) ? slot.rhs[e] / root : T(0);
    }
    std::fill(slot.rhs + count, slot.rhs + n, T(0));
    kernels_.gather(systems_.gather_from(first, count, systems_.bias != nullptr, scale_.inverse(),
                                         weighted ? root_weight_.data() : nullptr, false),
                    slot.panel, stride_);
    std::fill(slot.panel + count * stride_, slot.panel + n * stride_, T(0));
    scale_.prior_share(i, slot.share);
    if (systems_.has_prior()) subtract_prior(slot, count);
    return usable;
  }

  // rhs -= S u.
  void subtract_prior(const Slot& slot, std::int64_t count) {
    grow(dots_, count);
    if (order_.size() < count) {
      order_ = Buffer<std::int32_t>(2 * count);
      std::iota(order_.begin(), order_.end(), 0);
    }
    kernels_.dot_rows(slot.share, slot.panel, stride_, order_.data(), count, stride_, dots_.data());
    for (std::int64_t e = 0; e < count; ++e) slot.rhs[e] -= dots_[e];
  }

  // x = D^-1/2 (u + S^T g).
  void finish(std::int64_t i, const Slot& slot, std::int64_t count) {
    kernels_.add_rows(slot.panel, stride_, slot.rhs, count, stride_, slot.share);
    for (std::int64_t k = 0; k < stride_; ++k) sum_[k] = scale_.inverse()[k] * slot.share[k];
    systems_.store(i, sum_.data());
  }

  std::uint32_t solve_batch(const std::int64_t* rows, std::int64_t count, std::int64_t n, std::int64_t next) {
    const std::int64_t lanes = kernels_.lanes, width = padded(n, kernels_.pad), distance = n * width;
    grow(slots_, lanes * slot_size(n));
    grow(dense_, lanes * distance);
    std::uint32_t unsolved = 0;
    for (std::int64_t l = 0; l < count; ++l) {
      const Slot s = slot(l, n);
      T* dense = dense_.data() + l * distance;
      // The rows come from anywhere: ask for the next one's while this one is worked on.
      const std::int64_t upcoming = l + 1 < count ? rows[l + 1] : next;
      if (upcoming >= 0) systems_.prefetch(upcoming);
      if (!prepare(rows[l], n, s)) unsolved |= 1u << l;
      kernels_.panel_dots(s.panel, stride_, n, stride_, dense, width);
      for (std::int64_t a = 0; a < n; ++a) dense[a * width + a] += T(1);
    }
    unsolved |= lanes_.solve({dense_.data(), distance, width, slot(0, n).rhs, slot_size(n), n}, count);
    for (std::int64_t l = 0; l < count; ++l) {
      // Rows of one batch may differ in n, and so in scale.
      scale_.set(static_cast<T>(ridge_of(systems_.penalty, systems_.data().row_size(rows[l]))));
      finish(rows[l], slot(l, n), systems_.data().row_size(rows[l]));
    }
    return unsolved;
  }

  std::uint32_t solve_alone(std::int64_t i) {
    const std::int64_t n = padded(systems_.data().row_size(i), kernels_.pad);
    grow(slots_, slot_size(n));
    grow(dense_, n * n);
    grow(inverse_diagonal_, n);
    grow(solution_, n);
    const Slot s = slot(0, n);
    if (!prepare(i, n, s)) return 1;
    kernels_.panel_dots(s.panel, stride_, n, stride_, dense_.data(), n);
    for (std::int64_t a = 0; a < n; ++a) dense_[a * n + a] += T(1);
    if (kernels_.cholesky_factor(dense_.data(), n, n, T(0), inverse_diagonal_.data()) >= 0) return 1;
    kernels_.cholesky_solve(dense_.data(), n, n, inverse_diagonal_.data(), s.rhs, solution_.data());
    std::copy(solution_.data(), solution_.data() + n, s.rhs);
    finish(i, s, systems_.data().row_size(i));
    return 0;
  }

  const RowSystems<T>& systems_;
  const Kernels<T>& kernels_ = active_kernels<T>();
  std::int64_t stride_;
  RowScale<T> scale_;
  Buffer<T> slots_, dense_, inverse_diagonal_, solution_, sum_, dots_, root_weight_;
  LaneSystems<T> lanes_;
  Buffer<std::int32_t> order_;
};

}  // namespace coals
