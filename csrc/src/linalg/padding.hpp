// Padding of systems to whole register tiles.
#pragma once

#include <algorithm>

#include "coals/buffer.hpp"
#include "coals/views.hpp"

namespace coals {

inline std::int64_t padded(std::int64_t size, std::int64_t pad) { return (size + pad - 1) / pad * pad; }

// A row length of a panel of `width` that is no multiple of four vectors: rows at such distances would share few sets
// of the first-level cache when a tile reads a narrow column of them.
inline std::int64_t spread(std::int64_t width, std::int64_t lanes) {
  return width % (4 * lanes) == 0 ? width + lanes : width;
}

// scale * matrix with `stride` - matrix.rows more rows and columns of zeros.
template <class T, class From>
Buffer<T> padded_base(std::int64_t stride, MatrixView<const From> matrix, double scale) {
  Buffer<T> base(stride * stride);
  std::fill(base.begin(), base.end(), T(0));
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    for (std::int64_t j = 0; j < matrix.columns; ++j) {
      base[i * stride + j] = static_cast<T>(scale * static_cast<double>(matrix.row(i)[j]));
    }
  }
  return base;
}

}  // namespace coals
