// Kernels of the dual row solve and of conjugate gradients: inner products of a panel's own rows, the panel's Gram
// matrix times a vector, and systems solved side by side in the lanes of a vector.
#pragma once

#include "rows.hpp"

namespace coals {
namespace {

constexpr int dot_rows_at_once = 4;
constexpr int dot_columns = COALS_DOT_COLUMNS;

// A tile of inner products, vectors along the rows, summed over lanes only at the end.
template <class T>
COALS_INLINE void dot_tile(const T* a, const T* b, int64_t stride, int64_t size, T* out, int64_t out_stride) {
  constexpr int lanes = static_cast<int>(Simd<T>::lanes);
  constexpr int dots = dot_rows_at_once * dot_columns;
  static_assert(dots % lanes == 0, "sums fill whole vectors");
  Vec<T> acc[dots] = {};
  for (int64_t c = 0; c < size; c += lanes) {
    Vec<T> column[dot_columns];
#pragma GCC unroll 4
    for (int n = 0; n < dot_columns; ++n) column[n] = load(b + n * stride + c);
#pragma GCC unroll 4
    for (int m = 0; m < dot_rows_at_once; ++m) {
      const Vec<T> row = load(a + m * stride + c);
#pragma GCC unroll 4
      for (int n = 0; n < dot_columns; ++n) acc[m * dot_columns + n] += row * column[n];
    }
  }
  T sums[dots];
#pragma GCC unroll 8
  for (int d = 0; d < dots; d += lanes) store(sums + d, sum_each<T>(acc + d));
#pragma GCC unroll 4
  for (int m = 0; m < dot_rows_at_once; ++m) {
#pragma GCC unroll 4
    for (int n = 0; n < dot_columns; ++n) out[n * out_stride + m] = sums[m * dot_columns + n];
  }
}

template <class T>
void panel_dots(const T* panel, int64_t stride, int64_t count, int64_t size, T* out, int64_t out_stride) {
  for (int64_t i = 0; i < count; i += dot_rows_at_once) {
    for (int64_t j = 0; j < i + dot_rows_at_once; j += dot_columns) {
      dot_tile(panel + i * stride, panel + j * stride, stride, size, out + j * out_stride + i, out_stride);
    }
  }
}

// As many rows as lanes: their inner products with x, and then, while they are in the first-level cache, their sum with
// what is left of the targets as coefficients.
template <class T>
void add_remainder(const T* panel, int64_t stride, const T* weight, const T* target, int64_t count, int64_t size,
                   const T* x, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t r = 0; r < count; r += lanes) {
    const int64_t here = count - r < lanes ? count - r : lanes;
    const auto row_at = [&](int64_t k) { return panel + (r + k) * stride; };
    T dot[lanes];
    store(dot, dot_block<T>(x, size, here, row_at));
    Vec<T> factor[lanes];
    const T* row[lanes];
#pragma GCC unroll 16
    for (int64_t k = 0; k < lanes; ++k) {
      const int64_t e = k < here ? r + k : r;
      const T rest = (target ? target[e] : T(0)) - (weight ? weight[e] : T(1)) * dot[k];
      factor[k] = broadcast(k < here ? rest : T(0));
      row[k] = row_at(k < here ? k : 0);
    }
    for (int64_t c = 0; c < size; c += lanes) {
      Vec<T> even = load(out + c), odd = zero<T>();
#pragma GCC unroll 16
      for (int64_t k = 0; k < lanes; k += 2) {
        even += factor[k] * load(row[k] + c);
        odd += factor[k + 1] * load(row[k + 1] + c);
      }
      store(out + c, even + odd);
    }
  }
}

template <class T>
void add_squares(const T* panel, int64_t stride, const T* weight, int64_t count, int64_t size, T* out) {
  for (int64_t c = 0; c < size; c += Simd<T>::lanes) {
    Vec<T> sum = load(out + c);
    for (int64_t r = 0; r < count; ++r) {
      const Vec<T> value = load(panel + r * stride + c);
      sum += broadcast(weight ? weight[r] : T(1)) * value * value;
    }
    store(out + c, sum);
  }
}

template <class T>
COALS_INLINE Vec<T> square_root(Vec<T> v) {
  T lane[Simd<T>::lanes];
  store(lane, v);
  for (int64_t l = 0; l < Simd<T>::lanes; ++l) {
    lane[l] = sizeof(T) == 4 ? T(__builtin_sqrtf(float(lane[l]))) : T(__builtin_sqrt(double(lane[l])));
  }
  return load(lane);
}

template <class T>
COALS_INLINE T* lanes_row(T* matrix, int64_t i) {
  return matrix + i * (i + 1) / 2 * Simd<T>::lanes;
}

// R rows of the factor from row i on, columns j .. j + 4: subtracts what the columns before j contribute.
template <class T, int R>
COALS_INLINE void subtract_finished(Vec<T> (&acc)[R][4], T* matrix, int64_t i, int64_t j) {
  constexpr int64_t lanes = Simd<T>::lanes;
  const T *left[R], *upper[4];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) left[r] = lanes_row(matrix, i + r);
#pragma GCC unroll 4
  for (int n = 0; n < 4; ++n) upper[n] = lanes_row(matrix, j + n);
  for (int64_t k = 0; k < j; ++k) {
    Vec<T> above[4];
#pragma GCC unroll 4
    for (int n = 0; n < 4; ++n) above[n] = load(upper[n] + k * lanes);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const Vec<T> own = load(left[r] + k * lanes);
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) acc[r][n] -= own * above[n];
    }
  }
}

// R rows from row i on, the first `columns` columns, four at a time.
template <class T, int R>
COALS_INLINE void factor_lanes_left(T* matrix, int64_t i, int64_t columns) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t j = 0; j < columns; j += 4) {
    Vec<T> acc[R][4];
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) acc[r][n] = load(lanes_row(matrix, i + r) + (j + n) * lanes);
    }
    subtract_finished<T, R>(acc, matrix, i, j);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n) {
        const T* upper = lanes_row(matrix, j + n);
#pragma GCC unroll 4
        for (int p = 0; p < n; ++p) acc[r][n] -= acc[r][p] * load(upper + (j + p) * lanes);
        acc[r][n] *= load(upper + (j + n) * lanes);
        store(lanes_row(matrix, i + r) + (j + n) * lanes, acc[r][n]);
      }
    }
  }
}

// The last columns of row i, from column `first` on, one at a time; the inverse of the diagonal goes where the diagonal
// was. Returns the pivot.
template <class T>
COALS_INLINE Vec<T> factor_lanes_end(T* matrix, int64_t i, int64_t first) {
  constexpr int64_t lanes = Simd<T>::lanes;
  T* row = lanes_row(matrix, i);
  for (int64_t j = first; j < i; ++j) {
    const T* upper = lanes_row(matrix, j);
    Vec<T> value = load(row + j * lanes);
    for (int64_t k = 0; k < j; ++k) value -= load(row + k * lanes) * load(upper + k * lanes);
    store(row + j * lanes, value * load(upper + j * lanes));
  }
  Vec<T> pivot = load(row + i * lanes);
  for (int64_t k = 0; k < i; ++k) pivot -= load(row + k * lanes) * load(row + k * lanes);
  store(row + i * lanes, broadcast(T(1)) / square_root<T>(pivot));
  return pivot;
}

// L y = rhs, then L^T x = y, in place.
template <class T>
COALS_INLINE void substitute_lanes(const T* matrix, int64_t size, T* rhs) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t i = 0; i < size; ++i) {
    const T* row = matrix + i * (i + 1) / 2 * lanes;
    Vec<T> value = load(rhs + i * lanes);
    for (int64_t k = 0; k < i; ++k) value -= load(row + k * lanes) * load(rhs + k * lanes);
    store(rhs + i * lanes, value * load(row + i * lanes));
  }
  for (int64_t i = size - 1; i >= 0; --i) {
    const T* row = matrix + i * (i + 1) / 2 * lanes;
    const Vec<T> value = load(rhs + i * lanes) * load(row + i * lanes);
    store(rhs + i * lanes, value);
    for (int64_t k = 0; k < i; ++k) store(rhs + k * lanes, load(rhs + k * lanes) - value * load(row + k * lanes));
  }
}

template <class T>
void pack_lanes(const T* matrices, int64_t distance, int64_t stride, int64_t size, T* out) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t j = 0; j < size; ++j) {
    for (int64_t c = j / lanes * lanes; c < size; c += lanes) {
      Vec<T> v[lanes];
#pragma GCC unroll 16
      for (int64_t l = 0; l < lanes; ++l) v[l] = load(matrices + l * distance + j * stride + c);
      transpose<T>(v);
      for (int64_t i = larger(c, j); i < c + lanes && i < size; ++i) {
        store(out + (i * (i + 1) / 2 + j) * lanes, v[i - c]);
      }
    }
  }
}

template <class T>
uint32_t solve_lanes(T* matrix, int64_t size, T* rhs) {
  constexpr int64_t lanes = Simd<T>::lanes;
  uint32_t failed = 0;
  for (int64_t i = 0; i < size; i += 4) {
    const int64_t rows = size - i < 4 ? size - i : 4;
    if (rows == 4) {
      factor_lanes_left<T, 4>(matrix, i, i);
    } else {
      for (int64_t r = 0; r < rows; ++r) factor_lanes_left<T, 1>(matrix, i + r, i);
    }
    for (int64_t r = 0; r < rows; ++r) {
      T pivot[lanes];
      store(pivot, factor_lanes_end(matrix, i + r, i));
      // Written so that NaN fails too.
      for (int64_t l = 0; l < lanes; ++l) failed |= static_cast<uint32_t>(!(pivot[l] > T(0))) << l;
    }
  }
  substitute_lanes(matrix, size, rhs);
  return failed;
}

}  // namespace
}  // namespace coals
