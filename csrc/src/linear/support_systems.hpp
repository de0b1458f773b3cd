// Many small symmetric systems, held as lower triangles one after the other, and their solution.
#pragma once

#include <algorithm>
#include <vector>

#include "als/lane_systems.hpp"
#include "coals/buffer.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

template <class T>
class SupportSystems {
 public:
  static std::int64_t bytes(std::int64_t size) {
    return (triangle(size) + size) * static_cast<std::int64_t>(sizeof(T)) + 24;
  }
  static std::int64_t triangle(std::int64_t size) { return size * (size + 1) / 2; }

  explicit SupportSystems(const std::vector<std::int64_t>& sizes) : sizes_(sizes) {
    begin_.push_back(0);
    for (const std::int64_t size : sizes) begin_.push_back(begin_.back() + triangle(size) + size);
    data_ = Buffer<T>(begin_.back());
  }

  std::int64_t count() const { return static_cast<std::int64_t>(sizes_.size()); }
  std::int64_t size(std::int64_t s) const { return sizes_[static_cast<std::size_t>(s)]; }

  // Row p of the lower triangle: p + 1 elements.
  T* row(std::int64_t s, std::int64_t p) { return matrix(s) + triangle(p); }
  T* matrix(std::int64_t s) { return data_.data() + begin_[static_cast<std::size_t>(s)]; }
  T* rhs(std::int64_t s) { return matrix(s) + triangle(size(s)); }

 private:
  std::vector<std::int64_t> sizes_, begin_;
  Buffer<T> data_;
};

// One thread's workspace. Small systems are solved side by side in the lanes of a vector, in groups that depend on
// their numbers alone; each lane computes what it would alone, whatever the others hold.
template <class T>
class SupportSolver {
 public:
  // use(s, solution) for each of the systems first .. last, or fail(s) for one whose pivot is not positive.
  template <class Use, class Fail>
  void solve(SupportSystems<T>& systems, std::int64_t first, std::int64_t last, Use use, Fail fail) {
    group_.clear();
    for (std::int64_t s = first; s < last; ++s) {
      if (systems.size(s) > most_lanes_size) {
        if (!solve_alone(systems, s)) fail(s);
        use(s, solution_.data());
        continue;
      }
      group_.push_back(s);
      if (static_cast<std::int64_t>(group_.size()) == kernels_.lanes) solve_group(systems, use, fail);
    }
    if (!group_.empty()) solve_group(systems, use, fail);
  }

 private:
  template <class Use, class Fail>
  void solve_group(SupportSystems<T>& systems, Use& use, Fail& fail) {
    std::int64_t size = 0;
    for (const std::int64_t s : group_) size = std::max(size, systems.size(s));
    pack(systems, size);
    const std::uint32_t failed = kernels_.solve_lanes(packed_.data(), size, lane_rhs_.data());
    grow(solution_, size);
    for (std::size_t l = 0; l < group_.size(); ++l) {
      if (failed >> l & 1u) fail(group_[l]);
      for (std::int64_t k = 0; k < size; ++k) {
        solution_[k] = lane_rhs_[k * kernels_.lanes + static_cast<std::int64_t>(l)];
      }
      use(group_[l], solution_.data());
    }
    group_.clear();
  }

  // Lanes without a system, and rows beyond the size of one, are those of the identity.
  void pack(SupportSystems<T>& systems, std::int64_t size) {
    const std::int64_t lanes = kernels_.lanes, triangle = SupportSystems<T>::triangle(size);
    grow(packed_, triangle * lanes);
    grow(lane_rhs_, size * lanes);
    std::fill_n(packed_.data(), triangle * lanes, T(0));
    std::fill_n(lane_rhs_.data(), size * lanes, T(0));
    for (std::int64_t l = 0; l < lanes; ++l) {
      const bool has_system = l < static_cast<std::int64_t>(group_.size());
      const std::int64_t s = has_system ? group_[static_cast<std::size_t>(l)] : 0;
      const std::int64_t own = has_system ? systems.size(s) : 0;
      for (std::int64_t e = 0; e < SupportSystems<T>::triangle(own); ++e) packed_[e * lanes + l] = systems.matrix(s)[e];
      for (std::int64_t k = 0; k < own; ++k) lane_rhs_[k * lanes + l] = systems.rhs(s)[k];
      for (std::int64_t k = own; k < size; ++k) packed_[(SupportSystems<T>::triangle(k) + k) * lanes + l] = T(1);
    }
  }

  bool solve_alone(SupportSystems<T>& systems, std::int64_t s) {
    const std::int64_t size = systems.size(s), stride = padded(size, kernels_.pad);
    grow(matrix_, stride * stride);
    grow(rhs_, stride);
    grow(inverse_diagonal_, stride);
    grow(solution_, stride);
    std::fill_n(matrix_.data(), stride * stride, T(0));
    std::fill_n(rhs_.data(), stride, T(0));
    for (std::int64_t p = 0; p < size; ++p) {
      const T* row = systems.row(s, p);
      for (std::int64_t q = 0; q <= p; ++q) matrix_[q * stride + p] = row[q];
    }
    std::copy_n(systems.rhs(s), size, rhs_.data());
    for (std::int64_t p = size; p < stride; ++p) matrix_[p * stride + p] = T(1);
    if (kernels_.cholesky_factor(matrix_.data(), stride, stride, T(0), inverse_diagonal_.data()) >= 0) return false;
    kernels_.cholesky_solve(matrix_.data(), stride, stride, inverse_diagonal_.data(), rhs_.data(), solution_.data());
    return true;
  }

  static void grow(Buffer<T>& buffer, std::int64_t size) {
    if (buffer.size() < size) buffer = Buffer<T>(size);
  }

  const Kernels<T>& kernels_ = active_kernels<T>();
  std::vector<std::int64_t> group_;
  Buffer<T> packed_, lane_rhs_, matrix_, rhs_, inverse_diagonal_, solution_;
};

}  // namespace coals
