// Gram matrix of a factor matrix: fixed blocks of rows, each summed by the tile, added in fixed order.
#include <numeric>

#include "row_solver.hpp"

namespace coals {

namespace {

// At most this many partial matrices are alive at a time, whatever the number of rows.
constexpr std::int64_t most_blocks = 64;
constexpr std::int64_t panel_rows = 128;

template <class T>
void add_block(const Kernels<T>& kernels, MatrixView<const T> matrix, std::int64_t first, std::int64_t last,
               std::int64_t stride, Buffer<T>& panel, T* partial) {
  std::int32_t index[panel_rows];
  std::iota(index, index + panel_rows, 0);
  for (std::int64_t row = first; row < last; row += panel_rows) {
    const std::int64_t count = std::min(panel_rows, last - row);
    kernels.gather(matrix.row(row), matrix.stride, index, count, matrix.columns, false, panel.data(), stride);
    kernels.gram_update(panel.data(), panel.data(), stride, count, stride, partial, stride);
  }
}

}  // namespace

template <class T>
void gram(MatrixView<const T> matrix, MatrixView<T> out, const RunControl& control) {
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t stride = padded(matrix.columns, kernels.pad);
  const std::int64_t block_rows = std::max(4 * panel_rows, (matrix.rows + most_blocks - 1) / most_blocks);
  const std::int64_t blocks = (matrix.rows + block_rows - 1) / block_rows;
  Buffer<T> partial(blocks * stride * stride);
  parallel_for(
      blocks, control, [&] { return Buffer<T>(panel_rows * stride); },
      [&](Buffer<T>& panel, std::int64_t b) {
        T* target = partial.data() + b * stride * stride;
        std::fill(target, target + stride * stride, T(0));
        add_block(kernels, matrix, b * block_rows, std::min(matrix.rows, (b + 1) * block_rows), stride, panel, target);
      });
  for (std::int64_t i = 0; i < matrix.columns; ++i) {
    for (std::int64_t j = i; j < matrix.columns; ++j) {
      double sum = 0;
      for (std::int64_t b = 0; b < blocks; ++b) sum += partial[b * stride * stride + i * stride + j];
      out.row(i)[j] = out.row(j)[i] = static_cast<T>(sum);
    }
  }
}

template void gram<float>(MatrixView<const float>, MatrixView<float>, const RunControl&);
template void gram<double>(MatrixView<const double>, MatrixView<double>, const RunControl&);

}  // namespace coals
