// Sparse rows times a dense matrix, and products of tall matrices.
#pragma once

#include "rows.hpp"
#include "tile.hpp"

namespace coals {
namespace {

// The sums stay in registers, so that a row of the source is read once and nothing else moves.
template <class T, int N, bool Weighted>
COALS_INLINE void combine_columns(const T* source, int64_t stride, const int32_t* index, const T* coefficient,
                                  int64_t count, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  Vec<T> acc[N] = {};
  for (int64_t r = 0; r < count; ++r) {
    if (r + prefetch_rows < count) prefetch_row(source + index[r + prefetch_rows] * stride, N * lanes);
    const T* row = source + index[r] * stride;
    const Vec<T> factor = broadcast(Weighted ? coefficient[r] : T(1));
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      if (Weighted) {
        acc[n] += factor * load(row + n * lanes);
      } else {
        acc[n] += load(row + n * lanes);
      }
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < N; ++n) store(out + n * lanes, acc[n]);
}

template <class T, bool Weighted>
COALS_INLINE void combine_as(const T* source, int64_t stride, const int32_t* index, const T* coefficient, int64_t count,
                             int64_t width, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t c = 0; c < width; c += 8 * lanes) {
    const T* from = source + c;
    const int64_t left = (width - c) / lanes;
    switch (left < 8 ? left : 8) {
      case 1: combine_columns<T, 1, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 2: combine_columns<T, 2, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 3: combine_columns<T, 3, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 4: combine_columns<T, 4, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 5: combine_columns<T, 5, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 6: combine_columns<T, 6, Weighted>(from, stride, index, coefficient, count, out + c); break;
      case 7: combine_columns<T, 7, Weighted>(from, stride, index, coefficient, count, out + c); break;
      default: combine_columns<T, 8, Weighted>(from, stride, index, coefficient, count, out + c);
    }
  }
}

template <class T>
void combine_rows(const T* source, int64_t stride, const int32_t* index, const T* coefficient, int64_t count,
                  int64_t width, T* out) {
  if (coefficient) return combine_as<T, true>(source, stride, index, coefficient, count, width, out);
  combine_as<T, false>(source, stride, index, coefficient, count, width, out);
}

template <class T, int Sign>
void update_product(const T* a, int64_t a_stride, int64_t rows, const T* b, int64_t b_stride, int64_t columns,
                    int64_t count, T* target, int64_t stride) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const Chunks chunks{columns / lanes};
  // Columns outside, rows inside: the chunk of b stays in the first-level cache while all of a passes by.
  for (int64_t c = 0; c < chunks.count(); ++c) {
    const int64_t first = chunks.begin(c), vectors = chunks.begin(c + 1) - first;
    for (int64_t i = 0; i < rows; i += tile_rows) {
      T* tile = target + i * stride + first * lanes;
      for (int m = 0; m < tile_rows; ++m) prefetch_row(tile + m * stride, vectors * lanes);
      update_tile<T, Sign>(vectors, tile, stride, a + i, a_stride, b + first * lanes, b_stride, count);
    }
  }
}

}  // namespace
}  // namespace coals
