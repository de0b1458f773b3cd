// The register tile: acc[m][n] += a[r][m] * b[r][n], summed over r in order.
//
// One tile serves the Gram update, Cholesky's trailing update and scoring. It is built of outer products only, so every
// element is one chain of multiply-adds in the order of r: its value depends neither on the place of the element in
// the tile nor on how the caller cuts the matrix into tiles.
#pragma once

#include "simd.hpp"

namespace coals {
namespace {

constexpr int tile_rows = COALS_TILE_ROWS;
constexpr int tile_vectors = COALS_TILE_VECTORS;

// With Transposed, a[m][r] stands in for a[r][m].
template <class T, int N, bool Transposed = false>
COALS_INLINE void accumulate(Vec<T> (&acc)[tile_rows][N], const T* a, int64_t a_stride, const T* b, int64_t b_stride,
                             int64_t count) {
  for (int64_t r = 0; r < count; ++r, a += Transposed ? 1 : a_stride, b += b_stride) {
    Vec<T> row[N];
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) row[n] = load(b + n * Simd<T>::lanes);
#pragma GCC unroll 8
    for (int m = 0; m < tile_rows; ++m) {
      const Vec<T> factor = broadcast(a[Transposed ? m * a_stride : m]);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) acc[m][n] += factor * row[n];
    }
  }
}

// target += sign * (a^T b) on one tile; sign is +1 or -1.
template <class T, int N, int Sign>
COALS_INLINE void update_tile(T* target, int64_t target_stride, const T* a, int64_t a_stride, const T* b,
                              int64_t b_stride, int64_t count) {
  Vec<T> acc[tile_rows][N] = {};
  accumulate<T, N>(acc, a, a_stride, b, b_stride, count);
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      T* p = target + m * target_stride + n * Simd<T>::lanes;
      store(p, Sign > 0 ? load(p) + acc[m][n] : load(p) - acc[m][n]);
    }
  }
}

// The same for a width known at run time, 1 to tile_vectors.
template <class T, int Sign>
COALS_INLINE void update_tile(int64_t vectors, T* target, int64_t target_stride, const T* a, int64_t a_stride,
                              const T* b, int64_t b_stride, int64_t count) {
  static_assert(tile_vectors <= 3, "add a case");
  switch (vectors) {
    case 1: return update_tile<T, 1, Sign>(target, target_stride, a, a_stride, b, b_stride, count);
    case 2: return update_tile<T, 2, Sign>(target, target_stride, a, a_stride, b, b_stride, count);
    default: return update_tile<T, tile_vectors, Sign>(target, target_stride, a, a_stride, b, b_stride, count);
  }
}

// target += a^T b on a tile whose first vector counts for its second half only: `half` points there.
template <class T, int N>
COALS_INLINE void update_cut_tile(T* target, int64_t target_stride, const T* a, const T* b, int64_t stride,
                                  int64_t count) {
  constexpr int64_t lanes = Simd<T>::lanes, half = lanes / 2;
  HalfVec<T> corner[tile_rows] = {};
  Vec<T> acc[tile_rows][N > 1 ? N - 1 : 1] = {};
  for (int64_t r = 0; r < count; ++r, a += stride, b += stride) {
    const HalfVec<T> first = load_half(b + half);
    Vec<T> row[N];
#pragma GCC unroll 8
    for (int n = 1; n < N; ++n) row[n] = load(b + n * lanes);
#pragma GCC unroll 8
    for (int m = 0; m < tile_rows; ++m) {
      corner[m] += (a[m] - HalfVec<T>{}) * first;
      if constexpr (N > 1) {
        const Vec<T> factor = broadcast(a[m]);
#pragma GCC unroll 8
        for (int n = 1; n < N; ++n) acc[m][n - 1] += factor * row[n];
      }
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
    T* p = target + m * target_stride;
    store_half(p + half, load_half(p + half) + corner[m]);
#pragma GCC unroll 8
    for (int n = 1; n < N; ++n) store(p + n * lanes, load(p + n * lanes) + acc[m][n - 1]);
  }
}

template <class T>
COALS_INLINE void update_cut_tile(int64_t vectors, T* target, int64_t target_stride, const T* a, const T* b,
                                  int64_t stride, int64_t count) {
  switch (vectors) {
    case 1: return update_cut_tile<T, 1>(target, target_stride, a, b, stride, count);
    case 2: return update_cut_tile<T, 2>(target, target_stride, a, b, stride, count);
    default: return update_cut_tile<T, tile_vectors>(target, target_stride, a, b, stride, count);
  }
}

// Cuts `vectors` columns into the fewest chunks of at most tile_vectors, as even as can be: narrow tiles waste
// broadcasts, so 4 is 2 + 2, never 3 + 1.
struct Chunks {
  int64_t vectors;
  int64_t count() const { return (vectors + tile_vectors - 1) / tile_vectors; }
  int64_t begin(int64_t chunk) const { return vectors * chunk / count(); }
};

}  // namespace
}  // namespace coals
