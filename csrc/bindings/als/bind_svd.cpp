#include "coals/svd.hpp"

#include "../common.hpp"

namespace coals::bindings {

namespace {

// The view of a matrix that may be structure alone: ones.
template <class T>
CsrView<T> view_or_ones(const Csr& matrix) {
  const CsrView<void> s = matrix.structure();
  const auto* held = std::get_if<CsrMatrix<T>>(&matrix.matrix);
  if (held == nullptr) return matrix.view<T>();  // which says what is wrong
  return {s.rows, s.columns, s.row_begin, s.column, held->value.data()};
}

template <class T>
Array<T> multiply(const Csr& matrix, const Array<T>& dense, int num_threads) {
  const CsrView<T> rows = view_or_ones<T>(matrix);
  const MatrixView<const T> right = matrix_view(dense, "dense");
  Array<T> out({rows.rows, right.columns});
  const MatrixView<T> target = mutable_matrix_view(out, "out");
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    multiply_sparse(rows, right, target, control);
  }
  return out;
}

template <class T>
py::tuple svd(const Csr& matrix, const Array<T>& start, std::int64_t rank, std::int64_t power_iterations,
              double tolerance, int num_threads) {
  const CsrView<T> rows = matrix.view<T>();
  const MatrixView<const T> first = matrix_view(start, "start");
  require(rank >= 1 && first.columns >= rank, "start must have at least `rank` columns");
  Array<T> left({rows.rows, rank}), right({rows.columns, rank});
  Array<double> values(rank);
  const MatrixView<T> u = mutable_matrix_view(left, "left"), v = mutable_matrix_view(right, "right");
  double* s = values.mutable_data();
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    const CsrMatrix<T> columns = transpose(rows, control);
    truncated_svd(rows, columns.view(), first, {power_iterations, tolerance}, u, s, v, control);
  }
  return py::make_tuple(left, values, right);
}

template <class T>
void bind_svd_of(py::module_& module) {
  module.def("multiply_sparse", &multiply<T>, py::arg("matrix"), py::arg("dense").noconvert(), py::arg("num_threads"));
  module.def("truncated_svd", &svd<T>, py::arg("matrix"), py::arg("start").noconvert(), py::arg("rank"),
             py::arg("power_iterations"), py::arg("tolerance"), py::arg("num_threads"));
}

}  // namespace

void bind_svd(py::module_& module) {
  bind_svd_of<float>(module);
  bind_svd_of<double>(module);
}

}  // namespace coals::bindings
