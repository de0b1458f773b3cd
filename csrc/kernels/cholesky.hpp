// Blocked Cholesky factorisation and solve on padded systems, in the register tile.
//
// matrix = U^T U with U stored by rows, so the trailing update of a strip of rows is the Gram tile with the finished
// rows of U as its panel. Cost size^3 / 3 flops to factor, 2 size^2 to solve; no memory beyond the arguments.
// Golub and Van Loan, Matrix Computations, 4th ed., section 4.2.
#pragma once

#include "tile.hpp"

namespace coals {
namespace {

constexpr int block = tile_rows;

// Factors the block on the diagonal in scalar code. upper[p][q] for p <= q, zeros elsewhere.
template <class T>
COALS_INLINE int64_t factor_diagonal_block(const T* matrix, int64_t stride, const T* diagonal_before, T tolerance,
                                           T (&upper)[block][block], T* inverse) {
  for (int p = 0; p < block; ++p) {
    for (int q = 0; q < block; ++q) upper[p][q] = q < p ? T(0) : matrix[p * stride + q];
  }
  for (int p = 0; p < block; ++p) {
    const T pivot = upper[p][p];
    // Written so that NaN fails too.
    if (!(pivot > tolerance * diagonal_before[p]) || !(pivot > T(0))) return p;
    const T root = sizeof(T) == 4 ? T(__builtin_sqrtf(float(pivot))) : T(__builtin_sqrt(double(pivot)));
    inverse[p] = T(1) / root;
    upper[p][p] = root;
    for (int q = p + 1; q < block; ++q) upper[p][q] *= inverse[p];
    for (int i = p + 1; i < block; ++i) {
      for (int q = i; q < block; ++q) upper[i][q] -= upper[p][i] * upper[p][q];
    }
  }
  return -1;
}

// Rows of the strip become rows of U, N vectors of columns at a time to hide the latency of one chain behind another.
template <class T, int N>
COALS_INLINE void solve_columns(T* strip, int64_t stride, const T (&upper)[block][block], const T* inverse) {
  constexpr int64_t lanes = Simd<T>::lanes;
  Vec<T> row[block][N];
#pragma GCC unroll 8
  for (int p = 0; p < block; ++p) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) row[p][n] = load(strip + p * stride + n * lanes);
  }
#pragma GCC unroll 8
  for (int p = 0; p < block; ++p) {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      row[p][n] *= broadcast(inverse[p]);
      store(strip + p * stride + n * lanes, row[p][n]);
    }
#pragma GCC unroll 8
    for (int q = p + 1; q < block; ++q) {
      const Vec<T> factor = broadcast(upper[p][q]);
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) row[q][n] -= factor * row[p][n];
    }
  }
}

template <class T>
COALS_INLINE void solve_strip(T* strip, int64_t stride, int64_t first_column, int64_t size,
                              const T (&upper)[block][block], const T* inverse) {
  constexpr int64_t lanes = Simd<T>::lanes;
  int64_t j = first_column;
  for (; j + 2 * lanes <= size; j += 2 * lanes) solve_columns<T, 2>(strip + j, stride, upper, inverse);
  if (j < size) solve_columns<T, 1>(strip + j, stride, upper, inverse);
}

template <class T>
int64_t cholesky_factor(T* matrix, int64_t stride, int64_t size, T tolerance, T* inverse_diagonal) {
  constexpr int64_t lanes = Simd<T>::lanes;
  for (int64_t i = 0; i < size; i += block) {
    T* strip = matrix + i * stride;
    T diagonal_before[block];
    for (int p = 0; p < block; ++p) diagonal_before[p] = strip[p * stride + i + p];

    const int64_t first = i / lanes * lanes;
    const Chunks chunks{(size - first) / lanes};
    for (int64_t c = 0; c < chunks.count(); ++c) {
      const int64_t column = first + chunks.begin(c) * lanes;
      update_tile<T, -1>(chunks.begin(c + 1) - chunks.begin(c), strip + column, stride, matrix + i, stride,
                         matrix + column, stride, i);
    }

    T upper[block][block];
    const int64_t failed =
        factor_diagonal_block(strip + i, stride, diagonal_before, tolerance, upper, inverse_diagonal + i);
    if (failed >= 0) return i + failed;
    const int64_t after = i + block;
    solve_strip(strip, stride, after / lanes * lanes, size, upper, inverse_diagonal + i);
    // Zeros left of the diagonal within the strip's first vector, so that the solves may read whole vectors.
    for (int p = 0; p < block; ++p) {
      for (int64_t j = first; j < i; ++j) strip[p * stride + j] = T(0);
      for (int q = 0; q < block; ++q) strip[p * stride + i + q] = upper[p][q];
    }
  }
  return -1;
}

// Sums over the lanes of each vector, as many at a time as there are lanes.
template <class T>
COALS_INLINE void sum_rows(const Vec<T> (&dot)[block], T* sums) {
  constexpr int lanes = static_cast<int>(Simd<T>::lanes);
  constexpr int whole = larger<int>(block, lanes);
  Vec<T> all[whole] = {};
#pragma GCC unroll 8
  for (int p = 0; p < block; ++p) all[p] = dot[p];
#pragma GCC unroll 8
  for (int p = 0; p < whole; p += lanes) store(sums + p, sum_each<T>(all + p));
}

template <class T>
void cholesky_solve(const T* upper, int64_t stride, int64_t size, const T* inverse_diagonal, T* rhs, T* x) {
  constexpr int64_t lanes = Simd<T>::lanes;
  // U^T y = rhs: y goes to x, rhs keeps the running remainder.
  for (int64_t i = 0; i < size; i += block) {
    const T* strip = upper + i * stride;
    T y[block];
    for (int p = 0; p < block; ++p) {
      T value = rhs[i + p];
      for (int q = 0; q < p; ++q) value -= strip[q * stride + i + p] * y[q];
      y[p] = value * inverse_diagonal[i + p];
    }
    for (int p = 0; p < block; ++p) x[i + p] = y[p];
    for (int64_t j = (i + block) / lanes * lanes; j < size; j += lanes) {
      Vec<T> remainder = load(rhs + j);
#pragma GCC unroll 8
      for (int p = 0; p < block; ++p) remainder -= broadcast(y[p]) * load(strip + p * stride + j);
      store(rhs + j, remainder);
    }
  }
  // U x = y, from the last block up. rhs serves as the solution so far: zero where not solved yet.
  for (int64_t j = 0; j < size; ++j) rhs[j] = T(0);
  for (int64_t i = size - block; i >= 0; i -= block) {
    const T* strip = upper + i * stride;
    Vec<T> dot[block] = {};
    for (int64_t j = (i + block) / lanes * lanes; j < size; j += lanes) {
      const Vec<T> known = load(rhs + j);
#pragma GCC unroll 8
      for (int p = 0; p < block; ++p) dot[p] += load(strip + p * stride + j) * known;
    }
    T sums[larger<int>(block, lanes)];
    sum_rows<T>(dot, sums);
    for (int p = block - 1; p >= 0; --p) {
      T value = x[i + p] - sums[p];
      for (int q = p + 1; q < block; ++q) value -= strip[p * stride + i + q] * rhs[i + q];
      rhs[i + p] = value * inverse_diagonal[i + p];
    }
  }
  for (int64_t j = 0; j < size; ++j) x[j] = rhs[j];
}

}  // namespace
}  // namespace coals
