// Inner products of 8-bit integers in the register tile: four bytes a lane and step, summed in 32 bits. Integer sums
// are exact, so that any order gives the same.
#pragma once

#include "kernel_table.hpp"
#include "tile.hpp"

namespace coals {
namespace {

constexpr int64_t byte_width = tile_vectors * Simd<int32_t>::lanes;
constexpr int64_t bytes_ahead = 4096;

// The largest integers that `x` may be above, given what the sum of a pair must reach; see kernel_table.hpp.
template <int Rows>
COALS_INLINE void limits_of(const ByteLimits& rows, double error, double norm, double inverse_scale, int32_t* limit) {
  constexpr double most = 2147483646.0;
  for (int m = 0; m < Rows; ++m) {
    const double slack = rows.byte_norm[m] * error + rows.error_norm[m] * norm + rows.least;
    double x = (rows.reach[m] - slack) * (rows.inverse_scale[m] * inverse_scale);
    x = x < most ? x : most;
    x = x > -most ? x : -most;
    x += rows.offset[m] - 2;
    x = x < most ? x : most;
    x = x > -most ? x : -most;
    limit[m] = static_cast<int32_t>(x);
  }
}

template <int Rows>
COALS_INLINE void dot_bytes(const int8_t* queries, const uint8_t* items, int64_t steps,
                            Vec<int32_t> (&acc)[Rows][tile_vectors]) {
  constexpr int64_t lanes = Simd<int32_t>::lanes;
  for (int64_t s = 0; s < steps; ++s, queries += 4 * tile_rows, items += 4 * byte_width) {
    Vec<int32_t> row[tile_vectors];
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) {
      row[n] = load_bytes(items + n * 4 * lanes);
      // One query waits for memory; a tile of them does not.
      if (Rows == 1) __builtin_prefetch(items + bytes_ahead + n * 4 * lanes);
    }
#pragma GCC unroll 8
    for (int m = 0; m < Rows; ++m) {
      const Vec<int32_t> factor = broadcast_four(queries + 4 * m);
#pragma GCC unroll 8
      for (int n = 0; n < tile_vectors; ++n) acc[m][n] = add_dot_four(acc[m][n], row[n], factor);
    }
  }
}

template <int Rows>
uint32_t score_bytes(const int8_t* queries, const uint8_t* items, int64_t steps, const ByteLimits& limits, double error,
                     double norm, double inverse_scale, int32_t* dots, uint64_t* above) {
  constexpr int64_t lanes = Simd<int32_t>::lanes;
  int32_t limit[tile_rows];
  limits_of<Rows>(limits, error, norm, inverse_scale, limit);
  Vec<int32_t> acc[Rows][tile_vectors] = {};
  dot_bytes<Rows>(queries, items, steps, acc);
  uint32_t rows = 0;
#pragma GCC unroll 8
  for (int m = 0; m < Rows; ++m) {
    Vec<int32_t> best = acc[m][0];
#pragma GCC unroll 8
    for (int n = 1; n < tile_vectors; ++n) best = larger_of(best, acc[m][n]);
    rows |= static_cast<uint32_t>(greater_mask(best, broadcast(limit[m])) != 0) << m;
  }
  if (rows == 0) return 0;
#pragma GCC unroll 8
  for (int m = 0; m < Rows; ++m) {
    if (!(rows >> m & 1)) continue;
    uint64_t mask = 0;
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) {
      store(dots + m * byte_width + n * lanes, acc[m][n]);
      mask |= static_cast<uint64_t>(greater_mask(acc[m][n], broadcast(limit[m]))) << (n * lanes);
    }
    above[m] = mask;
  }
  return rows;
}

template <int Rows>
void sample_bytes(const int8_t* queries, const uint8_t* items, int64_t steps, const float* scale, const float* shift,
                  float* best) {
  constexpr int64_t lanes = Simd<int32_t>::lanes;
  Vec<int32_t> acc[Rows][tile_vectors] = {};
  dot_bytes<Rows>(queries, items, steps, acc);
#pragma GCC unroll 8
  for (int m = 0; m < Rows; ++m) {
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) {
      float* p = best + m * byte_width + n * lanes;
      const Vec<float> score = to_float(acc[m][n]) * broadcast(scale[m]) + broadcast(shift[m]), old = load(p);
      store(p, score > old ? score : old);
    }
  }
}

}  // namespace
}  // namespace coals
