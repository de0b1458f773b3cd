// What lies above the diagonal of a square matrix, times a factor, above and below it.
#pragma once

#include <algorithm>

#include "coals/views.hpp"
#include "threading/parallel.hpp"

namespace coals {

template <class T>
void mirror_upper(MatrixView<T> matrix, T factor, const RunControl& control) {
  constexpr std::int64_t block = 64;  // two blocks stay in the first-level cache
  const std::int64_t size = matrix.rows, blocks = (size + block - 1) / block;
  // Row block I writes its part above the diagonal and the mirror image of it: no two of them meet.
  parallel_for(blocks, control, [&](std::int64_t bi, const CancellationCheck& check_cancelled) {
    const std::int64_t first = bi * block, last = std::min(size, first + block);
    for (std::int64_t left = first; left < size; left += block) {
      const std::int64_t right = std::min(size, left + block);
      for (std::int64_t i = first; i < last; ++i) {
        for (std::int64_t j = std::max(i, left); j < right; ++j) {
          matrix.row(i)[j] *= factor;
          matrix.row(j)[i] = matrix.row(i)[j];
        }
      }
    }
    check_cancelled();
  });
}

}  // namespace coals
