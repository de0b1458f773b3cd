// The symmetric eigenproblem by itself, for the tests that hold it against NumPy.
#include "../common.hpp"
#include "src/linalg/leading_eigen.hpp"
#include "src/linalg/symmetric_eigen.hpp"

namespace coals::bindings {

namespace {

py::tuple bound_symmetric_eigen(const Array<double>& matrix, int num_threads) {
  const MatrixView<const double> view = matrix_view(matrix, "matrix");
  require(view.rows == view.columns, "matrix must be square");
  Array<double> values(view.rows), vectors({view.rows, view.rows});
  double* values_out = values.mutable_data();
  double* vectors_out = vectors.mutable_data();
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    symmetric_eigen(view.rows, view.data, values_out, vectors_out, control);
  }
  return py::make_tuple(values, vectors);
}

py::tuple bound_leading_eigen(const Array<double>& matrix, std::int64_t count, int num_threads) {
  const MatrixView<const double> view = matrix_view(matrix, "matrix");
  require(view.rows == view.columns, "matrix must be square");
  require(count >= 0 && count <= view.rows, "count must be from 0 to the size of the matrix");
  Array<double> values(count), vectors({view.rows, count});
  double* values_out = values.mutable_data();
  double* vectors_out = vectors.mutable_data();
  const RunControl control = run_control(num_threads);
  {
    const ReleasedGil released;
    leading_eigen(view.rows, view.data, count, values_out, vectors_out, control);
  }
  return py::make_tuple(values, vectors);
}

}  // namespace

void bind_eigen(py::module_& kernels) {
  kernels.def("symmetric_eigen", &bound_symmetric_eigen, py::arg("matrix").noconvert(), py::arg("num_threads"));
  kernels.def("leading_eigen", &bound_leading_eigen, py::arg("matrix").noconvert(), py::arg("count"),
              py::arg("num_threads"));
}

}  // namespace coals::bindings
