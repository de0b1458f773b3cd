// Padding of systems to whole register tiles.
#pragma once

#include <algorithm>

#include "coals/buffer.hpp"
#include "coals/views.hpp"

namespace coals {

inline std::int64_t padded(std::int64_t size, std::int64_t pad) { return (size + pad - 1) / pad * pad; }

// The part of the matrix that all rows share, padded: zeros, or scale * gram. Unit diagonal in the padding keeps the
// padded system solvable.
template <class T>
Buffer<T> padded_base(std::int64_t size, std::int64_t pad, MatrixView<const T> gram, T scale) {
  const std::int64_t stride = padded(size, pad);
  Buffer<T> base(stride * stride);
  std::fill(base.begin(), base.end(), T(0));
  for (std::int64_t i = 0; i < gram.rows; ++i) {
    for (std::int64_t j = 0; j < gram.columns; ++j) base[i * stride + j] = scale * gram.row(i)[j];
  }
  for (std::int64_t i = size; i < stride; ++i) base[i * stride + i] = T(1);
  return base;
}

}  // namespace coals
