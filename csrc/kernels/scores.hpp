// Scores of queries and items, in a tile or one pair at a time: the same bits either way, since each is one chain of
// multiply-adds in the order of the elements.
#pragma once

#include "kernel_table.hpp"
#include "rows.hpp"

namespace coals {
namespace {

// Keeps the scores of a tile if one of them is above its row's bound; the mask says in which rows.
template <class T>
COALS_INLINE uint32_t keep_above(const Vec<T> (&acc)[tile_rows][tile_vectors], const T* bound, T* scores) {
  bool any = false;
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
    const Vec<T> limit = broadcast(bound[m]);
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) any |= any_greater(acc[m][n], limit);
  }
  if (!any) return 0;
  uint32_t above = 0;
#pragma GCC unroll 8
  for (int m = 0; m < tile_rows; ++m) {
    const Vec<T> limit = broadcast(bound[m]);
    bool in_row = false;
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) {
      in_row |= any_greater(acc[m][n], limit);
      store(scores + (m * tile_vectors + n) * Simd<T>::lanes, acc[m][n]);
    }
    above |= static_cast<uint32_t>(in_row) << m;
  }
  return above;
}

template <class T>
uint32_t score_block(const T* queries, const T* items, int64_t width, const T* bound, T* scores) {
  Vec<T> acc[tile_rows][tile_vectors] = {};
  accumulate<T, tile_vectors>(acc, queries, tile_rows, items, tile_vectors * Simd<T>::lanes, width);
  return keep_above(acc, bound, scores);
}

template <class T>
uint32_t distance_block(const T* queries, const T* items, int64_t width, const T* bound, T* scores) {
  constexpr int64_t lanes = Simd<T>::lanes;
  Vec<T> acc[tile_rows][tile_vectors] = {};
  for (int64_t k = 0; k < width; ++k, queries += tile_rows, items += tile_vectors * lanes) {
    Vec<T> row[tile_vectors];
#pragma GCC unroll 8
    for (int n = 0; n < tile_vectors; ++n) row[n] = load(items + n * lanes);
#pragma GCC unroll 8
    for (int m = 0; m < tile_rows; ++m) {
      const Vec<T> own = broadcast(queries[m]);
#pragma GCC unroll 8
      for (int n = 0; n < tile_vectors; ++n) {
        const Vec<T> apart = own - row[n];
        acc[m][n] -= apart * apart;
      }
    }
  }
  return keep_above(acc, bound, scores);
}

// One chain for each lane: the rows are turned into columns, a block at a time.
template <class T, bool Distance>
COALS_INLINE Vec<T> chain_block(const T* x, const T* const* row, int64_t width) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const auto add = [](Vec<T> sum, T own, Vec<T> theirs) {
    const Vec<T> apart = broadcast(own) - theirs;
    return Distance ? sum - apart * apart : sum + broadcast(own) * theirs;
  };
  Vec<T> sum = {};
  int64_t k = 0;
  for (; k + lanes <= width; k += lanes) {
    Vec<T> column[lanes];
#pragma GCC unroll 16
    for (int64_t r = 0; r < lanes; ++r) column[r] = load(row[r] + k);
    transpose<T>(column);
#pragma GCC unroll 16
    for (int64_t r = 0; r < lanes; ++r) sum = add(sum, x[k + r], column[r]);
  }
  for (; k < width; ++k) {
    T column[lanes];
    for (int64_t r = 0; r < lanes; ++r) column[r] = row[r][k];
    sum = add(sum, x[k], load(column));
  }
  return sum;
}

template <class T>
void chain_rows(const T* x, const T* source, int64_t stride, const int32_t* index, int64_t count, int64_t width,
                bool distance, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < count; r += lanes) {
    for (int64_t k = r + lanes; k < r + 2 * lanes && k < count; ++k) prefetch_row(source + index[k] * stride, width);
    const T* row[lanes];
    for (int64_t l = 0; l < lanes; ++l) row[l] = source + index[r + l < count ? r + l : count - 1] * stride;
    const Vec<T> sum = distance ? chain_block<T, true>(x, row, width) : chain_block<T, false>(x, row, width);
    T last[lanes];
    store(last, sum);
    for (int64_t l = 0; l < lanes && r + l < count; ++l) out[r + l] = last[l];
  }
}

}  // namespace
}  // namespace coals
