// Rows of a sparse matrix times a dense one; see svd.hpp. Columns of `dense` stay in registers for a whole row.
#include "checks/arguments.hpp"
#include "coals/svd.hpp"
#include "linalg/padding.hpp"
#include "runtime/dispatch.hpp"
#include "threading/parallel.hpp"

namespace coals {

namespace {

// About a millisecond.
constexpr double madds_per_task = 4e6;

}  // namespace

template <class T>
void multiply_sparse(const CsrView<T>& matrix, MatrixView<const T> dense, MatrixView<T> out,
                     const RunControl& control) {
  check_sparse(matrix, "matrix");
  check_matrix(dense, matrix.columns, dense.columns, "dense");
  check_matrix(out, matrix.rows, dense.columns, "out");
  const Kernels<T>& kernels = active_kernels<T>();
  const std::int64_t width = dense.columns, whole = width / kernels.lanes * kernels.lanes;
  const auto begin = balanced_tasks(matrix.rows, madds_per_task, [&](std::int64_t i) {
    return static_cast<double>((matrix.row_size(i) + 4) * width);
  });
  parallel_for(static_cast<std::int64_t>(begin.size()) - 1, control,
               [&](std::int64_t t, const CancellationCheck& check_cancelled) {
                 for (std::int64_t i = begin[t]; i < begin[t + 1]; ++i) {
                   const std::int64_t first = matrix.row_begin[i], count = matrix.row_size(i);
                   const std::int32_t* column = matrix.column + first;
                   const T* value = matrix.value ? matrix.value + first : nullptr;
                   if (whole) kernels.combine_rows(dense.data, dense.stride, column, value, count, whole, out.row(i));
                   for (std::int64_t c = whole; c < width; ++c) {
                     T sum = 0;
                     for (std::int64_t e = 0; e < count; ++e)
                       sum += (value ? value[e] : T(1)) * dense.row(column[e])[c];
                     out.row(i)[c] = sum;
                   }
                   if (count * width > 100000) check_cancelled();
                 }
               });
}

template void multiply_sparse<float>(const CsrView<float>&, MatrixView<const float>, MatrixView<float>,
                                     const RunControl&);
template void multiply_sparse<double>(const CsrView<double>&, MatrixView<const double>, MatrixView<double>,
                                      const RunControl&);

}  // namespace coals
