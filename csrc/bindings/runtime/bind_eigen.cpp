// The symmetric eigenproblem by itself, for the tests that hold it against NumPy.
#include "../common.hpp"
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

}  // namespace

void bind_eigen(py::module_& kernels) {
  kernels.def("symmetric_eigen", &bound_symmetric_eigen, py::arg("matrix").noconvert(), py::arg("num_threads"));
}

}  // namespace coals::bindings
