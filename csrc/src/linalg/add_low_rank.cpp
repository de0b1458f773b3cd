// A product of two tall matrices added to a square one; see linalg.hpp. Both are packed as the register tile reads
// them, a panel of columns of the result at a time.
#include <algorithm>

#include "checks/arguments.hpp"
#include "coals/linalg.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

constexpr std::int64_t block_width = 192;

// Rows first .. of `rows`, transposed, with zeros beyond the last.
template <class T>
void pack(MatrixView<const T> rows, std::int64_t first, std::int64_t stride, T* panel) {
  std::fill(panel, panel + rows.columns * stride, T(0));
  for (std::int64_t r = 0; r < std::min(block_width, rows.rows - first); ++r) {
    for (std::int64_t k = 0; k < rows.columns; ++k) panel[k * stride + r] = rows.row(first + r)[k];
  }
}

template <class T>
struct Panels {
  Panels(std::int64_t size) : a(size * block_width), b(size * block_width), product(block_width * block_width) {}
  Buffer<T> a, b, product;
};

}  // namespace

template <class T>
void add_low_rank(MatrixView<const T> left, MatrixView<const T> right, MatrixView<T> matrix,
                  const RunControl& control) {
  check_matrix(matrix, left.rows, right.rows, "matrix");
  check_matrix(left, left.rows, left.columns, "left");
  check_matrix(right, right.rows, left.columns, "right");
  if (left.columns > most_factors) refuse("left", "must not have more than 1048576 columns");
  if (left.columns == 0 || matrix.columns == 0) return;
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t rank = left.columns, stride = block_width;
  parallel_for((matrix.rows + block_width - 1) / block_width, control, [&] { return Panels<T>(rank); },
               [&](Panels<T>& panels, std::int64_t t, const CancellationCheck& check_cancelled) {
                 const std::int64_t top = t * block_width, rows = std::min(block_width, matrix.rows - top);
                 const std::int64_t height = padded(rows, kernels.score_rows);
                 pack(left, top, stride, panels.a.data());
                 for (std::int64_t begin = 0; begin < matrix.columns; begin += block_width) {
                   const std::int64_t columns = std::min(block_width, matrix.columns - begin);
                   pack(right, begin, stride, panels.b.data());
                   std::fill_n(panels.product.begin(), height * block_width, T(0));
                   kernels.add_product(panels.a.data(), stride, height, panels.b.data(), stride,
                                       padded(columns, kernels.lanes), rank, panels.product.data(), block_width);
                   for (std::int64_t i = 0; i < rows; ++i) {
                     T* target = matrix.row(top + i) + begin;
                     for (std::int64_t j = 0; j < columns; ++j) target[j] += panels.product[i * block_width + j];
                   }
                   check_cancelled();
                 }
               });
}

template void add_low_rank<float>(MatrixView<const float>, MatrixView<const float>, MatrixView<float>,
                                  const RunControl&);
template void add_low_rank<double>(MatrixView<const double>, MatrixView<const double>, MatrixView<double>,
                                   const RunControl&);

}  // namespace coals
