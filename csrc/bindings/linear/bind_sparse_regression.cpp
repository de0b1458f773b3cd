#include "coals/sparse_regression.hpp"

#include "../cooccurrence/for_type.hpp"

namespace coals::bindings {

namespace {

Csr regress_on_supports_of(const Csr& matrix, const Csr& support, const Array<double>& penalty, double max_diagonal,
                           std::int64_t strongest, std::int64_t system_bytes, const std::string& dtype,
                           int num_threads) {
  const CsrView<double> view = matrix.view<double>();
  SparseRegressionOptions options;
  options.penalty = vector_data(penalty, view.columns, "penalty");
  options.max_diagonal = max_diagonal;
  options.strongest = strongest;
  options.system_bytes = system_bytes;
  const ReleasedGil released;
  const RunControl control = run_control(num_threads);
  return for_type(dtype, [&](auto zero) {
    return regress_on_supports<decltype(zero)>(view, support.structure(), options, control);
  });
}

}  // namespace

void bind_sparse_regression(py::module_& module) {
  module.def("regress_on_supports", &regress_on_supports_of, py::arg("matrix"), py::arg("support"),
             py::arg("penalty").noconvert(), py::arg("max_diagonal"), py::arg("strongest"), py::arg("system_bytes"),
             py::arg("dtype"), py::arg("num_threads"));
}

}  // namespace coals::bindings
