// Factors in other axes.
#include <numeric>

#include "checks/arguments.hpp"
#include "coals/als.hpp"
#include "linalg/padding.hpp"
#include "linalg/symmetric_eigen.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// Small enough to stay in the second-level cache with its product.
constexpr std::int64_t panel_rows = 128;

}  // namespace

void principal_axes(MatrixView<const double> gram, double* eigenvalues, MatrixView<double> axes,
                    const RunControl& control) {
  const std::int64_t size = gram.columns;
  check_factors(gram, size, size, "gram");
  check_pointer(eigenvalues, size, "eigenvalues");
  check_matrix(axes, size, size, "axes");
  Buffer<double> matrix(size * size);
  for (std::int64_t i = 0; i < size; ++i) std::copy(gram.row(i), gram.row(i) + size, matrix.data() + i * size);
  symmetric_eigen(size, matrix.data(), eigenvalues, matrix.data(), control);
  for (std::int64_t i = 0; i < size; ++i) std::copy_n(matrix.data() + i * size, size, axes.row(i));
}

template <class T>
void rotate(MatrixView<T> rows, MatrixView<const double> axes, const RunControl& control) {
  check_factors(rows, rows.rows, rows.columns, "rows");
  check_matrix(axes, rows.columns, rows.columns, "axes");
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t size = rows.columns, stride = padded(size, kernels.pad);
  const Buffer<T> matrix = padded_base<T>(stride, axes, 1.0);
  struct State {
    Buffer<T> panel, product;
  };
  const auto make_state = [&] { return State{Buffer<T>(panel_rows * stride), Buffer<T>(panel_rows * stride)}; };
  const std::int64_t tasks = (rows.rows + panel_rows - 1) / panel_rows;
  parallel_for(tasks, control, make_state, [&](State& state, std::int64_t t) {
    const std::int64_t first = t * panel_rows, count = std::min(panel_rows, rows.rows - first);
    for (std::int64_t r = 0; r < count; ++r) {
      std::copy(rows.row(first + r), rows.row(first + r) + size, state.panel.data() + r * stride);
    }
    const std::int64_t whole = padded(count, kernels.score_rows);
    std::fill(state.panel.data() + count * stride, state.panel.data() + whole * stride, T(0));
    kernels.multiply_rows(state.panel.data(), stride, whole, size, matrix.data(), stride, stride, state.product.data(),
                          stride);
    for (std::int64_t r = 0; r < count; ++r) {
      const T* product = state.product.data() + r * stride;
      std::copy(product, product + size, rows.row(first + r));
    }
  });
}

template void rotate<float>(MatrixView<float>, MatrixView<const double>, const RunControl&);
template void rotate<double>(MatrixView<double>, MatrixView<const double>, const RunControl&);

}  // namespace coals
