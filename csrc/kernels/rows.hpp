// Kernels on gathered rows: gather, weight, add up, dot, and the Gram update built on the register tile.
#pragma once

#include "tile.hpp"

namespace coals {
namespace {

// Far enough ahead to cover a miss to memory at a few vectors a row.
constexpr int64_t prefetch_rows = 16;

template <class T>
COALS_INLINE void prefetch_row(const T* row, int64_t width) {
  constexpr int64_t per_line = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t c = 0; c < width; c += per_line) __builtin_prefetch(row + c);
}

template <class T>
void gather(const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width, bool append_one,
            T* panel, int64_t panel_stride) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < count; ++r, panel += panel_stride) {
    if (r + prefetch_rows < count) prefetch_row(source + index[r + prefetch_rows] * stride, width);
    const T* row = source + index[r] * stride;
    int64_t c = 0;
    for (; c + lanes <= width; c += lanes) store(panel + c, load(row + c));
    for (; c < width; ++c) panel[c] = row[c];
    if (append_one) panel[c++] = T(1);
    for (; c < panel_stride; ++c) panel[c] = T(0);
  }
}

template <class T>
void scale_rows(const T* panel, const T* weight, int64_t count, int64_t stride, T* out) {
  for (int64_t r = 0; r < count; ++r, panel += stride, out += stride) {
    const Vec<T> factor = broadcast(weight[r]);
    for (int64_t c = 0; c < stride; c += Simd<T>::lanes) store(out + c, factor * load(panel + c));
  }
}

template <class T, int N>
COALS_INLINE void add_columns(const T* panel, int64_t stride, const T* coefficient, int64_t count, T* sum) {
  Vec<T> acc[N] = {};
  for (int64_t r = 0; r < count; ++r, panel += stride) {
    const Vec<T> factor = broadcast(coefficient[r]);
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) acc[n] += factor * load(panel + n * Simd<T>::lanes);
  }
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) store(sum + n * Simd<T>::lanes, load(sum + n * Simd<T>::lanes) + acc[n]);
}

template <class T>
void add_rows(const T* panel, int64_t stride, const T* coefficient, int64_t count, int64_t size, T* sum) {
  constexpr int64_t lanes = Simd<T>::lanes;
  int64_t c = 0;
  for (; c + 4 * lanes <= size; c += 4 * lanes) add_columns<T, 4>(panel + c, stride, coefficient, count, sum + c);
  for (; c < size; c += lanes) add_columns<T, 1>(panel + c, stride, coefficient, count, sum + c);
}

template <class T>
void gram_update(const T* a, const T* b, int64_t panel_stride, int64_t count, int64_t size, T* gram,
                 int64_t gram_stride) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const Chunks chunks{size / lanes};
  // Columns outside, rows inside: the chunk of b stays in the first-level cache while all of a passes by.
  for (int64_t c = 0; c < chunks.count(); ++c) {
    const int64_t end = chunks.begin(c + 1);
    for (int64_t i = 0; i < end * lanes; i += tile_rows) {
      const int64_t first = larger(chunks.begin(c), i / lanes);
      update_tile<T, 1>(end - first, gram + i * gram_stride + first * lanes, gram_stride, a + i, panel_stride,
                        b + first * lanes, panel_stride, count);
    }
  }
}

template <class T>
void dot_rows(const T* x, const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < count; ++r) {
    if (r + prefetch_rows < count) prefetch_row(source + index[r + prefetch_rows] * stride, width);
    const T* row = source + index[r] * stride;
    Vec<T> even = zero<T>(), odd = zero<T>();
    int64_t c = 0;
    for (; c + 2 * lanes <= width; c += 2 * lanes) {
      even += load(x + c) * load(row + c);
      odd += load(x + c + lanes) * load(row + c + lanes);
    }
    T sum = T(0);
    for (; c < width; ++c) sum += x[c] * row[c];
    out[r] = sum + horizontal_sum<T>(even + odd);
  }
}

template <class T>
uint32_t score_block(const T* queries, const T* items, int64_t width, const T* bound, T* scores) {
  constexpr int64_t lanes = Simd<T>::lanes;
  Vec<T> acc[tile_rows][tile_vectors] = {};
  accumulate<T, tile_vectors>(acc, queries, tile_rows, items, tile_vectors * lanes, width);
  uint32_t above = 0;
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
    const Vec<T> limit = broadcast(bound[m]);
    bool any = false;
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) {
      any |= any_greater(acc[m][n], limit);
      store(scores + (m * tile_vectors + n) * lanes, acc[m][n]);
    }
    above |= static_cast<uint32_t>(any) << m;
  }
  return above;
}

}  // namespace
}  // namespace coals
