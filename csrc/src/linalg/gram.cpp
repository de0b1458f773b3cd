// Gram matrix of a factor matrix: fixed blocks of rows, each summed by the tile, added in fixed order.
#include <numeric>

#include "checks/arguments.hpp"
#include "coals/als.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t panel_rows = 128;

// Partial matrices fill at most this, whatever the number of rows.
constexpr std::int64_t most_partial_bytes = std::int64_t{16} << 20;

// What a task does at least, in multiply-adds and in additions of memory: less is not worth another thread.
constexpr std::int64_t least_work = std::int64_t{1} << 22, least_additions = std::int64_t{1} << 18;

std::int64_t rows_per_block(std::int64_t rows, std::int64_t matrix_bytes) {
  const std::int64_t most_blocks = std::clamp<std::int64_t>(most_partial_bytes / matrix_bytes, 2, 64);
  return std::max(4 * panel_rows, (rows + most_blocks - 1) / most_blocks);
}

template <class T>
void add_block(const Kernels<T>& kernels, MatrixView<const T> matrix, std::int64_t first, std::int64_t last,
               std::int64_t stride, Buffer<T>& panel, T* partial, const CancellationCheck& check_cancelled) {
  std::int32_t index[panel_rows];
  std::iota(index, index + panel_rows, 0);
  for (std::int64_t row = first; row < last; row += panel_rows) {
    const std::int64_t count = std::min(panel_rows, last - row);
    kernels.gather({matrix.row(row), matrix.stride, index, count, matrix.columns, false, nullptr, nullptr},
                   panel.data(), stride);
    kernels.gram_update(panel.data(), panel.data(), stride, count, stride, partial, stride);
    check_cancelled();
  }
}

// The upper triangle of the sum of the blocks, in their order.
template <class T>
void add_blocks(const Buffer<T>& partial, std::int64_t blocks, std::int64_t stride, MatrixView<double> out,
                const RunControl& control) {
  const std::int64_t size = out.columns, together = std::max<std::int64_t>(1, least_additions / (blocks * size + 1));
  parallel_for((size + together - 1) / together, control, [&](std::int64_t t) {
    for (std::int64_t i = t * together; i < std::min(size, (t + 1) * together); ++i) {
      double* row = out.row(i);
      std::fill(row + i, row + size, 0.0);
      for (std::int64_t b = 0; b < blocks; ++b) {
        const T* part = partial.data() + b * stride * stride + i * stride;
        for (std::int64_t j = i; j < size; ++j) row[j] += part[j];
      }
    }
  });
}

}  // namespace

template <class T>
void gram(MatrixView<const T> matrix, MatrixView<double> out, const RunControl& control) {
  check_factors(matrix, matrix.rows, matrix.columns, "matrix");
  check_matrix(out, matrix.columns, matrix.columns, "out");
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t size = matrix.columns, stride = padded(size, kernels.pad), square = stride * stride;
  const std::int64_t block_rows = rows_per_block(matrix.rows, square * static_cast<std::int64_t>(sizeof(T)));
  const std::int64_t blocks = (matrix.rows + block_rows - 1) / block_rows;
  Buffer<T> partial(blocks * square);
  const std::int64_t together = (least_work + block_rows * square - 1) / (block_rows * square);
  in_team(control, (blocks + together - 1) / together, [&] {
    parallel_for((blocks + together - 1) / together, control, [&] { return Buffer<T>(panel_rows * stride); },
                 [&](Buffer<T>& panel, std::int64_t t, const CancellationCheck& check_cancelled) {
                   for (std::int64_t b = t * together; b < std::min(blocks, (t + 1) * together); ++b) {
                     T* target = partial.data() + b * square;
                     std::fill(target, target + square, T(0));
                     const std::int64_t first = b * block_rows;
                     add_block(kernels, matrix, first, std::min(matrix.rows, first + block_rows), stride, panel, target,
                               check_cancelled);
                   }
                 });
    add_blocks(partial, blocks, stride, out, control);
  });
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = i + 1; j < size; ++j) out.row(j)[i] = out.row(i)[j];
  }
}

template <class T>
void squared_distances(MatrixView<const T> rows, MatrixView<const T> prior, double* out, const RunControl& control) {
  check_matrix(rows, rows.rows, rows.columns, "rows");
  if (prior.data) check_matrix(prior, rows.rows, rows.columns, "prior");
  check_pointer(out, rows.rows, "out");
  constexpr std::int64_t rows_per_task = 4096;
  const std::int64_t tasks = (rows.rows + rows_per_task - 1) / rows_per_task;
  parallel_for(tasks, control, [&](std::int64_t t) {
    for (std::int64_t i = t * rows_per_task; i < std::min(rows.rows, (t + 1) * rows_per_task); ++i) {
      const T *x = rows.row(i), *p = prior.data ? prior.row(i) : nullptr;
      // Four sums, since one would wait for itself.
      double sum[4] = {};
      for (std::int64_t k = 0; k < rows.columns; ++k) {
        const double difference = static_cast<double>(x[k]) - (p ? static_cast<double>(p[k]) : 0.0);
        sum[k % 4] += difference * difference;
      }
      out[i] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
  });
}

template void squared_distances<float>(MatrixView<const float>, MatrixView<const float>, double*, const RunControl&);
template void squared_distances<double>(MatrixView<const double>, MatrixView<const double>, double*, const RunControl&);
template void gram<float>(MatrixView<const float>, MatrixView<double>, const RunControl&);
template void gram<double>(MatrixView<const double>, MatrixView<double>, const RunControl&);

}  // namespace coals
