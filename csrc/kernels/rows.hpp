// Kernels on gathered rows: gather, weight, add up, dot, and the Gram update built on the register tile.
#pragma once

#include "kernel_table.hpp"
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

template <class T, bool ByColumn, bool ByRow>
COALS_INLINE void gather_as(const GatherFrom<T>& from, T* panel, int64_t panel_stride) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < from.count; ++r, panel += panel_stride) {
    if (r + prefetch_rows < from.count + from.following) prefetch_row(from.row(r + prefetch_rows), from.width);
    const T* row = from.row(r);
    const T factor = ByRow ? from.row_scale[r] : T(1);
    const Vec<T> factors = broadcast(factor);
    int64_t c = 0;
    for (; c + lanes <= from.width; c += lanes) {
      Vec<T> value = load(row + c);
      if (ByColumn) value *= load(from.column_scale + c);
      if (ByRow) value *= factors;
      store(panel + c, value);
    }
    for (; c < from.width + (from.append_one ? 1 : 0); ++c) {
      const T value = c < from.width ? row[c] : T(1);
      panel[c] = (ByColumn ? value * from.column_scale[c] : value) * factor;
    }
    for (; c < panel_stride; ++c) panel[c] = T(0);
  }
}

template <class T>
void gather(const GatherFrom<T>& from, T* panel, int64_t panel_stride) {
  if (from.column_scale && from.row_scale) return gather_as<T, true, true>(from, panel, panel_stride);
  if (from.column_scale) return gather_as<T, true, false>(from, panel, panel_stride);
  if (from.row_scale) return gather_as<T, false, true>(from, panel, panel_stride);
  return gather_as<T, false, false>(from, panel, panel_stride);
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
      // The first vector starts half a vector left of the diagonal.
      if (2 * tile_rows == lanes && i % lanes != 0 && first == i / lanes) {
        update_cut_tile(end - first, gram + i * gram_stride + first * lanes, gram_stride, a + i, b + first * lanes,
                        panel_stride, count);
        continue;
      }
      update_tile<T, 1>(end - first, gram + i * gram_stride + first * lanes, gram_stride, a + i, panel_stride,
                        b + first * lanes, panel_stride, count);
    }
  }
}

// As many rows as lanes: their inner products with x in one vector. Rows beyond `count` repeat the last one.
template <class T, class RowAt>
COALS_INLINE Vec<T> dot_block(const T* x, int64_t width, int64_t count, RowAt row_at) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const T* row[lanes];
#pragma GCC unroll 16
  for (int64_t r = 0; r < lanes; ++r) row[r] = row_at(r < count ? r : count - 1);
  Vec<T> acc[lanes] = {};
  int64_t c = 0;
  for (; c + lanes <= width; c += lanes) {
    const Vec<T> known = load(x + c);
#pragma GCC unroll 16
    for (int64_t r = 0; r < lanes; ++r) acc[r] += load(row[r] + c) * known;
  }
  Vec<T> sum = sum_each<T>(acc);
  for (; c < width; ++c) {
    T rest[lanes];
    for (int64_t r = 0; r < lanes; ++r) rest[r] = x[c] * row[r][c];
    sum += load(rest);
  }
  return sum;
}

template <class T>
void dot_rows(const T* x, const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < count; r += lanes) {
    for (int64_t k = r + prefetch_rows; k < r + prefetch_rows + lanes && k < count; ++k) {
      prefetch_row(source + index[k] * stride, width);
    }
    const int64_t here = count - r < lanes ? count - r : lanes;
    const Vec<T> sum = dot_block<T>(x, width, here, [&](int64_t k) { return source + index[r + k] * stride; });
    if (here == lanes) {
      store(out + r, sum);
    } else {
      T last[lanes];
      store(last, sum);
      for (int64_t k = 0; k < here; ++k) out[r + k] = last[k];
    }
  }
}

}  // namespace
}  // namespace coals
