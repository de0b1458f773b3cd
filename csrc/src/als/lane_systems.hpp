// Small symmetric systems solved side by side, one in each lane of a vector: alone, each would wait for its own pivots.
#pragma once

#include <algorithm>

#include "coals/buffer.hpp"
#include "runtime/dispatch.hpp"

namespace coals {

// Up to this size it pays.
constexpr std::int64_t most_lanes_size = 80;

// Systems of one size, one after the other in memory: as many matrices as lanes, given by their upper triangles.
template <class T>
struct SystemsView {
  T* matrix;
  std::int64_t matrix_distance, stride;
  T* rhs;
  std::int64_t rhs_distance;
  std::int64_t size;
};

template <class T>
class LaneSystems {
 public:
  // Right-hand sides 0 .. count become solutions. Matrices from `count` on are overwritten. Returns a mask of the
  // systems with a pivot that is not positive.
  std::uint32_t solve(const SystemsView<T>& systems, std::int64_t count) {
    const std::int64_t lanes = kernels_.lanes, size = systems.size;
    if (packed_.size() < size * (size + 1) / 2 * lanes) packed_ = Buffer<T>(size * (size + 1) / 2 * lanes);
    if (rhs_.size() < size * lanes) rhs_ = Buffer<T>(size * lanes);
    // Lanes without a system repeat the first one.
    for (std::int64_t l = count; l < lanes; ++l) {
      std::copy(systems.matrix, systems.matrix + systems.matrix_distance, systems.matrix + l * systems.matrix_distance);
    }
    for (std::int64_t k = 0; k < size; ++k) {
      for (std::int64_t l = 0; l < lanes; ++l) {
        rhs_[k * lanes + l] = systems.rhs[(l < count ? l : 0) * systems.rhs_distance + k];
      }
    }
    kernels_.pack_lanes(systems.matrix, systems.matrix_distance, systems.stride, size, packed_.data());
    const std::uint32_t failed = kernels_.solve_lanes(packed_.data(), size, rhs_.data());
    for (std::int64_t l = 0; l < count; ++l) {
      for (std::int64_t k = 0; k < size; ++k) systems.rhs[l * systems.rhs_distance + k] = rhs_[k * lanes + l];
    }
    return failed & static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
  }

 private:
  const Kernels<T>& kernels_ = active_kernels<T>();
  Buffer<T> packed_, rhs_;
};

}  // namespace coals
