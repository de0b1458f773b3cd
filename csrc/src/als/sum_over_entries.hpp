// Sums over the entries of a matrix, each with the inner product of its row's and its column's factors.
#pragma once

#include <vector>

#include "coals/views.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

// Sum over entries of term(row, entry, x_row . y_column), accumulated per task and added in the order of tasks.
template <class T, class Term>
double sum_over_entries(const CsrView<T>& data, MatrixView<const T> factors, MatrixView<const T> fixed,
                        const RunControl& control, Term term) {
  const Kernels<T>& kernels = active_kernels<T>();
  const auto tasks = balanced_tasks(data.rows, 2e6, [&](std::int64_t i) {
    return static_cast<double>(data.row_size(i)) * static_cast<double>(fixed.columns + 16) + 1;
  });
  const auto count = static_cast<std::int64_t>(tasks.size()) - 1;
  std::vector<double> partial(static_cast<std::size_t>(count), 0.0);
  constexpr std::int64_t chunk = 256;
  parallel_for(count, control, [&](std::int64_t t, const CancellationCheck& check_cancelled) {
    T dot[chunk];
    double sum = 0;
    for (std::int64_t i = tasks[t]; i < tasks[t + 1]; ++i) {
      for (std::int64_t e = data.row_begin[i]; e < data.row_begin[i + 1]; e += chunk) {
        const std::int64_t n = std::min(chunk, data.row_begin[i + 1] - e);
        kernels.dot_rows(factors.row(i), fixed.data, fixed.stride, data.column + e, n, fixed.columns, dot);
        for (std::int64_t k = 0; k < n; ++k) sum += term(i, e + k, static_cast<double>(dot[k]));
        if (n == chunk) check_cancelled();
      }
    }
    partial[static_cast<std::size_t>(t)] = sum;
  });
  double total = 0;
  for (const double part : partial) total += part;
  return total;
}

}  // namespace coals
