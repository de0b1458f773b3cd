// Rows times a matrix, in the register tile.
#pragma once

#include "tile.hpp"

namespace coals {
namespace {

template <class T, int N>
COALS_INLINE void multiply_tile(const T* rows, int64_t stride, int64_t width, const T* matrix, int64_t matrix_stride,
                                T* out, int64_t out_stride) {
  Vec<T> acc[tile_rows][N] = {};
  accumulate<T, N, true>(acc, rows, stride, matrix, matrix_stride, width);
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) store(out + m * out_stride + n * Simd<T>::lanes, acc[m][n]);
  }
}

template <class T>
void multiply_rows(const T* rows, int64_t stride, int64_t count, int64_t width, const T* matrix, int64_t matrix_stride,
                   int64_t columns, T* out, int64_t out_stride) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const Chunks chunks{columns / lanes};
  // Columns outside, rows inside: a chunk of the matrix is read from memory once.
  for (int64_t c = 0; c < chunks.count(); ++c) {
    const int64_t first = chunks.begin(c), vectors = chunks.begin(c + 1) - first;
    for (int64_t r = 0; r < count; r += tile_rows) {
      const T* a = rows + r * stride;
      const T* b = matrix + first * lanes;
      T* target = out + r * out_stride + first * lanes;
      switch (vectors) {
        case 1: multiply_tile<T, 1>(a, stride, width, b, matrix_stride, target, out_stride); break;
        case 2: multiply_tile<T, 2>(a, stride, width, b, matrix_stride, target, out_stride); break;
        default: multiply_tile<T, tile_vectors>(a, stride, width, b, matrix_stride, target, out_stride);
      }
    }
  }
}

}  // namespace
}  // namespace coals
